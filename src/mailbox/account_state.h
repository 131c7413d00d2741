// What this node has in memory of an account: where it stands, its folders, and the tables that somebody
// looks at. One task at a time changes it, whoever holds the account's pen (writer.h); everybody else takes
// what is published, which never changes.
//
// Reading: any thread. All else: the pen's holder, on any loop.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "mailbox/draft.h"
#include "mailbox/folder.h"
#include "mailbox/folder_table.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::mailbox {

class AccountState {
 public:
  /// The engine and the clock outlive it.
  AccountState(store::Engine& engine, const Clock& clock, store::PartitionId partition);

  // Any thread. Nothing, as long as nothing was loaded.
  std::optional<Counters> find_counters() const;
  Folders find_folders() const;
  Table find_table(FolderId folder) const;
  /// What it takes in memory.
  std::size_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }

  // Whoever holds the pen.

  const store::PartitionId& partition() const { return partition_; }
  const AccountView& view() const { return view_; }
  /// Reads what there is, if it was not done yet.
  net::Task<Result<void>> load();
  /// Takes in what other nodes have written. Whether that was anything.
  net::Task<Result<bool>> catch_up();
  /// Brings the folder's table into memory; does nothing for a folder that is not there.
  net::Task<Result<void>> load_table(FolderId folder);
  /// The draft was stored.
  void publish(Draft& draft);
  /// Nobody knows what is stored: all is to be read again.
  void forget();

 private:
  net::Task<Result<WallTime>> load_beginning();
  net::Task<Result<void>> load_all();
  net::Task<Result<bool>> read_on(std::vector<LogRecord>& records, FolderEdits& folders);
  net::Task<Result<void>> read_folders(const std::vector<LogRecord>& records, FolderEdits& folders,
                                       ModSeq& newest);
  template <class How>
  void change(How how);

  store::Engine& engine_;
  const Clock& clock_;
  const store::PartitionId partition_;
  bool loaded_ = false;  // of the pen's holder

  // Written by the pen's holder with the mutex held, so read by it without.
  mutable std::mutex mutex_;
  bool shown_ = false;
  AccountView view_;
  mutable Folders list_;  // of view_.folders, if somebody wanted it; null: to be made
  std::atomic<std::size_t> memory_bytes_ = 0;
};

}  // namespace pabal::mailbox
