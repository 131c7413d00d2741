// What operators see and do.
#include "queue/testing.h"

namespace pabal::queue {
namespace {

using namespace std::chrono_literals;
using journey::FactName;
using journey::JourneyId;
using journey::Stage;
using Hosts = ErrandReport::Hosts;

class QueueOperatorTest : public QueueTest {
 protected:
  QueueOperatorTest() {
    courier_.hosts["hamburger.edu"] = {.hosts = Hosts::kUnreachable};
    start();
  }
};

TEST_F(QueueOperatorTest, ListTellsWhatWaitsAndWhy) {
  const JourneyId id = add({.to = {"bob@hamburger.edu", "later@fries.org"}});
  settle();
  const auto items = list();
  ASSERT_EQ(items.size(), 2u);
  for (const QueueItem& item : items) {
    EXPECT_EQ(item.id, id);
    EXPECT_EQ(item.sender, "alice@crepes.fr");
    EXPECT_EQ(item.attempts, 1u);
    ASSERT_TRUE(item.next_try);
    EXPECT_GT(*item.next_try, now());
    if (item.domain == "fries.org") {
      EXPECT_EQ(item.reason,
                "The other side asked us to come back later. mx.hamburger.edu [192.0.2.7]:25 said: 451 4.7.1 "
                "Greylisted, come back later");
    } else {
      EXPECT_EQ(item.reason, "No host could be reached.");
    }
  }
}

TEST_F(QueueOperatorTest, NextTryIsNeverInThePast) {
  add();
  for (int i = 0; i < 200; ++i) {
    pass(17s);
    if (i == 30) add();  // while the domain rests
    for (const QueueItem& item : list()) {
      ASSERT_TRUE(item.next_try);
      EXPECT_GE(*item.next_try, now()) << i;
    }
  }
}

TEST_F(QueueOperatorTest, NextTryIsNotBeforeTheDomainHasRested) {
  for (int i = 0; i < 4; ++i) add();  // of these one learned that the domain is to rest, and how long
  pass(2h);
  courier_.begun.clear();
  const std::vector<QueueItem> items = list();
  ASSERT_EQ(items.size(), 4u);
  const WallTime first = *std::ranges::min_element(items, {}, &QueueItem::next_try)->next_try;
  while (courier_.begun.empty()) pass(1s);
  EXPECT_GE(courier_.begun.front().at, first);
}

TEST_F(QueueOperatorTest, LetterToASuspendedDomainHasNoNextTry) {
  ASSERT_TRUE(run(queue_->suspend(domain("hamburger.edu"), "They asked us to.")));
  add();
  settle();
  const std::vector<QueueItem> items = list();
  ASSERT_EQ(items.size(), 1u);
  EXPECT_FALSE(items[0].next_try);
  EXPECT_FALSE(items[0].held);
  EXPECT_EQ(items[0].reason, "The domain is suspended: They asked us to.");
}

TEST_F(QueueOperatorTest, FiltersPickWhatTheyName) {
  const JourneyId alice = add({.to = {"bob@hamburger.edu"}});
  pass(2h);
  const JourneyId report = add({.to = {"bob@hamburger.edu"}, .from = ""});
  const JourneyId carol = add({.to = {"later@fries.org", "Dave@hamburger.edu"}, .from = "carol@crepes.fr"});
  settle();
  struct Case {
    const char* name;
    QueueFilter filter;
    std::multiset<JourneyId> want;
  };
  const Case cases[] = {
      {"all", {}, {alice, report, carol, carol}},
      {"one", {.id = carol}, {carol, carol}},
      {"sender", {.sender = "alice@crepes.fr"}, {alice}},
      {"null sender", {.sender = "<>"}, {report}},
      {"recipient", {.recipient = "dave@hamburger.edu"}, {carol}},
      {"domain", {.domain = domain("hamburger.edu")}, {alice, report, carol}},
      {"another domain", {.domain = domain("shake.net")}, {}},
      {"older than an hour", {.older_than = 3600s}, {alice}},
      {"held", {.held = true}, {}},
  };
  for (const Case& each : cases) {
    std::multiset<JourneyId> got;
    for (const QueueItem& item : list(each.filter)) got.insert(item.id);
    EXPECT_EQ(got, each.want) << each.name;
  }
}

TEST_F(QueueOperatorTest, RetryTriesNow) {
  add();
  pass(2h);
  courier_.hosts["hamburger.edu"] = {};
  courier_.ended.clear();
  EXPECT_EQ(change({}, QueueChange::kRetry).changed, 1u);
  EXPECT_EQ(courier_.ended.size(), 1u);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
}

TEST_F(QueueOperatorTest, FlushOfALongLineTriesAllOfIt) {
  for (int i = 0; i < 1500; ++i) add();
  pass(2h);
  courier_.hosts["hamburger.edu"] = {};
  courier_.ended.clear();
  change({}, QueueChange::kRetry);
  pass(5s);
  EXPECT_EQ(courier_.ended.size(), 1500u);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
}

TEST_F(QueueOperatorTest, HeldLetterWaitsUntilItIsReleased) {
  const JourneyId id = add();
  settle();
  EXPECT_EQ(change({.id = id}, QueueChange::kHold, "Looks like spam.").changed, 1u);
  EXPECT_EQ(change({.id = id}, QueueChange::kHold).changed, 0u);
  EXPECT_EQ(fact(journal_.last(id, Stage::kHeld), FactName::kReason), "Looks like spam.");
  courier_.hosts["hamburger.edu"] = {};
  courier_.ended.clear();
  pass(10 * 24h);
  EXPECT_EQ(courier_.ended.size(), 0u);
  EXPECT_EQ(change({}, QueueChange::kRetry).changed, 0u);  // a flush leaves it
  ASSERT_EQ(list({.held = true}).size(), 1u);
  EXPECT_FALSE(list()[0].next_try);
  EXPECT_TRUE(list()[0].held);

  stop();
  start();
  pass(1h);
  EXPECT_EQ(courier_.ended.size(), 0u);  // nor does a new start change it
  courier_.answer = [](const Recipient&) { return FakeCourier::later(); };
  EXPECT_EQ(change({.held = true}, QueueChange::kRelease).changed, 1u);
  EXPECT_EQ(courier_.ended.size(), 1u);
  EXPECT_EQ(list().size(), 1u);  // its five days begin again
}

TEST_F(QueueOperatorTest, LetterHeldByItsSenderCanBeReleasedAndDeleted) {
  courier_.hosts["hamburger.edu"] = {};
  const JourneyId one = add({.hold = now() + 3h});
  const JourneyId other = add({.hold = now() + 3h});
  EXPECT_EQ(change({.id = one}, QueueChange::kRelease).changed, 1u);
  EXPECT_EQ(change({.id = other}, QueueChange::kDelete).changed, 1u);  // undo send
  pass(4h);
  EXPECT_EQ(courier_.ended.size(), 1u);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
  EXPECT_EQ(run(engine_.sweep())->blobs_dropped, 1u);  // both were one blob
}

TEST_F(QueueOperatorTest, BounceTellsTheSenderWhy) {
  const JourneyId id = add({.to = {"bob@hamburger.edu", "later@fries.org"}});
  settle();
  EXPECT_EQ(change({.id = id}, QueueChange::kBounce, "We do not send advertising.").changed, 2u);
  settle();
  ASSERT_EQ(door_.reports.size(), 2u);
  EXPECT_NE(door_.reports[0].letter.find("We do not send advertising."), std::string::npos);
  EXPECT_NE(door_.reports[0].letter.find("Status: 5.7.0"), std::string::npos);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
}

TEST_F(QueueOperatorTest, DeleteTellsNobodyButTheJourney) {
  const JourneyId id = add({.to = {"bob@hamburger.edu", "later@fries.org"}});
  settle();
  EXPECT_EQ(change({.sender = "alice@crepes.fr"}, QueueChange::kDelete, "By mistake.").changed, 2u);
  EXPECT_EQ(door_.reports.size(), 0u);
  EXPECT_EQ(journal_.count(id, Stage::kDropped), 2u);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
  EXPECT_EQ(run(engine_.sweep())->blobs_dropped, 1u);
}

TEST_F(QueueOperatorTest, LetterOnTheWireIsLeftAlone) {
  courier_.hosts["hamburger.edu"] = {.takes = 10s};
  const JourneyId id = add();
  settle();
  const QueueChanged changed = change({.id = id}, QueueChange::kDelete);
  EXPECT_EQ(changed.changed, 0u);
  EXPECT_EQ(changed.busy, 1u);
  pass(11s);
  EXPECT_EQ(journal_.count(id, Stage::kRelayed), 1u);
}

TEST_F(QueueOperatorTest, SuspendedDomainWaitsOverARestartAndGoesOn) {
  courier_.hosts["hamburger.edu"] = {};
  ASSERT_TRUE(run(queue_->suspend(domain("hamburger.edu"), "They asked us to.")));
  const JourneyId id = add();
  settle();
  EXPECT_EQ(courier_.begun.size(), 0u);
  EXPECT_NE(fact(journal_.last(id, Stage::kDeferred), FactName::kReason).find("They asked us to."),
            std::string::npos);
  stop();
  start();
  pass(2h);
  EXPECT_EQ(courier_.begun.size(), 0u);
  const auto statistics = run(queue_->statistics());
  ASSERT_EQ(statistics->size(), 1u);
  EXPECT_EQ((*statistics)[0].suspended, "They asked us to.");
  EXPECT_EQ((*statistics)[0].letters, 1u);

  ASSERT_TRUE(run(queue_->resume(domain("hamburger.edu"))));
  settle();
  EXPECT_EQ(courier_.ended.size(), 1u);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
  const auto again = run(queue_->resume(domain("hamburger.edu")));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().detail, "deliveries to hamburger.edu are not suspended");
}

TEST_F(QueueOperatorTest, LettersToASuspendedDomainGrowOld) {
  ASSERT_TRUE(run(queue_->suspend(domain("hamburger.edu"), "")));
  add();
  pass(5 * 24h + 1h);
  EXPECT_EQ(door_.reports.size(), 2u);  // late, and failed
  EXPECT_EQ(list().size(), 0u);
}

}  // namespace
}  // namespace pabal::queue
