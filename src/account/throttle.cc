#include "account/throttle.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace pabal::account {
namespace {

// So many attempts from one place may be under way at the same moment; each one more waits a little longer,
// so that they are judged one after the other. An office whose five hundred programs all come back after a
// restart is through in seconds; a guesser with five hundred connections is refused after the first few.
constexpr int kFreePending = 16;
constexpr std::chrono::milliseconds kPendingStep{20};
// A wide network is many customers, and an account has many devices: they may fail that much more often.
constexpr double kWideNetworkShare = 8;
constexpr double kAccountShare = 4;

// What one customer has: an IPv4 address, or an IPv6 /64; and what one provider's corner has.
constexpr unsigned kIpv4Bits = 32, kIpv4WideBits = 24;
constexpr unsigned kIpv6Bits = 64, kIpv6WideBits = 48;

}  // namespace

LoginThrottle::LoginThrottle(const Clock& clock, ThrottleOptions options)
    : clock_(clock),
      options_(options),
      pairs_(options.max_entries),
      networks_(options.max_entries),
      wide_networks_(options.max_entries),
      accounts_(options.max_entries),
      known_networks_(options.max_entries) {}

void LoginThrottle::leak(Bucket& bucket, MonoTime now) const {
  const double passed = std::chrono::duration<double>(now - bucket.updated) / options_.forgive_one_in;
  bucket.failures = std::max(0.0, bucket.failures - passed);
  bucket.updated = now;
}

void LoginThrottle::add_failure(Buckets& buckets, const std::string& key, double failures, MonoTime now) {
  Bucket& bucket = buckets.find_or_add(key);
  leak(bucket, now);
  bucket.failures = std::max(0.0, bucket.failures + failures);
}

double LoginThrottle::level(Buckets& buckets, const std::string& key, MonoTime now) {
  Bucket* bucket = buckets.find(key);
  if (bucket == nullptr) return 0;
  leak(*bucket, now);
  return bucket->failures;
}

LoginThrottle::Judgement LoginThrottle::judge(const Attempt::Keys& keys, MonoTime now) {
  const auto pending = [&](Buckets& buckets, const std::string& key) {
    const Bucket* bucket = buckets.find(key);
    return bucket == nullptr ? 0 : bucket->pending;
  };
  double strictest = level(pairs_, keys.pair, now);
  double refusing = strictest;
  int crowd = pending(pairs_, keys.pair);
  if (!keys.is_local && !is_known_network(keys.pair, now)) {
    const double of_network = std::max(level(networks_, keys.network, now),
                                       level(wide_networks_, keys.wide_network, now) / kWideNetworkShare);
    refusing = std::max(refusing, of_network);
    strictest = std::max(refusing, level(accounts_, keys.account, now) / kAccountShare);
    crowd = std::max({crowd, pending(networks_, keys.network), pending(accounts_, keys.account)});
  }
  Judgement out;
  out.delay = std::min(options_.longest_delay,
                       delay_at(strictest) + kPendingStep * std::max(0, crowd - kFreePending));
  // Until the bucket has room for one more.
  const double too_many = refusing + 1 - options_.refuse_from;
  if (too_many > 0 && !keys.is_local) {
    out.refused_for = std::chrono::ceil<std::chrono::seconds>(options_.forgive_one_in * too_many);
  }
  return out;
}

std::chrono::milliseconds LoginThrottle::delay_at(double level) const {
  const int over = static_cast<int>(std::ceil(level)) - options_.free_failures;
  if (over < 0) return std::chrono::milliseconds(0);
  constexpr int kMostDoublings = 16;
  return std::min(options_.longest_delay, options_.first_delay * (1 << std::min(over, kMostDoublings)));
}

bool LoginThrottle::is_known_network(const std::string& pair, MonoTime now) {
  const MonoTime* seen = known_networks_.find(pair);
  return seen != nullptr && now - *seen < options_.known_network_for;
}

void LoginThrottle::change_pending(const Attempt::Keys& keys, int by) {
  const std::pair<Buckets*, const std::string*> places[] = {{&pairs_, &keys.pair},
                                                            {&networks_, &keys.network},
                                                            {&wide_networks_, &keys.wide_network},
                                                            {&accounts_, &keys.account}};
  for (const auto& [buckets, key] : places) {
    Bucket* bucket = by > 0 ? &buckets->find_or_add(*key) : buckets->find(*key);
    // It may have made room for others meanwhile.
    if (bucket != nullptr) bucket->pending = std::max(0, bucket->pending + by);
  }
}

LoginThrottle::Attempt LoginThrottle::begin(std::string account, const net::Endpoint& peer) {
  // On this machine a webmail may log in for everybody: its users must not be judged together.
  const bool is_local = peer.is_local();
  std::string network = "local";
  std::string wide_network = "local";
  if (const auto* tcp = peer.tcp(); tcp != nullptr && !is_local) {
    const bool v4 = tcp->address.is_v4();
    network = net::Network::around(tcp->address, v4 ? kIpv4Bits : kIpv6Bits).to_string();
    wide_network = net::Network::around(tcp->address, v4 ? kIpv4WideBits : kIpv6WideBits).to_string();
  }
  std::string pair = network + " " + account;
  Attempt attempt(
      *this, {std::move(account), std::move(network), std::move(wide_network), std::move(pair), is_local});

  const std::scoped_lock lock(mutex_);
  const Judgement judgement = judge(attempt.keys_, clock_.mono());
  attempt.delay_ = judgement.delay;
  attempt.refused_for_ = judgement.refused_for;
  if (!judgement.refused_for) change_pending(attempt.keys_, 1);
  return attempt;
}

std::optional<std::chrono::seconds> LoginThrottle::Attempt::refused_after_delay() {
  if (throttle_ == nullptr || refused_for_) return refused_for_;
  LoginThrottle& throttle = *throttle_;
  const std::scoped_lock lock(throttle.mutex_);
  const auto refused_for = throttle.judge(keys_, throttle.clock_.mono()).refused_for;
  if (refused_for) throttle.end(*this);
  return refused_for;
}

LoginThrottle::Attempt::Attempt(Attempt&& other) noexcept
    : throttle_(std::exchange(other.throttle_, nullptr)),
      keys_(std::move(other.keys_)),
      delay_(other.delay_),
      refused_for_(other.refused_for_) {}

LoginThrottle::Attempt::~Attempt() {
  if (throttle_ == nullptr) return;
  const std::scoped_lock lock(throttle_->mutex_);
  throttle_->end(*this);
}

/// Under the lock.
void LoginThrottle::end(Attempt& attempt) {
  if (!attempt.refused_for_) change_pending(attempt.keys_, -1);
  attempt.throttle_ = nullptr;
}

void LoginThrottle::Attempt::succeeded() {
  if (throttle_ == nullptr) return;
  LoginThrottle& throttle = *throttle_;
  const std::scoped_lock lock(throttle.mutex_);
  throttle.end(*this);
  const MonoTime now = throttle.clock_.mono();
  // What this owner mistyped from here is taken back everywhere; what others did stays.
  Bucket& pair = throttle.pairs_.find_or_add(keys_.pair);
  throttle.leak(pair, now);
  const double own = std::exchange(pair.failures, 0);
  pair.recent = {};
  throttle.add_failure(throttle.networks_, keys_.network, -own, now);
  throttle.add_failure(throttle.wide_networks_, keys_.wide_network, -own, now);
  throttle.add_failure(throttle.accounts_, keys_.account, -own, now);
  throttle.known_networks_.find_or_add(keys_.pair) = now;
}

void LoginThrottle::Attempt::failed(std::uint64_t fingerprint) {
  if (throttle_ == nullptr) return;
  LoginThrottle& throttle = *throttle_;
  const std::scoped_lock lock(throttle.mutex_);
  throttle.end(*this);
  const MonoTime now = throttle.clock_.mono();
  Bucket& pair = throttle.pairs_.find_or_add(keys_.pair);
  throttle.leak(pair, now);
  if (fingerprint != 0) {
    if (std::ranges::find(pair.recent, fingerprint) != pair.recent.end()) return;
    pair.recent[pair.next_recent++ % pair.recent.size()] = fingerprint;
  }
  pair.failures += 1;
  throttle.add_failure(throttle.networks_, keys_.network, 1, now);
  throttle.add_failure(throttle.wide_networks_, keys_.wide_network, 1, now);
  throttle.add_failure(throttle.accounts_, keys_.account, 1, now);
}

}  // namespace pabal::account
