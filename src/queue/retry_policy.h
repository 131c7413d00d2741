// When a letter that could not be handed over is tried again, and when its sender is told. Pure; any thread.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "base/random.h"

namespace pabal::queue {

/// RFC 5321 §4.5.4.1: tried again for at least four or five days, not before 30 minutes as a rule; a first
/// try soon after helps where hosts turn strangers away for a minute (greylisting).
struct RetryPolicy {
  std::chrono::seconds first{60};
  std::chrono::seconds longest{30 * 60};
  unsigned jitter_percent = 10;  ///< so that what failed together doesn't come back together
  std::chrono::seconds give_up{5 * 24 * 3600};
  std::chrono::seconds warn_after{4 * 3600};
};

/// A letter waits again as long as it has waited since `since`, within [first, longest]: so the pause doubles
/// with each attempt, and a letter that was passed over needs no count of its own. Never behind the time at
/// which it is given up, at which it has one last attempt.
WallTime next_try(const RetryPolicy& policy, WallTime since, WallTime now, Random& random);

inline bool is_given_up(const RetryPolicy& policy, WallTime since, WallTime now) {
  return now - since >= policy.give_up;
}
inline bool is_late(const RetryPolicy& policy, WallTime since, WallTime now) {
  return now - since >= policy.warn_after;
}

/// `pause`, more or less by the policy's jitter.
std::chrono::microseconds jittered(const RetryPolicy& policy, std::chrono::microseconds pause,
                                   Random& random);

}  // namespace pabal::queue
