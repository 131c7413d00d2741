// How many connections each account has open. Programs open a handful for each device; one that leaks them is
// stopped before it takes everybody's places. Any thread.
#pragma once

#include <cstddef>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "account/ids.h"

namespace pabal::account {

class Connections {
 public:
  explicit Connections(std::size_t max_per_account) : max_per_account_(max_per_account) {}

  /// Holds one connection's place until it is destroyed. The registry outlives it.
  class Place {
   public:
    Place() = default;
    ~Place();
    Place(Place&& other) noexcept
        : connections_(std::exchange(other.connections_, nullptr)), account_(other.account_) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(connections_, other.connections_);
      std::swap(account_, other.account_);
      return *this;
    }

   private:
    friend class Connections;
    Connections* connections_ = nullptr;
    AccountId account_;
  };

  /// False: the account has as many as it may.
  bool admit(AccountId account, Place& place);

 private:
  void leave(AccountId account);

  const std::size_t max_per_account_;
  std::mutex mutex_;
  std::unordered_map<AccountId, std::size_t> open_;
};

}  // namespace pabal::account
