#include "net/limits.h"

namespace pabal::net {

ConnectionLimits::Place::~Place() {
  if (limits_ != nullptr) limits_->leave(network_);
}

Admission ConnectionLimits::admit(const Endpoint& peer, Place& place) {
  std::optional<Network> network;
  if (!peer.is_local()) {
    const IpAddress& address = peer.tcp()->address;
    network =
        Network::around(address, address.is_v4() ? options_.ipv4_prefix_bits : options_.ipv6_prefix_bits);
  }
  const std::lock_guard lock(mutex_);
  if (open_ >= options_.max_total) return Admission::kTooManyInAll;
  if (network) {
    const auto found = by_network_.find(*network);
    if (found != by_network_.end() && found->second >= options_.max_per_network)
      return Admission::kTooManyFromNetwork;
    if (options_.max_per_network == 0) return Admission::kTooManyFromNetwork;
    ++by_network_[*network];
  }
  ++open_;
  place.limits_ = this;
  place.network_ = network;
  return Admission::kAdmitted;
}

std::size_t ConnectionLimits::open() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

void ConnectionLimits::leave(const std::optional<Network>& network) {
  const std::lock_guard lock(mutex_);
  --open_;
  if (!network) return;
  const auto found = by_network_.find(*network);
  if (--found->second == 0) by_network_.erase(found);
}

}  // namespace pabal::net
