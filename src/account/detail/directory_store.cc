#include "account/detail/directory_store.h"

#include "base/check.h"

namespace pabal::account {
namespace detail {

std::size_t RecordCache::cost_of(const Entry& entry) {
  constexpr std::size_t kOverhead = 128;  // list node, map node, two strings' headers
  return kOverhead + entry.key.size() + (entry.record ? entry.record->size() : 0);
}

std::optional<std::vector<RecordCache::Record>> RecordCache::find_all(std::span<const std::string> keys) {
  const std::scoped_lock lock(mutex_);
  if (!enabled_) return {};
  std::vector<Record> found;
  found.reserve(keys.size());
  for (const std::string& key : keys) {
    const auto at = by_key_.find(key);
    if (at == by_key_.end()) return {};
    entries_.splice(entries_.begin(), entries_, at->second);
    found.push_back(at->second->record);
  }
  return found;
}

std::uint64_t RecordCache::generation() {
  const std::scoped_lock lock(mutex_);
  return generation_;
}

void RecordCache::put_all(std::uint64_t generation, std::span<const std::string> keys,
                          const std::vector<Record>& records) {
  const std::scoped_lock lock(mutex_);
  if (!enabled_ || generation != generation_) return;
  for (std::size_t i = 0; i < keys.size(); ++i) put(keys[i], records[i]);
}

void RecordCache::put(const std::string& key, const Record& record) {
  if (const auto at = by_key_.find(key); at != by_key_.end()) return;  // of this generation, so the same
  entries_.push_front({key, record});
  by_key_.emplace(entries_.front().key, entries_.begin());
  bytes_ += cost_of(entries_.front());
  while (bytes_ > max_bytes_) {
    bytes_ -= cost_of(entries_.back());
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

void RecordCache::clear() {
  const std::scoped_lock lock(mutex_);
  ++generation_;
  by_key_.clear();
  entries_.clear();
  bytes_ = 0;
}

void RecordCache::set_enabled(bool enabled) {
  clear();
  const std::scoped_lock lock(mutex_);
  enabled_ = enabled;
}

}  // namespace detail

DirectoryStore::DirectoryStore(store::Engine& engine, std::size_t max_cache_bytes)
    : engine_(engine), partition_("directory"), cache_(max_cache_bytes) {}

net::Task<Result<void>> DirectoryStore::follow_changes() {
  const auto watch = engine_.watch(partition_);
  // Whatever is read from here on is either newer than the watch, or told by it.
  cache_.set_enabled(true);
  while (true) {
    auto changed = co_await watch->changed();
    if (!changed) {
      cache_.set_enabled(false);
      co_return std::move(changed);
    }
    cache_.clear();
  }
}

net::Task<Result<std::vector<DirectoryStore::Record>>> DirectoryStore::read(std::vector<std::string> keys) {
  if (auto found = cache_.find_all(keys)) co_return *std::move(found);
  const std::uint64_t generation = cache_.generation();
  PABAL_CO_TRY(auto values, co_await engine_.get(partition_, keys));
  std::vector<Record> records;
  records.reserve(values.size());
  for (auto& value : values) records.push_back(value ? Record(std::move(value->bytes)) : Record());
  cache_.put_all(generation, keys, records);
  co_return records;
}

net::Task<Result<DirectoryStore::Record>> DirectoryStore::read_one(std::string key) {
  std::vector<std::string> keys;
  keys.push_back(std::move(key));
  PABAL_CO_TRY(auto records, co_await read(std::move(keys)));
  co_return std::move(records.front());
}

net::Task<Result<store::ScanPage>> DirectoryStore::scan(store::KeyRange range, store::ScanLimits limits) {
  co_return co_await engine_.scan(partition_, range, limits);
}

net::Task<Result<DirectoryStore::Record>> Edit::read(std::string key) {
  if (const auto known = entries_.find(key); known != entries_.end()) co_return known->second.record;
  PABAL_CO_TRY(auto value, co_await store_.engine_.get_one(store_.partition_, key));
  Entry entry;
  if (value) {
    entry.version = value->version;
    entry.record = std::move(value->bytes);
  }
  co_return entries_.emplace(std::move(key), std::move(entry)).first->second.record;
}

void Edit::put(const std::string& key, std::string value) {
  const auto entry = entries_.find(key);
  PABAL_CHECK(entry != entries_.end());
  entry->second.record = std::move(value);
  entry->second.written = true;
}

void Edit::erase(const std::string& key) {
  const auto entry = entries_.find(key);
  PABAL_CHECK(entry != entries_.end());
  entry->second.record.reset();
  entry->second.written = true;
}

net::Task<Result<void>> Edit::contradiction(std::string detail) {
  std::vector<std::string> keys;
  for (const auto& [key, entry] : entries_) keys.push_back(key);
  PABAL_CO_TRY(const auto now, co_await store_.engine_.get(store_.partition_, keys));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto version = now[i] ? std::optional(now[i]->version) : std::nullopt;
    if (version != entries_.at(keys[i]).version) {
      co_return fail(ErrorKind::kConflict, "the directory changed while it was read");
    }
  }
  co_return fail(ErrorKind::kCorrupt, "{}", detail);
}

net::Task<Result<void>> Edit::commit() {
  store::Batch batch(store_.partition_);
  for (auto& [key, entry] : entries_) {
    if (entry.version) {
      batch.expect(key, *entry.version);
    } else {
      batch.expect_absent(key);
    }
    if (!entry.written) continue;
    if (entry.record) {
      batch.put(key, *std::move(entry.record));
    } else if (entry.version) {
      batch.erase(key);
    }
  }
  auto committed = co_await store_.engine_.commit(std::move(batch));
  // Even a failed commit may have been applied, if what failed was the way back.
  store_.cache_.clear();
  if (!committed) co_return failure_of(std::move(committed));
  co_return Result<void>{};
}

}  // namespace pabal::account
