// Who is given rights on others' folders, from the side of those who are given them: so that a list of
// folders need not look at every account. What the rights are is with the folders alone (rights.h); here is
// only where to look, in a partition of its own (docs/store-format-directory.md).
//
// Two partitions are never changed together, so the order keeps them right: a share is noted before the
// folder's list says so, and is noted again each time. What was noted and leads nowhere, since somebody
// crashed between the two or the rights were taken back, costs a look, and is forgotten by whoever looks
// when it is old enough that nobody can still be between the two.
//
// What a person subscribed to among others' folders is kept here too.
//
// Any loop's thread; calls wait for the store.
#pragma once

#include <cstddef>
#include <vector>

#include "account/ids.h"
#include "base/clock.h"
#include "base/result.h"
#include "mailbox/ids.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::mailbox {

/// Accounts whose folders are shown to one person; of more, the first are.
inline constexpr std::size_t kMaxSharers = 200;
inline constexpr std::size_t kMaxSubscribedThere = 1000;  ///< folders of one sharer

/// Somebody who shares folders, or did.
struct Sharer {
  account::AccountId owner;
  std::vector<FolderId> subscribed = {};  ///< ascending

  bool subscribes(FolderId folder) const;
};

class Shares {
 public:
  /// Both outlive it.
  Shares(store::Engine& engine, const Clock& clock) : engine_(engine), clock_(clock) {}

  /// Before the owner's folder gives rights to `receiver`, which may be kAnyone.
  net::Task<Result<void>> note(account::AccountId receiver, account::AccountId owner);
  /// With those who share with anyone; by owner.
  net::Task<Result<std::vector<Sharer>>> list(account::AccountId receiver);
  /// The owner gives the receiver no rights at all, as far as whoever asks can see.
  net::Task<Result<void>> forget_old(account::AccountId receiver, account::AccountId owner);
  net::Task<Result<void>> set_subscribed(account::AccountId receiver, account::AccountId owner,
                                         FolderId folder, bool subscribed);

 private:
  template <class Edit>
  net::Task<Result<void>> change(account::AccountId receiver, account::AccountId owner, Edit edit);

  store::Engine& engine_;
  const Clock& clock_;
};

}  // namespace pabal::mailbox
