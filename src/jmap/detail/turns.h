// How many things of a kind each account does at once. Any thread.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>

#include "account/ids.h"

namespace pabal::jmap::detail {

class Turns {
 public:
  /// One of them, until it goes; false: that would be one too many.
  class Turn {
   public:
    Turn(Turns& turns, account::AccountId account, std::size_t most) : turns_(turns), account_(account) {
      const std::scoped_lock lock(turns_.mutex_);
      std::size_t& count = turns_.taken_[account_];
      has_it_ = count < most;
      if (has_it_) ++count;
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      if (!has_it_) return;
      const std::scoped_lock lock(turns_.mutex_);
      const auto found = turns_.taken_.find(account_);
      if (--found->second == 0) turns_.taken_.erase(found);
    }
    explicit operator bool() const { return has_it_; }

   private:
    Turns& turns_;
    const account::AccountId account_;
    bool has_it_ = false;
  };

 private:
  std::mutex mutex_;
  std::map<account::AccountId, std::size_t> taken_;  // none that are zero, but for accounts refused at zero
};

}  // namespace pabal::jmap::detail
