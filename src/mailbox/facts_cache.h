// Blocks of facts that were read once (facts_block.h), of all accounts, those used last first. Letters never
// change, so what is here is true as long as somebody wants it.
//
// Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>

#include "account/ids.h"
#include "base/lru_map.h"
#include "mailbox/facts_block.h"

namespace pabal::mailbox {

class FactsCache {
 public:
  explicit FactsCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  struct Place {
    account::AccountId account;
    std::uint64_t block = 0;
    FactsColumn column = FactsColumn::kEnvelopes;
    bool operator==(const Place&) const = default;
  };
  /// Null if it is not there.
  std::shared_ptr<const FactsBlock> find(const Place& place);
  /// In the stead of what was there.
  void put(const Place& place, std::shared_ptr<const FactsBlock> block);

  std::size_t memory_bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  // More than any cache has bytes for.
  static constexpr std::size_t kMaxBlocks = 100'000'000;

  struct Hash {
    std::size_t operator()(const Place& place) const {
      const std::uint64_t mixed =
          (place.account.value() * 0x9e3779b97f4a7c15 + place.block) * 0xbf58476d1ce4e5b9;
      return static_cast<std::size_t>((mixed ^ mixed >> 29) * 4 + static_cast<unsigned>(place.column));
    }
  };

  const std::size_t max_bytes_;
  std::mutex mutex_;
  LruMap<Place, std::shared_ptr<const FactsBlock>, Hash> blocks_{kMaxBlocks};
  std::atomic<std::size_t> bytes_ = 0;  // written with the mutex held
};

}  // namespace pabal::mailbox
