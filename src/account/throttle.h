// Who tries passwords too often, by account and by network, and what to do about it.
//
// Failures fill leaky buckets: one for the pair of account and network, one for the network (an IPv4 address
// or an IPv6 /64), one for the wider network (/24, /48), one for the account from everywhere. What a bucket
// holds tells how long an attempt waits before it is judged; a network that goes on is refused until its
// bucket has leaked. From then on it gets one attempt each forgive_one_in: some thirty an hour.
//
// Nobody locks an owner out from elsewhere: the account's own bucket only ever delays, and a network from
// which the account logged in lately is judged by its pair with that account alone. So is this machine
// itself, and it is never refused: behind it may stand a webmail with all its users.
//
// Many at once from one place are judged one after the other, and looked at again when their turn comes, so
// that a thousand connections are no way around the bound. The same wrong password again is a forgotten
// device, not a guess, and counts once.
//
// Any loop's thread; nothing waits in here (account::Authenticator does the waiting).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/lru_map.h"
#include "net/endpoint.h"

namespace pabal::account {

struct ThrottleOptions {
  int free_failures = 4;                          ///< a person who mistypes feels nothing
  std::chrono::milliseconds first_delay{1000};    ///< doubles with each failure after those
  std::chrono::milliseconds longest_delay{8000};  ///< mail programs give up after 30 seconds or more
  int refuse_from = 20;                           ///< failures of one network
  std::chrono::seconds forgive_one_in{120};
  std::chrono::hours known_network_for{30 * 24};
  std::size_t max_entries = 16'384;  ///< a table; about 200 bytes each, five tables
};

class LoginThrottle {
 public:
  explicit LoginThrottle(const Clock& clock, ThrottleOptions options = {});
  LoginThrottle(const LoginThrottle&) = delete;
  LoginThrottle& operator=(const LoginThrottle&) = delete;

  /// One attempt, under way until it is told how it ended or goes away (then it ended undecided).
  class Attempt {
   public:
    Attempt(Attempt&& other) noexcept;
    Attempt& operator=(Attempt&&) = delete;
    ~Attempt();

    /// How long to wait before judging it.
    std::chrono::milliseconds delay() const { return delay_; }
    /// Set: refuse it unjudged, and say when to come again.
    std::optional<std::chrono::seconds> refused_for() const { return refused_for_; }
    /// After the delay: the same question again, since others failed meanwhile.
    std::optional<std::chrono::seconds> refused_after_delay();

    void succeeded();
    /// `fingerprint` tells equal passwords from others and must not tell what they are; 0 is none.
    void failed(std::uint64_t fingerprint);

   private:
    friend class LoginThrottle;
    struct Keys {
      std::string account, network, wide_network, pair;
      bool is_local = false;
    };
    Attempt(LoginThrottle& throttle, Keys keys) : throttle_(&throttle), keys_(std::move(keys)) {}

    LoginThrottle* throttle_;  // nothing once it ended
    Keys keys_;
    std::chrono::milliseconds delay_{0};
    std::optional<std::chrono::seconds> refused_for_;
  };

  /// `account` is any text that is the same for the same account, known or not.
  Attempt begin(std::string account, const net::Endpoint& peer);

 private:
  struct Bucket {
    double failures = 0;
    MonoTime updated{};
    int pending = 0;
    std::array<std::uint64_t, 4> recent{};  // fingerprints; of pairs only
    std::size_t next_recent = 0;
  };
  using Buckets = LruMap<std::string, Bucket>;
  struct Judgement {
    std::chrono::milliseconds delay{0};
    std::optional<std::chrono::seconds> refused_for = {};
  };

  void leak(Bucket& bucket, MonoTime now) const;
  void add_failure(Buckets& buckets, const std::string& key, double failures, MonoTime now);
  double level(Buckets& buckets, const std::string& key, MonoTime now);
  Judgement judge(const Attempt::Keys& keys, MonoTime now);
  std::chrono::milliseconds delay_at(double level) const;
  bool is_known_network(const std::string& pair, MonoTime now);
  void change_pending(const Attempt::Keys& keys, int by);
  void end(Attempt& attempt);

  const Clock& clock_;
  const ThrottleOptions options_;
  std::mutex mutex_;
  Buckets pairs_;
  Buckets networks_;
  Buckets wide_networks_;
  Buckets accounts_;
  LruMap<std::string, MonoTime> known_networks_;  // pairs, and when they last logged in
};

}  // namespace pabal::account
