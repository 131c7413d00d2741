// A map that holds at most so many entries: adding one more forgets the one that was used longest ago.
// For tables that strangers can make grow: failed logins by network, proven credentials, cached answers.
//
// Not for several threads at once. An entry stays where it is until it is erased or forgotten.
#pragma once

#include <cstddef>
#include <functional>
#include <unordered_map>
#include <utility>

#include "base/check.h"

namespace pabal {

template <class Key, class Value, class Hash = std::hash<Key>>
class LruMap {
 public:
  explicit LruMap(std::size_t max_entries) : max_entries_(max_entries) { PABAL_CHECK(max_entries > 0); }
  LruMap(const LruMap&) = delete;
  LruMap& operator=(const LruMap&) = delete;

  /// Counts as a use. Null if it is not there.
  Value* find(const Key& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    make_newest(found->second);
    return &found->second.value;
  }

  /// What is there under `key`, or else a new Value{}, for which the oldest entry may have to go.
  Value& find_or_add(const Key& key) {
    if (Value* const value = find(key)) return *value;
    if (entries_.size() == max_entries_) erase(Key(*oldest_->key));
    const auto added = entries_.try_emplace(key).first;
    Entry& entry = added->second;
    entry.key = &added->first;
    append(entry);
    return entry.value;
  }

  bool erase(const Key& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return false;
    unlink(found->second);
    entries_.erase(found);
    return true;
  }

  void clear() {
    entries_.clear();
    oldest_ = newest_ = nullptr;
  }

  /// The next to be forgotten; null for an empty map. Not a use. What expires is cheapest found here,
  /// when entries live equally long and are used only once.
  const Key* oldest_key() const { return oldest_ != nullptr ? oldest_->key : nullptr; }

  std::size_t size() const { return entries_.size(); }
  std::size_t max_size() const { return max_entries_; }

 private:
  struct Entry {
    Value value{};
    const Key* key = nullptr;
    Entry* older = nullptr;
    Entry* newer = nullptr;
  };

  void append(Entry& entry) {
    entry.older = newest_;
    entry.newer = nullptr;
    (newest_ != nullptr ? newest_->newer : oldest_) = &entry;
    newest_ = &entry;
  }
  void unlink(Entry& entry) {
    (entry.older != nullptr ? entry.older->newer : oldest_) = entry.newer;
    (entry.newer != nullptr ? entry.newer->older : newest_) = entry.older;
  }
  void make_newest(Entry& entry) {
    if (newest_ == &entry) return;
    unlink(entry);
    append(entry);
  }

  const std::size_t max_entries_;
  std::unordered_map<Key, Entry, Hash> entries_;  // its nodes do not move, so entries may point at each other
  Entry* oldest_ = nullptr;
  Entry* newest_ = nullptr;
};

}  // namespace pabal
