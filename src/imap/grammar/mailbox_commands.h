// The arguments of the commands about mailboxes as such: SELECT, EXAMINE, CREATE, DELETE, RENAME,
// SUBSCRIBE, UNSUBSCRIBE, STATUS (RFC 9051 §6.3) with CONDSTORE and QRESYNC (RFC 7162), CREATE-SPECIAL-USE
// (RFC 6154), and STATUS's items. Pure; any thread; see session_commands.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/cursor.h"
#include "base/result.h"
#include "imap/grammar/sequence_set.h"
#include "imap/grammar/tokens.h"
#include "mailbox/folder.h"
#include "mailbox/ids.h"

namespace pabal::imap {

/// RFC 7162 §3.2.5.
struct Qresync {
  std::uint32_t uid_validity = 0;
  mailbox::ModSeq mod_seq;
  std::optional<SequenceSet> known_uids;
  /// seq-match-data: of equally many numbers.
  struct Match {
    SequenceSet numbers;
    SequenceSet uids;
  };
  std::optional<Match> match;
};

/// SELECT and EXAMINE.
struct SelectCommand {
  std::string mailbox;
  bool condstore = false;
  std::optional<Qresync> qresync;
};
Result<SelectCommand> parse_select(Cursor& in, const Dialect& dialect);

/// create = "CREATE" SP mailbox [SP "(" "USE" SP "(" [use-attr *(SP use-attr)] ")" ")"]
struct CreateCommand {
  std::string mailbox;
  /// As asked for; an attribute that we do not know is NO [USEATTR] (RFC 6154 §3), so it is told apart.
  std::vector<mailbox::SpecialUse> uses;
  bool unknown_use = false;
};
Result<CreateCommand> parse_create(Cursor& in, const Dialect& dialect);

/// DELETE, SUBSCRIBE, UNSUBSCRIBE, MYRIGHTS, GETACL, GETQUOTAROOT: one mailbox.
Result<std::string> parse_one_mailbox(Cursor& in, const Dialect& dialect);

struct RenameCommand {
  std::string from;
  std::string to;
};
Result<RenameCommand> parse_rename(Cursor& in, const Dialect& dialect);

/// "\Sent" and the like, in any case; nothing for others.
std::optional<mailbox::SpecialUse> find_special_use(std::string_view attribute);
/// With the backslash; empty for kNone.
std::string_view special_use_attribute(mailbox::SpecialUse use);

enum class StatusItem : std::uint8_t {
  kMessages,
  kRecent,  ///< RFC 3501 alone
  kUidNext,
  kUidValidity,
  kUnseen,
  kDeleted,
  kSize,            ///< RFC 8438
  kHighestModSeq,   ///< RFC 7162
  kAppendLimit,     ///< RFC 7889
  kDeletedStorage,  ///< RFC 9208
  kMailboxId,       ///< RFC 8474
};
class StatusItems {
 public:
  void add(StatusItem item) { bits_ |= 1u << static_cast<unsigned>(item); }
  bool has(StatusItem item) const { return (bits_ >> static_cast<unsigned>(item) & 1) != 0; }
  bool empty() const { return bits_ == 0; }
  bool operator==(const StatusItems&) const = default;

 private:
  std::uint32_t bits_ = 0;
};
/// "(" status-att *(SP status-att) ")"
Result<StatusItems> parse_status_items(Cursor& in, const Dialect& dialect);

struct StatusCommand {
  std::string mailbox;
  StatusItems items;
};
Result<StatusCommand> parse_status(Cursor& in, const Dialect& dialect);

}  // namespace pabal::imap
