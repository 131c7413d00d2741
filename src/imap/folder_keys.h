// What SORT and THREAD need of a folder's letters, kept between two commands: the first one in a folder reads
// every envelope, the next ones none but those that came since.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "account/ids.h"
#include "mailbox/ids.h"
#include "mailbox/order.h"
#include "mailbox/threads.h"

namespace pabal::imap {

/// Keys of a folder's letters, each in its slot. A letter keeps its slot; those that left are not asked for.
struct FolderKeys {
  std::vector<mailbox::Uid> uids;  ///< by slot, ascending
  std::array<std::optional<mailbox::OrderColumn>, mailbox::kOrderKinds> columns;
  std::optional<mailbox::ThreadKeys> threads;

  std::size_t memory_bytes() const;
};

/// Keys that nobody uses at the moment, those used last first. Whoever takes some owns them until they are
/// put back, so nobody waits for another; who finds none makes new ones. Any thread.
class FolderKeyCache {
 public:
  explicit FolderKeyCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  struct Place {
    account::AccountId account;
    mailbox::FolderId folder;
    std::uint32_t uid_validity = 0;
    bool operator==(const Place&) const = default;
  };
  /// Null if there are none.
  std::unique_ptr<FolderKeys> take(const Place& place);
  void put(const Place& place, std::unique_ptr<FolderKeys> keys);

 private:
  struct Kept {
    Place place;
    std::size_t bytes = 0;
    std::unique_ptr<FolderKeys> keys;
  };

  const std::size_t max_bytes_;
  std::mutex mutex_;
  std::list<Kept> kept_;  // some dozen large things: looked through
  std::size_t bytes_ = 0;
};

}  // namespace pabal::imap
