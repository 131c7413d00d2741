// What an account's partition needs now and then, beside everything else: its log made into pages, its oldest
// changes forgotten, and the letters dropped that are in no folder any more. In bounded batches, each of
// which leaves the account whole, so that it may stop anywhere; two nodes may do it at once.
//
//     swept    the ModSeq up to which the letters of removed rows are dropped
//
// One loop; calls wait for the store.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "mailbox/folder_table.h"
#include "mailbox/log_scan.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::mailbox {

inline constexpr std::string_view kSweptKey = "swept";

struct UpkeepOptions {
  std::chrono::seconds keep_log = std::chrono::days(30);
  std::uint64_t keep_changes = 10'000;
  std::chrono::seconds grace = std::chrono::minutes(10);
};

/// What somebody has in memory of the account, so that it need not be read: where it stands, and tables that
/// hold all up to there.
struct InMemory {
  std::optional<ModSeq> head = {};
  std::function<Table(FolderId)> find_table = {};
};

class Upkeep {
 public:
  /// The engine outlives it.
  Upkeep(store::Engine& engine, store::PartitionId partition, UpkeepOptions options)
      : engine_(engine), partition_(std::move(partition)), options_(options) {}

  /// How many changes are in no page yet.
  net::Task<Result<std::uint64_t>> changes_since_checkpoint();
  /// Stores what pages lack. kConflict: another node does.
  net::Task<Result<void>> checkpoint(InMemory known);
  /// Drops letters of rows that were removed longer than the grace ago. When to come again; nothing: when the
  /// next row is removed.
  net::Task<Result<std::optional<WallTime>>> sweep(WallTime now);
  /// Drops the oldest of the log that nobody needs any more. How many changes.
  net::Task<Result<std::uint64_t>> trim(WallTime now);

 private:
  struct Removed;
  /// The checkpoint's version, as our own batches raise it.
  using Guard = std::optional<store::Version>;

  net::Task<Result<void>> store_pages(const FolderTable& table, ModSeq checkpoint, Guard& guard);
  net::Task<Result<void>> erase_pages(FolderId folder, ModSeq checkpoint, Guard& guard);
  net::Task<Result<std::vector<FolderId>>> folders_with_pages();
  net::Task<Result<void>> commit(store::Batch batch, ModSeq checkpoint, Guard& guard);

  net::Task<Result<void>> drop(std::vector<LetterId> letters);
  net::Task<Result<void>> drop_unused(std::unordered_set<LetterId> letters);
  net::Task<Result<ModSeq>> load_swept();

  store::Engine& engine_;
  const store::PartitionId partition_;
  const UpkeepOptions options_;
};

}  // namespace pabal::mailbox
