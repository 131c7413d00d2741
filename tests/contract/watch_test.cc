// Watches: what wakes them and what does not.
#include "contract.h"
#include "net/scope.h"

namespace pabal::store {
namespace {

using namespace std::chrono_literals;

const PartitionId kAlice("alice");
const PartitionId kBob("bob");

net::Task<Result<void>> changed_by(Watch& watch, net::Deadline deadline) {
  return net::with_deadline(deadline, watch.changed());
}

class WatchContract : public Contract {
 protected:
  /// Commits return only when the watches have been told, so that nothing needs to be waited for: the
  /// change is there already or it never comes.
  bool woken(Watch& watch) {
    const Result<void> result = run(changed_by(watch, loop().in(0ns)));
    if (!result) EXPECT_EQ(result.error().kind, ErrorKind::kDeadline) << result.error().detail;
    return result.has_value();
  }
};
PABAL_CONTRACT_FOR_ALL_ENGINES(WatchContract);

TEST_P(WatchContract, WakesOnceForEveryKindOfChange) {
  const BlobId blob = store(kAlice, "first", "bytes");
  const auto watch = engine().watch(kAlice);
  EXPECT_FALSE(woken(*watch)) << "what was before the watch does not count";
  put(kAlice, "key", "value");
  EXPECT_TRUE(woken(*watch));
  EXPECT_FALSE(woken(*watch));
  erase(kAlice, "key");
  EXPECT_TRUE(woken(*watch));
  EXPECT_FALSE(woken(*watch));
  hold(kAlice, blob, "second");
  EXPECT_TRUE(woken(*watch));
  EXPECT_FALSE(woken(*watch));
  release(kAlice, blob, "first");
  EXPECT_TRUE(woken(*watch));
  EXPECT_FALSE(woken(*watch));
}

TEST_P(WatchContract, ManyChangesComeAsOne) {
  const auto watch = engine().watch(kAlice);
  for (int i = 0; i < 50; ++i) put(kAlice, "key", fmt::format("{}", i));
  EXPECT_TRUE(woken(*watch));
  EXPECT_FALSE(woken(*watch));
}

TEST_P(WatchContract, AFailedCommitOrAnotherPartitionWakesNobody) {
  const auto watch = engine().watch(kAlice);
  const auto watch_prefix = engine().watch(PartitionId("alic"));
  Batch conflict(kAlice);
  conflict.expect("nothing", Version(1));
  conflict.put("key", "value");
  expect_failure(commit(std::move(conflict)), ErrorKind::kConflict);
  Batch refused(kAlice);
  refused.put("", "value");
  expect_failure(commit(std::move(refused)), ErrorKind::kRefuse);
  Batch no_blob(kAlice);
  no_blob.hold(BlobId::of("never stored"), "key");
  expect_failure(commit(std::move(no_blob)), ErrorKind::kRefuse);
  put(kBob, "key", "value");
  EXPECT_FALSE(woken(*watch));
  put(kAlice, "key", "value");
  EXPECT_FALSE(woken(*watch_prefix));
  EXPECT_TRUE(woken(*watch));
}

TEST_P(WatchContract, WhoeverIsWokenSeesTheChange) {
  const auto watch = engine().watch(kAlice);
  for (int i = 0; i < 100; ++i) {
    put(kAlice, "key", fmt::format("{}", i));
    ASSERT_TRUE(woken(*watch));
    ASSERT_EQ(get(kAlice, "key")->bytes, fmt::format("{}", i));
  }
}

TEST_P(WatchContract, AWatchThatTimedOutGoesOn) {
  const auto watch = engine().watch(kAlice);
  EXPECT_FALSE(woken(*watch));
  put(kAlice, "key", "value");
  EXPECT_TRUE(woken(*watch));
}

net::Task<void> follow(Engine& engine, const PartitionId& partition, std::string last, int& arrived) {
  const auto watch = engine.watch(partition);
  for (;;) {
    const auto value = co_await engine.get_one(partition, "key");
    if (value && *value && (*value)->bytes == last) break;
    if (!co_await watch->changed()) co_return;
  }
  ++arrived;
}

net::Task<void> write_numbers(Engine& engine, PartitionId partition, int count) {
  for (int i = 1; i <= count; ++i) {
    Batch batch(partition);
    batch.put("key", fmt::format("{}", i));
    EXPECT_TRUE(co_await engine.commit(std::move(batch)));
  }
}

net::Task<void> follow_and_write(net::Loop& loop, Engine& engine, int& arrived) {
  net::Scope scope(loop);
  for (int i = 0; i < 200; ++i) scope.spawn(follow(engine, i % 2 == 0 ? kAlice : kBob, "50", arrived));
  scope.spawn(write_numbers(engine, kAlice, 50));
  scope.spawn(write_numbers(engine, kBob, 50));
  co_await scope.join();
}

TEST_P(WatchContract, ManyFollowersAllArrive) {
  int arrived = 0;
  run(follow_and_write(loop(), engine(), arrived));
  EXPECT_EQ(arrived, 200);
}

net::Task<void> follow_then_cancel(net::Loop& loop, Engine& engine, int& arrived) {
  net::Scope scope(loop);
  for (int i = 0; i < 100; ++i) scope.spawn(follow(engine, kAlice, "never", arrived));
  co_await write_numbers(engine, kAlice, 10);
  scope.cancel();
  co_await scope.join();
}

TEST_P(WatchContract, CancellationEndsEveryWait) {
  int arrived = 0;
  run(follow_then_cancel(loop(), engine(), arrived));
  EXPECT_EQ(arrived, 0);
  put(kAlice, "key", "nobody listens");
}

TEST_P(WatchContract, FollowersOnOtherThreadsAllArrive) {
  std::vector<int> arrived(6, 0);
  on_threads(8, [this, &arrived](int i) {
    if (i < 6) return follow(engine(), i % 2 == 0 ? kAlice : kBob, "300", arrived[i]);
    return write_numbers(engine(), i % 2 == 0 ? kAlice : kBob, 300);
  });
  EXPECT_EQ(arrived, std::vector<int>(6, 1));
}

TEST_P(WatchContract, TenThousandSleep) {
  std::vector<std::unique_ptr<Watch>> watches;
  for (int i = 0; i < 10'000; ++i)
    watches.push_back(engine().watch(PartitionId(fmt::format("account {}", i))));
  put(PartitionId("account 7777"), "key", "value");
  EXPECT_TRUE(woken(*watches[7777]));
  EXPECT_FALSE(woken(*watches[7776]));
}

}  // namespace
}  // namespace pabal::store
