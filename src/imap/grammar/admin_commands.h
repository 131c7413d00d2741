// QUOTA (RFC 9208), METADATA (RFC 5464) and ACL (RFC 4314) on the wire. GETQUOTAROOT, GETACL and MYRIGHTS
// take one mailbox: parse_one_mailbox. Pure; any thread; see session_commands.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/cursor.h"
#include "base/result.h"
#include "imap/grammar/tokens.h"

namespace pabal::imap {

inline constexpr std::size_t kMaxQuotaResources = 20;
inline constexpr std::size_t kMaxMetadataEntries = 100;
inline constexpr std::size_t kMaxMetadataEntryBytes = 1024;
inline constexpr std::size_t kMaxRightsBytes = 64;

/// getquota = "GETQUOTA" SP quota-root-name
Result<std::string> parse_getquota(Cursor& in, const Dialect& dialect);

/// setquota = "SETQUOTA" SP quota-root-name SP setquota-list
struct SetQuotaCommand {
  std::string root;
  std::vector<std::pair<std::string, std::uint64_t>> limits;  ///< resource in upper case, its limit
};
Result<SetQuotaCommand> parse_setquota(Cursor& in, const Dialect& dialect);

/// Options may stand before or behind the mailbox: the grammar has the one, its examples the other
/// (RFC 5464 §4.2).
struct GetMetadataCommand {
  enum class Depth : std::uint8_t { kZero, kOne, kInfinity };

  std::string mailbox;  ///< empty: of the server
  std::optional<std::uint64_t> max_size;
  Depth depth = Depth::kZero;
  std::vector<std::string> entries;  ///< lower case
};
Result<GetMetadataCommand> parse_getmetadata(Cursor& in, const Dialect& dialect);

struct SetMetadataCommand {
  std::string mailbox;                                                     ///< empty: of the server
  std::vector<std::pair<std::string, std::optional<std::string>>> values;  ///< NIL removes
};
Result<SetMetadataCommand> parse_setmetadata(Cursor& in, const Dialect& dialect);

/// An entry name (RFC 5464 §3.2): "/private/..." or "/shared/...", lower case; no "*", "%", "//", nor a
/// "/" at its end.
Result<std::string> parse_entry(Cursor& in, const Dialect& dialect);

/// setacl = "SETACL" SP mailbox SP identifier SP mod-rights
struct SetAclCommand {
  enum class How : std::uint8_t { kReplace, kAdd, kRemove };
  std::string mailbox;
  std::string identifier;
  How how = How::kReplace;
  std::string rights;  ///< as letters, without + or -; "c" and "d" of RFC 2086 stay what they are
};
Result<SetAclCommand> parse_setacl(Cursor& in, const Dialect& dialect);

/// DELETEACL and LISTRIGHTS.
struct AclSubject {
  std::string mailbox;
  std::string identifier;
};
Result<AclSubject> parse_acl_subject(Cursor& in, const Dialect& dialect);

}  // namespace pabal::imap
