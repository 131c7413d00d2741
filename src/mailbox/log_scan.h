// Reads an account's partition: the log in order, and a folder's table out of its pages and the log.
//
// Any loop's thread; calls wait for the store.
#pragma once

#include <functional>
#include <optional>

#include "mailbox/folder_table.h"
#include "mailbox/log_ops.h"
#include "mailbox/page_codec.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::mailbox {

struct LogSpan {
  ModSeq first;  ///< of the records that were there; 0: none
  ModSeq last;

  bool empty() const { return last == ModSeq(); }
  /// Whether nothing is missing behind `change`: the log drops its oldest records now and then.
  bool follows(ModSeq change) const { return empty() || first.value() == change.value() + 1; }
};

/// Calls `see` with each record after `after`, in order, until it says that it has seen enough (false; that
/// record is not in the span). kConflict: records were dropped while it read.
net::Task<Result<LogSpan>> scan_log(store::Engine& engine, store::PartitionId partition, ModSeq after,
                                    std::function<bool(const LogRecord&)> see);

/// The oldest change that the log still has; nothing for an account that was never changed.
net::Task<Result<std::optional<ModSeq>>> find_log_floor(store::Engine& engine, store::PartitionId partition);
/// Where the account stands; nothing for one that was never changed.
net::Task<Result<std::optional<LogHead>>> load_log_head(store::Engine& engine, store::PartitionId partition);

/// Which letters came into a folder and left it after a change; one that did both is in both. Nothing: the
/// log does not go back so far.
struct FolderHistory {
  UidSet came;
  UidSet left;
};
net::Task<Result<std::optional<FolderHistory>>> load_history(store::Engine& engine,
                                                             store::PartitionId partition, FolderId folder,
                                                             ModSeq since);

/// The account's folders, as they are stored. A page of the scan shows one moment, all of them do not.
net::Task<Result<std::vector<Folder>>> load_stored_folders(store::Engine& engine,
                                                           store::PartitionId partition);

/// The folder's letters as of the log's end.
net::Task<Result<Table>> load_table(store::Engine& engine, store::PartitionId partition, FolderId folder);
/// What the folder's stored pages cover.
net::Task<Result<std::vector<PageHead>>> load_page_heads(store::Engine& engine, store::PartitionId partition,
                                                         FolderId folder);

/// The change up to which all pages hold all; 0 if none was stored yet.
struct Checkpoint {
  ModSeq at;
  std::optional<store::Version> version;
  bool operator==(const Checkpoint&) const = default;
};
net::Task<Result<Checkpoint>> load_checkpoint(store::Engine& engine, store::PartitionId partition);

}  // namespace pabal::mailbox
