// search-key (RFC 9051 §6.4.4, RFC 3501 §6.4.4, RFC 5032, RFC 7162 §3.1.5, RFC 8474 §5, RFC 8514 §4.3): a
// row a key.

#include "base/ascii.h"
#include "base/utf8.h"
#include "imap/grammar/flags.h"
#include "imap/grammar/object_id.h"
#include "imap/grammar/search_command.h"
#include "message/charset.h"

namespace pabal::imap {
namespace {

using mailbox::Query;
namespace query = mailbox::query;
using When = query::Dated::When;
using Which = query::Dated::Which;

/// One program while it is read.
struct Reading {
  Cursor& in;
  const Dialect& dialect;
  SearchProgram& out;
  std::size_t conditions = 0;
};

struct Row {
  std::string_view name;
  Result<Query> (*parse)(Reading&, const Row&);
  mailbox::Flags flag = {};
  bool negated = false;
  std::string_view field = {};
  Which which = Which::kReceived;
  When when = When::kOn;
};

Query make_not(Query of) {
  query::Not out;
  out.part.push_back(std::move(of));
  return {std::move(out)};
}
Query negate_if(bool negated, Query of) { return negated ? make_not(std::move(of)) : of; }
Query nothing() { return make_not({query::All{}}); }

Result<Query> all(Reading&, const Row&) { return Query{query::All{}}; }
/// RECENT and NEW: no letter is \Recent here, as in IMAP4rev2 (RFC 9051 appendix E).
Result<Query> none(Reading&, const Row&) { return nothing(); }

Result<Query> flag(Reading&, const Row& row) {
  return negate_if(row.negated, {query::Flagged{mailbox::FlagNames{row.flag, {}}}});
}

Result<Query> keyword(Reading& r, const Row& row) {
  PABAL_TRY_VOID(parse_space(r.in, r.dialect));
  PABAL_TRY(std::string word, parse_flag_keyword(r.in));
  mailbox::FlagNames names;
  names.keywords.push_back(std::move(word));
  return negate_if(row.negated, {query::Flagged{std::move(names)}});
}

/// SP astring in the program's charset, as UTF-8. Bytes that are none in spite of its name are read as the
/// letter's own would be.
Result<std::string> parse_text(Reading& r) {
  PABAL_TRY_VOID(parse_space(r.in, r.dialect));
  PABAL_TRY(std::string text, parse_astring(r.in, r.dialect, "a text to search for"));
  const bool is_utf8_program = r.out.charset.empty() || equals_ignoring_case(r.out.charset, "UTF-8");
  if (!r.out.charset_known || (is_utf8_program && is_utf8(text))) return repair_utf8(text);
  return message::to_utf8(text, r.out.charset);
}

Result<Query> field(Reading& r, const Row& row) {
  PABAL_TRY(std::string text, parse_text(r));
  return Query{query::HeaderHas{std::string(row.field), std::move(text)}};
}

/// "HEADER" SP header-fld-name SP astring
Result<Query> header(Reading& r, const Row&) {
  PABAL_TRY_VOID(parse_space(r.in, r.dialect));
  const Cursor before = r.in;
  PABAL_TRY(std::string name, parse_astring(r.in, r.dialect, "a header field's name"));
  if (name.empty()) return expected(before, "a header field's name");
  PABAL_TRY(std::string text, parse_text(r));
  return Query{query::HeaderHas{std::move(name), std::move(text)}};
}

Result<Query> body(Reading& r, const Row&) {
  PABAL_TRY(std::string text, parse_text(r));
  return text.empty() ? Query{query::All{}} : Query{query::BodyHas{std::move(text)}};
}

Result<Query> text(Reading& r, const Row&) {
  PABAL_TRY(std::string words, parse_text(r));
  return words.empty() ? Query{query::All{}} : Query{query::TextHas{std::move(words)}};
}

Result<Query> dated(Reading& r, const Row& row) {
  PABAL_TRY_VOID(parse_space(r.in, r.dialect));
  PABAL_TRY(const std::chrono::year_month_day day, parse_date(r.in));
  return Query{query::Dated{row.which, row.when, day}};
}

template <class Size>
Result<Query> sized(Reading& r, const Row&) {
  PABAL_TRY_VOID(parse_space(r.in, r.dialect));
  PABAL_TRY(const std::uint64_t bytes, parse_number64(r.in));
  return Query{Size{bytes}};
}

template <class Age>
Result<Query> aged(Reading& r, const Row&) {
  PABAL_TRY_VOID(parse_space(r.in, r.dialect));
  PABAL_TRY(const std::uint32_t seconds, parse_nz_number(r.in));
  return Query{Age{std::chrono::seconds(seconds)}};
}

Result<Query> email_id(Reading& r, const Row&) {
  PABAL_TRY_VOID(parse_space(r.in, r.dialect));
  PABAL_TRY(const std::string id, parse_astring(r.in, r.dialect, "an object id"));
  const auto letter = parse_email_id(id);
  return letter ? Query{query::IsLetter{*letter}} : nothing();
}

Result<Query> thread_id(Reading& r, const Row&) {
  PABAL_TRY_VOID(parse_space(r.in, r.dialect));
  PABAL_TRY(const std::string id, parse_astring(r.in, r.dialect, "an object id"));
  const auto thread = parse_thread_id(id);
  return thread ? Query{query::InThread{*thread}} : nothing();
}

Result<Query> parse_set(Reading& r, bool uid) {
  PABAL_TRY(SequenceSet set, SequenceSet::parse(r.in));
  r.out.sets.push_back({std::move(set), uid});
  return Query{query::InSet{r.out.sets.size() - 1}};
}

/// RFC 9738 §3.2: "UIDAFTER" / "UIDBEFORE" SP uniqueid
template <bool kAfter>
Result<Query> uid_beside(Reading& r, const Row&) {
  PABAL_TRY_VOID(parse_space(r.in, r.dialect));
  PABAL_TRY(const std::uint32_t uid, parse_nz_number(r.in));
  if (uid == (kAfter ? UINT32_MAX : 1)) return nothing();
  r.out.sets.push_back(
      {SequenceSet::of(kAfter ? NumberRange{uid + 1, UINT32_MAX} : NumberRange{1, uid - 1}), true});
  return Query{query::InSet{r.out.sets.size() - 1}};
}

Result<Query> uid(Reading& r, const Row&) {
  PABAL_TRY_VOID(parse_space(r.in, r.dialect));
  return parse_set(r, true);
}

/// "MODSEQ" [SP entry-name SP entry-type-req] SP mod-sequence-valzer. We keep one sequence a letter, so the
/// entry changes nothing, as RFC 7162 §3.1.5 allows.
Result<Query> mod_seq(Reading& r, const Row&) {
  PABAL_TRY_VOID(parse_space(r.in, r.dialect));
  if (r.in.peek_is('"')) {
    const Cursor before = r.in;
    PABAL_TRY(const std::string entry, parse_string(r.in, r.dialect));
    if (!equals_ignoring_case(std::string_view(entry).substr(0, 7), "/flags/")) {
      return expected(before, "an entry such as \"/flags/\\\\Seen\"");
    }
    PABAL_TRY_VOID(parse_space(r.in, r.dialect));
    if (!take_keyword(r.in, "priv") && !take_keyword(r.in, "shared") && !take_keyword(r.in, "all")) {
      return expected(r.in, "priv, shared or all");
    }
    PABAL_TRY_VOID(parse_space(r.in, r.dialect));
  }
  PABAL_TRY(const mailbox::ModSeq at_least, parse_mod_sequence_valzer(r.in));
  r.out.uses_mod_seq = true;
  return Query{query::ChangedSince{at_least}};
}

constexpr Row kRows[] = {
    {"ALL", all},
    {"SEEN", flag, mailbox::kSeen},
    {"UNSEEN", flag, mailbox::kSeen, true},
    {"ANSWERED", flag, mailbox::kAnswered},
    {"UNANSWERED", flag, mailbox::kAnswered, true},
    {"DELETED", flag, mailbox::kDeleted},
    {"UNDELETED", flag, mailbox::kDeleted, true},
    {"FLAGGED", flag, mailbox::kFlagged},
    {"UNFLAGGED", flag, mailbox::kFlagged, true},
    {"DRAFT", flag, mailbox::kDraft},
    {"UNDRAFT", flag, mailbox::kDraft, true},
    {"KEYWORD", keyword},
    {"UNKEYWORD", keyword, {}, true},
    {"RECENT", none},
    {"NEW", none},
    {"OLD", all},
    {"UID", uid},
    {"UIDAFTER", uid_beside<true>},
    {"UIDBEFORE", uid_beside<false>},
    {"FROM", field, {}, false, "From"},
    {"TO", field, {}, false, "To"},
    {"CC", field, {}, false, "Cc"},
    {"BCC", field, {}, false, "Bcc"},
    {"SUBJECT", field, {}, false, "Subject"},
    {"HEADER", header},
    {"BODY", body},
    {"TEXT", text},
    {"BEFORE", dated, {}, false, {}, Which::kReceived, When::kBefore},
    {"ON", dated, {}, false, {}, Which::kReceived, When::kOn},
    {"SINCE", dated, {}, false, {}, Which::kReceived, When::kSince},
    {"SENTBEFORE", dated, {}, false, {}, Which::kSent, When::kBefore},
    {"SENTON", dated, {}, false, {}, Which::kSent, When::kOn},
    {"SENTSINCE", dated, {}, false, {}, Which::kSent, When::kSince},
    {"SAVEDBEFORE", dated, {}, false, {}, Which::kSaved, When::kBefore},
    {"SAVEDON", dated, {}, false, {}, Which::kSaved, When::kOn},
    {"SAVEDSINCE", dated, {}, false, {}, Which::kSaved, When::kSince},
    {"SAVEDATESUPPORTED", all},
    {"LARGER", sized<query::Larger>},
    {"SMALLER", sized<query::Smaller>},
    {"OLDER", aged<query::Older>},
    {"YOUNGER", aged<query::Younger>},
    {"MODSEQ", mod_seq},
    {"EMAILID", email_id},
    {"THREADID", thread_id},
};

Result<Query> parse_search_key(Reading& r, std::size_t depth);

Query one_or_all(query::And keys) {
  if (keys.parts.size() == 1) return std::move(keys.parts.front());
  return {std::move(keys)};
}

/// "(" search-key *(SP search-key) ")"
Result<Query> parse_group(Reading& r, std::size_t depth) {
  query::And keys;
  const Cursor before = r.in;
  PABAL_TRY_VOID(parse_parenthesized(r.in, r.dialect, [&]() -> Result<void> {
    PABAL_TRY(Query key, parse_search_key(r, depth + 1));
    keys.parts.push_back(std::move(key));
    return {};
  }));
  if (keys.parts.empty()) return expected(before, "at least one search key");
  return one_or_all(std::move(keys));
}

/// "OR" SP search-key SP search-key; the word is taken. Programs chain them by the hundred, on either side,
/// so a chain is one node of the tree and no recursion.
Result<Query> parse_or(Reading& r, std::size_t depth) {
  query::Or keys;
  std::size_t needed = 2;
  while (needed > 0) {
    PABAL_TRY_VOID(parse_space(r.in, r.dialect));
    if (take_keyword(r.in, "OR")) {
      ++needed;
      continue;
    }
    PABAL_TRY(Query key, parse_search_key(r, depth + 1));
    keys.parts.push_back(std::move(key));
    --needed;
  }
  return Query{std::move(keys)};
}

Result<Query> parse_condition(Reading& r) {
  if (++r.conditions > mailbox::kMaxQueryConditions) {
    return fail(ErrorKind::kOverLimit, "More than {} conditions in one search", mailbox::kMaxQueryConditions);
  }
  if (const auto c = r.in.peek(); c && (is_digit(*c) || *c == '*' || *c == '$')) return parse_set(r, false);
  for (const Row& row : kRows) {
    if (take_keyword(r.in, row.name)) return row.parse(r, row);
  }
  return expected(r.in, "a search key");
}

Result<Query> parse_search_key(Reading& r, std::size_t depth) {
  bool negated = false;
  while (take_keyword(r.in, "NOT")) {
    negated = !negated;
    PABAL_TRY_VOID(parse_space(r.in, r.dialect));
  }
  // "NOT" is a level of the tree too, and UNSEEN is made of two.
  const std::size_t inner = depth + (negated ? 1 : 0);
  if (inner >= mailbox::kMaxQueryDepth) {
    return fail(ErrorKind::kOverLimit, "A search is more than {} levels deep", mailbox::kMaxQueryDepth);
  }
  if (r.in.peek_is('(')) {
    PABAL_TRY(Query group, parse_group(r, inner));
    return negate_if(negated, std::move(group));
  }
  if (take_keyword(r.in, "OR")) {
    PABAL_TRY(Query either, parse_or(r, inner));
    return negate_if(negated, std::move(either));
  }
  PABAL_TRY(Query condition, parse_condition(r));
  return negate_if(negated, std::move(condition));
}

}  // namespace

Result<void> parse_search_keys(Cursor& in, const Dialect& dialect, SearchProgram& out) {
  Reading r{in, dialect, out};
  query::And keys;
  do {
    if (!keys.parts.empty()) PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY(Query key, parse_search_key(r, 2));
    keys.parts.push_back(std::move(key));
  } while (!take_end(in, dialect));
  out.query = one_or_all(std::move(keys));
  return {};
}

}  // namespace pabal::imap
