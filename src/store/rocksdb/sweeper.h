// Dropping blobs that nobody holds, and giving their room back. What to drop is decided on the committer's
// thread, so that no commit comes between the look and the deed; reading and moving happen beside it.
#pragma once

#include <atomic>
#include <vector>

#include "net/task.h"
#include "net/worker_pool.h"
#include "store/rocksdb/committer.h"

namespace pabal::store {

struct SweeperParts {
  const Disk& disk;
  Index& index;
  Committer& committer;
  BlobReader& reader;
  LargeFiles& large;
  SegmentFiles& segment_files;
  net::WorkerPool& upkeep;
};

class Sweeper {
 public:
  /// Everything outlives the sweeper.
  explicit Sweeper(SweeperParts parts) : parts_(parts) {}

  /// One at a time; a second one beside it, or one beside a backup, finds nothing to do.
  net::Task<Result<SweepReport>> sweep();

  /// Removes large files whose writers went away without a commit. On the committer's thread.
  void remove_abandoned();

 private:
  struct LiveBlob {
    BlobId id;
    BlobLocation location;
    std::string bytes;
  };

  net::Task<Result<SweepReport>> sweep_once();
  net::Task<Result<void>> drop_loose_blobs(SweepReport& report);
  net::Task<Result<void>> remove_orphans(SweepReport& report);
  net::Task<Result<void>> compact_sparse_segments();
  net::Task<Result<void>> compact(SegmentId id);

  // On the committer's thread:
  Result<void> drop_unheld(const std::vector<BlobId>& ids, SweepReport& report);
  Result<void> move_blobs(SegmentId from, const std::vector<LiveBlob>& blobs);
  std::vector<SegmentId> sparse_segments() const;

  // On a thread that may block:
  Result<std::vector<BlobId>> loose_blobs() const;
  Result<std::vector<BlobId>> orphans() const;
  Result<std::vector<BlobId>> blobs_written_in(SegmentId id) const;
  Result<std::vector<LiveBlob>> read_live(SegmentId id, std::span<const BlobId> ids, std::size_t& next);

  const SweeperParts parts_;
  std::atomic<bool> running_{false};
  bool orphans_removed_ = false;  // by the sweep that runs; after that, only what is abandoned can be one
};

}  // namespace pabal::store
