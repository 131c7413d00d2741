// Writes one account's index: new segments, and merges of old ones. Whoever writes expects that the state is
// what it read: two writers, on this node or another, can't both go on (kConflict: load again).
//
// A segment of more than one batch is announced in the state as a leftover before its first chunk, and
// becomes a segment with its last; merged ones become leftovers in that same batch. So after a crash the
// state names all that is there and all that is to be erased, and load() erases it.
//
// Belongs to one loop; calls wait for the store, and for a worker that merges.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "mailbox/search/index_records.h"
#include "mailbox/search/segment_builder.h"
#include "net/task.h"
#include "net/worker_pool.h"
#include "store/engine.h"

namespace pabal::mailbox::search {

/// As many segments of like size become one: each letter's lists are written again three times on the way to
/// a hundred thousand, and a search looks into some twenty segments at most.
inline constexpr std::size_t kMergeFanOut = 8;

class IndexWriter {
 public:
  /// Engine and workers outlive the writer.
  IndexWriter(store::Engine& engine, net::WorkerPool& workers, store::PartitionId partition)
      : engine_(engine), workers_(workers), partition_(std::move(partition)) {}

  /// What is there; first of all, and after kConflict.
  net::Task<Result<void>> load();
  const IndexState& state() const { return state_; }
  /// Instead of load(): whatever is there goes away, readable or not.
  net::Task<Result<void>> begin_anew();

  /// The letters behind state().through, up to `through`.
  net::Task<Result<void>> add(SegmentData data, LetterId through);

  /// The segments that should be merged now; empty: none.
  std::span<const Segment> due_for_merge() const;
  /// Makes one of them; `alive` says for each block from the first one's on whether a letter is left in it.
  net::Task<Result<void>> merge(std::vector<bool> alive);

 private:
  struct NewSegment;
  class Merge;

  net::Task<Result<void>> put_chunks(NewSegment& segment, Family family,
                                     std::vector<ChunkWriter::Chunk> chunks);
  net::Task<Result<void>> flush(NewSegment& segment);
  net::Task<Result<void>> publish(NewSegment& segment, IndexState next);
  net::Task<Result<void>> commit(store::Batch batch, const IndexState& next);
  net::Task<Result<void>> erase_leftovers();
  net::Task<Result<void>> erase_segment(SegmentId segment);
  NewSegment begin_segment(LetterId first, LetterId last);

  store::Engine& engine_;
  net::WorkerPool& workers_;
  const store::PartitionId partition_;
  IndexState state_;
  std::optional<store::Version> version_;  ///< of the stored state; nothing: it is not there
};

}  // namespace pabal::mailbox::search
