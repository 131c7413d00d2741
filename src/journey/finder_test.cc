#include "journey/finder.h"

#include <gmock/gmock.h>

#include "journey/entry_codec.h"
#include "journey/testing.h"

namespace pabal::journey {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FinderTest : public JourneyTest {
 protected:
  FinderTest() { start_index(); }

  JourneyId send(const Terms& terms, const store::PartitionId& partition) {
    const Entry entry{.id = journal.new_id(), .terms = terms, .events = {event(Stage::kStored)}};
    EXPECT_TRUE(keep(partition, entry));
    sim.settle();
    return entry.id;
  }
  JourneyId letter(std::string message_id, std::string sender = "alice@crepes.fr",
                   std::string recipient = "bob@hamburger.edu") {
    return send({std::move(message_id), std::move(sender), {std::move(recipient)}}, bob);
  }

  FoundPage page(Query query, std::size_t limit = 100, std::optional<JourneyId> before = {}) {
    wait_for_index();
    auto found = sim.run_until_done(finder.find(std::move(query), limit, before));
    EXPECT_TRUE(found);
    return found ? *std::move(found) : FoundPage{};
  }
  std::vector<JourneyId> find(Query query) { return ids(page(std::move(query))); }
  static std::vector<JourneyId> ids(const FoundPage& page) {
    std::vector<JourneyId> out;
    for (const Journey& journey : page.journeys) out.push_back(journey.id);
    return out;
  }

  Finder finder{*engine};
};

TEST_F(FinderTest, FindsByEachTerm) {
  const JourneyId one = letter("1@crepes.fr");
  const JourneyId two = letter("2@crepes.fr", "carol@crepes.fr");
  const JourneyId three = letter("3@crepes.fr", "alice@crepes.fr", "carol@crepes.fr");
  EXPECT_THAT(find({.message_id = "2@crepes.fr"}), ElementsAre(two));
  EXPECT_THAT(find({.sender = "alice@crepes.fr"}), ElementsAre(three, one));
  EXPECT_THAT(find({.recipient = "bob@hamburger.edu"}), ElementsAre(two, one));
  EXPECT_THAT(find({.sender = "alice@crepes.fr", .recipient = "bob@hamburger.edu"}), ElementsAre(one));
  EXPECT_THAT(find({.message_id = "1@crepes.fr", .sender = "carol@crepes.fr"}), IsEmpty());
  EXPECT_THAT(find({.message_id = "4@crepes.fr"}), IsEmpty());
  EXPECT_THAT(find({}), ElementsAre(three, two, one));
}

TEST_F(FinderTest, FindsByTimeAcrossDays) {
  const WallTime start = sim.clock().wall();
  const JourneyId today = letter("1@crepes.fr");
  sim.clock().advance(std::chrono::hours(24));
  const JourneyId tomorrow = letter("2@crepes.fr");
  sim.clock().advance(std::chrono::hours(72));
  const JourneyId later = letter("3@crepes.fr");
  EXPECT_THAT(find({}), ElementsAre(later, tomorrow, today));
  EXPECT_THAT(find({.since = start + std::chrono::hours(1)}), ElementsAre(later, tomorrow));
  EXPECT_THAT(find({.until = start + std::chrono::hours(24)}), ElementsAre(today));
  EXPECT_THAT(find({.since = tomorrow.time(), .until = later.time()}), ElementsAre(tomorrow));
  EXPECT_THAT(find({.sender = "alice@crepes.fr", .since = later.time()}), ElementsAre(later));
}

TEST_F(FinderTest, PagesMeetWithoutGapOrOverlap) {
  std::vector<JourneyId> all;
  for (int i = 0; i < 25; ++i) {
    if (i % 10 == 0) sim.clock().advance(std::chrono::hours(24));
    all.push_back(letter(fmt::format("{}@crepes.fr", i)));
  }
  std::ranges::reverse(all);
  for (const Query& query : {Query{}, Query{.sender = "alice@crepes.fr"}}) {
    std::vector<JourneyId> seen;
    std::optional<JourneyId> before;
    do {
      const FoundPage found = page(query, 4, before);
      EXPECT_LE(found.journeys.size(), 4u);
      std::ranges::copy(ids(found), std::back_inserter(seen));
      before = found.next_before;
    } while (before);
    EXPECT_EQ(seen, all);
  }
}

TEST_F(FinderTest, AJourneyIsWholeFromAllItsPlaces) {
  const JourneyId id = journal.new_id();
  const Terms to_both{"1@crepes.fr", "alice@crepes.fr", {"bob@hamburger.edu"}};
  const Terms to_carol{"1@crepes.fr", "alice@crepes.fr", {"carol@crepes.fr"}};
  const Event accepted = event(Stage::kAccepted);
  sim.clock().advance(std::chrono::seconds(1));
  const Event stored = event(Stage::kStored);
  Event relayed = event(Stage::kRelayed);
  // Written out of order, and the beginning in both places.
  sim.clock().advance(std::chrono::seconds(1));
  ASSERT_TRUE(keep(queue, {id, to_carol, {accepted, relayed}}));
  ASSERT_TRUE(keep(bob, {id, to_both, {accepted, stored}}));
  wait_for_index();
  const auto journey = sim.run_until_done(finder.load(id));
  ASSERT_TRUE(journey && *journey);
  EXPECT_THAT((*journey)->places, ElementsAre(bob, queue));
  ASSERT_EQ((*journey)->events.size(), 3u);
  EXPECT_EQ((*journey)->events[0], accepted);
  EXPECT_THAT((*journey)->terms.recipients, ElementsAre("bob@hamburger.edu", "carol@crepes.fr"));
  EXPECT_EQ((*journey)->unreadable, 0u);
  EXPECT_THAT(find({}), ElementsAre(id));
  EXPECT_THAT(find({.recipient = "carol@crepes.fr"}), ElementsAre(id));
}

TEST_F(FinderTest, ADamagedEntryDoesNotHideTheOthers) {
  const JourneyId id = letter("1@crepes.fr");
  store::Batch batch(bob);
  batch.put(entry_key(id, sim.clock().wall(), 7), "\x02");
  ASSERT_TRUE(sim.run_until_done(engine->commit(std::move(batch))));
  const auto journey = sim.run_until_done(finder.load(id));
  ASSERT_TRUE(journey && *journey);
  EXPECT_EQ((*journey)->events.size(), 1u);
  EXPECT_EQ((*journey)->unreadable, 1u);
}

TEST_F(FinderTest, WhatIsForgottenIsNotFound) {
  const JourneyId id = letter("1@crepes.fr");
  const auto entries = sim.run_until_done(
      engine->scan(bob, store::KeyRange::with_prefix(entry_prefix(id)), store::ScanLimits{}));
  ASSERT_TRUE(entries);
  store::Batch batch(bob);
  batch.erase(std::string((*entries)[0].key));
  ASSERT_TRUE(sim.run_until_done(engine->commit(std::move(batch))));
  const auto journey = sim.run_until_done(finder.load(id));
  ASSERT_TRUE(journey);
  EXPECT_FALSE(*journey);
  EXPECT_THAT(find({.message_id = "1@crepes.fr"}), IsEmpty());
}

TEST_F(FinderTest, OneCallLooksAtABoundedNumberOfLetters) {
  const JourneyId wanted = letter("1@crepes.fr");
  for (std::size_t i = 0; i < kMaxLookedAt; ++i)
    index.add(journal.new_id(), bob, {.recipients = {"bob@hamburger.edu"}});  // forgotten already
  sim.settle();
  const Query query{.recipient = "bob@hamburger.edu"};
  const FoundPage first = page(query);
  EXPECT_THAT(first.journeys, IsEmpty());
  ASSERT_TRUE(first.next_before);
  const FoundPage second = page(query, 100, first.next_before);
  EXPECT_THAT(ids(second), ElementsAre(wanted));
  EXPECT_FALSE(second.next_before);
}

}  // namespace
}  // namespace pabal::journey
