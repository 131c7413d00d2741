// The index: RocksDB as an ordered map of what the journal says, and the only file that opens it. It
// writes no log of its own: what a crash takes from it, the journal brings back.
//
// Reads may come from any thread, writes from the committer's. A read that may only look into memory
// answers nothing when it would have to wait for the disk.
#pragma once

#include <rocksdb/db.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/rocksdb/disk.h"
#include "store/rocksdb/index_keys.h"

namespace pabal::store {

struct IndexOptions {
  std::string directory;
  std::uint64_t cache_bytes = 0;
  std::uint64_t write_buffer_bytes = 0;
  bool read_only = false;
};

enum class Reach { kMemory, kDisk };

class Index {
 public:
  /// What a read found; nothing if it is not in memory, and the reach was no further.
  template <class T>
  using Found = std::optional<Result<T>>;

  /// Makes the index if it isn't there, unless read-only.
  static Result<std::unique_ptr<Index>> open(const IndexOptions& options, const Disk& disk);
  ~Index();

  Found<std::vector<std::optional<Value>>> get(const PartitionId& partition,
                                               std::span<const std::string> keys, Reach reach) const;
  Found<ScanPage> scan(const PartitionId& partition, const KeyRange& range, const ScanLimits& limits,
                       Reach reach) const;
  Found<std::optional<BlobLocation>> find_blob(const BlobId& id, Reach reach) const;

  Result<std::optional<Version>> find_version(const std::string& data_key) const;
  Result<bool> is_held(const BlobId& id) const;
  Result<std::optional<Applied>> load_applied() const;
  /// Calls `each` with every key of a tag, in order, until it answers false.
  Result<void> for_each(KeyTag tag,
                        const std::function<bool(std::string_view key, std::string_view value)>& each) const;

  Result<void> apply(rocksdb::WriteBatch& batch);
  /// Returns when all that was applied before the call is durable in tables.
  Result<void> flush();
  /// Why the index takes no writes just now; empty if it does. Any thread.
  std::string trouble() const;
  /// Tries to end the trouble.
  Result<void> recover();

  std::uint64_t disk_bytes() const;
  rocksdb::DB& db() { return *db_; }
  const rocksdb::DB& db() const { return *db_; }

 private:
  class Listener;

  Index() = default;

  std::unique_ptr<rocksdb::Env> env_;
  std::shared_ptr<Listener> listener_;
  std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace pabal::store
