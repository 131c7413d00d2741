// A group in the making: batches that will be made durable by one sync. Each is judged against the index
// and against the batches before it in the same group, which the index does not know yet.
// Belongs to the committer's thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "store/rocksdb/index.h"
#include "store/rocksdb/large_files.h"
#include "store/rocksdb/record.h"

namespace pabal::store {

class GroupBuilder {
 public:
  GroupBuilder(const Index& index, Version last_version) : index_(index), last_version_(last_version) {}

  /// Adds the batch, which must stay where it is until the group is written. kConflict, kRefuse, and
  /// what reading the index may answer: then the batch leaves no trace.
  Result<Version> admit(const Batch& batch);

  const std::vector<Record>& records() const { return records_; }
  const std::vector<std::string_view>& blobs() const { return blobs_; }
  const std::vector<const LargeStaged*>& large_blobs() const { return large_; }
  /// About how many bytes the group will have.
  std::size_t bytes() const { return bytes_; }

 private:
  struct Placing {
    std::vector<PlacedBlob> placed;
    std::vector<std::string_view> bytes;
    std::vector<const LargeStaged*> large;
    std::uint64_t next_offset = 0;
  };

  Result<void> check_expectations(const Batch& batch) const;
  Result<Placing> place_blobs(const Batch& batch) const;
  Result<void> check_references(const Batch& batch, const Placing& placing) const;
  Result<bool> is_stored(const BlobId& id) const;

  const Index& index_;
  Version last_version_;
  std::vector<Record> records_;
  std::vector<std::string_view> blobs_;
  std::vector<const LargeStaged*> large_;
  std::uint64_t blob_bytes_ = 0;
  std::size_t bytes_ = 0;
  // What this group did so far: the version that each key has now (nothing: deleted), and the blobs stored.
  std::unordered_map<std::string, std::optional<Version>> keys_;
  std::unordered_set<BlobId> stored_;
};

}  // namespace pabal::store
