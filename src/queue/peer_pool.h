// Sessions that wait a short while for the next letter to the same host: a greeting, a handshake and a login
// cost many times what a letter does. Lives on one loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>

#include "net/scope.h"
#include "queue/peer.h"

namespace pabal::queue {

class PeerPool {
 public:
  struct Options {
    std::chrono::seconds patience{5};  ///< then we say goodbye: peers count open connections too
    std::size_t max_waiting = 256;     ///< on this loop; the one that waited longest goes first
  };

  PeerPool(net::Loop& loop, Options options);
  /// rest() must have ended.
  ~PeerPool() = default;

  /// The one that was used last, since it is the least likely to be closed soon; null if there is none that
  /// is open, as far as can be told without waiting.
  std::unique_ptr<Peer> take(const PeerKey& key);
  /// Its session is usable.
  void keep(std::unique_ptr<Peer> peer);
  /// Says goodbye in the background.
  void dismiss(std::unique_ptr<Peer> peer);
  /// Says goodbye to all that wait, and waits until every goodbye has been said.
  net::Task<void> rest();

  std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    std::unique_ptr<Peer> peer;
    MonoTime until;
  };
  using Waitings = std::multimap<PeerKey, Waiting>;

  void sweep();
  void let_go(Waitings::iterator waiting);

  net::Loop& loop_;
  const Options options_;
  Waitings waiting_;
  net::Loop::Timer timer_;
  bool timer_armed_ = false;
  net::Scope farewells_;
};

}  // namespace pabal::queue
