#include "store/watch_hub.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "net/loop.h"
#include "net/scope.h"
#include "net/testing.h"

namespace pabal::store {
namespace {

const PartitionId kAlice("alice");
const PartitionId kBob("bob");

net::Task<void> count_changes(Watch& watch, int& changes, std::optional<ErrorKind>& ended) {
  for (;;) {
    const Result<void> result = co_await watch.changed();
    if (!result) {
      ended = result.error().kind;
      co_return;
    }
    ++changes;
  }
}

// One watch that counts, on a simulated loop.
class Counting {
 public:
  Counting(net::SimulatedLoop& sim, WatchHub& hub, const PartitionId& partition)
      : sim_(sim), watch_(hub.watch(partition)), scope_(sim.loop()) {
    scope_.spawn(count_changes(*watch_, changes, ended));
  }
  ~Counting() { stop(); }

  void stop() {
    scope_.cancel();
    sim_.run_until_done(scope_.join());
  }

  int changes = 0;
  std::optional<ErrorKind> ended;

 private:
  net::SimulatedLoop& sim_;
  std::unique_ptr<Watch> watch_;
  net::Scope scope_;
};

TEST(WatchHub, WakesTheWatchesOfThatPartition) {
  net::SimulatedLoop sim;
  WatchHub hub;
  Counting alice(sim, hub, kAlice);
  Counting alice_too(sim, hub, kAlice);
  Counting bob(sim, hub, kBob);
  hub.notify(kAlice);
  sim.settle();
  EXPECT_EQ(alice.changes, 1);
  EXPECT_EQ(alice_too.changes, 1);
  EXPECT_EQ(bob.changes, 0);
  hub.notify(kAlice);
  hub.notify(kBob);
  sim.settle();
  EXPECT_EQ(alice.changes, 2);
  EXPECT_EQ(bob.changes, 1);
}

TEST(WatchHub, ManyChangesComeAsOne) {
  net::SimulatedLoop sim;
  WatchHub hub;
  Counting alice(sim, hub, kAlice);
  for (int i = 0; i < 100; ++i) hub.notify(kAlice);
  sim.settle();
  EXPECT_EQ(alice.changes, 1);
}

TEST(WatchHub, RemembersAChangeThatCameBeforeTheWait) {
  net::SimulatedLoop sim;
  WatchHub hub;
  const auto watch = hub.watch(kAlice);
  hub.notify(kAlice);
  EXPECT_TRUE(sim.run_until_done(watch->changed()));
}

TEST(WatchHub, CancellationEndsTheWait) {
  net::SimulatedLoop sim;
  WatchHub hub;
  Counting alice(sim, hub, kAlice);
  alice.stop();
  EXPECT_EQ(alice.changes, 0);
  EXPECT_EQ(alice.ended, ErrorKind::kCancelled);
}

TEST(WatchHub, NotificationAndCancellationInOneRoundResumeOnce) {
  net::SimulatedLoop sim;
  WatchHub hub;
  {
    Counting notified_first(sim, hub, kAlice);
    hub.notify(kAlice);
    notified_first.stop();
    EXPECT_EQ(notified_first.changes, 1);
    EXPECT_EQ(notified_first.ended, ErrorKind::kCancelled);
  }
  EXPECT_EQ(hub.size(), 0u);
}

net::Task<Result<void>> wait_until(Watch& watch, net::Deadline deadline) {
  return net::with_deadline(deadline, watch.changed());
}

TEST(WatchHub, ADeadlineEndsTheWaitAndKeepsTheWatchUsable) {
  net::SimulatedLoop sim;
  WatchHub hub;
  const auto watch = hub.watch(kAlice);
  const auto late = sim.run_until_done(wait_until(*watch, sim.loop().in(std::chrono::seconds(29 * 60))));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::kDeadline);
  hub.notify(kAlice);
  EXPECT_TRUE(sim.run_until_done(watch->changed()));
}

TEST(WatchHub, BeyondTheBoundAWatchSaysSo) {
  net::SimulatedLoop sim;
  WatchHub hub(2);
  const auto first = hub.watch(kAlice);
  auto second = hub.watch(kBob);
  const auto third = hub.watch(kBob);
  const auto refused = sim.run_until_done(third->changed());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kOverLimit);
  second.reset();
  const auto fourth = hub.watch(kBob);
  hub.notify(kBob);
  EXPECT_TRUE(sim.run_until_done(fourth->changed()));
}

TEST(WatchHub, TenThousandWatchesCostAbout200BytesEach) {
  WatchHub hub;
  std::vector<std::unique_ptr<Watch>> watches;
  watches.reserve(10'000);
  const auto before = ::mallinfo2();
  for (int i = 0; i < 10'000; ++i)
    watches.push_back(hub.watch(PartitionId(fmt::format("account/{:020}", i))));
  const auto after = ::mallinfo2();
  // Under a sanitizer malloc counts nothing, and this holds trivially.
  EXPECT_LE((after.uordblks - before.uordblks) / 10'000, 240u);
}

// A loop on a thread of its own, with watches that come, wait, are cancelled and go, while other
// threads notify: the lock's and the lifetimes' test, for the thread sanitizer above all.
net::Task<void> come_and_go(net::Loop& loop, WatchHub& hub, int rounds, std::atomic<int>& woken) {
  for (int round = 0; round < rounds; ++round) {
    const auto watch = hub.watch(PartitionId(fmt::format("p{}", round % 3)));
    const auto result = co_await wait_until(*watch, loop.in(std::chrono::microseconds(round % 7)));
    if (result) ++woken;
  }
}

net::Task<void> serve_until_all_are_gone(net::Loop& loop, WatchHub& hub, std::atomic<int>& woken) {
  net::Scope scope(loop);
  for (int i = 0; i < 50; ++i) scope.spawn(come_and_go(loop, hub, 100, woken));
  co_await scope.join();
}

TEST(WatchHub, WatchesComeAndGoOnSeveralLoopsWhileOthersNotify) {
  WatchHub hub;
  const SystemClock clock;
  std::atomic<int> woken = 0;
  std::atomic<int> serving = 2;
  const auto serve = [&] {
    {
      net::Loop loop(clock);
      loop.run_until_done(serve_until_all_are_gone(loop, hub, woken));
    }
    --serving;
  };
  const auto notify = [&] {
    for (int i = 0; serving > 0; ++i) hub.notify(PartitionId(fmt::format("p{}", i % 3)));
  };
  std::vector<std::thread> threads;
  threads.emplace_back(serve);
  threads.emplace_back(serve);
  threads.emplace_back(notify);
  threads.emplace_back(notify);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(hub.size(), 0u);
  EXPECT_GT(woken, 0);
}

}  // namespace
}  // namespace pabal::store
