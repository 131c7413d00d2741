// Answers of queries, kept between two calls: a client that scrolls through a hundred thousand letters asks
// for the same list again and again, a page at a time. By account, state and what was asked; bounded, those
// used last are kept. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/lru_map.h"

namespace pabal::jmap {

/// Places in a snapshot's emails, in the order of the answer.
using QueryList = std::shared_ptr<const std::vector<std::uint32_t>>;

class QueryCache {
 public:
  explicit QueryCache(std::size_t max_bytes = std::size_t{64} * 1024 * 1024) : max_bytes_(max_bytes) {}

  /// Null if it is not there.
  QueryList find(const std::string& key) {
    const std::scoped_lock lock(mutex_);
    const QueryList* found = kept_.find(key);
    return found != nullptr ? *found : nullptr;
  }

  void keep(const std::string& key, QueryList list) {
    const std::scoped_lock lock(mutex_);
    if (const QueryList* old = kept_.find(key)) bytes_ -= bytes_of(*old);
    bytes_ += bytes_of(list);
    kept_.find_or_add(key) = std::move(list);
    while (bytes_ > max_bytes_ || kept_.size() == kMaxLists) {
      const std::string oldest = *kept_.oldest_key();
      bytes_ -= bytes_of(*kept_.find(oldest));
      kept_.erase(oldest);
    }
  }

 private:
  static constexpr std::size_t kMaxLists = 4096;
  static std::size_t bytes_of(const QueryList& list) {
    return list ? list->size() * sizeof(list->front()) : 0;
  }

  const std::size_t max_bytes_;
  std::mutex mutex_;
  LruMap<std::string, QueryList> kept_{kMaxLists};
  std::size_t bytes_ = 0;
};

}  // namespace pabal::jmap
