#include "imap/grammar/admin_commands.h"

#include <algorithm>

#include "base/ascii.h"
#include "imap/grammar/mailbox_name.h"

namespace pabal::imap {
namespace {

/// mailbox, or "" for the server itself (RFC 5464 §4).
Result<std::string> parse_mailbox_or_server(Cursor& in, const Dialect& dialect) {
  if (in.take_word("\"\"")) return std::string();
  return parse_mailbox(in, dialect);
}

/// getmetadata-option: "MAXSIZE" SP number / "DEPTH" SP ("0" / "1" / "infinity") (RFC 5464 §5)
Result<void> parse_getmetadata_option(Cursor& in, const Dialect& dialect, GetMetadataCommand& out) {
  using Depth = GetMetadataCommand::Depth;
  if (take_keyword(in, "MAXSIZE")) {
    PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY(out.max_size, parse_number64(in));
    return {};
  }
  if (!take_keyword(in, "DEPTH")) return expected(in, "MAXSIZE or DEPTH");
  PABAL_TRY_VOID(parse_space(in, dialect));
  if (take_keyword(in, "0")) {
    out.depth = Depth::kZero;
  } else if (take_keyword(in, "1")) {
    out.depth = Depth::kOne;
  } else if (take_keyword(in, "infinity")) {
    out.depth = Depth::kInfinity;
  } else {
    return expected(in, "0, 1 or infinity");
  }
  return {};
}

/// Whether the list that stands here holds options, and not entries: those begin with a slash.
bool stands_at_options(const Cursor& in) {
  Cursor look = in;
  look.take_char('(');
  look.take_while([](char c) { return c == ' '; });
  return look.rest().size() >= 5 && (take_keyword(look, "MAXSIZE") || take_keyword(look, "DEPTH"));
}

Result<void> parse_options_if_any(Cursor& in, const Dialect& dialect, GetMetadataCommand& out) {
  if (!in.peek_is('(') || !stands_at_options(in)) return {};
  PABAL_TRY_VOID(
      parse_parenthesized(in, dialect, [&] { return parse_getmetadata_option(in, dialect, out); }));
  return parse_space(in, dialect);
}

std::unexpected<Error> too_many_entries() {
  return fail(ErrorKind::kOverLimit, "More than {} entries of METADATA", kMaxMetadataEntries);
}

/// entries = entry / "(" entry *(SP entry) ")"
Result<void> parse_entries(Cursor& in, const Dialect& dialect, std::vector<std::string>& entries) {
  const auto parse_one = [&]() -> Result<void> {
    PABAL_TRY(std::string entry, parse_entry(in, dialect));
    if (entries.size() == kMaxMetadataEntries) return too_many_entries();
    entries.push_back(std::move(entry));
    return {};
  };
  if (!in.peek_is('(')) return parse_one();
  const Cursor before = in;
  PABAL_TRY_VOID(parse_parenthesized(in, dialect, parse_one));
  if (entries.empty()) return expected(before, "at least one entry");
  return {};
}

Result<std::string> parse_rights(Cursor& in, const Dialect& dialect) {
  PABAL_TRY(std::string rights, parse_astring(in, dialect, "rights"));
  if (rights.size() > kMaxRightsBytes || !std::ranges::all_of(rights, [](char c) {
        return is_lower(c) || is_digit(c) || c == '+' || c == '-';
      })) {
    return fail(ErrorKind::kRefuse, "Rights are small letters and digits (RFC 4314, section 2)");
  }
  return rights;
}

}  // namespace

Result<std::string> parse_getquota(Cursor& in, const Dialect& dialect) {
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(std::string root, parse_astring(in, dialect, "a quota root"));
  PABAL_TRY_VOID(parse_end(in, dialect));
  return root;
}

Result<SetQuotaCommand> parse_setquota(Cursor& in, const Dialect& dialect) {
  SetQuotaCommand out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.root, parse_astring(in, dialect, "a quota root"));
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY_VOID(parse_parenthesized(in, dialect, [&]() -> Result<void> {
    PABAL_TRY(const std::string_view resource, parse_atom(in, "a resource such as STORAGE"));
    PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY(const std::uint64_t limit, parse_number64(in));
    if (out.limits.size() == kMaxQuotaResources) {
      return fail(ErrorKind::kOverLimit, "More than {} resources", kMaxQuotaResources);
    }
    std::string name(resource);
    for (char& c : name) c = to_upper(c);
    out.limits.emplace_back(std::move(name), limit);
    return {};
  }));
  PABAL_TRY_VOID(parse_end(in, dialect));
  return out;
}

Result<GetMetadataCommand> parse_getmetadata(Cursor& in, const Dialect& dialect) {
  GetMetadataCommand out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY_VOID(parse_options_if_any(in, dialect, out));
  PABAL_TRY(out.mailbox, parse_mailbox_or_server(in, dialect));
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY_VOID(parse_options_if_any(in, dialect, out));
  PABAL_TRY_VOID(parse_entries(in, dialect, out.entries));
  PABAL_TRY_VOID(parse_end(in, dialect));
  return out;
}

Result<SetMetadataCommand> parse_setmetadata(Cursor& in, const Dialect& dialect) {
  SetMetadataCommand out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.mailbox, parse_mailbox_or_server(in, dialect));
  PABAL_TRY_VOID(parse_space(in, dialect));
  const Cursor before = in;
  PABAL_TRY_VOID(parse_parenthesized(in, dialect, [&]() -> Result<void> {
    PABAL_TRY(std::string entry, parse_entry(in, dialect));
    PABAL_TRY_VOID(parse_space(in, dialect));
    PABAL_TRY(std::optional<std::string> value, parse_nstring8(in, dialect));
    if (out.values.size() == kMaxMetadataEntries) return too_many_entries();
    out.values.emplace_back(std::move(entry), std::move(value));
    return {};
  }));
  if (out.values.empty()) return expected(before, "at least one entry and its value");
  PABAL_TRY_VOID(parse_end(in, dialect));
  return out;
}

Result<std::string> parse_entry(Cursor& in, const Dialect& dialect) {
  const Cursor before = in;
  PABAL_TRY(const std::string text, parse_astring(in, dialect, "an entry such as /private/comment"));
  std::string entry = to_lower(text);
  // RFC 5464 §3.2: no "*" or "%", no two slashes, none at the end, ASCII without controls.
  const bool well_formed = (entry.starts_with("/private/") || entry.starts_with("/shared/")) &&
                           entry.find("//") == std::string::npos && !entry.ends_with('/') &&
                           std::ranges::all_of(entry, [](char c) {
                             return is_ascii(c) && !is_control(c) && c != '*' && c != '%';
                           });
  if (!well_formed) return expected(before, "an entry such as /private/comment");
  if (entry.size() > kMaxMetadataEntryBytes) {
    return fail(ErrorKind::kOverLimit, "An entry's name is longer than {} bytes", kMaxMetadataEntryBytes);
  }
  return entry;
}

Result<SetAclCommand> parse_setacl(Cursor& in, const Dialect& dialect) {
  using How = SetAclCommand::How;
  SetAclCommand out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.mailbox, parse_mailbox(in, dialect));
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.identifier, parse_astring(in, dialect, "an identifier"));
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.rights, parse_rights(in, dialect));
  if (out.rights.starts_with('+')) out.how = How::kAdd;
  if (out.rights.starts_with('-')) out.how = How::kRemove;
  if (out.how != How::kReplace) out.rights.erase(0, 1);
  if (out.rights.find_first_of("+-") != std::string::npos) {
    return fail(ErrorKind::kRefuse, "A + or - stands before all rights, once (RFC 4314, section 3.1)");
  }
  PABAL_TRY_VOID(parse_end(in, dialect));
  return out;
}

Result<AclSubject> parse_acl_subject(Cursor& in, const Dialect& dialect) {
  AclSubject out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.mailbox, parse_mailbox(in, dialect));
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.identifier, parse_astring(in, dialect, "an identifier"));
  PABAL_TRY_VOID(parse_end(in, dialect));
  return out;
}

}  // namespace pabal::imap
