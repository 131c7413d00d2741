// The store: everything durable goes through this one interface. It asks no more of an engine than
// what RocksDB, FoundationDB, Ceph RADOS, PostgreSQL and DynamoDB can all give, so that none of them
// needs another domain model (docs/architecture.md, "The store").
//
// Every call may be made from any loop's thread and resumes on the caller's loop. Reads that find what
// they want in memory do not leave the loop; the others wait on a pool. Reads never wait for writers.
//
// Failures: kConflict (an expectation did not hold), kRefuse (a call beyond the limits below, or a
// reference to a blob that is not there), kRetryLater (disk full, disk failing),
// kCorrupt (what the disk holds is not what was written).
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/strong.h"
#include "net/task.h"
#include "store/blob.h"

namespace pabal::store {

/// The unit of atomicity and of placement: an account, the directory, a queue's shard, a day of
/// journeys. Binary, at most kMaxPartitionBytes, never empty.
using PartitionId = Strong<struct PartitionIdTag, std::string>;

/// Which write last touched a key. Rises with every commit that puts the key; never reused for it.
using Version = Strong<struct VersionTag, std::uint64_t>;

// Limits that every engine we may ever use can keep (DynamoDB's item and FoundationDB's transaction are
// the tightest). Bigger things are blobs.
inline constexpr std::size_t kMaxPartitionBytes = 128;
inline constexpr std::size_t kMaxKeyBytes = 1024;
inline constexpr std::size_t kMaxValueBytes = 256 * 1024;
inline constexpr std::size_t kMaxBatchBytes = 4 * 1024 * 1024;  ///< keys and values; blobs apart
inline constexpr std::size_t kMaxBatchOperations = 10'000;
/// How long a patient batch may wait for others before it is made durable.
inline constexpr std::chrono::milliseconds kMaxPatience{2};
inline constexpr std::size_t kMaxPageBytes = 4 * 1024 * 1024;

struct Value {
  std::string bytes;
  Version version;
};

/// The keys k with start <= k < end, as unsigned bytes; an empty end is open.
struct KeyRange {
  std::string start;
  std::string end;

  /// All keys that begin with `prefix`.
  static KeyRange with_prefix(std::string_view prefix);
};

struct ScanLimits {
  std::size_t max_entries = 1000;
  std::size_t max_bytes = 256 * 1024;  ///< of keys and values; at least one entry always comes
  bool reverse = false;                ///< from the end of the range backwards
  bool keys_only = false;
};

/// One page of a scan. Its entries live in one buffer, so a page of thousands costs two allocations.
class ScanPage {
 public:
  struct Entry {
    std::string_view key;
    std::string_view value;
    Version version;
  };

  std::size_t size() const { return slots_.size(); }
  bool empty() const { return slots_.empty(); }
  /// Valid as long as the page.
  Entry operator[](std::size_t index) const;

  /// Where the next page begins; nothing when this was the last. Feed it back to Engine::scan.
  const std::optional<KeyRange>& next() const { return next_; }

  // For engines, as they fill the page.
  void append(std::string_view key, std::string_view value, Version version);
  void set_next(KeyRange rest) { next_ = std::move(rest); }
  std::size_t bytes() const { return buffer_.size(); }

 private:
  struct Slot {
    std::size_t offset;
    std::uint32_t key_bytes;
    std::uint32_t value_bytes;
    Version version;
  };

  std::string buffer_;
  std::vector<Slot> slots_;
  std::optional<KeyRange> next_;
};

/// What one commit does to one partition: applied whole and durably, or not at all.
/// Within a batch, a later operation on a key replaces an earlier one.
class Batch {
 public:
  struct Expectation {
    std::string key;
    std::optional<Version> version;  ///< nothing: the key must be absent
  };
  struct Write {
    std::string key;
    std::optional<std::string> value;  ///< nothing: delete
  };
  struct Reference {
    BlobId blob;
    std::string name;
    bool held;  ///< false: released
  };

  explicit Batch(PartitionId partition) : partition_(std::move(partition)) {}

  void expect(std::string key, Version version) { expectations_.push_back({std::move(key), version}); }
  void expect_absent(std::string key) { expectations_.push_back({std::move(key), std::nullopt}); }
  void put(std::string key, std::string value) { writes_.push_back({std::move(key), std::move(value)}); }
  void erase(std::string key) { writes_.push_back({std::move(key), std::nullopt}); }

  /// From this commit on, the partition holds `blob` under `name` (usually the key of the record that
  /// points at it), and it is not swept. Holding twice under one name is holding once. The blob must be
  /// stored already, or be attached to this batch.
  void hold(BlobId blob, std::string name) { references_.push_back({blob, std::move(name), true}); }
  void release(BlobId blob, std::string name) { references_.push_back({blob, std::move(name), false}); }
  /// The bytes of a new blob, made durable with or before this commit. The same staged blob may be
  /// attached to many batches; it is stored once.
  void attach(StagedBlob blob) { blobs_.push_back(std::move(blob)); }

  /// Nobody waits for this commit, so it need not cost a sync of its own: it may go with the next one that
  /// somebody waits for, up to kMaxPatience later. It comes before those that were asked for after it.
  void be_patient() { patient_ = true; }
  bool patient() const { return patient_; }

  const PartitionId& partition() const { return partition_; }
  const std::vector<Expectation>& expectations() const { return expectations_; }
  const std::vector<Write>& writes() const { return writes_; }
  const std::vector<Reference>& references() const { return references_; }
  const std::vector<StagedBlob>& blobs() const { return blobs_; }

  /// kRefuse, naming what is too large; engines call it first.
  Result<void> check_limits() const;

 private:
  PartitionId partition_;
  std::vector<Expectation> expectations_;
  std::vector<Write> writes_;
  std::vector<Reference> references_;
  std::vector<StagedBlob> blobs_;
  bool patient_ = false;
};

/// A place in a partition's stream of changes. Lives on one loop. Cheap: ten thousand may sleep.
class Watch {
 public:
  virtual ~Watch() = default;
  /// Returns once a commit, on this node or another, changed the partition since the last return (or
  /// since the watch was made). Many changes may come as one. kCancelled if told to stop.
  virtual net::Task<Result<void>> changed() = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;

  /// One answer a key, in the keys' order; nothing for an absent one. All are read at one moment.
  virtual net::Task<Result<std::vector<std::optional<Value>>>> get(const PartitionId& partition,
                                                                   std::span<const std::string> keys) = 0;
  /// A page shows one moment; the next page may show a later one.
  virtual net::Task<Result<ScanPage>> scan(const PartitionId& partition, const KeyRange& range,
                                           ScanLimits limits) = 0;
  /// Returns the version that the batch's puts now carry, once they can survive a power failure.
  /// kRetryLater says that nothing was changed, with one exception: where the disk failed while it synced,
  /// nobody knows, and the batch may come to light when the store is opened again. Whoever repeats it should
  /// know by an expectation or a token whether it is there.
  virtual net::Task<Result<Version>> commit(Batch batch) = 0;
  virtual std::unique_ptr<Watch> watch(const PartitionId& partition) = 0;

  /// A stream into which a blob is written before its id is known.
  virtual std::unique_ptr<BlobWriter> new_blob() = 0;
  /// The blob's size, if it is stored.
  virtual net::Task<Result<std::optional<std::uint64_t>>> blob_size(BlobId blob) = 0;
  /// Bytes [offset, offset + size) of the blob, cut at its end. kRefuse if it is not stored.
  virtual net::Task<Result<std::string>> read_blob(BlobId blob, std::uint64_t offset, std::size_t size) = 0;
  /// Drops the blobs that nobody holds, and gives their room back. Safe beside everything else; the
  /// server calls it now and then.
  virtual net::Task<Result<SweepReport>> sweep() = 0;

  /// One key, for callers that need no more.
  net::Task<Result<std::optional<Value>>> get_one(const PartitionId& partition, std::string key);
};

}  // namespace pabal::store
