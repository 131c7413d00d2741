#include "imap/folder_keys.h"

#include <algorithm>

namespace pabal::imap {

std::size_t FolderKeys::memory_bytes() const {
  std::size_t out = sizeof(*this) + uids.capacity() * sizeof(mailbox::Uid);
  for (const auto& column : columns) out += column ? column->memory_bytes() : 0;
  return out + (threads ? threads->memory_bytes() : 0);
}

std::unique_ptr<FolderKeys> FolderKeyCache::take(const Place& place) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find(kept_, place, &Kept::place);
  if (found == kept_.end()) return nullptr;
  std::unique_ptr<FolderKeys> keys = std::move(found->keys);
  bytes_ -= found->bytes;
  kept_.erase(found);
  return keys;
}

void FolderKeyCache::put(const Place& place, std::unique_ptr<FolderKeys> keys) {
  std::list<Kept> forgotten;  // dropped behind the lock
  const std::size_t bytes = keys->memory_bytes();
  const std::scoped_lock lock(mutex_);
  const auto other = std::ranges::find(kept_, place, &Kept::place);
  if (other != kept_.end()) {
    bytes_ -= other->bytes;
    forgotten.splice(forgotten.end(), kept_, other);
  }
  kept_.push_front({place, bytes, std::move(keys)});
  bytes_ += bytes;
  while (bytes_ > max_bytes_ && !kept_.empty()) {
    bytes_ -= kept_.back().bytes;
    forgotten.splice(forgotten.end(), kept_, std::prev(kept_.end()));
  }
}

}  // namespace pabal::imap
