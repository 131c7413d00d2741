#include "imap/grammar/search_command.h"

#include "base/ascii.h"
#include "message/charset.h"

namespace pabal::imap {
namespace {

/// charset = atom / quoted
Result<void> parse_charset(Cursor& in, const Dialect& dialect, SearchProgram& out) {
  PABAL_TRY(out.charset, parse_astring(in, dialect, "a charset"));
  out.charset_known = message::is_known_charset(out.charset);
  return {};
}

/// search-return-opt
Result<void> parse_search_return_opt(Cursor& in, const Dialect& dialect, SearchReturn& out) {
  struct Row {
    std::string_view name;
    bool SearchReturn::* member;
  };
  static constexpr Row kRows[] = {
      {"MIN", &SearchReturn::min},     {"MAX", &SearchReturn::max},   {"ALL", &SearchReturn::all},
      {"COUNT", &SearchReturn::count}, {"SAVE", &SearchReturn::save}, {"CONTEXT", &SearchReturn::context},
  };
  for (const Row& row : kRows) {
    if (!take_keyword(in, row.name)) continue;
    out.*row.member = true;
    return {};
  }
  const Cursor before = in;
  if (take_keyword(in, "UPDATE")) {
    out.update = true;
    // RFC 5465 §8 has no space before the list; nobody who writes one is misunderstood.
    if (in.peek_is('(') || take_space_before_list(in, dialect)) {
      PABAL_TRY(out.update_items, parse_fetch_att_list(in, dialect));
    }
    return {};
  }
  if (take_keyword(in, "PARTIAL") && !out.partial) {
    PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY(out.partial, parse_partial_range(in));
    return {};
  }
  return expected(before, "MIN, MAX, ALL, COUNT, SAVE, CONTEXT, UPDATE or PARTIAL once");
}

/// [search-return-opts] = [SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"]
Result<SearchReturn> parse_search_return_opts(Cursor& in, const Dialect& dialect) {
  SearchReturn out;
  const Cursor before = in;
  if (!take_space(in, dialect) || !take_keyword(in, "RETURN")) {
    in = before;
    return out;
  }
  out.given = true;
  PABAL_TRY_VOID(parse_space(in, dialect));
  bool any = false;
  PABAL_TRY_VOID(parse_parenthesized(in, dialect, [&] {
    any = true;
    return parse_search_return_opt(in, dialect, out);
  }));
  if (!any) out.all = true;  // RFC 4731 §3.1
  if (out.all && out.partial) {
    return fail(ErrorKind::kRefuse, "ALL and PARTIAL do not go together (RFC 9394, section 3.1)");
  }
  return out;
}

/// sort-criteria = "(" sort-criterion *(SP sort-criterion) ")" (RFC 5256 §5, RFC 5957 §4)
Result<std::vector<SortKey>> parse_sort_criteria(Cursor& in, const Dialect& dialect) {
  using By = SortKey::By;
  struct Row {
    std::string_view name;
    By by;
  };
  static constexpr Row kRows[] = {
      {"ARRIVAL", By::kArrival},
      {"CC", By::kCc},
      {"DATE", By::kDate},
      {"FROM", By::kFrom},
      {"SIZE", By::kSize},
      {"SUBJECT", By::kSubject},
      {"TO", By::kTo},
      {"DISPLAYFROM", By::kDisplayFrom},
      {"DISPLAYTO", By::kDisplayTo},
  };
  std::vector<SortKey> keys;
  const auto parse_criterion = [&]() -> Result<void> {
    SortKey key;
    if (take_keyword(in, "REVERSE")) {
      key.reverse = true;
      PABAL_TRY_VOID(parse_space(in, dialect));
    }
    for (const Row& row : kRows) {
      if (!take_keyword(in, row.name)) continue;
      key.by = row.by;
      if (keys.size() == kMaxSortKeys) {
        return fail(ErrorKind::kOverLimit, "More than {} sort keys", kMaxSortKeys);
      }
      keys.push_back(key);
      return {};
    }
    return expected(in, "a sort key");
  };
  const Cursor before = in;
  PABAL_TRY_VOID(parse_parenthesized(in, dialect, parse_criterion));
  if (keys.empty()) return expected(before, "at least one sort key");
  return keys;
}

/// SP charset 1*(SP search-key), as SORT and THREAD have it: the charset without its word.
Result<SearchProgram> parse_charset_and_keys(Cursor& in, const Dialect& dialect) {
  SearchProgram out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY_VOID(parse_charset(in, dialect, out));
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY_VOID(parse_search_keys(in, dialect, out));
  return out;
}

/// esearch-source-opts = "IN" SP "(" source-mbox [SP "(" scope-options ")"] ")"; the word is taken.
Result<std::vector<MailboxFilter>> parse_esearch_source_opts(Cursor& in, const Dialect& dialect) {
  std::vector<MailboxFilter> out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  const Cursor before = in;
  PABAL_TRY_VOID(parse_parenthesized(in, dialect, [&]() -> Result<void> {
    if (in.peek_is('(')) return expected(in, "no scope options, of which none is defined");
    const Cursor filter_begin = in;
    PABAL_TRY(MailboxFilter filter, parse_filter_mailboxes(in, dialect));
    // RFC 7377 §4 forbids it here.
    if (filter.kind == MailboxFilter::Kind::kSelectedDelayed) return expected(filter_begin, "selected");
    if (out.size() == kMaxFilters) return fail(ErrorKind::kOverLimit, "More than {} sources", kMaxFilters);
    out.push_back(std::move(filter));
    return {};
  }));
  if (out.empty()) return expected(before, "at least one source");
  return out;
}

}  // namespace

Result<SearchProgram> parse_search_program(Cursor& in, const Dialect& dialect) {
  SearchProgram out;
  if (take_keyword(in, "CHARSET")) {
    PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY_VOID(parse_charset(in, dialect, out));
    PABAL_TRY_VOID(parse_space(in, dialect));
  }
  PABAL_TRY_VOID(parse_search_keys(in, dialect, out));
  return out;
}

Result<SearchCommand> parse_search(Cursor& in, const Dialect& dialect) {
  SearchCommand out;
  PABAL_TRY(out.wanted, parse_search_return_opts(in, dialect));
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.program, parse_search_program(in, dialect));
  return out;
}

Result<SortCommand> parse_sort(Cursor& in, const Dialect& dialect) {
  SortCommand out;
  PABAL_TRY(out.wanted, parse_search_return_opts(in, dialect));
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.keys, parse_sort_criteria(in, dialect));
  PABAL_TRY(out.program, parse_charset_and_keys(in, dialect));
  return out;
}

Result<ThreadCommand> parse_thread(Cursor& in, const Dialect& dialect) {
  ThreadCommand out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  if (take_keyword(in, "ORDEREDSUBJECT")) {
    out.by = ThreadCommand::By::kOrderedSubject;
  } else if (!take_keyword(in, "REFERENCES")) {
    return expected(in, "REFERENCES or ORDEREDSUBJECT");
  }
  PABAL_TRY(out.program, parse_charset_and_keys(in, dialect));
  return out;
}

Result<EsearchCommand> parse_esearch(Cursor& in, const Dialect& dialect) {
  EsearchCommand out;
  const Cursor before = in;
  if (take_space(in, dialect) && take_keyword(in, "IN")) {
    PABAL_TRY(out.sources, parse_esearch_source_opts(in, dialect));
  } else {
    in = before;
  }
  PABAL_TRY(out.wanted, parse_search_return_opts(in, dialect));
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.program, parse_search_program(in, dialect));
  return out;
}

Result<std::vector<std::string>> parse_cancelupdate(Cursor& in, const Dialect& dialect) {
  std::vector<std::string> tags;
  do {
    PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY(std::string tag, parse_string(in, dialect, "a tag in quotes"));
    if (tags.size() == kMaxFilters) return fail(ErrorKind::kOverLimit, "More than {} tags", kMaxFilters);
    tags.push_back(std::move(tag));
  } while (!take_end(in, dialect));
  return tags;
}

}  // namespace pabal::imap
