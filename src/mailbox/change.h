// What can be changed in an account, and what came of it. All changes go through Mailboxes::change, one after
// the other for each account, many in one commit.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "account/quota.h"
#include "journey/journal.h"
#include "journey/resend_guard.h"
#include "mailbox/flags.h"
#include "mailbox/folder.h"
#include "mailbox/ids.h"
#include "mailbox/records.h"
#include "mailbox/rights.h"
#include "mailbox/uid_set.h"
#include "store/engine.h"

namespace pabal::mailbox {

/// A letter that comes in: at delivery, or by APPEND.
struct Arrival {
  LetterRecord letter;
  std::optional<store::StagedBlob> blob = {};  ///< of the letter; nothing if it is stored already
  std::optional<journey::ResendToken> token = {};
  account::QuotaLimit quota = account::QuotaLimit::unlimited();
  journey::Entry entry = {};  ///< what is told of it; written with it

  FolderId folder = kInbox;
  FlagNames flags = {};
  /// message::encode_facts of the letter, or of its last bytes: the trace in front of it may be missing there
  /// (facts.h). Without them they are read from the letter when somebody first asks.
  std::string facts = {};
};

struct Placed {
  LetterId letter;
  Uid uid;
  std::uint32_t uid_validity = 0;
  bool known = false;  ///< it was here already: the same letter was sent again
};

/// Some letters for one folder, all or none (RFC 3502). The quota of the first goes for all. Tokens are for
/// letters that come alone.
struct AppendAll {
  std::vector<Arrival> letters;
};
struct AppendedAll {
  std::uint32_t uid_validity = 0;
  std::vector<Placed> placed = {};
  ModSeq mod_seq = {};  ///< of the account, with this change in it; so below
};

/// REPLACE (RFC 8508): a letter comes, and another one goes, in one change. Only what the account gains by it
/// counts for the quota. kRefuse: the letter that was to go is not there any more.
struct Replace {
  Arrival arrival;
  FolderId folder;  ///< where the old one is
  Uid uid;
};

/// STORE (RFC 9051 §6.4.6).
struct SetFlags {
  using How = FlagEdit;
  FolderId folder;
  UidSet uids;  ///< those that are not there any more are passed over
  How how = How::kAdd;
  FlagNames flags;
  /// Rows changed after that are left as they are (RFC 7162 §3.1.3).
  std::optional<ModSeq> unchanged_since = {};
  Flags changeable = kAllFlags;  ///< all others stay as they are
};
struct FlagsSet {
  UidSet changed;  ///< those whose flags are other ones now
  UidSet stale;    ///< changed by somebody else after unchanged_since
  ModSeq mod_seq;
};

/// EXPUNGE, UID EXPUNGE, and JMAP's and POP3's deletions.
struct Remove {
  FolderId folder;
  std::optional<UidSet> uids = {};  ///< nothing: all
  bool only_deleted = true;         ///< of them those that are flagged \Deleted
  /// What is told of the letters that go; written with the change. A few thousand fit in.
  std::vector<journey::Entry> entries = {};
};
struct Removed {
  UidSet gone = {};
  ModSeq mod_seq = {};
};

/// COPY and MOVE (RFC 6851), within one account. The letter is the same, its bytes are stored once.
struct Transfer {
  FolderId from;
  UidSet uids;
  FolderId to;
  bool move = false;
  account::QuotaLimit quota = account::QuotaLimit::unlimited();
  Flags kept = kAllFlags;                    ///< the letters lose all others on the way
  std::vector<journey::Entry> entries = {};  ///< as in Remove
};
struct Transferred {
  std::uint32_t uid_validity = 0;  ///< of the target
  UidSet source = {};              ///< and one by one, in order, for COPYUID:
  UidSet target = {};
  ModSeq mod_seq = {};
};

struct CreateFolder {
  std::string path;  ///< what is missing above it is made too
  SpecialUse use = SpecialUse::kNone;
};
/// With all that is below it. Renaming INBOX moves its letters to a new folder (RFC 9051 §6.3.6).
struct RenameFolder {
  FolderId folder;
  std::string path;
};
/// With its letters; what is below it stays.
struct DeleteFolder {
  FolderId folder;
};
struct SetSubscribed {
  FolderId folder;
  bool subscribed = true;
};
struct SetSpecialUse {
  FolderId folder;
  SpecialUse use = SpecialUse::kNone;
};
/// One entry of the access control list. What is made below a folder begins with the list of that.
struct SetAcl {
  enum class How : std::uint8_t { kReplace, kAdd, kRemove };
  FolderId folder;
  AclEntry entry;
  How how = How::kReplace;
};
struct FolderChanged {
  FolderId folder;
  ModSeq mod_seq = {};
};

// Failures, beside the store's own: kRefuse (no such folder, a name that can't be, one that is there
// already; the detail may be shown), kOverLimit (quota, keywords, folders, more rows than one commit holds).

}  // namespace pabal::mailbox
