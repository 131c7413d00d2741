// What searches ask of whoever keeps the indexes.
#pragma once

#include "account/ids.h"

namespace pabal::mailbox::search {

class IndexCare {
 public:
  virtual ~IndexCare() = default;
  /// Somebody searches, and many of the account's letters are not indexed yet. From any thread; never waits.
  virtual void hurry(account::AccountId account) = 0;
  /// The account's index is damaged: it is to be made anew. From any thread; never waits.
  virtual void rebuild(account::AccountId account) = 0;
};

}  // namespace pabal::mailbox::search
