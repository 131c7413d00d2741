// The disk is full, or fails, at any one of the changes that a short life of the store makes.
#include "embedded_on_faults.h"

namespace pabal::store {
namespace {

using Fault = FaultFileSystem::Fault;

const std::vector<std::string> kNoFaults;
constexpr std::uint64_t kSeed = 3;
constexpr std::size_t kCommitters = 2;
constexpr std::uint64_t kSteps = 40;

/// How many changes a life of this kind makes, opening and committing.
std::uint64_t changes_of_a_life() {
  EmbeddedOnFaults store(kSeed, kCommitters);
  EXPECT_TRUE(store.open());
  EXPECT_TRUE(store.commit(kSteps).empty());
  return store.files().changes();
}

void expect_reads_go_on(EmbeddedOnFaults& store) {
  // Looking makes the ledger forget what failed. But a commit whose sync failed may be on the disk all the
  // same, and come to light when the store is opened again, as one may whose answer a crash swallowed.
  std::array<std::uint64_t, kCommitters> attempted;
  for (std::size_t i = 0; i < kCommitters; ++i) attempted[i] = store.ledger().of[i].attempted;
  const CheckReport report = store.check();
  EXPECT_EQ(report.faults, kNoFaults);
  EXPECT_EQ(report.beyond_ledger, 0u) << "a commit that failed is to be seen";
  for (std::size_t i = 0; i < kCommitters; ++i) store.ledger().of[i].attempted = attempted[i];
}

// stats() tells an operator why commits are refused just now, exactly when they are.
void expect_words_for_a_refusal(EmbeddedOnFaults& store) {
  Batch batch(PartitionId("probe"));
  batch.put("key", "value");
  const auto result = store.run(store.engine().commit(std::move(batch)));
  EXPECT_EQ(store.engine().stats().write_failure.empty(), result.has_value())
      << store.engine().stats().write_failure;
}

void expect_kept(EmbeddedOnFaults& store) {
  EXPECT_EQ(store.verify(), kNoFaults);
  const Result<void> opened = store.open();
  ASSERT_TRUE(opened) << opened.error().detail;
  EXPECT_EQ(store.check().faults, kNoFaults);
  EXPECT_TRUE(store.commit(3).empty());
  EXPECT_EQ(store.check().faults, kNoFaults);
}

TEST(DiskFailure, AFullDiskAtAnyChangeRefusesCommitsAndLosesNothing) {
  const std::uint64_t changes = changes_of_a_life();
  for (std::uint64_t at = 1; at <= changes; at += 1 + at / 20) {
    SCOPED_TRACE(fmt::format("full from change {} on", at));
    EmbeddedOnFaults store(kSeed, kCommitters);
    store.files().fail_from(at, Fault::kDiskFull);
    const Result<void> opened = store.open();
    if (!opened) {
      EXPECT_EQ(opened.error().kind, ErrorKind::kRetryLater) << opened.error().detail;
      store.files().heal();
      ASSERT_TRUE(store.open());
    } else {
      const auto errors = store.commit(kSteps);
      for (const Error& error : errors) EXPECT_EQ(error.kind, ErrorKind::kRetryLater) << error.detail;
      expect_reads_go_on(store);
      expect_words_for_a_refusal(store);
      store.files().heal();
    }
    // There is room again, and nobody restarted the server.
    const auto errors = store.commit(3);
    ASSERT_TRUE(errors.empty()) << errors.front().detail;
    EXPECT_EQ(store.engine().stats().write_failure, "");
    expect_reads_go_on(store);
    store.close();
    expect_kept(store);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(DiskFailure, AFullDiskAndThenNoPower) {
  const std::uint64_t changes = changes_of_a_life();
  for (std::uint64_t at = 1; at <= changes; at += 3 + at / 20) {
    SCOPED_TRACE(fmt::format("full from change {} on", at));
    EmbeddedOnFaults store(kSeed, kCommitters);
    store.files().fail_from(at, Fault::kDiskFull);
    if (store.open()) store.commit(kSteps);
    store.files().cut_power();
    store.close();
    store.files().restore_power({.keep_some_of_what_was_not_synced = at % 2 == 0, .seed = at});
    expect_kept(store);
    if (testing::Test::HasFailure()) return;
  }
}

void fail_and_look(std::uint64_t at, bool once, bool then_lose_power) {
  EmbeddedOnFaults store(kSeed, kCommitters);
  if (once) {
    store.files().fail_once(at, Fault::kInputOutputError);
  } else {
    store.files().fail_from(at, Fault::kInputOutputError);
  }
  const Result<void> opened = store.open();
  if (opened) {
    const auto errors = store.commit(kSteps);
    for (const Error& error : errors) EXPECT_EQ(error.kind, ErrorKind::kRetryLater) << error.detail;
    expect_reads_go_on(store);
    expect_words_for_a_refusal(store);
  } else {
    EXPECT_EQ(opened.error().kind, ErrorKind::kRetryLater) << opened.error().detail;
  }
  if (then_lose_power) {
    store.files().cut_power();
    store.close();
    store.files().restore_power({.keep_some_of_what_was_not_synced = at % 2 == 0, .seed = at});
  }
  store.close();
  store.files().heal();
  expect_kept(store);
}

// A sync that failed may have dropped what it should have written, and the next one says nothing about it: a
// commit that is acknowledged afterwards must not stand on it. The power failure shows whether one does.
TEST(DiskFailure, AFailureAtAnyChangeLosesNothingAcknowledged) {
  const std::uint64_t changes = changes_of_a_life();
  // RocksDB rests for a second after every failure of its own, so that not every combination is tried at
  // every place.
  std::uint64_t turn = 0;
  for (std::uint64_t at = 1; at <= changes; at += 1 + at / 12, ++turn) {
    const bool once = turn % 2 == 0;
    const bool then_lose_power = turn % 3 != 2;
    SCOPED_TRACE(fmt::format("change {} fails{}{}", at, once ? " once" : "",
                             then_lose_power ? ", then no power" : ""));
    fail_and_look(at, once, then_lose_power);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace pabal::store
