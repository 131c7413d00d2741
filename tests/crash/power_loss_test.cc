// The power fails in the midst of a change, whichever that is: nothing that was acknowledged is lost, nothing
// else is there by halves.
#include <random>

#include "embedded_on_faults.h"

namespace pabal::store {
namespace {

const std::vector<std::string> kNoFaults;

void expect_whole(EmbeddedOnFaults& store) {
  EXPECT_EQ(store.verify(), kNoFaults) << "before anybody repaired it";
  const Result<void> opened = store.open();
  ASSERT_TRUE(opened) << opened.error().detail;
  EXPECT_EQ(store.check().faults, kNoFaults);
}

// Every crash falls on the same store, so that it carries the scars of the earlier ones.
void crash_again_and_again(std::uint64_t seed, int crashes, bool by_dice) {
  std::mt19937_64 dice(seed);
  EmbeddedOnFaults store(seed, 1 + dice() % 6);
  std::uint64_t acknowledged = 0;
  for (int crash = 0; crash < crashes; ++crash) {
    SCOPED_TRACE(fmt::format("seed {}, crash {}", seed, crash));
    // Short and long lives: some end while the store opens, some after tables were written and merged.
    store.files().cut_power_after(1 + dice() % (crash % 3 == 0 ? 30 : 400));
    if (store.open()) {
      while (!store.files().power_is_cut()) {
        const auto errors = store.commit(20);
        ASSERT_TRUE(errors.empty() || store.files().power_is_cut()) << errors.front().detail;
      }
    }
    store.close();
    ASSERT_TRUE(store.files().power_is_cut());
    store.files().restore_power({.keep_some_of_what_was_not_synced = by_dice, .seed = dice()});
    expect_whole(store);
    if (testing::Test::HasFailure()) return;
    if (crash % 4 == 0) store.close();
    store.close();
  }
  for (std::size_t i = 0; i < store.ledger().committers; ++i)
    acknowledged += store.ledger().of[i].acknowledged;
  EXPECT_GT(acknowledged, 0u) << "nothing was ever stored, so this proved nothing";
}

TEST(PowerLoss, WhateverWasNotSyncedIsGone) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    crash_again_and_again(seed, 10, false);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(PowerLoss, SomeOfWhatWasNotSyncedSurvivesInAnyOrder) {
  for (std::uint64_t seed = 101; seed <= 124; ++seed) {
    crash_again_and_again(seed, 10, true);
    if (testing::Test::HasFailure()) return;
  }
}

// From the first mkdir on: a store that was just made, or half made, opens.
TEST(PowerLoss, AtEveryChangeWhileTheStoreIsMade) {
  std::uint64_t changes = 0;
  {
    EmbeddedOnFaults store(1, 1);
    ASSERT_TRUE(store.open());
    ASSERT_TRUE(store.commit(3).empty());
    changes = store.files().changes();
  }
  ASSERT_GT(changes, 0u);
  for (std::uint64_t at = 1; at <= changes; ++at) {
    for (const bool by_dice : {false, true}) {
      SCOPED_TRACE(fmt::format("change {}{}", at, by_dice ? ", by dice" : ""));
      EmbeddedOnFaults store(1, 1);
      store.files().cut_power_after(at);
      if (store.open()) store.commit(3);
      store.close();
      store.files().cut_power();
      store.files().restore_power({.keep_some_of_what_was_not_synced = by_dice, .seed = at});
      const Result<void> opened = store.open();
      ASSERT_TRUE(opened) << opened.error().detail;
      ASSERT_EQ(store.check().faults, kNoFaults);
      ASSERT_TRUE(store.commit(3).empty());
      store.close();
      ASSERT_EQ(store.verify(), kNoFaults);
    }
  }
}

// What a crashed store showed when it was opened again may not vanish in the next crash.
TEST(PowerLoss, WhatWasSeenAfterACrashStaysSeen) {
  std::mt19937_64 dice(5);
  EmbeddedOnFaults store(5, 4);
  for (int crash = 0; crash < 30; ++crash) {
    SCOPED_TRACE(fmt::format("crash {}", crash));
    store.files().cut_power_after(50 + dice() % 200);
    if (store.open()) {
      while (!store.files().power_is_cut()) store.commit(10);
    }
    store.close();
    store.files().restore_power({.keep_some_of_what_was_not_synced = true, .seed = dice()});
    expect_whole(store);  // the ledger now holds all that was seen
    if (testing::Test::HasFailure()) return;
    store.files().cut_power();
    store.close();
    store.files().restore_power({.keep_some_of_what_was_not_synced = crash % 2 == 0, .seed = dice()});
    expect_whole(store);
    if (testing::Test::HasFailure()) return;
    store.close();
  }
}

// The test of the test: were the engine to acknowledge without a sync, this is how it would look.
TEST(PowerLoss, ACommitThatTheDiskForgotIsFound) {
  EmbeddedOnFaults store(9, 2);
  ASSERT_TRUE(store.open());
  ASSERT_TRUE(store.commit(5).empty());
  store.close();
  store.ledger().of[0].attempted = 6;
  store.ledger().of[0].acknowledged = 6;
  ASSERT_TRUE(store.open());
  EXPECT_NE(store.check().faults, kNoFaults);
}

// After any crash, sweeping brings the store back to exactly the blobs that somebody holds.
TEST(PowerLoss, NoCrashLeavesBlobsBehindForEver) {
  std::mt19937_64 dice(77);
  EmbeddedOnFaults store(77, 5);
  for (int crash = 0; crash < 15; ++crash) {
    SCOPED_TRACE(fmt::format("crash {}", crash));
    store.files().cut_power_after(20 + dice() % 300);
    if (store.open()) {
      while (!store.files().power_is_cut()) store.commit(10);
    }
    store.close();
    store.files().restore_power({.keep_some_of_what_was_not_synced = true, .seed = dice()});
    ASSERT_TRUE(store.open());
    ASSERT_TRUE(store.run(store.engine().sweep()));
    const CheckReport report = store.check();
    EXPECT_EQ(report.faults, kNoFaults);
    store.close();
    const auto verified = verify_embedded(store.directory());
    ASSERT_TRUE(verified) << verified.error().detail;
    EXPECT_EQ(verified->faults, kNoFaults);
    EXPECT_EQ(verified->blobs, report.live_blobs.size());
    EXPECT_EQ(verified->keys, report.keys);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace pabal::store
