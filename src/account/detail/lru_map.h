// A map of at most so many entries, in which the longest unused make room. One thread at a time.
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace pabal::account::detail {

template <class Key, class Value>
class LruMap {
 public:
  explicit LruMap(std::size_t max_entries) : max_entries_(max_entries) {}

  /// Valid until the next call that adds or erases.
  Value* find(const Key& key) {
    const auto at = by_key_.find(key);
    if (at == by_key_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, at->second);
    return &at->second->second;
  }

  Value& find_or_add(const Key& key) {
    if (Value* found = find(key)) return *found;
    if (entries_.size() >= max_entries_) {
      by_key_.erase(entries_.back().first);
      entries_.pop_back();
    }
    entries_.emplace_front(key, Value{});
    by_key_.emplace(key, entries_.begin());
    return entries_.front().second;
  }

  void erase(const Key& key) {
    const auto at = by_key_.find(key);
    if (at == by_key_.end()) return;
    entries_.erase(at->second);
    by_key_.erase(at);
  }

  std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<Key, Value>>;

  const std::size_t max_entries_;
  Entries entries_;  // the one used last is first
  std::unordered_map<Key, typename Entries::iterator> by_key_;
};

}  // namespace pabal::account::detail
