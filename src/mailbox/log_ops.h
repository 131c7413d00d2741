// What a change of an account is made of, and a change as it lies in the log. Each operation says all that a
// folder's table needs of it, so that a table can be made again from its pages and the log alone
// (table_change.h).
//
// Pure; any thread. Stored forms: docs/store-format-mailbox.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "mailbox/flags.h"
#include "mailbox/folder.h"
#include "mailbox/folder_table.h"
#include "mailbox/ids.h"
#include "mailbox/records.h"
#include "mailbox/uid_set.h"

namespace pabal::mailbox {

namespace op {

/// Rows came into a folder: by delivery, APPEND, COPY or MOVE. Their UIDs are consecutive, and above all that
/// the folder ever had.
struct RowsCame {
  struct NewRow {
    LetterId letter;
    std::uint32_t size_bytes = 0;
    bool shared = false;
    Flags flags{};
    std::chrono::sys_seconds received{};
    bool operator==(const NewRow&) const = default;
  };
  FolderId folder;
  Uid first_uid{};
  std::vector<NewRow> rows{};
  bool operator==(const RowsCame&) const = default;
};

/// Of rows that the folder has among `uids`, those whose flags become other ones are changed, and carry the
/// change's ModSeq then; all others stay as they are. So the set that a client named does, in as few ranges
/// as it was named in.
struct FlagsChanged {
  FolderId folder;
  UidSet uids{};
  FlagEdit how = FlagEdit::kAdd;
  Flags flags{};
  bool operator==(const FlagsChanged&) const = default;
};

/// Their letters were copied. The rows' ModSeq stays: nobody sees it.
struct RowsShared {
  FolderId folder;
  UidSet uids{};
  bool operator==(const RowsShared&) const = default;
};

/// Rows left a folder: by EXPUNGE or MOVE.
struct RowsLeft {
  FolderId folder;
  UidSet uids{};
  /// For whoever drops letters; after a MOVE both are empty. Ascending, each once.
  std::vector<LetterId> letters{};         ///< that were in no other row, so are of no more use
  std::vector<LetterId> shared_letters{};  ///< that may be
  bool operator==(const RowsLeft&) const = default;
};

/// A folder was made, or is called otherwise, or whatever else of it is here changed.
struct FolderChanged {
  FolderId folder;
  bool made = false;
  FolderId parent{};
  std::string name{};
  SpecialUse use = SpecialUse::kNone;
  bool subscribed = false;
  bool operator==(const FolderChanged&) const = default;
};

/// RowsLeft comes before it, if there were any. Also for a folder that stays as a placeholder.
struct FolderDeleted {
  FolderId folder;
  bool operator==(const FolderDeleted&) const = default;
};

}  // namespace op

using Operation = std::variant<op::RowsCame, op::FlagsChanged, op::RowsShared, op::RowsLeft,
                               op::FolderChanged, op::FolderDeleted>;
FolderId folder_of(const Operation& operation);

/// All of `uids` that the table has, as they leave it. `moved`: the letters stay, in another folder.
op::RowsLeft rows_left(const FolderTable& table, const UidSet& uids, bool moved);
/// The rows of `uids` as they come into `target`. A copy is shared, whatever the row was; what is moved stays
/// as it was.
op::RowsCame rows_to_transfer(const FolderTable& table, const UidSet& uids, FolderId target, Uid first_uid,
                              bool moved);

/// One commit. `after.last_change` is its ModSeq.
struct LogRecord {
  Counters after{};
  WallTime at = {};  ///< the save date (RFC 8514) of rows that come
  std::vector<Operation> operations{};
  bool operator==(const LogRecord&) const = default;
};

/// Rows that one commit may bring or take, in all. Beyond, the person is asked to take smaller steps (NO
/// [LIMIT]).
inline constexpr std::size_t kMaxRowsInCommit = 250'000;
/// What the operations of a commit may take: the batch has room for the folders that it touches besides.
inline constexpr std::size_t kMaxLogRecordBytes = 3 * 1024 * 1024;

/// The values for log_key(change, 0), log_key(change, 1) and so on: mostly one, since only thousands of rows
/// are more than a value holds. kOverLimit: more than one commit may bring.
Result<std::vector<std::string>> encode(const LogRecord& record);

/// What the first value of a record says, without the others: where the account stands.
struct LogHead {
  Counters after{};
  WallTime at = {};
};
std::optional<LogHead> decode_log_head(std::string_view value);

/// Puts records together from a scan of the log, key by key.
class LogReader {
 public:
  /// The record, if that was the last of its values. kCorrupt: damaged, or a value is missing.
  Result<std::optional<LogRecord>> read(std::string_view key, std::string_view value);
  /// In the middle of a record: the scan must go on.
  bool within_record() const { return parts_left_ > 0; }

 private:
  ModSeq change_;
  LogHead head_;
  std::uint32_t next_part_ = 0;
  std::uint32_t parts_left_ = 0;
  std::string bytes_;
};

}  // namespace pabal::mailbox
