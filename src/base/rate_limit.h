// How often something may happen: so many at once, and so many in a while. One table for as many who ask as
// its bound says; whoever has not been seen for the longest is forgotten, and begins anew with a full
// allowance.
//
// Any thread may ask.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/lru_map.h"

namespace pabal {

/// A bucket of `burst` that fills again within `period`. A burst of 0 is no limit.
struct RateLimit {
  double burst = 0;
  std::chrono::nanoseconds period = std::chrono::minutes(1);
};

class RateLimiter {
 public:
  static constexpr std::size_t kMaxAskers = 65'536;

  /// The clock must outlive the limiter.
  RateLimiter(const Clock& clock, RateLimit limit, std::size_t max_askers = kMaxAskers)
      : clock_(clock), limit_(limit), buckets_(max_askers) {}

  /// Takes `count` out of the asker's bucket if they are there; else nothing is taken.
  bool take(const std::string& asker, double count = 1);

 private:
  struct Bucket {
    double missing = 0;
    MonoTime at{};
  };

  const Clock& clock_;
  const RateLimit limit_;
  std::mutex mutex_;
  LruMap<std::string, Bucket> buckets_;
};

}  // namespace pabal
