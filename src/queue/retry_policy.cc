#include "queue/retry_policy.h"

#include <algorithm>

namespace pabal::queue {

std::chrono::microseconds jittered(const RetryPolicy& policy, std::chrono::microseconds pause,
                                   Random& random) {
  const std::int64_t spread = pause.count() / 100 * policy.jitter_percent;
  if (spread <= 0) return pause;
  const auto shift = static_cast<std::int64_t>(random.below(2 * static_cast<std::uint64_t>(spread) + 1));
  return pause + std::chrono::microseconds(shift - spread);
}

WallTime next_try(const RetryPolicy& policy, WallTime since, WallTime now, Random& random) {
  const auto pause = std::clamp<std::chrono::microseconds>(now - since, policy.first, policy.longest);
  const WallTime next = now + jittered(policy, pause, random);
  const WallTime last = since + policy.give_up;
  return now < last ? std::min(next, last) : next;
}

}  // namespace pabal::queue
