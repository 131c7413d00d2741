// The journal: the truth on disk. Groups are appended to the current segment and synced; when it is
// full, the journal goes on in the next one, which a thread of the upkeep pool has made ready: written
// full of zeros and synced, because overwriting what is there already costs half as much to sync as making
// a file longer (docs/decisions/0003-embedded-store.md). Where the next one isn't ready, the current one
// grows.
//
// Belongs to the committer's thread, except where a method says otherwise. Every call may block.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/random.h"
#include "net/worker_pool.h"
#include "store/rocksdb/apply.h"
#include "store/rocksdb/disk.h"

namespace pabal::store {

struct JournalOptions {
  std::string directory;
  std::uint64_t segment_bytes = 64 * 1024 * 1024;
  bool zero_ahead = true;
  /// Free disk below which no zeros are written ahead.
  std::uint64_t reserve_bytes = 0;
};

/// Where the journal goes on after a replay.
struct JournalEnd {
  SegmentId segment;
  std::uint64_t offset = 0;
  std::uint64_t next_sequence = 0;
  std::optional<SegmentId> ready;  ///< a segment after it that is made and empty
};

class Journal {
 public:
  /// `disk`, `random` and `upkeep` must outlive the journal; no job of `upkeep` may still run when it goes.
  Journal(JournalOptions options, const Disk& disk, Random& random, net::WorkerPool& upkeep);

  /// Makes the first segment of a new store.
  static Result<void> create(const std::string& directory, const Disk& disk, Random& random);
  Result<void> resume(const JournalEnd& end);

  /// Writes one group and syncs it. On failure the group is not there. If it was the sync that failed,
  /// broken() is set and nothing may be appended until the store is opened again; should the disk refuse to
  /// cut the group away as well, that opening may find it whole after all.
  Result<GroupPlace> append(std::string_view records, std::span<const std::string_view> blobs);
  /// Takes the group that append() returned last away again, durably.
  Result<void> take_back(const GroupPlace& place);
  bool broken() const { return broken_; }

  /// Closes the current segment and goes on in a new one, so that all that was appended stands in files that
  /// no append will touch again. Returns the id of the new one.
  Result<SegmentId> roll();

  SegmentId current() const { return current_; }
  std::string path_of(SegmentId id) const;
  /// Gives back the space that was written ahead. Nothing may be appended after it.
  void close();

 private:
  enum class Next { kNone, kPreparing, kReady };

  static Result<void> make_segment(const std::string& directory, SegmentId id, std::uint64_t zeros_to,
                                   const Disk& disk, Random& random);
  Result<void> open_current(SegmentId id, std::uint64_t offset);
  Result<void> go_on_if_full(std::uint64_t bytes_to_come);
  Result<void> switch_to(SegmentId id);
  void prepare_next_if_due();
  Result<void> cut_back();

  const JournalOptions options_;
  const Disk& disk_;
  Random& random_;
  net::WorkerPool& upkeep_;

  std::unique_ptr<rocksdb::FSRandomRWFile> file_;
  SegmentId current_;
  std::uint32_t salt_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t last_group_ = 0;  // where it begins
  std::uint64_t next_sequence_ = 1;
  bool broken_ = false;
  bool partly_written_ = false;   // something stands behind offset_ that is no group
  std::uint64_t prepare_at_ = 0;  // how far the current segment is to come before the next is made ready
  std::string frame_;

  std::mutex next_mutex_;
  std::condition_variable next_changed_;
  Next next_ = Next::kNone;
};

}  // namespace pabal::store
