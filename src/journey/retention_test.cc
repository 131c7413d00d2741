#include "journey/retention.h"

#include "journey/entry_codec.h"
#include "journey/finder.h"
#include "journey/resend_guard.h"
#include "journey/testing.h"

namespace pabal::journey {
namespace {

using std::chrono::days;
using std::chrono::hours;

class RetentionTest : public JourneyTest {
 protected:
  JourneyId keep_one(Stage stage, const store::PartitionId& partition) {
    const Entry entry{.id = journal.new_id(), .events = {event(stage)}};
    EXPECT_TRUE(keep(partition, entry));
    return entry.id;
  }
  std::size_t count(const store::PartitionId& partition) {
    std::size_t total = 0;
    std::optional<store::KeyRange> range = store::KeyRange{};
    while (range) {
      const auto page = sim.run_until_done(engine->scan(partition, *range, store::ScanLimits{}));
      EXPECT_TRUE(page);
      total += page->size();
      range = page->next();
    }
    return total;
  }
  Forgotten sweep(const store::PartitionId& partition) {
    const auto forgotten = sim.run_until_done(retention.sweep(partition, sim.clock().wall()));
    EXPECT_TRUE(forgotten);
    return forgotten.value_or(Forgotten{});
  }

  Retention retention{*engine, {}};
};

TEST_F(RetentionTest, ForgetsByHowItEnded) {
  struct Case {
    Stage stage;
    days kept;
  };
  const Case cases[] = {
      {Stage::kStored, days(7)},  {Stage::kRelayed, days(7)},  {Stage::kDuplicate, days(7)},
      {Stage::kFailed, days(30)}, {Stage::kRefused, days(30)}, {Stage::kDropped, days(30)},
      {Stage::kQueued, days(30)}, {Stage::kHeld, days(30)},
  };
  for (const Case& each : cases) {
    const store::PartitionId place(fmt::format("stage {}", static_cast<int>(each.stage)));
    keep_one(each.stage, place);
    sim.clock().advance(each.kept - hours(1));
    EXPECT_EQ(sweep(place).entries, 0u) << place.value();
    sim.clock().advance(hours(2));
    EXPECT_EQ(sweep(place).entries, 1u) << place.value();
    EXPECT_EQ(count(place), 0u);
  }
}

TEST_F(RetentionTest, ALettersAgeCountsFromItsLastEvent) {
  const JourneyId id = keep_one(Stage::kQueued, queue);
  sim.clock().advance(days(5));
  ASSERT_TRUE(keep(queue, {.id = id, .events = {event(Stage::kRelayed)}}));
  sim.clock().advance(days(6));
  EXPECT_EQ(sweep(queue).entries, 0u);
  sim.clock().advance(days(1));
  EXPECT_EQ(sweep(queue).entries, 2u);
}

TEST_F(RetentionTest, OldLettersGoAndTheirNeighboursStay) {
  keep_one(Stage::kStored, bob);
  const JourneyId failed = keep_one(Stage::kFailed, bob);
  sim.clock().advance(days(6));
  const JourneyId young = keep_one(Stage::kStored, bob);
  sim.clock().advance(days(1) + hours(1));
  EXPECT_EQ(sweep(bob).entries, 1u);
  const auto page =
      sim.run_until_done(engine->scan(bob, store::KeyRange::with_prefix(kEntryPrefix), store::ScanLimits{}));
  ASSERT_TRUE(page);
  ASSERT_EQ(page->size(), 2u);
  EXPECT_EQ(journey_of_key((*page)[0].key), failed);
  EXPECT_EQ(journey_of_key((*page)[1].key), young);
}

TEST_F(RetentionTest, LeavesWhatIsNotAJourney) {
  store::Batch batch(bob);
  batch.put("journal", "x");
  batch.put("journez/", "x");
  ASSERT_TRUE(sim.run_until_done(engine->commit(std::move(batch))));
  keep_one(Stage::kStored, bob);
  sim.clock().advance(days(40));
  sweep(bob);
  EXPECT_EQ(count(bob), 2u);
}

TEST_F(RetentionTest, ManyGoInPages) {
  const JourneyId long_one = keep_one(Stage::kQueued, queue);
  for (int i = 0; i < 1500; ++i)
    ASSERT_TRUE(keep(queue, {.id = long_one, .events = {event(Stage::kDeferred)}}));
  for (int i = 0; i < 1500; ++i) keep_one(Stage::kRelayed, queue);
  sim.clock().advance(days(10));
  EXPECT_EQ(sweep(queue).entries, 1500u);
  EXPECT_EQ(count(queue), 1501u);
  sim.clock().advance(days(30));
  EXPECT_EQ(sweep(queue).entries, 1501u);
  EXPECT_EQ(count(queue), 0u);
}

TEST_F(RetentionTest, WhatCantBeReadIsKeptAsAFailure) {
  store::Batch batch(bob);
  batch.put(entry_key(journal.new_id(), sim.clock().wall(), 0), "\x7f");
  ASSERT_TRUE(sim.run_until_done(engine->commit(std::move(batch))));
  sim.clock().advance(days(29));
  EXPECT_EQ(sweep(bob).entries, 0u);
  sim.clock().advance(days(2));
  EXPECT_EQ(sweep(bob).entries, 1u);
}

TEST_F(RetentionTest, OutdatedTokensGo) {
  store::Batch batch(bob);
  guard(batch, make_resend_token("a letter"), JourneyId(1), sim.clock().wall());
  ASSERT_TRUE(sim.run_until_done(engine->commit(std::move(batch))));
  sim.clock().advance(days(1));
  EXPECT_EQ(sweep(bob).tokens, 0u);
  sim.clock().advance(days(1));
  EXPECT_EQ(sweep(bob).tokens, 1u);
  EXPECT_EQ(count(bob), 0u);
}

TEST_F(RetentionTest, AnIndexGoesWhenAllItsLettersAreForgotten) {
  start_index();
  const store::PartitionId first_day = index_partition(day_of(sim.clock().wall()));
  keep_one(Stage::kFailed, bob);
  sim.settle();
  sim.clock().advance(days(90));
  const store::PartitionId last_day = index_partition(day_of(sim.clock().wall()));
  keep_one(Stage::kFailed, bob);
  sim.settle();
  const auto sweep_index = [&] {
    const auto forgotten = sim.run_until_done(retention.sweep_index(sim.clock().wall()));
    EXPECT_TRUE(forgotten);
    return forgotten.value_or(Forgotten{}).index_rows;
  };
  EXPECT_EQ(sweep_index(), 0u);
  sim.clock().advance(days(1));
  EXPECT_EQ(sweep_index(), 1u);
  EXPECT_EQ(count(first_day), 0u);
  EXPECT_EQ(count(last_day), 1u);
  EXPECT_EQ(count(days_partition()), 1u);
  EXPECT_EQ(sweep_index(), 0u);
}

}  // namespace
}  // namespace pabal::journey
