#include "store/rocksdb/group.h"

#include <algorithm>

namespace pabal::store {

namespace {

// One batch's small blobs: a thousand of the largest. Only a caller that lost its bounds asks for more.
constexpr std::uint64_t kMaxAttachedBytes = 256ULL * 1024 * 1024;

BatchRecord record_of(const Batch& batch, Version version) {
  BatchRecord record;
  record.version = version;
  record.partition = batch.partition().value();
  record.writes.reserve(batch.writes().size());
  for (const Batch::Write& write : batch.writes()) {
    record.writes.push_back(
        {write.key, write.value.has_value(), write.value ? *write.value : std::string_view()});
  }
  record.references.reserve(batch.references().size());
  for (const Batch::Reference& reference : batch.references()) {
    record.references.push_back({reference.held, reference.blob, reference.name});
  }
  return record;
}

std::size_t bytes_of(const BatchRecord& record) {
  std::size_t bytes = 64 + record.partition.size();
  for (const auto& write : record.writes) bytes += 8 + write.key.size() + write.value.size();
  for (const auto& reference : record.references) bytes += 40 + reference.name.size();
  for (const PlacedBlob& blob : record.blobs) bytes += 48 + (blob.large ? 0 : blob.size);
  return bytes;
}

}  // namespace

Result<Version> GroupBuilder::admit(const Batch& batch) {
  PABAL_TRY_VOID(check_expectations(batch));
  PABAL_TRY(Placing placing, place_blobs(batch));
  PABAL_TRY_VOID(check_references(batch, placing));

  last_version_ = Version(last_version_.value() + 1);
  BatchRecord record = record_of(batch, last_version_);
  for (const PlacedBlob& blob : placing.placed) stored_.insert(blob.id);
  record.blobs = std::move(placing.placed);
  bytes_ += bytes_of(record);
  blobs_.insert(blobs_.end(), placing.bytes.begin(), placing.bytes.end());
  large_.insert(large_.end(), placing.large.begin(), placing.large.end());
  blob_bytes_ = placing.next_offset;
  for (const Batch::Write& write : batch.writes()) {
    keys_[data_key(batch.partition().value(), write.key)] =
        write.value ? std::optional(last_version_) : std::nullopt;
  }
  records_.emplace_back(std::move(record));
  return last_version_;
}

Result<void> GroupBuilder::check_expectations(const Batch& batch) const {
  for (const Batch::Expectation& expectation : batch.expectations()) {
    const std::string key = data_key(batch.partition().value(), expectation.key);
    std::optional<Version> now;
    if (const auto written = keys_.find(key); written != keys_.end()) {
      now = written->second;
    } else {
      PABAL_TRY(now, index_.find_version(key));
    }
    if (now != expectation.version) {
      return fail(ErrorKind::kConflict, "a key was changed by somebody else (version {}, expected {})",
                  now.value_or(Version()), expectation.version.value_or(Version()));
    }
  }
  return {};
}

Result<bool> GroupBuilder::is_stored(const BlobId& id) const {
  if (stored_.contains(id)) return true;
  PABAL_TRY(const auto location, *index_.find_blob(id, Reach::kDisk));
  return location.has_value();
}

Result<GroupBuilder::Placing> GroupBuilder::place_blobs(const Batch& batch) const {
  Placing placing;
  placing.next_offset = blob_bytes_;
  for (const StagedBlob& blob : batch.blobs()) {
    const bool placed =
        std::ranges::any_of(placing.placed, [&](const auto& other) { return other.id == blob.id; });
    if (placed) continue;
    PABAL_TRY(const bool stored, is_stored(blob.id));
    if (stored) continue;
    if (const auto* small = dynamic_cast<const SmallStaged*>(blob.bytes.get());
        small && small->id == blob.id) {
      placing.placed.push_back({blob.id, false, small->bytes.size(), placing.next_offset, small->sums});
      placing.bytes.push_back(small->bytes);
      placing.next_offset += small->bytes.size();
    } else if (const auto* large = dynamic_cast<const LargeStaged*>(blob.bytes.get());
               large && large->id == blob.id) {
      placing.placed.push_back({blob.id, true, large->size_bytes, 0, {}});
      placing.large.push_back(large);
    } else {
      return fail(ErrorKind::kRefuse, "the blob {} is attached without its bytes", blob.id.to_hex());
    }
  }
  if (placing.next_offset - blob_bytes_ > kMaxAttachedBytes) {
    return fail(ErrorKind::kRefuse, "a batch brings {} bytes of small blobs; at most {} are allowed",
                placing.next_offset - blob_bytes_, kMaxAttachedBytes);
  }
  return placing;
}

Result<void> GroupBuilder::check_references(const Batch& batch, const Placing& placing) const {
  for (const Batch::Reference& reference : batch.references()) {
    if (!reference.held) continue;
    const bool here =
        std::ranges::any_of(placing.placed, [&](const auto& blob) { return blob.id == reference.blob; });
    if (here) continue;
    PABAL_TRY(const bool stored, is_stored(reference.blob));
    if (!stored) {
      return fail(ErrorKind::kRefuse, "the blob {} is held, but neither stored nor attached",
                  reference.blob.to_hex());
    }
  }
  return {};
}

}  // namespace pabal::store
