#include "jmap/detail/email_view.h"

#include <algorithm>
#include <map>

#include "base/ascii.h"
#include "base/utf8.h"
#include "message/charset.h"

namespace pabal::jmap::detail {
namespace {

using message::Part;
using message::PartIndex;

constexpr std::string_view kMetadata[] = {"id",       "blobId", "threadId",  "mailboxIds",
                                          "keywords", "size",   "receivedAt"};
constexpr std::string_view kFacts[] = {
    "messageId", "inReplyTo", "references", "sender", "from",          "to",     "cc",
    "bcc",       "replyTo",   "subject",    "sentAt", "hasAttachment", "preview"};
constexpr std::string_view kBody[] = {"bodyStructure", "bodyValues",  "textBody",
                                      "htmlBody",      "attachments", "headers"};
constexpr std::string_view kDefault[] = {
    "id",        "blobId",    "threadId",   "mailboxIds", "keywords",      "size",    "receivedAt",
    "messageId", "inReplyTo", "references", "sender",     "from",          "to",      "cc",
    "bcc",       "replyTo",   "subject",    "sentAt",     "hasAttachment", "preview", "bodyValues",
    "textBody",  "htmlBody",  "attachments"};
constexpr std::string_view kPartProperties[] = {"partId", "blobId",   "size",     "headers",
                                                "name",   "type",     "charset",  "disposition",
                                                "cid",    "language", "location", "subParts"};
constexpr std::string_view kPartDefault[] = {"partId",  "blobId",      "size", "name",     "type",
                                             "charset", "disposition", "cid",  "language", "location"};

template <class Range>
bool contains(const Range& names, std::string_view name) {
  return std::ranges::find(names, name) != std::ranges::end(names);
}

/// What must be read of a letter before it can be written.
struct Read {
  std::string header;
  std::map<PartIndex, std::string> part_headers;
  std::map<PartIndex, std::uint64_t> sizes;
  struct Value {
    std::string text;
    bool problem = false;
    bool truncated = false;
  };
  std::map<PartIndex, Value> values;
};

// RFC 8621 §4.2: not within a tag.
std::string_view cut_text(std::string_view text, std::uint64_t max, bool html) {
  text = utf8_prefix(text, max);
  if (!html) return text;
  const std::size_t opened = text.rfind('<');
  const std::size_t closed = text.rfind('>');
  const bool within =
      opened != std::string_view::npos && (closed == std::string_view::npos || closed < opened);
  return within ? text.substr(0, opened) : text;
}

std::string without_cr(std::string text) {
  std::size_t to = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    text[to++] = text[i];
  }
  text.resize(to);
  return text;
}

std::size_t count_replaced(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find("\xef\xbf\xbd"); at != std::string_view::npos;
       at = text.find("\xef\xbf\xbd", at + 3))
    ++count;
  return count;
}

Read::Value decode_text(std::string bytes, const Part& part, std::uint64_t max) {
  Read::Value out;
  const std::string_view charset = part.charset();
  out.problem = part.encoding == message::TransferEncoding::kUnknown ||
                (!charset.empty() && !message::is_known_charset(charset));
  const bool says_utf8 =
      charset.empty() || equals_ignoring_case(charset, "utf-8") || equals_ignoring_case(charset, "us-ascii");
  out.problem = out.problem || (says_utf8 && !is_utf8(bytes));
  std::string text = message::to_utf8(bytes, charset);
  // What stood for a character that can't be read was no such sign before.
  out.problem = out.problem || count_replaced(text) > count_replaced(bytes);
  text = without_cr(std::move(text));
  if (max > 0 && text.size() > max) {
    text.resize(cut_text(text, max, part.subtype == "html").size());
    out.truncated = true;
  }
  out.text = std::move(text);
  return out;
}

class Reader {
 public:
  Reader(const EmailView& view, const message::Structure& structure, LetterBytes& bytes)
      : view_(view), structure_(structure), bytes_(bytes) {}

  net::Task<Result<Read>> run(const BodyLists& lists) {
    if (view_.wants("headers") || !view_.headers.empty()) {
      PABAL_CO_TRY(read_.header, co_await header_of(structure_.root()));
    }
    if (view_.wants_parts()) {
      for (const PartIndex index : shown(lists)) PABAL_CO_TRY_VOID(co_await read_part_facts(index));
    }
    if (view_.wants_values()) {
      for (const PartIndex index : valued(lists)) PABAL_CO_TRY_VOID(co_await read_value(index));
    }
    co_return std::move(read_);
  }

 private:
  net::Task<Result<std::string>> header_of(const Part& part) {
    co_return co_await bytes_.read(part.header_begin,
                                   std::min<std::uint64_t>(part.header_size(), message::kMaxHeaderBytes));
  }

  std::vector<PartIndex> everything() const {
    std::vector<PartIndex> out;
    for (PartIndex i = 0; i < structure_.parts.size();) {
      out.push_back(i);
      i = structure_.parts[i].is_message() ? structure_.parts[i].subtree_end : i + 1;
    }
    return out;
  }
  std::vector<PartIndex> shown(const BodyLists& lists) const {
    if (view_.wants("bodyStructure")) return everything();
    std::vector<PartIndex> out;
    const auto add = [&](std::string_view name, const std::vector<PartIndex>& parts) {
      if (view_.wants(name)) out.insert(out.end(), parts.begin(), parts.end());
    };
    add("textBody", lists.text);
    add("htmlBody", lists.html);
    add("attachments", lists.attachments);
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
    return out;
  }
  std::vector<PartIndex> valued(const BodyLists& lists) const {
    std::vector<PartIndex> out;
    if (view_.all_values) out = everything();
    if (view_.text_values) out.insert(out.end(), lists.text.begin(), lists.text.end());
    if (view_.html_values) out.insert(out.end(), lists.html.begin(), lists.html.end());
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
    std::erase_if(out, [&](PartIndex index) { return !structure_.parts[index].is_text(); });
    return out;
  }

  net::Task<Result<void>> read_part_facts(PartIndex index) {
    const Part& part = structure_.parts[index];
    if (view_.wants_part("headers") || !view_.part_headers.empty()) {
      PABAL_CO_TRY(read_.part_headers[index], co_await header_of(part));
    }
    if (view_.wants_part("size")) {
      PABAL_CO_TRY(read_.sizes[index], co_await measure_part(bytes_, part));
    }
    co_return Result<void>();
  }
  net::Task<Result<void>> read_value(PartIndex index) {
    const Part& part = structure_.parts[index];
    PABAL_CO_TRY(std::string content, co_await read_part(bytes_, part));
    read_.values.emplace(index, decode_text(std::move(content), part, view_.max_value_bytes));
    co_return Result<void>();
  }

  const EmailView& view_;
  const message::Structure& structure_;
  LetterBytes& bytes_;
  Read read_;
};

class Writer {
 public:
  Writer(JsonWriter out, const EmailView& view, const EmailSource& source, const message::LetterFacts* facts,
         const BodyLists& lists, const Read& read)
      : out_(out), view_(view), source_(source), facts_(facts), lists_(lists), read_(read) {}

  void run() {
    out_.begin_object();
    for (const std::string_view name : view_.properties) {
      out_.key(name);
      if (contains(kMetadata, name)) {
        metadata(name);
      } else if (contains(kFacts, name)) {
        fact(name);
      } else {
        body(name);
      }
    }
    for (const HeaderProperty& each : view_.headers) write_header_property(out_, each, read_.header);
    out_.end_object();
  }

 private:
  void metadata(std::string_view name) {
    const Email* email = source_.email;
    if (name == "blobId") {
      out_.text(blob_id(source_.blob));
    } else if (name == "size") {
      out_.number(email != nullptr ? email->size_bytes : facts_->structure.size);
    } else if (email == nullptr) {
      out_.null();
    } else if (name == "id") {
      out_.text(email_id(email->id));
    } else if (name == "threadId") {
      out_.text(thread_id(email->thread));
    } else if (name == "receivedAt") {
      out_.utc_date(email->received);
    } else if (name == "keywords") {
      out_.begin_object();
      for (const std::string& keyword : source_.snapshot->keywords(*email)) out_.key(keyword).flag(true);
      out_.end_object();
    } else {
      out_.begin_object();
      mailbox::FolderId before;
      for (const Place& place : source_.snapshot->places(*email)) {
        if (place.folder != before) out_.key(mailbox_id(place.folder)).flag(true);
        before = place.folder;
      }
      out_.end_object();
    }
  }

  void addresses(const message::Envelope::Addresses& list) {
    if (list.empty()) {
      out_.null();
    } else {
      write_addresses(out_, list);
    }
  }
  void ids(const std::optional<std::string>& value) { write_message_ids(out_, value.value_or("")); }

  void fact(std::string_view name) {
    const message::Envelope& envelope = facts_->envelope;
    if (name == "messageId") return ids(envelope.message_id);
    if (name == "inReplyTo") return ids(envelope.in_reply_to);
    if (name == "references") return ids(envelope.references);
    if (name == "sender") return addresses(envelope.sender);
    if (name == "from") return addresses(envelope.from);
    if (name == "to") return addresses(envelope.to);
    if (name == "cc") return addresses(envelope.cc);
    if (name == "bcc") return addresses(envelope.bcc);
    if (name == "replyTo") return addresses(envelope.reply_to);
    if (name == "sentAt") return write_date(out_, envelope.date.value_or(""));
    if (name == "preview") {
      out_.text(facts_->preview);
    } else if (name == "hasAttachment") {
      out_.flag(has_attachment(facts_->structure));
    } else if (envelope.subject) {
      out_.text(header_text(*envelope.subject));
    } else {
      out_.null();
    }
  }

  void body(std::string_view name) {
    if (name == "headers") {
      write_headers(out_, read_.header);
    } else if (name == "bodyStructure") {
      part(0, true);
    } else if (name == "bodyValues") {
      out_.begin_object();
      for (const auto& [index, value] : read_.values) {
        out_.key(std::to_string(index)).begin_object().key("value").text(value.text);
        out_.key("isEncodingProblem")
            .flag(value.problem)
            .key("isTruncated")
            .flag(value.truncated)
            .end_object();
      }
      out_.end_object();
    } else {
      out_.begin_array();
      for (const PartIndex index : name == "textBody"   ? lists_.text
                                   : name == "htmlBody" ? lists_.html
                                                        : lists_.attachments)
        part(index, false);
      out_.end_array();
    }
  }

  void text_or_null(std::string_view text) { text.empty() ? out_.null() : out_.text(text); }

  // Parts nest at most message::kMaxPartDepth deep.
  void part(PartIndex index, bool with_children) {
    const Part& part = facts_->structure.parts[index];
    out_.begin_object();
    for (const std::string_view name : view_.part_properties) {
      if (name == "subParts" && !with_children) continue;
      out_.key(name);
      part_property(index, part, name);
    }
    for (const HeaderProperty& each : view_.part_headers)
      write_header_property(out_, each, read_.part_headers.at(index));
    // A tree without its branches is of no use, whatever was asked for.
    if (with_children && part.is_multipart() && !view_.wants_part("subParts")) {
      out_.key("subParts");
      children(index);
    }
    out_.end_object();
  }

  void children(PartIndex index) {
    const message::Structure& structure = facts_->structure;
    out_.begin_array();
    for (PartIndex i = structure.first_child(index); i != message::kNoPart; i = structure.next_sibling(i))
      part(i, true);
    out_.end_array();
  }

  void part_property(PartIndex index, const Part& part, std::string_view name) {
    const bool multipart = part.is_multipart();
    if (name == "partId") {
      multipart ? out_.null() : out_.text(std::to_string(index));
    } else if (name == "blobId") {
      multipart ? out_.null() : out_.text(blob_id(source_.blob.part(index)));
    } else if (name == "size") {
      out_.number(read_.sizes.at(index));
    } else if (name == "headers") {
      write_headers(out_, read_.part_headers.at(index));
    } else if (name == "name") {
      text_or_null(part.file_name());
    } else if (name == "type") {
      out_.text(part.type + "/" + part.subtype);
    } else if (name == "charset") {
      if (!part.charset().empty()) {
        out_.text(part.charset());
      } else {
        part.is_text() ? out_.text("us-ascii") : out_.null();
      }
    } else if (name == "disposition") {
      text_or_null(part.disposition.type);
    } else if (name == "cid") {
      std::string_view id = part.id;
      while (!id.empty() && (id.front() == '<' || id.front() == ' ')) id.remove_prefix(1);
      text_or_null(id.substr(0, id.find('>')));
    } else if (name == "language") {
      if (part.languages.empty()) {
        out_.null();
      } else {
        out_.begin_array();
        for (const std::string& language : part.languages) out_.text(language);
        out_.end_array();
      }
    } else if (name == "location") {
      text_or_null(part.location);
    } else if (multipart) {
      children(index);
    } else {
      out_.null();
    }
  }

  JsonWriter out_;
  const EmailView& view_;
  const EmailSource& source_;
  const message::LetterFacts* facts_;
  const BodyLists& lists_;
  const Read& read_;
};

}  // namespace

bool EmailView::wants(std::string_view property) const { return contains(properties, property); }
bool EmailView::wants_part(std::string_view property) const { return contains(part_properties, property); }

bool EmailView::wants_facts() const {
  return !headers.empty() ||
         std::ranges::any_of(properties, [](auto name) { return !contains(kMetadata, name); });
}

bool EmailView::wants_parts() const {
  return wants("bodyStructure") || wants("textBody") || wants("htmlBody") || wants("attachments");
}

bool EmailView::wants_bytes() const {
  const bool reads_parts = wants_part("size") || wants_part("headers") || !part_headers.empty();
  return !headers.empty() || wants("headers") || wants_values() || (wants_parts() && reads_parts);
}

EmailView read_view(Arguments& in, const std::optional<std::vector<std::string_view>>& properties,
                    bool parse) {
  EmailView out;
  const std::span<const std::string_view> all = properties ? std::span<const std::string_view>(*properties)
                                                           : std::span<const std::string_view>(kDefault);
  if (!parse) out.properties.push_back("id");
  for (const std::string_view name : all) {
    if (contains(out.properties, name)) continue;
    // Of itself Email/parse tells what the letter says alone (RFC 8621 §4.9).
    if (parse && !properties && contains(kMetadata, name)) continue;
    if (const auto header = parse_header_property(name)) {
      out.headers.push_back(*header);
    } else {
      out.properties.push_back(name);
    }
  }
  const auto part_properties = in.texts("bodyProperties");
  const std::span<const std::string_view> of_parts = part_properties
                                                         ? std::span<const std::string_view>(*part_properties)
                                                         : std::span<const std::string_view>(kPartDefault);
  for (const std::string_view name : of_parts) {
    if (const auto header = parse_header_property(name)) {
      out.part_headers.push_back(*header);
    } else if (!contains(out.part_properties, name)) {
      out.part_properties.push_back(name);
    }
  }
  out.text_values = in.flag("fetchTextBodyValues", false);
  out.html_values = in.flag("fetchHTMLBodyValues", false);
  out.all_values = in.flag("fetchAllBodyValues", false);
  out.max_value_bytes = in.unsigned_integer("maxBodyValueBytes").value_or(0);
  return out;
}

std::optional<MethodError> check_view(const EmailView& view) {
  for (const std::string_view name : view.properties) {
    if (!contains(kMetadata, name) && !contains(kFacts, name) && !contains(kBody, name))
      return MethodError("invalidArguments", fmt::format("properties: there is no property {}", name));
  }
  for (const std::string_view name : view.part_properties) {
    if (!contains(kPartProperties, name))
      return MethodError("invalidArguments", fmt::format("bodyProperties: there is no property {}", name));
  }
  return {};
}

net::Task<Result<void>> write_email(JsonWriter out, const EmailView& view, EmailSource source,
                                    const message::LetterFacts* facts, LetterBytes* bytes) {
  BodyLists lists;
  Read read;
  if (facts != nullptr && (view.wants_parts() || view.wants_values())) lists = list_parts(facts->structure);
  if (facts != nullptr && bytes != nullptr) {
    Reader reader(view, facts->structure, *bytes);
    PABAL_CO_TRY(read, co_await reader.run(lists));
  }
  Writer(out, view, source, facts, lists, read).run();
  co_return Result<void>();
}

}  // namespace pabal::jmap::detail
