#include "store/rocksdb/index.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/iterator.h>
#include <rocksdb/listener.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/snapshot.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <mutex>

namespace pabal::store {

namespace {

constexpr std::string_view kReading = "reading the index";

rocksdb::ReadOptions reading(Reach reach) {
  rocksdb::ReadOptions options;
  if (reach == Reach::kMemory) options.read_tier = rocksdb::kBlockCacheTier;
  return options;
}

std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

std::unexpected<Error> undecodable(std::string_view what) {
  return fail(ErrorKind::kCorrupt, "the index holds a {} that can't be decoded", what);
}

Result<std::optional<Value>> to_value(const rocksdb::Status& status, const rocksdb::Slice& bytes) {
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return std::unexpected(to_error(status, kReading));
  const auto stored = decode_value(view(bytes));
  if (!stored) return undecodable("value");
  return Value{std::string(stored->bytes), stored->version};
}

// RocksDB's diary would be a file that nobody rotates, and that a check of a store would write to; what went
// wrong comes back in statuses and through Listener.
class SilentLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

// Where a memtable looks first for a new key's place: beside the last one of its family. What callers put
// rises within a family (a letter's number, a change's sequence), so that the place is found in a few steps;
// searched from the top, it was half of what a commit cost in processor time.
//
// A family is the partition and how the key begins there: enough to tell its kind, and never so much that
// each key makes a family of its own, which the memtable would remember in vain.
class Families final : public rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "pabal.families"; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), kBeforePartition + partition_bytes(key) + kKindBytes};
  }
  // Blobs are named by what they hold: one is nowhere near the last.
  bool InDomain(const rocksdb::Slice& key) const override {
    return key.size() > kBeforePartition && key[0] == static_cast<char>(KeyTag::kData) &&
           key.size() >= kBeforePartition + partition_bytes(key) + kKindBytes;
  }

 private:
  static constexpr std::size_t kBeforePartition = 2;  // the tag, and the size of the partition's name
  static constexpr std::size_t kKindBytes = 4;

  static std::size_t partition_bytes(const rocksdb::Slice& key) { return static_cast<unsigned char>(key[1]); }
};

rocksdb::Options tuned(const IndexOptions& options) {
  rocksdb::BlockBasedTableOptions tables;
  tables.block_cache = rocksdb::NewLRUCache(options.cache_bytes);
  tables.block_size = 8 * 1024;  // between a single key (small is good) and a page of a scan (large is good)
  tables.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  // In the cache, so that memory has one bound; the filters that every lookup asks stay there.
  tables.cache_index_and_filter_blocks = true;
  tables.pin_l0_filter_and_index_blocks_in_cache = true;
  tables.format_version = 5;

  rocksdb::Options tuned;
  tuned.create_if_missing = !options.read_only;
  tuned.table_factory.reset(rocksdb::NewBlockBasedTableFactory(tables));
  tuned.compression = rocksdb::kLZ4Compression;
  tuned.write_buffer_size = options.write_buffer_bytes;
  tuned.max_write_buffer_number = 3;
  // Most keys that a commit asks for are not there (a letter's token, its blob): a filter knows that without
  // searching. About 13 bits a key.
  tuned.memtable_prefix_bloom_size_ratio = 0.01;
  tuned.memtable_whole_key_filtering = true;
  tuned.level_compaction_dynamic_level_bytes = true;
  tuned.target_file_size_base = 32 * 1024 * 1024;
  tuned.max_bytes_for_level_base = 128 * 1024 * 1024;
  tuned.max_background_jobs = 2;
  tuned.max_open_files = 512;
  // One thread writes.
  tuned.allow_concurrent_memtable_write = false;
  tuned.enable_write_thread_adaptive_yield = false;
  tuned.memtable_insert_with_hint_prefix_extractor = std::make_shared<Families>();
  // The engine flushes before it closes; a flush that RocksDB did on its own could not be told of.
  tuned.avoid_flush_during_shutdown = true;
  // After an error the committer asks it to go on, when somebody has something to commit (see Listener).
  tuned.max_bgerror_resume_count = 0;
  tuned.info_log = std::make_shared<SilentLog>();
  tuned.stats_dump_period_sec = 0;
  tuned.stats_persist_period_sec = 0;
  return tuned;
}

}  // namespace

/// Hears from RocksDB's own threads that a flush or a compaction failed.
class Index::Listener final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    const std::lock_guard lock(mutex_);
    trouble_ = to_error(*status, "writing the index").detail;
  }
  // RocksDB would wait some seconds for room, and refuse meanwhile to be asked.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* by_itself) override {
    *by_itself = false;
  }
  void OnErrorRecoveryEnd(const rocksdb::BackgroundErrorRecoveryInfo& info) override {
    if (info.new_bg_error.ok()) clear();
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    trouble_.clear();
  }
  std::string trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
  }

 private:
  mutable std::mutex mutex_;
  std::string trouble_;
};

Result<std::unique_ptr<Index>> Index::open(const IndexOptions& options, const Disk& disk) {
  std::unique_ptr<Index> index(new Index);
  index->env_ = rocksdb::NewCompositeEnv(disk.files());
  index->listener_ = std::make_shared<Listener>();
  rocksdb::Options db_options = tuned(options);
  db_options.env = index->env_.get();
  db_options.listeners.push_back(index->listener_);
  rocksdb::DB* db = nullptr;
  const auto status = options.read_only ? rocksdb::DB::OpenForReadOnly(db_options, options.directory, &db)
                                        : rocksdb::DB::Open(db_options, options.directory, &db);
  if (!status.ok())
    return std::unexpected(to_error(status, fmt::format("opening the index in {}", options.directory)));
  index->db_.reset(db);
  return index;
}

Index::~Index() = default;

Index::Found<std::vector<std::optional<Value>>> Index::get(const PartitionId& partition,
                                                           std::span<const std::string> keys,
                                                           Reach reach) const {
  rocksdb::ReadOptions options = reading(reach);
  // RocksDB's MultiGet would read all as of one moment too, but of a table that is not in memory it may
  // answer "found" with no value, where Get says that it would have to wait (7.8;
  // IndexOnDisk.ManyKeysThatLieOnDisk).
  std::optional<rocksdb::ManagedSnapshot> moment;
  if (keys.size() > 1) options.snapshot = moment.emplace(db_.get()).snapshot();
  std::vector<std::optional<Value>> values;
  values.reserve(keys.size());
  for (const std::string& key : keys) {
    rocksdb::PinnableSlice bytes;
    const auto status =
        db_->Get(options, db_->DefaultColumnFamily(), data_key(partition.value(), key), &bytes);
    if (status.IsIncomplete()) return std::nullopt;
    auto value = to_value(status, bytes);
    if (!value) return failure_of(std::move(value));
    values.push_back(*std::move(value));
  }
  return values;
}

namespace {

// The part of a partition that a scan may see, as keys of the index.
struct Bounds {
  std::string lower;
  std::string upper;

  Bounds(std::string_view prefix, const KeyRange& range) : lower(prefix), upper(prefix) {
    lower.append(range.start);
    if (range.end.empty()) {
      upper = KeyRange::with_prefix(prefix).end;
    } else {
      upper.append(range.end);
    }
  }
};

bool page_is_full(const ScanPage& page, const ScanLimits& limits, std::size_t next_bytes) {
  if (page.empty()) return false;
  return page.size() >= limits.max_entries ||
         page.bytes() + next_bytes > std::min(limits.max_bytes, kMaxPageBytes);
}

// What is left of `range` once everything up to and including `last_key` was read.
KeyRange rest_of(const KeyRange& range, std::string_view last_key, bool reverse) {
  if (reverse) return {range.start, std::string(last_key)};
  std::string start(last_key);
  start.push_back('\0');
  return {std::move(start), range.end};
}

}  // namespace

Index::Found<ScanPage> Index::scan(const PartitionId& partition, const KeyRange& range,
                                   const ScanLimits& limits, Reach reach) const {
  ScanPage page;
  if (!range.end.empty() && range.start >= range.end) return page;
  const std::string prefix = data_prefix(partition.value());
  const Bounds bounds(prefix, range);
  const rocksdb::Slice lower(bounds.lower);
  const rocksdb::Slice upper(bounds.upper);
  rocksdb::ReadOptions options = reading(reach);
  options.iterate_lower_bound = &lower;
  options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options));
  for (limits.reverse ? at->SeekToLast() : at->SeekToFirst(); at->Valid();
       limits.reverse ? at->Prev() : at->Next()) {
    const std::string_view key = view(at->key()).substr(prefix.size());
    const auto stored = decode_value(view(at->value()));
    if (!stored) return undecodable("value");
    const std::string_view value = limits.keys_only ? std::string_view() : stored->bytes;
    if (page_is_full(page, limits, key.size() + value.size())) {
      page.set_next(rest_of(range, page[page.size() - 1].key, limits.reverse));
      break;
    }
    page.append(key, value, stored->version);
  }
  if (at->status().IsIncomplete()) return std::nullopt;
  if (!at->status().ok()) return std::unexpected(to_error(at->status(), kReading));
  return page;
}

Index::Found<std::optional<BlobLocation>> Index::find_blob(const BlobId& id, Reach reach) const {
  rocksdb::PinnableSlice bytes;
  const auto status = db_->Get(reading(reach), db_->DefaultColumnFamily(), blob_key(id), &bytes);
  if (status.IsIncomplete()) return std::nullopt;
  if (status.IsNotFound()) return std::optional<BlobLocation>();
  if (!status.ok()) return std::unexpected(to_error(status, kReading));
  auto location = decode_location(view(bytes));
  if (!location) return undecodable("blob's place");
  return std::optional(*std::move(location));
}

Result<std::optional<Version>> Index::find_version(const std::string& key) const {
  rocksdb::PinnableSlice bytes;
  const auto status = db_->Get(rocksdb::ReadOptions(), db_->DefaultColumnFamily(), key, &bytes);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return std::unexpected(to_error(status, kReading));
  const auto stored = decode_value(view(bytes));
  if (!stored) return undecodable("value");
  return stored->version;
}

Result<bool> Index::is_held(const BlobId& id) const {
  const KeyRange range = KeyRange::with_prefix(reference_prefix(id));
  const rocksdb::Slice upper(range.end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options));
  at->Seek(range.start);
  if (!at->status().ok()) return std::unexpected(to_error(at->status(), kReading));
  return at->Valid();
}

Result<std::optional<Applied>> Index::load_applied() const {
  std::string bytes;
  const auto status = db_->Get(rocksdb::ReadOptions(), applied_key(), &bytes);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return std::unexpected(to_error(status, kReading));
  const auto applied = decode_applied(bytes);
  if (!applied) return undecodable("journal's place");
  return applied;
}

Result<void> Index::for_each(KeyTag tag,
                             const std::function<bool(std::string_view, std::string_view)>& each) const {
  const KeyRange range = range_of(tag);
  const rocksdb::Slice upper(range.end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  options.fill_cache = false;  // a walk over everything must not push out what people read
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options));
  for (at->Seek(range.start); at->Valid(); at->Next()) {
    if (!each(view(at->key()), view(at->value()))) return {};
  }
  if (!at->status().ok()) return std::unexpected(to_error(at->status(), kReading));
  return {};
}

Result<void> Index::apply(rocksdb::WriteBatch& batch) {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  if (const auto status = db_->Write(options, &batch); !status.ok()) {
    return std::unexpected(to_error(status, "writing the index"));
  }
  return {};
}

Result<void> Index::flush() {
  rocksdb::FlushOptions options;
  options.wait = true;
  options.allow_write_stall = true;
  if (const auto status = db_->Flush(options); !status.ok()) {
    return std::unexpected(to_error(status, "writing the index"));
  }
  return {};
}

std::string Index::trouble() const { return listener_->trouble(); }

Result<void> Index::recover() {
  if (const auto status = db_->Resume(); !status.ok()) {
    return std::unexpected(to_error(status, "writing the index"));
  }
  listener_->clear();
  return {};
}

std::uint64_t Index::disk_bytes() const {
  std::uint64_t bytes = 0;
  db_->GetIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &bytes);
  return bytes;
}

}  // namespace pabal::store
