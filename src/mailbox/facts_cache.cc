#include "mailbox/facts_cache.h"

#include <utility>
#include <vector>

namespace pabal::mailbox {

std::shared_ptr<const FactsBlock> FactsCache::find(const Place& place) {
  const std::lock_guard lock(mutex_);
  const auto* const found = blocks_.find(place);
  return found ? *found : nullptr;
}

void FactsCache::put(const Place& place, std::shared_ptr<const FactsBlock> block) {
  std::vector<std::shared_ptr<const FactsBlock>> forgotten;  // freed when the mutex is not held any more
  const std::lock_guard lock(mutex_);
  std::size_t bytes = bytes_ + block->memory_bytes();
  auto& kept = blocks_.find_or_add(place);
  if (kept) bytes -= kept->memory_bytes();
  forgotten.push_back(std::exchange(kept, std::move(block)));
  while (bytes > max_bytes_ && blocks_.size() > 0) {
    const Place oldest = *blocks_.oldest_key();
    bytes -= (*blocks_.find(oldest))->memory_bytes();
    forgotten.push_back(std::move(*blocks_.find(oldest)));
    blocks_.erase(oldest);
  }
  bytes_ = bytes;
}

}  // namespace pabal::mailbox
