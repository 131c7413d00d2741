#include "queue/retry_policy.h"

#include <gtest/gtest.h>

namespace pabal::queue {
namespace {

using namespace std::chrono_literals;

TEST(RetryPolicy, PauseDoublesWithAgeBetweenItsBounds) {
  struct Case {
    const char* name;
    std::chrono::seconds age;
    std::chrono::seconds want;
  };
  const Case cases[] = {
      {"at once", 0s, 60s},        {"a minute", 60s, 60s},         {"two minutes", 120s, 120s},
      {"ten minutes", 600s, 600s}, {"half an hour", 1800s, 1800s}, {"a day", 86400s, 1800s},
  };
  SeededRandom random(1);
  const RetryPolicy policy{.jitter_percent = 0};
  const WallTime since = ManualClock().wall();
  for (const Case& each : cases) {
    const WallTime now = since + each.age;
    EXPECT_EQ(next_try(policy, since, now, random) - now, each.want) << each.name;
  }
}

TEST(RetryPolicy, LastAttemptIsWhenItIsGivenUp) {
  SeededRandom random(1);
  const RetryPolicy policy;
  const WallTime since = ManualClock().wall();
  const WallTime last = since + policy.give_up;
  EXPECT_EQ(next_try(policy, since, last - 5min, random), last);
  EXPECT_FALSE(is_given_up(policy, since, last - 1us));
  EXPECT_TRUE(is_given_up(policy, since, last));
}

TEST(RetryPolicy, JitterSpreadsWithinItsBounds) {
  SeededRandom random(1);
  const RetryPolicy policy{.jitter_percent = 10};
  auto least = std::chrono::microseconds::max();
  auto most = std::chrono::microseconds::min();
  for (int i = 0; i < 1000; ++i) {
    const auto pause = jittered(policy, 100s, random);
    least = std::min(least, pause);
    most = std::max(most, pause);
  }
  EXPECT_GE(least, 90s);
  EXPECT_LT(least, 92s);
  EXPECT_LE(most, 110s);
  EXPECT_GT(most, 108s);
}

// A clock that was set back must not make a letter wait for years.
TEST(RetryPolicy, ClockSetBackIsAgeZero) {
  SeededRandom random(1);
  const RetryPolicy policy{.jitter_percent = 0};
  const WallTime now = ManualClock().wall();
  EXPECT_EQ(next_try(policy, now + 24h, now, random), now + 60s);
}

}  // namespace
}  // namespace pabal::queue
