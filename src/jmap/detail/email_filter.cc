#include "jmap/detail/email_filter.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/utf8.h"
#include "message/casemap.h"

namespace pabal::jmap::detail {
namespace {

namespace query = mailbox::query;
using mailbox::FolderId;
using mailbox::Query;

// RFC 8621 §4.4.1: phrases in quotes, within which a quote or a backslash is escaped; outside, blanks part
// words that must all be there. A quote without its other one is a character of its word.
std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at;
      continue;
    }
    std::string word;
    if (c == '"' || c == '\'') {
      std::size_t end = at + 1;
      while (end < text.size() && text[end] != c) {
        if (text[end] == '\\' && end + 1 < text.size()) ++end;
        word.push_back(text[end++]);
      }
      if (end < text.size()) {
        at = end + 1;
        if (!word.empty()) out.push_back(std::move(word));
        continue;
      }
      word.clear();
    }
    while (at < text.size() && text[at] != ' ' && text[at] != '\t' && text[at] != '\r' && text[at] != '\n')
      word.push_back(text[at++]);
    out.push_back(std::move(word));
  }
  return out;
}

template <class Make>
void add_words(EmailCondition& condition, std::string_view text, const Make& make) {
  for (std::string& word : split_words(text)) condition.texts.push_back(Query{make(std::move(word))});
}

void read_header(Arguments& in, EmailCondition& out) {
  const auto header = in.texts("header");
  if (!header) return;
  if (header->empty() || header->size() > 2 || header->front().empty()) {
    in.spoil("header", "is the name of a field, and maybe what is in it");
    return;
  }
  out.texts.push_back(Query{query::HeaderHas{.name = std::string(header->front()),
                                             .text = header->size() == 2 ? std::string((*header)[1]) : ""}});
}

void read_keyword(Arguments& in, std::string_view name, std::optional<std::string>& out) {
  const auto keyword = in.text(name);
  if (!keyword) return;
  out = *keyword;
  if (!is_keyword(*keyword)) in.spoil(name, "is no keyword");
}

std::expected<EmailCondition, MethodError> read_condition(const Json::Object& members) {
  Arguments in(members);
  EmailCondition out;
  if (const auto folder = in.text("inMailbox")) {
    out.in_mailbox = parse_mailbox_id(*folder);
    out.never = !out.in_mailbox;
  }
  if (const auto folders = in.texts("inMailboxOtherThan")) {
    out.other_than.emplace();
    for (const std::string_view text : *folders) {
      if (const auto id = parse_mailbox_id(text)) out.other_than->push_back(*id);
    }
  }
  out.before = in.utc_date("before");
  out.after = in.utc_date("after");
  out.min_size = in.unsigned_integer("minSize");
  out.max_size = in.unsigned_integer("maxSize");
  read_keyword(in, "allInThreadHaveKeyword", out.all_in_thread);
  read_keyword(in, "someInThreadHaveKeyword", out.some_in_thread);
  read_keyword(in, "noneInThreadHaveKeyword", out.none_in_thread);
  read_keyword(in, "hasKeyword", out.has_keyword);
  read_keyword(in, "notKeyword", out.not_keyword);
  out.has_attachment = in.boolean("hasAttachment");
  if (const auto text = in.text("text"))
    add_words(out, *text, [](std::string word) { return query::TextHas{word}; });
  if (const auto text = in.text("body"))
    add_words(out, *text, [](std::string word) { return query::BodyHas{word}; });
  for (const std::string_view name : {"from", "to", "cc", "bcc", "subject"}) {
    if (const auto text = in.text(name))
      add_words(out, *text, [&](std::string word) { return query::HeaderHas{std::string(name), word}; });
  }
  read_header(in, out);
  if (!in.complete()) {
    const std::string why = in.error().error().description;
    return method_error(why.ends_with("is not known here") ? "unsupportedFilter" : "invalidArguments",
                        "filter: " + why);
  }
  return out;
}

using Bits = std::vector<bool>;

/// Answers the tree from its leaves; each node is asked only about those that still matter.
class Finder {
 public:
  Finder(Call& call, FilterSources sources)
      : call_(call), sources_(std::move(sources)), now_(*sources_.snapshot) {}

  // As deep as the filter, which read_filter bounds.
  net::Task<Result<Bits>> find(const EmailFilter& filter, Bits among) {
    using Kind = EmailFilter::Kind;
    if (filter.kind == Kind::kCondition) co_return co_await find(filter.condition, std::move(among));
    if (filter.kind == Kind::kAnd) {
      for (const EmailFilter* part : cheap_first(filter)) {
        PABAL_CO_TRY(among, co_await find(*part, std::move(among)));
      }
      co_return among;
    }
    Bits left = among;
    for (const EmailFilter* part : cheap_first(filter)) {
      PABAL_CO_TRY(const Bits found, co_await find(*part, left));
      for (std::size_t i = 0; i < left.size(); ++i) left[i] = left[i] && !found[i];
    }
    if (filter.kind == Kind::kNot) co_return left;
    for (std::size_t i = 0; i < left.size(); ++i) left[i] = among[i] && !left[i];
    co_return left;
  }

 private:
  static std::vector<const EmailFilter*> cheap_first(const EmailFilter& filter) {
    const auto reads = [](const EmailCondition& condition) { return !condition.texts.empty(); };
    std::vector<const EmailFilter*> out;
    for (const bool wanted : {false, true}) {
      for (const EmailFilter& part : filter.parts) {
        if (any_condition(part, reads) == wanted) out.push_back(&part);
      }
    }
    return out;
  }

  net::Task<Result<Bits>> find(const EmailCondition& condition, Bits among) {
    for (Snapshot::Index i = 0; i < among.size(); ++i) {
      if (among[i] && !matches(condition, i)) among[i] = false;
    }
    for (const Query& text : condition.texts) {
      PABAL_CO_TRY(among, co_await find_text(text, std::move(among)));
    }
    co_return among;
  }

  bool matches(const EmailCondition& condition, Snapshot::Index index) const {
    const Email& email = now_[index];
    if (condition.never) return false;
    if (condition.in_mailbox && !now_.is_in(email, *condition.in_mailbox)) return false;
    if (condition.before && email.received >= *condition.before) return false;
    if (condition.after && email.received < *condition.after) return false;
    if (condition.min_size && email.size_bytes < *condition.min_size) return false;
    if (condition.max_size && email.size_bytes >= *condition.max_size) return false;
    if (condition.has_keyword && !now_.has_keyword(email, *condition.has_keyword)) return false;
    if (condition.not_keyword && now_.has_keyword(email, *condition.not_keyword)) return false;
    if (condition.other_than && !is_elsewhere(email, *condition.other_than)) return false;
    if (condition.has_attachment &&
        (*sources_.keys->attachments)[(*sources_.slots)[index]] != *condition.has_attachment)
      return false;
    const auto thread =
        condition.is_about_threads() ? now_.thread(email.thread) : std::span<const Snapshot::Index>();
    const auto has = [&](const std::string& keyword) {
      return [&](Snapshot::Index each) { return now_.has_keyword(now_[each], keyword); };
    };
    if (condition.all_in_thread && !std::ranges::all_of(thread, has(*condition.all_in_thread))) return false;
    if (condition.some_in_thread && !std::ranges::any_of(thread, has(*condition.some_in_thread)))
      return false;
    return !condition.none_in_thread || std::ranges::none_of(thread, has(*condition.none_in_thread));
  }

  bool is_elsewhere(const Email& email, const std::vector<FolderId>& folders) const {
    return std::ranges::any_of(now_.places(email), [&](const Place& place) {
      return std::ranges::find(folders, place.folder) == folders.end();
    });
  }

  // Folder by folder, as letters are searched; one that is in several is looked for in its first.
  net::Task<Result<Bits>> find_text(const Query& text, Bits among) {
    std::vector<mailbox::UidSet> wanted(now_.tables().size());
    const auto table_of = [&](FolderId folder) {
      return static_cast<std::size_t>(
          std::ranges::lower_bound(now_.tables(), folder, {},
                                   [](const mailbox::Table& table) { return table->folder(); }) -
          now_.tables().begin());
    };
    for (Snapshot::Index i = 0; i < among.size(); ++i) {
      if (!among[i]) continue;
      const Place& place = now_.places(now_[i]).front();
      wanted[table_of(place.folder)].add(place.uid);
    }
    Bits out(among.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i].empty()) continue;
      const mailbox::FolderTable& table = *now_.tables()[i];
      const mailbox::Folder* folder = now_.folders().find(table.folder());
      const std::span<const mailbox::UidSet> sets(&wanted[i], 1);
      const mailbox::search::Searched searched{
          .table = table,
          .keywords = folder->keywords,
          .sets = sets,
          .now = std::chrono::floor<std::chrono::seconds>(call_.services().clock.wall())};
      const Query both{query::And{{Query{query::InSet{0}}, text}}};
      PABAL_CO_TRY(const auto positions,
                   co_await call_.services().evaluator.find(call_.account(), both, searched));
      for (const std::uint32_t position : positions) {
        if (const auto index = now_.index_of(table[position].letter)) out[*index] = true;
      }
    }
    co_return out;
  }

  Call& call_;
  const FilterSources sources_;
  const Snapshot& now_;
};

}  // namespace

bool EmailCondition::is_immutable() const {
  return !in_mailbox && !other_than && !is_about_threads() && !has_keyword && !not_keyword;
}

std::expected<EmailFilter, MethodError> read_email_filter(const Json* filter) {
  std::size_t conditions = 0;
  if (filter == nullptr) return EmailFilter();
  return read_filter<EmailCondition>(*filter, read_condition, conditions);
}

std::vector<std::string> words_of(const EmailFilter& filter, bool subject) {
  std::vector<std::string> out;
  const auto collect = [&](const EmailCondition& condition) {
    for (const Query& each : condition.texts) {
      if (const auto* text = std::get_if<query::TextHas>(&each.is)) {
        out.push_back(message::fold_case(text->text));
      } else if (const auto* body = std::get_if<query::BodyHas>(&each.is); body != nullptr && !subject) {
        out.push_back(message::fold_case(body->text));
      } else if (const auto* header = std::get_if<query::HeaderHas>(&each.is);
                 header != nullptr && subject && equals_ignoring_case(header->name, "subject")) {
        out.push_back(message::fold_case(header->text));
      }
    }
    return false;
  };
  static_cast<void>(any_condition(filter, collect));
  return out;
}

net::Task<Result<std::vector<bool>>> find_emails(Call& call, const EmailFilter& filter,
                                                 FilterSources sources) {
  std::vector<bool> all(sources.snapshot->emails().size(), true);
  Finder finder(call, std::move(sources));
  co_return co_await finder.find(filter, std::move(all));
}

}  // namespace pabal::jmap::detail
