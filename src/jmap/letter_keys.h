// What queries sort and filter an account's letters by that their rows do not tell: texts and dates of their
// envelopes, and whether they have attachments. Letters never change, so keys are made once a letter and
// kept, as IMAP's SORT keeps them; some thousand letters are read at a time, and a worker makes the keys.
//
// Any thread. Whoever takes an account's keys owns them until they are put back; who finds none makes new
// ones.
#pragma once

#include <array>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "account/ids.h"
#include "jmap/snapshot.h"
#include "mailbox/order.h"
#include "net/task.h"
#include "net/worker_pool.h"

namespace pabal::jmap {

struct LetterKeys {
  std::vector<mailbox::LetterId> ids;  ///< by slot, ascending
  std::array<std::optional<mailbox::OrderColumn>, mailbox::kOrderKinds> columns;
  std::optional<std::vector<bool>> attachments;

  /// The slots of the snapshot's emails.
  std::vector<std::uint32_t> slots(const Snapshot& snapshot) const;
  std::size_t memory_bytes() const;
};

/// What must be there of each letter.
struct WantedKeys {
  std::vector<mailbox::OrderBy> columns = {};
  bool attachments = false;
  bool empty() const { return columns.empty() && !attachments; }
};

class LetterKeyCache {
 public:
  LetterKeyCache(mailbox::Mailboxes& mailboxes, net::WorkerPool& workers,
                 std::size_t max_bytes = std::size_t{64} * 1024 * 1024)
      : mailboxes_(mailboxes), workers_(workers), max_bytes_(max_bytes) {}

  /// Keys of all letters of the snapshot, in which `wanted` is filled. To be put back.
  net::Task<Result<std::unique_ptr<LetterKeys>>> take(account::AccountId account, SnapshotRef snapshot,
                                                      WantedKeys wanted);
  void put(account::AccountId account, std::unique_ptr<LetterKeys> keys);

 private:
  struct Kept {
    account::AccountId account;
    std::size_t bytes = 0;
    std::unique_ptr<LetterKeys> keys;
  };

  std::unique_ptr<LetterKeys> find(account::AccountId account);
  net::Task<Result<void>> fill(account::AccountId account, const Snapshot& snapshot, const WantedKeys& wanted,
                               LetterKeys& keys);

  mailbox::Mailboxes& mailboxes_;
  net::WorkerPool& workers_;
  const std::size_t max_bytes_;
  std::mutex mutex_;
  std::list<Kept> kept_;
  std::size_t bytes_ = 0;
};

}  // namespace pabal::jmap
