// The partition "directory": reads through a cache, writes as conditional batches. Directory and Credentials
// stand on it; nobody else does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::account {

/// A write that meets another is read again and tried again. In each round at least one of those that meet
/// gets through, so this is how many may change one domain at the same moment.
inline constexpr int kMaxCommitAttempts = 32;

namespace detail {

/// Records by key, absent ones too; the longest unused go first. Any thread; nothing waits under its lock.
class RecordCache {
 public:
  explicit RecordCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  using Record = std::optional<std::string>;  ///< nothing: the key is absent

  /// The records of all keys, or nothing if one of them is not here.
  std::optional<std::vector<Record>> find_all(std::span<const std::string> keys);
  /// Says which clear() a read began after; put_all drops what began before the last one.
  std::uint64_t generation();
  void put_all(std::uint64_t generation, std::span<const std::string> keys,
               const std::vector<Record>& records);
  /// Forgets everything; keeps nothing at all while disabled. Begins disabled.
  void clear();
  void set_enabled(bool enabled);

 private:
  struct Entry {
    std::string key;
    Record record;
  };
  using Entries = std::list<Entry>;

  static std::size_t cost_of(const Entry& entry);
  void put(const std::string& key, const Record& record);

  const std::size_t max_bytes_;
  std::mutex mutex_;
  bool enabled_ = false;
  std::uint64_t generation_ = 0;
  std::size_t bytes_ = 0;
  Entries entries_;  // the one used last is first
  std::unordered_map<std::string_view, Entries::iterator> by_key_;
};

}  // namespace detail

/// Any loop's thread.
class DirectoryStore {
 public:
  DirectoryStore(store::Engine& engine, std::size_t max_cache_bytes);

  using Record = detail::RecordCache::Record;

  /// See Directory::follow_changes.
  net::Task<Result<void>> follow_changes();

  /// In the keys' order; from the cache if it may serve.
  net::Task<Result<std::vector<Record>>> read(std::vector<std::string> keys);
  net::Task<Result<Record>> read_one(std::string key);
  net::Task<Result<store::ScanPage>> scan(store::KeyRange range, store::ScanLimits limits = {});

  store::Engine& engine() { return engine_; }

 private:
  friend class Edit;

  store::Engine& engine_;
  const store::PartitionId partition_;
  detail::RecordCache cache_;
};

/// One change to the directory: reads what it stands on, collects what it writes, commits only if nothing
/// that it read has changed since. Sees its own writes.
class Edit {
 public:
  explicit Edit(DirectoryStore& store) : store_(store) {}

  net::Task<Result<DirectoryStore::Record>> read(std::string key);
  /// Of a key that was read.
  void put(const std::string& key, std::string value);
  void erase(const std::string& key);
  /// The failure for records that contradict each other. They were read one after the other, so another
  /// change may have come between: kConflict if one of them has changed since, else kCorrupt with `detail`.
  net::Task<Result<void>> contradiction(std::string detail);
  /// kConflict if something changed; nothing was written then.
  net::Task<Result<void>> commit();

 private:
  struct Entry {
    std::optional<store::Version> version;
    DirectoryStore::Record record;
    bool written = false;
  };
  DirectoryStore& store_;
  std::map<std::string, Entry> entries_;
};

/// Runs `attempt`, which returns a Task<Result<...>>, again while it meets a conflict.
template <class Attempt>
auto retry_on_conflict(Attempt attempt) -> std::invoke_result_t<Attempt&> {
  for (int tried = 1;; ++tried) {
    auto result = co_await attempt();
    if (result || result.error().kind != ErrorKind::kConflict || tried == kMaxCommitAttempts)
      co_return result;
  }
}

}  // namespace pabal::account
