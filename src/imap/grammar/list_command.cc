#include "imap/grammar/list_command.h"

#include "base/ascii.h"
#include "imap/grammar/admin_commands.h"

namespace pabal::imap {
namespace {

/// list-select-opt (RFC 5258 §6, RFC 6154 §6). An unknown one is refused (RFC 5258 §3).
Result<void> parse_list_select_opt(Cursor& in, ListCommand::Selection& out) {
  if (take_keyword(in, "SUBSCRIBED")) {
    out.subscribed = true;
  } else if (take_keyword(in, "REMOTE")) {
    out.remote = true;
  } else if (take_keyword(in, "RECURSIVEMATCH")) {
    out.recursive_match = true;
  } else if (take_keyword(in, "SPECIAL-USE")) {
    out.special_use = true;
  } else {
    return expected(in, "SUBSCRIBED, REMOTE, RECURSIVEMATCH or SPECIAL-USE");
  }
  return {};
}

/// "METADATA" SP "(" entries ")" (RFC 9590); the word is taken.
Result<void> parse_metadata_option(Cursor& in, const Dialect& dialect, std::vector<std::string>& entries) {
  PABAL_TRY_VOID(parse_space(in, dialect));
  return parse_parenthesized(in, dialect, [&]() -> Result<void> {
    PABAL_TRY(std::string entry, parse_entry(in, dialect));
    if (entries.size() == kMaxMetadataEntries) {
      return fail(ErrorKind::kOverLimit, "More than {} entries of METADATA", kMaxMetadataEntries);
    }
    entries.push_back(std::move(entry));
    return {};
  });
}

/// return-option
Result<void> parse_return_option(Cursor& in, const Dialect& dialect, ListCommand::Return& out) {
  if (take_keyword(in, "SUBSCRIBED")) {
    out.subscribed = true;
  } else if (take_keyword(in, "CHILDREN")) {
    out.children = true;
  } else if (take_keyword(in, "SPECIAL-USE")) {
    out.special_use = true;
  } else if (take_keyword(in, "MYRIGHTS")) {
    out.my_rights = true;
  } else if (take_keyword(in, "STATUS")) {
    PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY(out.status, parse_status_items(in, dialect));
  } else if (take_keyword(in, "METADATA")) {
    return parse_metadata_option(in, dialect, out.metadata);
  } else {
    return expected(in, "SUBSCRIBED, CHILDREN, SPECIAL-USE, MYRIGHTS, STATUS or METADATA");
  }
  return {};
}

/// A name or pattern that may be empty: nothing of it is folded or cut.
Result<std::string> parse_list_mailbox(Cursor& in, const Dialect& dialect) {
  std::string text;
  if (in.peek_is('"') || in.peek_is('{')) {
    PABAL_TRY(text, parse_string(in, dialect, "a mailbox name or pattern"));
  } else {
    const bool raw = dialect.utf8 || dialect.leniency.raw_utf8;
    text = in.take_while([raw](char c) { return is_list_char(c) || (raw && !is_ascii(c)); });
    if (text.empty()) return expected(in, "a mailbox name or pattern");
  }
  return decode_mailbox_name(std::move(text), dialect);
}

/// mbox-or-pat = list-mailbox / patterns
Result<void> parse_mbox_or_pat(Cursor& in, const Dialect& dialect, ListCommand& out) {
  if (!in.peek_is('(')) {
    PABAL_TRY(std::string pattern, parse_list_mailbox(in, dialect));
    out.patterns.push_back(std::move(pattern));
    return {};
  }
  out.extended = true;
  const Cursor before = in;
  PABAL_TRY_VOID(parse_parenthesized(in, dialect, [&]() -> Result<void> {
    PABAL_TRY(std::string pattern, parse_list_mailbox(in, dialect));
    if (out.patterns.size() == kMaxListPatterns) {
      return fail(ErrorKind::kOverLimit, "More than {} patterns in one LIST", kMaxListPatterns);
    }
    out.patterns.push_back(std::move(pattern));
    return {};
  }));
  if (out.patterns.empty()) return expected(before, "at least one pattern");
  return {};
}

/// [SP "RETURN" SP "(" ... ")"]
Result<void> parse_list_return_opts(Cursor& in, const Dialect& dialect, ListCommand& out) {
  const Cursor before = in;
  if (take_space(in, dialect) && take_keyword(in, "RETURN")) {
    out.extended = true;
    PABAL_TRY_VOID(parse_space(in, dialect));
    return parse_parenthesized(in, dialect, [&] { return parse_return_option(in, dialect, out.wanted); });
  }
  in = before;
  return {};
}

}  // namespace

std::vector<ListPattern> ListCommand::compile() const {
  std::vector<ListPattern> out;
  out.reserve(patterns.size());
  for (const std::string& pattern : patterns) out.emplace_back(reference, pattern);
  return out;
}

Result<ListCommand> parse_list(Cursor& in, const Dialect& dialect) {
  ListCommand out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  if (in.peek_is('(')) {
    out.extended = true;
    PABAL_TRY_VOID(
        parse_parenthesized(in, dialect, [&] { return parse_list_select_opt(in, out.selection); }));
    PABAL_TRY_VOID(parse_space(in, dialect));
  }
  if (out.selection.recursive_match && !out.selection.subscribed) {
    return fail(ErrorKind::kRefuse, "RECURSIVEMATCH goes with SUBSCRIBED (RFC 5258, section 3.1)");
  }
  PABAL_TRY(out.reference, parse_list_mailbox(in, dialect));
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY_VOID(parse_mbox_or_pat(in, dialect, out));
  PABAL_TRY_VOID(parse_list_return_opts(in, dialect, out));
  PABAL_TRY_VOID(parse_end(in, dialect));
  return out;
}

Result<ListCommand> parse_lsub(Cursor& in, const Dialect& dialect) {
  ListCommand out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.reference, parse_list_mailbox(in, dialect));
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(std::string pattern, parse_list_mailbox(in, dialect));
  out.patterns.push_back(std::move(pattern));
  PABAL_TRY_VOID(parse_end(in, dialect));
  return out;
}

}  // namespace pabal::imap
