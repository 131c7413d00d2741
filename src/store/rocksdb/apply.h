// What a group does to the index: one piece of code for the commit that just became durable and for the
// replay after a crash, so that both leave the same index.
#pragma once

#include <rocksdb/write_batch_base.h>

#include <map>
#include <optional>
#include <span>

#include "store/rocksdb/record.h"

namespace pabal::store {

/// What each segment still holds. Belongs to the committer's thread; kept in the index beside what it
/// counts.
class SegmentTable {
 public:
  void load(SegmentId id, SegmentUse use);
  void reached(SegmentId id, std::uint64_t end_offset);
  void add_live(SegmentId id, std::uint64_t bytes);
  void drop_live(SegmentId id, std::uint64_t bytes);
  void forget(SegmentId id);
  const std::map<SegmentId, SegmentUse>& uses() const { return uses_; }
  std::uint64_t bytes_on_disk() const { return bytes_on_disk_; }

  /// Puts what changed since the last call into `batch`.
  void save_changes(rocksdb::WriteBatchBase& batch);
  /// Undoes what save_changes last put into a batch that then was not applied.
  void take_back();

 private:
  // What a segment was before the change; nothing: not there.
  using Before = std::map<SegmentId, std::optional<SegmentUse>>;

  void remember(SegmentId id);

  std::map<SegmentId, SegmentUse> uses_;
  Before changed_;
  Before saved_;
  std::uint64_t bytes_on_disk_ = 0;
};

/// Where a group stands in the journal.
struct GroupPlace {
  SegmentId segment;
  std::uint64_t sequence = 0;
  std::uint64_t blobs_offset = 0;
  std::uint64_t end_offset = 0;
};

/// Fills `batch` with the effects of the group's records, and moves `applied` behind the group.
void apply_group(const GroupPlace& place, std::span<const Record> records, SegmentTable& segments,
                 Applied& applied, rocksdb::WriteBatchBase& batch);

}  // namespace pabal::store
