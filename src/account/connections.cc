#include "account/connections.h"

namespace pabal::account {

Connections::Place::~Place() {
  if (connections_ != nullptr) connections_->leave(account_);
}

bool Connections::admit(AccountId account, Place& place) {
  const std::scoped_lock lock(mutex_);
  std::size_t& open = open_[account];
  if (open >= max_per_account_) return false;
  ++open;
  Place taken;
  taken.connections_ = this;
  taken.account_ = account;
  place = std::move(taken);
  return true;
}

void Connections::leave(AccountId account) {
  const std::scoped_lock lock(mutex_);
  const auto found = open_.find(account);
  if (--found->second == 0) open_.erase(found);
}

}  // namespace pabal::account
