#include "queue/lane.h"

#include "queue/testing.h"

namespace pabal::queue {
namespace {

using namespace std::chrono_literals;
using Hosts = ErrandReport::Hosts;

class LaneTest : public testing::Test {
 protected:
  Task task(std::uint64_t id, std::uint64_t submitter = 0, std::chrono::seconds from_now = 0s) {
    const WallTime due = clock_.wall() + from_now;
    return {.name = {journey::JourneyId(id)}, .submitter = submitter, .since = due, .due = due};
  }
  void arrive(Task task) { lane_.arrive(std::move(task), clock_.wall()); }
  std::uint64_t take() {
    const auto task = lane_.take();
    return task ? task->name.id.value() : 0;
  }
  bool ended(Hosts hosts, std::chrono::nanoseconds took = 1s) {
    const WallTime began = clock_.wall();
    lane_.attempt_begins();
    clock_.advance(took);
    const bool recovered = lane_.learn(hosts, "trouble.", began, clock_.wall(), policy_, random_);
    lane_.attempt_ends();
    return recovered;
  }

  ManualClock clock_;
  SeededRandom random_{1};
  RetryPolicy policy_{.jitter_percent = 0};
  LaneOptions options_{.initial_concurrency = 2, .max_concurrency = 6, .max_ready = 4, .fair_share = 1};
  Lane lane_{domain("hamburger.edu"), options_};
};

TEST_F(LaneTest, SubmittersTakeTurns) {
  arrive(task(1, 10));
  arrive(task(2, 10));
  arrive(task(3, 20));
  arrive(task(4, 30));
  std::vector<std::uint64_t> order;
  for (std::uint64_t id = take(); id != 0; id = take()) order.push_back(id);
  EXPECT_EQ(order, (std::vector<std::uint64_t>{1, 3, 4, 2}));
}

TEST_F(LaneTest, FullWindowStillLetsANewSubmitterIn) {
  for (std::uint64_t id = 1; id <= 5; ++id) arrive(task(id, 10));
  EXPECT_EQ(lane_.ready(), 4u);
  EXPECT_EQ(lane_.unread_from().name.id.value(), 5u);  // stays on disk, and is known to be there
  arrive(task(6, 20));
  EXPECT_EQ(lane_.ready(), 5u);
  for (std::uint64_t id = 100; id < 200; ++id) arrive(task(id, id));
  EXPECT_EQ(lane_.ready(), 8u);
}

TEST_F(LaneTest, TaskForLaterStaysOnDisk) {
  arrive(task(1, 0, 60s));
  EXPECT_EQ(lane_.ready(), 0u);
  EXPECT_FALSE(lane_.wants_more(clock_.wall()));
  clock_.advance(60s);
  EXPECT_TRUE(lane_.wants_more(clock_.wall()));
}

TEST_F(LaneTest, WhatLeftWhileAPageWasReadDoesNotComeBack) {
  arrive(task(1));
  arrive(task(2));
  lane_.note_unread(LinePlace::first());
  lane_.begin_reading();
  EXPECT_EQ(take(), 1u);
  lane_.leave({journey::JourneyId(1)}, {});
  const LinePlace again = task(2, 0, 60s).place();
  EXPECT_EQ(take(), 2u);
  lane_.leave({journey::JourneyId(2)}, again);
  std::vector<Task> page;
  for (std::uint64_t id = 1; id <= 3; ++id) page.push_back(task(id));
  lane_.end_reading(std::move(page), LinePlace::behind_all());
  EXPECT_EQ(lane_.ready(), 1u);
  EXPECT_EQ(take(), 3u);
  EXPECT_EQ(lane_.unread_from(), again);
}

TEST_F(LaneTest, ClaimTakesWhatIsReadyButNotWhatIsWorkedOn) {
  arrive(task(1));
  arrive(task(2));
  EXPECT_EQ(take(), 1u);
  EXPECT_FALSE(lane_.claim({journey::JourneyId(1)}));
  EXPECT_TRUE(lane_.claim({journey::JourneyId(2)}));
  EXPECT_EQ(take(), 0u);
}

TEST_F(LaneTest, ConcurrencyGrowsToItsBoundAndHalvesOnTrouble) {
  EXPECT_EQ(lane_.room(), 2u);
  for (int i = 0; i < 100; ++i) ended(Hosts::kWell);
  EXPECT_EQ(lane_.room(), 6u);
  ended(Hosts::kTroubled);
  EXPECT_EQ(lane_.room(), 3u);
  EXPECT_FALSE(lane_.closed(clock_.wall()));
  ended(Hosts::kTroubled);
  ended(Hosts::kTroubled);
  EXPECT_TRUE(lane_.closed(clock_.wall()));
}

TEST_F(LaneTest, UnreachableDomainRestsLongerEachTimeAndIsProbedByOne) {
  std::chrono::seconds rest = 60s;
  for (int i = 0; i < 8; ++i) {
    ended(Hosts::kUnreachable);
    EXPECT_EQ(lane_.rest_until(), clock_.wall() + rest) << i;
    EXPECT_TRUE(lane_.closed(clock_.wall()));
    EXPECT_EQ(lane_.trouble(), "trouble.");
    clock_.advance(rest);
    EXPECT_FALSE(lane_.closed(clock_.wall()));
    EXPECT_EQ(lane_.room(), 1u);
    rest = std::min<std::chrono::seconds>(2 * rest, 1800s);
  }
  EXPECT_TRUE(ended(Hosts::kWell));   // it recovered
  EXPECT_FALSE(ended(Hosts::kWell));  // which is news once
  EXPECT_GE(lane_.room(), 2u);
  ended(Hosts::kUnreachable);
  EXPECT_EQ(lane_.rest_until(), clock_.wall() + 60s);
}

TEST_F(LaneTest, AttemptsThatBeganTogetherAreOnePieceOfBadNews) {
  const WallTime began = clock_.wall();
  for (int i = 0; i < 3; ++i) lane_.attempt_begins();
  clock_.advance(30s);
  for (int i = 0; i < 3; ++i) lane_.learn(Hosts::kUnreachable, "", began, clock_.wall(), policy_, random_);
  EXPECT_EQ(lane_.rest_until(), clock_.wall() + 60s);
}

}  // namespace
}  // namespace pabal::queue
