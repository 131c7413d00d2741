// The one thread that changes the store. It takes all that waits, as one group: judges each batch, appends
// the group to the journal, syncs once, brings the effects into the index, and tells the callers. While one
// group is being synced, the next gathers by itself; only where all that waits is patient does the thread
// wait too, for somebody who is not, or until patience ends.
//
// The queue holds nothing but pointers to batches that their callers hold anyway, so it needs no bound of its
// own: memory is bounded by how many callers there are, and each waits for its answer.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/handoff.h"
#include "net/task.h"
#include "net/worker_pool.h"
#include "store/rocksdb/apply.h"
#include "store/rocksdb/blob_reader.h"
#include "store/rocksdb/group.h"
#include "store/rocksdb/index.h"
#include "store/rocksdb/journal.h"
#include "store/watch_hub.h"

namespace pabal::store {

struct CommitterOptions {
  std::string directory;            ///< whose free space is looked at
  std::uint64_t reserve_bytes = 0;  ///< free disk below which puts are refused
};

/// Everything outlives the committer.
struct CommitterParts {
  const Disk& disk;
  Index& index;
  Journal& journal;
  LargeFiles& large;
  SegmentFiles& segment_files;
  WatchHub& watches;
  net::WorkerPool& upkeep;
};

class Committer {
 public:
  /// `applied`: how far the journal is in the index; `checkpoint`: how far it is in the index's tables.
  Committer(CommitterOptions options, CommitterParts parts, const Applied& applied, const Applied& checkpoint,
            SegmentTable segments);
  ~Committer() { stop(); }

  /// Any loop. Can't be cancelled: once queued, the batch is judged and written.
  net::Task<Result<Version>> commit(Batch batch);

  /// Runs `work` on the committer's thread, between two groups, and resumes the caller with its outcome.
  template <class Work>
  auto run(Work work) -> net::Task<std::invoke_result_t<Work&>> {
    using Outcome = std::invoke_result_t<Work&>;
    net::Handoff<Outcome> handoff;
    if (!submit([&work, &handoff] { handoff.set(work()); })) {
      co_return fail(ErrorKind::kRetryLater, "the store is closing");
    }
    co_return co_await handoff;
  }
  /// False once stopped.
  bool submit(std::move_only_function<void()> job);
  /// Finishes what is queued, then ends the thread. What comes later is refused.
  void stop();

  // On the committer's thread only, in a job:
  /// One group of its own; returns when it is durable and visible.
  Result<void> write_group(std::span<const Record> records, std::span<const std::string_view> blobs);
  const SegmentTable& segments() const { return segments_; }
  const Applied& applied() const { return applied_; }
  /// Everything before this place is in the index's tables: no replay will ask for it.
  const Applied& checkpoint() const { return checkpoint_; }
  void reached_checkpoint(const Applied& checkpoint);
  /// Removes segments that hold nothing any more and that no replay will ask for; returns the bytes given
  /// back.
  Result<std::uint64_t> remove_dead_segments();
  /// While held, no segment and no blob is removed: a backup is copying them.
  void hold_removals() { ++removal_holds_; }
  void release_removals() { --removal_holds_; }
  bool removals_held() const { return removal_holds_ > 0; }

  // Any thread:
  std::uint64_t commits() const { return commits_.load(std::memory_order_relaxed); }
  std::uint64_t groups() const { return groups_.load(std::memory_order_relaxed); }
  std::uint64_t blobs_stored() const { return blobs_stored_.load(std::memory_order_relaxed); }
  /// What the journal and the large blobs take on the disk, space written ahead apart.
  std::uint64_t blob_and_journal_bytes() const { return bytes_on_disk_.load(std::memory_order_relaxed); }
  std::string write_failure() const;

 private:
  struct Request {
    Batch batch;
    net::Handoff<Result<Version>> done;
    Result<Version> outcome = Version();
  };

  void run_until_stopped();
  void wait_for_work(std::unique_lock<std::mutex>& lock);
  std::size_t commit_group(std::span<Request* const> requests);
  Result<void> may_write(bool adds);
  Result<void> check_room();
  Result<void> finish_unapplied();
  Result<void> write_records(std::span<const Record> records, std::span<const std::string_view> blobs);
  void count_bytes_on_disk();
  void note(const Result<void>& outcome);
  void start_checkpoint_if_due(std::uint64_t bytes);

  const CommitterOptions options_;
  const CommitterParts parts_;

  // The committer's thread alone.
  Applied applied_;
  Applied checkpoint_;
  SegmentTable segments_;
  std::optional<rocksdb::WriteBatch> unapplied_;  // durable in the journal, but the index refused it
  std::string records_;
  std::uint64_t bytes_since_checkpoint_ = 0;
  std::uint64_t bytes_since_room_was_checked_ = UINT64_MAX;
  bool checkpoint_running_ = false;
  int removal_holds_ = 0;

  std::atomic<std::uint64_t> commits_{0};
  std::atomic<std::uint64_t> groups_{0};
  std::atomic<std::uint64_t> blobs_stored_{0};
  std::atomic<std::uint64_t> bytes_on_disk_{0};
  mutable std::mutex failure_mutex_;
  std::string write_failure_;

  std::mutex queue_mutex_;
  std::condition_variable queue_changed_;
  std::vector<Request*> requests_;
  bool urgent_ = false;                                  // one of them is not patient
  std::chrono::steady_clock::time_point patient_until_;  // if all of them are
  std::vector<std::move_only_function<void()>> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace pabal::store
