#include "net/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "net/handoff.h"
#include "net/loop.h"
#include "net/scope.h"
#include "net/testing.h"
#include "net/worker_pool.h"

namespace pabal::net {
namespace {

using namespace std::chrono_literals;

Task<int> answer() { co_return 42; }
Task<int> plus(Task<int> a, int b) { co_return co_await std::move(a) + b; }

Task<Result<int>> refuse() { co_return fail(ErrorKind::kRefuse, "no {}", "way"); }
Task<Result<std::string>> pass_on() {
  PABAL_CO_TRY(const int value, co_await refuse());
  co_return std::to_string(value);
}

TEST(Task, ReturnsWhatTheCoroutineReturns) {
  SimulatedLoop sim;
  EXPECT_EQ(sim.run_until_done(plus(answer(), 1)), 43);
}

TEST(Task, TryPassesErrorsUp) {
  SimulatedLoop sim;
  const auto result = sim.run_until_done(pass_on());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kRefuse);
  EXPECT_EQ(result.error().detail, "no way");
}

Task<int> throws() {
  throw std::runtime_error("a bug");
  co_return 0;
}

TEST(Task, ExceptionsReachTheAwaiter) {
  SimulatedLoop sim;
  EXPECT_THROW(sim.run_until_done(plus(throws(), 1)), std::runtime_error);
}

TEST(Task, NeverStartedIsDestroyedWithItsParameters) {
  auto alive = std::make_shared<int>(1);
  {
    auto task = [](std::shared_ptr<int> kept) -> Task<int> { co_return *kept; }(alive);
    EXPECT_EQ(alive.use_count(), 2);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

Task<int> deep(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await deep(depth - 1);
}

TEST(Task, DeepChainsAreFine) {
  SimulatedLoop sim;
  EXPECT_EQ(sim.run_until_done(deep(1000)), 1000);
}

Task<void> loop_many(int count, int& sum) {
  for (int i = 0; i < count; ++i) sum += co_await answer();
}

TEST(Task, ManyAwaitsDoNotGrowTheStack) {
  SimulatedLoop sim;
  int sum = 0;
  sim.run_until_done(loop_many(200'000, sum));
  EXPECT_EQ(sum, 8'400'000);
}

TEST(Loop, SimulatedTimeJumpsToTheNextTimer) {
  SimulatedLoop sim;
  const MonoTime before = sim.clock().mono();
  EXPECT_TRUE(sim.run_until_done(sleep_until(sim.loop().in(5 * 24h))));
  EXPECT_EQ(sim.clock().mono() - before, 5 * 24h);
}

TEST(Loop, TimersFireInOrderOfTime) {
  SimulatedLoop sim;
  std::string order;
  Loop::Timer a(sim.loop()), b(sim.loop()), c(sim.loop()), never(sim.loop());
  c.arm(sim.loop().in(3s), [&] { order += 'c'; });
  a.arm(sim.loop().in(1s), [&] { order += 'a'; });
  never.arm(sim.loop().in(2s), [&] { order += 'x'; });
  b.arm(sim.loop().in(2s), [&] { order += 'b'; });
  never.disarm();
  EXPECT_TRUE(sim.run_until_done(sleep_until(sim.loop().in(4s))));
  EXPECT_EQ(order, "abc");
}

TEST(Loop, HeapSurvivesRandomArmingAndDisarming) {
  SimulatedLoop sim;
  std::vector<std::unique_ptr<Loop::Timer>> timers;
  std::vector<MonoTime> fired;
  std::uint32_t state = 1;
  const auto next = [&] { return state = state * 1664525 + 1013904223; };
  for (int i = 0; i < 500; ++i) timers.push_back(std::make_unique<Loop::Timer>(sim.loop()));
  for (int i = 0; i < 5000; ++i) {
    Loop::Timer& timer = *timers[next() % timers.size()];
    if (next() % 3 == 0) {
      timer.disarm();
    } else {
      timer.arm(sim.loop().in(std::chrono::milliseconds(1 + next() % 10'000)),
                [&] { fired.push_back(sim.clock().mono()); });
    }
  }
  EXPECT_TRUE(sim.run_until_done(sleep_until(sim.loop().in(11s))));
  EXPECT_GT(fired.size(), 100u);
  EXPECT_TRUE(std::ranges::is_sorted(fired));
}

TEST(Loop, RealTimersWakeTheLoop) {
  const SystemClock clock;
  Loop loop(clock);
  const MonoTime before = clock.mono();
  EXPECT_TRUE(loop.run_until_done(sleep_until(loop.in(2ms))));
  EXPECT_GE(clock.mono() - before, 2ms);
}

TEST(Loop, PostedWorkRunsOnTheLoopsThread) {
  const SystemClock clock;
  Loop loop(clock);
  std::thread::id ran_on;
  std::thread poster([&] {
    loop.post([&] {
      ran_on = std::this_thread::get_id();
      loop.stop();
    });
  });
  loop.run();
  poster.join();
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(WithDeadline, GivesTheResultInTime) {
  SimulatedLoop sim;
  const auto work = [&]() -> Task<Result<int>> {
    PABAL_CO_TRY_VOID(co_await sleep_until(sim.loop().in(1s)));
    co_return 7;
  };
  EXPECT_EQ(sim.run_until_done(with_deadline(sim.loop().in(2s), work())), 7);
}

TEST(WithDeadline, CancelsTheWorkAndWaitsUntilItEnded) {
  SimulatedLoop sim;
  bool unwound = false;
  const auto work = [&]() -> Task<Result<int>> {
    const auto slept = co_await sleep_until(sim.loop().in(1h));
    EXPECT_EQ(slept.error().kind, ErrorKind::kCancelled);
    unwound = true;
    co_return failure_of(Result<void>(slept));
  };
  const auto result = sim.run_until_done(with_deadline(sim.loop().in(2s), work()));
  EXPECT_TRUE(unwound);
  EXPECT_EQ(result.error().kind, ErrorKind::kDeadline);
}

TEST(WithDeadline, InnerDeadlineDoesNotOutlastTheOuter) {
  SimulatedLoop sim;
  const MonoTime before = sim.clock().mono();
  const auto sleeper = [&]() -> Task<Result<void>> { return sleep_until(sim.loop().in(1h)); };
  const auto result =
      sim.run_until_done(with_deadline(sim.loop().in(2s), with_deadline(sim.loop().in(1min), sleeper())));
  EXPECT_EQ(result.error().kind, ErrorKind::kDeadline);
  EXPECT_EQ(sim.clock().mono() - before, 2s);
}

TEST(Scope, JoinWaitsForAllAndCancelReachesAll) {
  SimulatedLoop sim;
  int ended = 0;
  const auto sleeper = [&](std::chrono::seconds time) -> Task<void> {
    std::ignore = co_await sleep_until(sim.loop().in(time));
    ++ended;
  };
  const auto owner = [&]() -> Task<void> {
    Scope scope(sim.loop());
    scope.spawn(sleeper(1s));
    scope.spawn(sleeper(1000h));
    EXPECT_EQ(scope.size(), 2u);
    std::ignore = co_await sleep_until(sim.loop().in(2s));
    EXPECT_EQ(ended, 1);
    scope.cancel();
    co_await scope.join();
    EXPECT_EQ(ended, 2);
    scope.spawn(sleeper(1000h));  // too late: told to stop at its first wait
    co_await scope.join();
    EXPECT_EQ(ended, 3);
  };
  sim.run_until_done(owner());
}

TEST(Scope, ABugInOneTaskIsReportedAndTheOthersGoOn) {
  SimulatedLoop sim;
  int bugs = 0;
  int ended = 0;
  const auto owner = [&]() -> Task<void> {
    Scope scope(sim.loop(), nullptr, [&](std::exception_ptr) { ++bugs; });
    scope.spawn([]() -> Task<void> {
      throw std::logic_error("a bug");
      co_return;
    }());
    scope.spawn([](Loop& loop, int& count) -> Task<void> {
      EXPECT_TRUE(co_await sleep_until(loop.in(1s)));
      ++count;
    }(sim.loop(), ended));
    co_await scope.join();
  };
  sim.run_until_done(owner());
  EXPECT_EQ(bugs, 1);
  EXPECT_EQ(ended, 1);
}

TEST(WorkerPool, BringsTheResultBackToTheLoop) {
  SimulatedLoop sim;
  WorkerPool pool({.threads = 2});
  const auto loop_thread = std::this_thread::get_id();
  const auto work = [&]() -> Task<Result<int>> {
    std::thread::id ran_on;
    PABAL_CO_TRY(const int value, co_await pool.run([&] {
      ran_on = std::this_thread::get_id();
      return 5;
    }));
    EXPECT_NE(ran_on, loop_thread);
    EXPECT_EQ(std::this_thread::get_id(), loop_thread);
    co_return value;
  };
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(sim.run_until_done(work()), 5);
}

TEST(WorkerPool, PassesFailuresAndExceptionsOn) {
  SimulatedLoop sim;
  WorkerPool pool({.threads = 1});
  const auto failed =
      sim.run_until_done(pool.run([]() -> Result<int> { return fail(ErrorKind::kCorrupt, "bad"); }));
  EXPECT_EQ(failed.error().kind, ErrorKind::kCorrupt);
  EXPECT_THROW(std::ignore = sim.run_until_done(pool.run([]() -> int { throw std::runtime_error("bug"); })),
               std::runtime_error);
}

TEST(WorkerPool, AFullQueueIsAnAnswer) {
  SimulatedLoop sim;
  std::mutex gate;
  gate.lock();
  WorkerPool pool({.threads = 1, .max_queued = 1});
  std::atomic<bool> started = false;
  ASSERT_TRUE(pool.submit([&] {
    started = true;
    started.notify_one();
    const std::lock_guard wait(gate);
  }));
  started.wait(false);
  ASSERT_TRUE(pool.submit([] {}));
  const auto refused = sim.run_until_done(pool.run([] { return 1; }));
  EXPECT_EQ(refused.error().kind, ErrorKind::kOverLimit);
  gate.unlock();
}

}  // namespace
}  // namespace pabal::net
