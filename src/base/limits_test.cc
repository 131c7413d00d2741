#include "base/limits.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace pabal {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(TokenBucket, GivesABurstAndThenItsRate) {
  ManualClock clock;
  TokenBucket bucket({.count = 10, .period = seconds(1), .burst = 3});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(1, clock.mono())) << i;
  EXPECT_FALSE(bucket.take(1, clock.mono()));
  EXPECT_EQ(bucket.ready_at(1, clock.mono()) - clock.mono(), milliseconds(100));
  EXPECT_EQ(bucket.ready_at(3, clock.mono()) - clock.mono(), milliseconds(300));
  clock.advance(milliseconds(99));
  EXPECT_FALSE(bucket.take(1, clock.mono()));
  clock.advance(milliseconds(1));
  EXPECT_TRUE(bucket.take(1, clock.mono()));
  EXPECT_FALSE(bucket.take(1, clock.mono()));
}

TEST(TokenBucket, ARestFillsItNoFurtherThanItsBurst) {
  ManualClock clock;
  TokenBucket bucket({.count = 1, .period = seconds(60), .burst = 5});
  EXPECT_TRUE(bucket.take(5, clock.mono()));
  clock.advance(std::chrono::hours(1000));
  EXPECT_TRUE(bucket.take(5, clock.mono()));
  EXPECT_FALSE(bucket.take(1, clock.mono()));
}

TEST(TokenBucket, MoreThanTheBurstNeverComes) {
  const ManualClock clock;
  TokenBucket bucket({.count = 100, .burst = 5});
  EXPECT_FALSE(bucket.take(6, clock.mono()));
  EXPECT_EQ(bucket.ready_at(6, clock.mono()), MonoTime::max());
  EXPECT_TRUE(bucket.take(5, clock.mono())) << "a refusal takes nothing";
}

TEST(TokenBucket, OverALongTimeItGivesExactlyItsRate) {
  ManualClock clock;
  TokenBucket bucket({.count = 7, .period = seconds(1), .burst = 7});
  int taken = 0;
  for (int i = 0; i < 100'000; ++i) {
    clock.advance(milliseconds(1));
    while (bucket.take(1, clock.mono())) ++taken;
  }
  EXPECT_NEAR(taken, 7 + 700, 1);
}

TEST(ByteBudget, LeasesComeAndGo) {
  ByteBudget budget(100);
  auto first = budget.lease(60);
  ASSERT_TRUE(first);
  EXPECT_FALSE(budget.lease(41));
  EXPECT_FALSE(first->grow_by(41));
  EXPECT_FALSE(first->grow_by(SIZE_MAX));
  EXPECT_TRUE(first->grow_by(40));
  EXPECT_EQ(budget.used_bytes(), 100u);
  first->shrink_to(10);
  first->shrink_to(50);  // no growth by the back door
  EXPECT_EQ(first->size_bytes(), 10u);
  {
    const ByteBudget::Lease moved = *std::move(first);
    EXPECT_EQ(budget.used_bytes(), 10u);
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
  EXPECT_FALSE(ByteBudget::Lease().grow_by(1));
}

TEST(ByteBudget, HoldsBetweenThreads) {
  ByteBudget budget(3);
  std::atomic<std::size_t> most{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        const auto lease = budget.lease(1);
        const std::size_t used = budget.used_bytes();
        std::size_t seen = most.load();
        while (seen < used && !most.compare_exchange_weak(seen, used)) {
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most.load(), 3u);
  EXPECT_EQ(budget.used_bytes(), 0u);
}

}  // namespace
}  // namespace pabal
