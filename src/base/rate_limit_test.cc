#include "base/rate_limit.h"

#include <gtest/gtest.h>

namespace pabal {
namespace {

TEST(RateLimiter, LetsABurstThroughAndThenAsManyAsComeBack) {
  ManualClock clock;
  RateLimiter limiter(clock, {.burst = 3, .period = std::chrono::seconds(30)});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.take("a"));
  EXPECT_FALSE(limiter.take("a"));
  EXPECT_TRUE(limiter.take("b")) << "each asker has a bucket of its own";
  clock.advance(std::chrono::seconds(9));
  EXPECT_FALSE(limiter.take("a"));
  clock.advance(std::chrono::seconds(1));
  EXPECT_TRUE(limiter.take("a"));
  EXPECT_FALSE(limiter.take("a"));
  clock.advance(std::chrono::hours(1));
  EXPECT_TRUE(limiter.take("a", 3));
  EXPECT_FALSE(limiter.take("a"));
}

TEST(RateLimiter, TakesNothingWhenItRefuses) {
  ManualClock clock;
  RateLimiter limiter(clock, {.burst = 5, .period = std::chrono::minutes(1)});
  EXPECT_FALSE(limiter.take("a", 6));
  EXPECT_TRUE(limiter.take("a", 5));
}

TEST(RateLimiter, WithoutALimitAlwaysLetsThrough) {
  ManualClock clock;
  RateLimiter limiter(clock, {});
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limiter.take("a", 1000));
}

TEST(RateLimiter, ForgetsWhoWasNotSeenForTheLongest) {
  ManualClock clock;
  RateLimiter limiter(clock, {.burst = 1, .period = std::chrono::hours(1)}, 2);
  EXPECT_TRUE(limiter.take("a"));
  EXPECT_TRUE(limiter.take("b"));
  EXPECT_TRUE(limiter.take("c"));
  EXPECT_FALSE(limiter.take("b"));
  EXPECT_TRUE(limiter.take("a"));
}

}  // namespace
}  // namespace pabal
