#include "store/rocksdb/apply.h"

#include <algorithm>
#include <utility>

namespace pabal::store {

namespace {

// Large blobs lie under segment 0, which has no file.
std::uint64_t bytes_of(SegmentId id, const SegmentUse& use) {
  return id == SegmentId() ? use.live_bytes : use.end_offset;
}

}  // namespace

void SegmentTable::load(SegmentId id, SegmentUse use) {
  bytes_on_disk_ += bytes_of(id, use) - bytes_of(id, uses_[id]);
  uses_[id] = use;
}

void SegmentTable::remember(SegmentId id) {
  const auto use = uses_.find(id);
  changed_.try_emplace(id, use == uses_.end() ? std::nullopt : std::optional(use->second));
}

void SegmentTable::take_back() {
  for (const auto& [id, before] : saved_) {
    if (before) {
      load(id, *before);
    } else {
      bytes_on_disk_ -= bytes_of(id, uses_[id]);
      uses_.erase(id);
    }
  }
  saved_.clear();
}

void SegmentTable::reached(SegmentId id, std::uint64_t end_offset) {
  remember(id);
  SegmentUse& use = uses_[id];
  bytes_on_disk_ += end_offset - use.end_offset;
  use.end_offset = end_offset;
}

void SegmentTable::add_live(SegmentId id, std::uint64_t bytes) {
  remember(id);
  uses_[id].live_bytes += bytes;
  if (id == SegmentId()) bytes_on_disk_ += bytes;
}

void SegmentTable::drop_live(SegmentId id, std::uint64_t bytes) {
  remember(id);
  std::uint64_t& live = uses_[id].live_bytes;
  bytes = std::min(live, bytes);
  live -= bytes;
  if (id == SegmentId()) bytes_on_disk_ -= bytes;
}

void SegmentTable::forget(SegmentId id) {
  remember(id);
  if (const auto use = uses_.find(id); use != uses_.end()) {
    bytes_on_disk_ -= bytes_of(id, use->second);
    uses_.erase(use);
  }
}

void SegmentTable::save_changes(rocksdb::WriteBatchBase& batch) {
  for (const auto& [id, before] : changed_) {
    if (const auto use = uses_.find(id); use != uses_.end()) {
      batch.Put(segment_key(id), encode_segment_use(use->second));
    } else {
      batch.Delete(segment_key(id));
    }
  }
  saved_ = std::exchange(changed_, {});
}

namespace {

struct Applier {
  const GroupPlace& place;
  SegmentTable& segments;
  Applied& applied;
  rocksdb::WriteBatchBase& batch;

  void store(const PlacedBlob& blob) {
    BlobLocation location{SegmentId(), 0, blob.size, {}};
    if (!blob.large) {
      location = {place.segment, place.blobs_offset + blob.offset, blob.size, std::string(blob.sums)};
    }
    segments.add_live(location.segment, blob.size);
    batch.Put(blob_key(blob.id), encode_location(location));
  }

  void operator()(const BatchRecord& record) {
    for (const auto& write : record.writes) {
      const std::string key = data_key(record.partition, write.key);
      if (!write.put) {
        batch.Delete(key);
        continue;
      }
      // Gathered here, so that no copy of the value is made.
      const std::string version = encode_version(record.version);
      const rocksdb::Slice key_slice(key);
      const rocksdb::Slice value_slices[] = {version, {write.value.data(), write.value.size()}};
      batch.Put(rocksdb::SliceParts(&key_slice, 1), rocksdb::SliceParts(value_slices, 2));
    }
    // A blob that comes without a holder, or loses one, is for the sweep to look at.
    for (const PlacedBlob& blob : record.blobs) {
      store(blob);
      const bool held = std::ranges::any_of(
          record.references, [&blob](const auto& ref) { return ref.held && ref.blob == blob.id; });
      if (!held) batch.Put(loose_key(blob.id), rocksdb::Slice());
    }
    for (const auto& reference : record.references) {
      const std::string key = reference_key(reference.blob, record.partition, reference.name);
      if (reference.held) {
        batch.Put(key, rocksdb::Slice());
      } else {
        batch.Delete(key);
        batch.Put(loose_key(reference.blob), rocksdb::Slice());
      }
    }
    applied.last_version = std::max(applied.last_version, record.version);
  }

  void operator()(const DropRecord& record) {
    for (const auto& dropped : record.dropped) {
      segments.drop_live(dropped.segment, dropped.size);
      batch.Delete(blob_key(dropped.id));
      batch.Delete(loose_key(dropped.id));
    }
    for (const BlobId& kept : record.kept) batch.Delete(loose_key(kept));
  }

  void operator()(const MoveRecord& record) {
    for (const PlacedBlob& blob : record.blobs) {
      segments.drop_live(record.from, blob.size);
      store(blob);
    }
  }
};

}  // namespace

void apply_group(const GroupPlace& place, std::span<const Record> records, SegmentTable& segments,
                 Applied& applied, rocksdb::WriteBatchBase& batch) {
  Applier applier{place, segments, applied, batch};
  for (const Record& record : records) std::visit(applier, record);
  segments.reached(place.segment, place.end_offset);
  applied.segment = place.segment;
  applied.offset = place.end_offset;
  applied.next_sequence = place.sequence + 1;
  segments.save_changes(batch);
  batch.Put(applied_key(), encode_applied(applied));
}

}  // namespace pabal::store
