#include "queue/peer_pool.h"

#include <algorithm>

namespace pabal::queue {
namespace {

net::Task<void> say_goodbye(std::unique_ptr<Peer> peer) { co_await peer->session().quit(); }

}  // namespace

PeerPool::PeerPool(net::Loop& loop, Options options)
    : loop_(loop), options_(options), timer_(loop), farewells_(loop) {}

std::unique_ptr<Peer> PeerPool::take(const PeerKey& key) {
  for (;;) {
    const auto [begin, end] = waiting_.equal_range(key);
    if (begin == end) return nullptr;
    // Equal keys lie in the order in which they came.
    auto node = waiting_.extract(std::prev(end));
    if (node.mapped().peer->session().still_open()) return std::move(node.mapped().peer);
  }
}

void PeerPool::keep(std::unique_ptr<Peer> peer) {
  const MonoTime until = loop_.in(options_.patience).at;
  const PeerKey& key = peer->key();
  waiting_.emplace(key, Waiting{std::move(peer), until});
  if (waiting_.size() > options_.max_waiting) {
    let_go(std::ranges::min_element(waiting_, {}, [](const auto& each) { return each.second.until; }));
  }
  if (timer_armed_) return;
  timer_armed_ = true;
  timer_.arm({until}, [this] { sweep(); });
}

void PeerPool::sweep() {
  const MonoTime now = loop_.clock().mono();
  MonoTime next = MonoTime::max();
  for (auto each = waiting_.begin(); each != waiting_.end();) {
    const auto current = each++;
    if (current->second.until <= now) {
      let_go(current);
    } else {
      next = std::min(next, current->second.until);
    }
  }
  timer_armed_ = next != MonoTime::max();
  if (timer_armed_) timer_.arm({next}, [this] { sweep(); });
}

void PeerPool::let_go(Waitings::iterator waiting) {
  auto node = waiting_.extract(waiting);
  dismiss(std::move(node.mapped().peer));
}

void PeerPool::dismiss(std::unique_ptr<Peer> peer) {
  if (peer->session().usable()) farewells_.spawn(say_goodbye(std::move(peer)));
}

net::Task<void> PeerPool::rest() {
  timer_.disarm();
  timer_armed_ = false;
  while (!waiting_.empty()) let_go(waiting_.begin());
  co_await farewells_.join();
}

}  // namespace pabal::queue
