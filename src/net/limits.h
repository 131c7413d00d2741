// How many connections may be open at once: in all, and from one network. Shared by all listeners and
// loops of a service; any thread.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "net/endpoint.h"

namespace pabal::net {

struct ConnectionLimitOptions {
  std::size_t max_total = 20'000;
  /// From one IPv4 address or one IPv6 /64, which is what a single household or host gets. Does not hold for
  /// connections from this machine itself.
  std::size_t max_per_network = 100;
  unsigned ipv4_prefix_bits = 32;
  unsigned ipv6_prefix_bits = 64;
};

enum class Admission { kAdmitted, kTooManyInAll, kTooManyFromNetwork };

class ConnectionLimits {
 public:
  explicit ConnectionLimits(ConnectionLimitOptions options = {}) : options_(options) {}

  /// Holds one connection's place until it is destroyed. The limits must outlive it.
  class Place {
   public:
    Place() = default;
    ~Place();
    Place(Place&& other) noexcept
        : limits_(std::exchange(other.limits_, nullptr)), network_(other.network_) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(limits_, other.limits_);
      std::swap(network_, other.network_);
      return *this;
    }

   private:
    friend class ConnectionLimits;
    ConnectionLimits* limits_ = nullptr;
    std::optional<Network> network_;
  };

  Admission admit(const Endpoint& peer, Place& place);
  std::size_t open() const;

 private:
  void leave(const std::optional<Network>& network);

  const ConnectionLimitOptions options_;
  mutable std::mutex mutex_;
  std::size_t open_ = 0;
  std::unordered_map<Network, std::size_t> by_network_;
};

}  // namespace pabal::net
