// SearchSnippet/get (RFC 8621 §5).
#include <algorithm>

#include "base/utf8.h"
#include "jmap/detail/email_filter.h"
#include "jmap/detail/header_forms.h"
#include "jmap/detail/letter_bytes.h"
#include "jmap/detail/standard.h"
#include "jmap/methods/families.h"
#include "message/casemap.h"

namespace pabal::jmap::detail {
namespace {

/// How much of a letter is looked through for a place to show.
constexpr std::size_t kMaxText = 256 * 1024;
constexpr std::uint64_t kMaxRead = 1024 * 1024;
/// RFC 8621 §5: a preview has 255 characters at most; marks are not counted in ours.
constexpr std::size_t kPreviewBytes = 200;

class TextOf final : public message::TextSink {
 public:
  void on_field(message::PartIndex, std::string_view, std::string_view) override {}
  void on_text(message::PartIndex, std::string_view text) override {
    if (text_.size() < kMaxText) text_ += utf8_prefix(text, kMaxText - text_.size());
  }
  void on_text_end(message::PartIndex) override { text_.push_back(' '); }
  std::string take() {
    // One line, as people see it.
    std::string out;
    for (const char c : text_) {
      const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
      if (!blank) out.push_back(c);
      if (blank && !out.empty() && out.back() != ' ') out.push_back(' ');
    }
    return out;
  }

 private:
  std::string text_;
};

struct Mark {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Where the words are in the text: folding changes lengths, so each folded byte knows where it comes from.
std::vector<Mark> find_marks(std::string_view text, const std::vector<std::string>& words) {
  std::string folded;
  std::vector<std::uint32_t> from;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = std::max<std::size_t>(1, decode_utf8(text.substr(at)).size);
    folded += message::fold_case(text.substr(at, size));
    from.resize(folded.size(), static_cast<std::uint32_t>(at));
    at += size;
  }
  from.push_back(static_cast<std::uint32_t>(text.size()));
  std::vector<Mark> out;
  for (const std::string& word : words) {
    if (word.empty()) continue;
    for (std::size_t at = folded.find(word); at != std::string::npos;
         at = folded.find(word, at + word.size()))
      out.push_back({from[at], from[at + word.size()]});
  }
  std::ranges::sort(out, {}, &Mark::begin);
  std::vector<Mark> apart;
  for (const Mark& mark : out) {
    if (mark.end <= mark.begin) continue;
    if (!apart.empty() && mark.begin <= apart.back().end) {
      apart.back().end = std::max(apart.back().end, mark.end);
    } else {
      apart.push_back(mark);
    }
  }
  return apart;
}

void append_html(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out.push_back(c);
    }
  }
}

std::string mark_up(std::string_view text, const std::vector<Mark>& marks, std::size_t begin,
                    std::size_t end) {
  std::string out;
  std::size_t at = begin;
  for (const Mark& mark : marks) {
    if (mark.begin < begin || mark.end > end) continue;
    append_html(out, text.substr(at, mark.begin - at));
    out += "<mark>";
    append_html(out, text.substr(mark.begin, mark.end - mark.begin));
    out += "</mark>";
    at = mark.end;
  }
  append_html(out, text.substr(at, end - at));
  return out;
}

std::optional<std::string> snippet(std::string_view text, const std::vector<std::string>& words, bool whole) {
  const std::vector<Mark> marks = find_marks(text, words);
  if (marks.empty()) return {};
  if (whole) return mark_up(text, marks, 0, text.size());
  std::size_t begin = marks.front().begin > 40 ? marks.front().begin - 40 : 0;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  const std::size_t room = std::max(kPreviewBytes, marks.front().end - begin);
  return mark_up(text, marks, begin, begin + utf8_prefix(text.substr(begin), room).size());
}

struct Words {
  std::vector<std::string> subject;
  std::vector<std::string> body;
};

net::Task<Result<bool>> write(Call& call, mailbox::LetterId id, const Words& words) {
  PABAL_CO_TRY(auto letter, co_await load_letter(call, id));
  if (!letter) co_return false;
  const auto subject = snippet(header_text(letter->facts.envelope.subject.value_or("")), words.subject, true);
  std::optional<std::string> preview;
  if (!words.body.empty()) {
    LetterBytes bytes(call.mailboxes(), letter->record);
    PABAL_CO_TRY(const std::string text, co_await bytes.read(0, std::min(bytes.size(), kMaxRead)));
    TextOf sink;
    static_cast<void>(message::read_letter(text, &sink));
    preview = snippet(sink.take(), words.body, false);
  }
  JsonWriter out = call.out();
  out.begin_object().key("emailId").text(email_id(id)).key("subject");
  subject ? out.text(*subject) : out.null();
  out.key("preview");
  preview ? out.text(*preview) : out.null();
  out.end_object();
  co_return true;
}

}  // namespace

Answer run_snippet_get(Call& call) {
  Arguments in = call.read();
  const auto filter = read_email_filter(in.value("filter"));
  const auto ids = in.ids("emailIds");
  if (!ids) in.spoil("emailIds", "is missing");
  if (!filter) co_return std::unexpected(filter.error());
  if (!in.complete()) co_return in.error();
  if (ids->size() > call.limits().max_objects_in_get) co_return method_error("requestTooLarge");
  const Words words{.subject = words_of(*filter, true), .body = words_of(*filter, false)};
  PABAL_CO_TRY(const SnapshotRef now, co_await call.snapshot());
  JsonWriter out = call.out();
  begin_answer(call, out);
  out.key("list").begin_array();
  std::vector<std::string> not_found;
  for (const std::string_view text : *ids) {
    const auto id = parse_email_id(call.resolve(text));
    bool found = id && now->find(*id) != nullptr;
    if (found) {
      PABAL_CO_TRY(found, co_await write(call, *id, words));
    }
    if (!found) not_found.emplace_back(text);
  }
  out.end_array().key("notFound");
  if (not_found.empty()) {
    out.null();
  } else {
    out.begin_array();
    for (const std::string& each : not_found) out.text(each);
    out.end_array();
  }
  out.end_object();
  co_return Outcome();
}

}  // namespace pabal::jmap::detail
