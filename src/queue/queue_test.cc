#include "queue/queue.h"

#include <set>
#include <stdexcept>

#include "queue/testing.h"

namespace pabal::queue {
namespace {

using namespace std::chrono_literals;
using journey::FactName;
using journey::JourneyId;
using journey::Stage;
using Hosts = ErrandReport::Hosts;

TEST_F(QueueTest, LetterToAHealthyDomainLeavesAtOnceAndLeavesNothingBehind) {
  start();
  const JourneyId id = add();
  settle();
  ASSERT_EQ(courier_.ended.size(), 1u);
  EXPECT_EQ(courier_.ended[0].to, std::vector<std::string>{"bob@hamburger.edu"});
  EXPECT_EQ(courier_.ended[0].at, now());
  EXPECT_EQ(journal_.count(id, Stage::kAccepted), 1u);
  EXPECT_EQ(journal_.count(id, Stage::kQueued), 1u);
  EXPECT_EQ(fact(journal_.last(id, Stage::kRelayed), FactName::kReply), "250 2.0.0 Ok, queued as 1");
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
  EXPECT_EQ(run(engine_.sweep())->blobs_dropped, 1u);
  EXPECT_EQ(counts_.relayed.value(), 1u);
}

TEST_F(QueueTest, RecipientsOfOneDomainGoTogetherAndDomainsGoApart) {
  start();
  const JourneyId id =
      add({.to = {"bob@hamburger.edu", "carol@fries.org", "dave@hamburger.edu", "eve@shake.net"}});
  settle();
  ASSERT_EQ(courier_.ended.size(), 3u);
  std::multiset<std::size_t> sizes;
  for (const auto& carried : courier_.ended) sizes.insert(carried.to.size());
  EXPECT_EQ(sizes, (std::multiset<std::size_t>{1, 1, 2}));
  EXPECT_EQ(journal_.count(id, Stage::kAccepted), 1u);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
}

TEST_F(QueueTest, ManyRecipientsOfOneDomainAreCutIntoErrands) {
  start();
  NewLetter letter{.to = {}};
  for (int i = 0; i < 250; ++i) letter.to.push_back(fmt::format("user{}@hamburger.edu", i));
  add(letter);
  settle();
  EXPECT_EQ(courier_.ended.size(), 3u);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
}

TEST_F(QueueTest, LetterSentAgainIsKnown) {
  start();
  const JourneyId first = add({.token = "again"});
  const auto second = run(queue_->add(submission({.token = "again"})));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->what, Added::What::kKnown);
  EXPECT_EQ(second->id, first);
  settle();
  EXPECT_EQ(courier_.ended.size(), 1u);
}

TEST_F(QueueTest, LetterSentAgainBringsThePartThatWasMissing) {
  start();
  Submission one = submission({.to = {"bob@hamburger.edu"}, .token = "again"});
  ASSERT_TRUE(run(queue_->add(std::move(one))));
  // In another shard than hamburger.edu, or the test shows nothing.
  ASSERT_NE(shard_of(domain("hamburger.edu")), shard_of(domain("fries.org")));
  const auto second =
      run(queue_->add(submission({.to = {"bob@hamburger.edu", "carol@fries.org"}, .token = "again"})));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->what, Added::What::kQueued);
  settle();
  ASSERT_EQ(courier_.ended.size(), 2u);
  EXPECT_EQ(courier_.ended[1].to, std::vector<std::string>{"carol@fries.org"});
}

TEST_F(QueueTest, FiveDaysOfAnUndeliverableLetter) {
  start();
  const WallTime begin = now();
  const JourneyId id = add({.to = {"later@hamburger.edu"}});
  settle();
  EXPECT_EQ(courier_.ended.size(), 1u);
  pass(70s);
  EXPECT_EQ(courier_.ended.size(), 2u);  // greylisting is over after a minute
  pass(4h + 35min);                      // told with the first attempt that fails after four hours
  ASSERT_EQ(door_.reports.size(), 1u);
  EXPECT_EQ(door_.reports[0].to.to_string(), "alice@crepes.fr");
  EXPECT_EQ(journal_.count(id, Stage::kReported), 1u);
  pass(5 * 24h);
  EXPECT_EQ(door_.reports.size(), 2u);
  EXPECT_EQ(journal_.count(id, Stage::kFailed), 1u);
  EXPECT_EQ(journal_.count(id, Stage::kReported), 2u);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});

  // Every half hour, and the last one at the end.
  EXPECT_GT(courier_.ended.size(), 220u);
  EXPECT_LT(courier_.ended.size(), 290u);
  const auto lasted = courier_.ended.back().at - begin;
  EXPECT_GE(lasted, 5 * 24h);
  EXPECT_LT(lasted, 5 * 24h + 1min);
  for (std::size_t i = 1; i < courier_.ended.size(); ++i) {
    EXPECT_LT(courier_.ended[i].at - courier_.ended[i - 1].at, 34min) << i;
  }
  const std::string reason = fact(journal_.last(id, Stage::kFailed), FactName::kReason);
  EXPECT_NE(reason.find("We tried for 5 days"), std::string::npos) << reason;
}

TEST_F(QueueTest, UnreachableDomainIsProbedSeldomAndItsLettersFailAfterFiveDaysToo) {
  courier_.hosts["hamburger.edu"] = {.hosts = Hosts::kUnreachable, .takes = 30s};
  start();
  std::vector<JourneyId> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(add());
  pass(5h);
  EXPECT_EQ(door_.reports.size(), 20u);  // each sender of each letter hears that it is late
  pass(5 * 24h);
  EXPECT_EQ(door_.reports.size(), 40u);
  for (const JourneyId id : ids) EXPECT_EQ(journal_.count(id, Stage::kFailed), 1u);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
  // About one probe in half an hour, not twenty.
  EXPECT_LT(courier_.begun.size(), 400u);
}

TEST_F(QueueTest, BlackHoleOfTenThousandLettersDelaysNobody) {
  courier_.hosts["blackhole.net"] = {.hosts = Hosts::kUnreachable, .takes = 5min};
  start();
  const Submission like = submission({});
  for (int i = 0; i < 10'000; ++i) {
    Submission one{.letter = like.letter, .to = {{address("bob@blackhole.net")}}, .blob = like.blob};
    one.letter.id = journal_.new_id();
    ASSERT_TRUE(run(queue_->add(std::move(one))));
  }
  settle();
  EXPECT_LE(courier_.most_at_once, options_.lane.initial_concurrency);
  const JourneyId id = add({.to = {"carol@fries.org"}});
  settle();
  EXPECT_EQ(journal_.count(id, Stage::kRelayed), 1u);  // no time has passed

  // And once more when the black hole is known as one.
  pass(20min);
  const JourneyId other = add({.to = {"dave@blackhole.net", "carol@fries.org"}});
  settle();
  EXPECT_EQ(journal_.count(other, Stage::kRelayed), 1u);
  EXPECT_LT(courier_.begun.size(), 30u);

  // When it takes mail again, all of it goes soon.
  courier_.hosts["blackhole.net"] = {.takes = 100ms};
  pass(50min);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
  EXPECT_EQ(counts_.relayed.value(), 10'003u);
}

TEST_F(QueueTest, DomainThatIsBackGetsWhatWasPutOffWithoutWaiting) {
  courier_.hosts["hamburger.edu"] = {.hosts = Hosts::kUnreachable};
  start();
  for (int i = 0; i < 50; ++i) add();
  pass(3h);
  courier_.hosts["hamburger.edu"] = {};
  courier_.ended.clear();
  while (courier_.ended.empty()) pass(10s);
  pass(10s);
  EXPECT_EQ(courier_.ended.size(), 50u);
}

TEST_F(QueueTest, ConcurrencyGrowsWithSuccessAndStaysBounded) {
  courier_.hosts["hamburger.edu"] = {.takes = 1s};
  start();
  for (int i = 0; i < 500; ++i) add();
  settle();
  EXPECT_EQ(courier_.most_at_once, options_.lane.initial_concurrency);
  pass(60s);
  EXPECT_EQ(courier_.ended.size(), 500u);
  EXPECT_GT(courier_.most_at_once, 2 * options_.lane.initial_concurrency);
  EXPECT_LE(courier_.most_at_once, options_.lane.max_concurrency);
}

TEST_F(QueueTest, OneOfThreeRecipientsIsRefused) {
  start();
  const JourneyId id = add({.to = {"bob@hamburger.edu", "nobody@hamburger.edu", "later@hamburger.edu"}});
  settle();
  EXPECT_EQ(fact(journal_.last(id, Stage::kRelayed), FactName::kRecipient), "bob@hamburger.edu");
  EXPECT_EQ(fact(journal_.last(id, Stage::kFailed), FactName::kRecipient), "nobody@hamburger.edu");
  EXPECT_EQ(fact(journal_.last(id, Stage::kDeferred), FactName::kRecipient), "later@hamburger.edu");
  ASSERT_EQ(door_.reports.size(), 1u);
  EXPECT_NE(door_.reports[0].letter.find("nobody@hamburger.edu"), std::string::npos);
  pass(70s);
  ASSERT_EQ(courier_.ended.size(), 2u);
  EXPECT_EQ(courier_.ended[1].to, std::vector<std::string>{"later@hamburger.edu"});
  EXPECT_EQ(courier_.ended[1].attempt, 2u);
}

TEST_F(QueueTest, NotifyDecidesWhoIsTold) {
  struct Case {
    const char* name;
    std::optional<smtp::Notify> notify;
    const char* to;
    bool offers_dsn;
    std::size_t reports;
    std::size_t dropped;
  };
  constexpr smtp::Notify kNever{};
  const Case cases[] = {
      {"nothing said, failed", {}, "nobody", false, 1, 0},
      {"nothing said, relayed", {}, "bob", false, 0, 0},
      {"never, failed", kNever, "nobody", false, 0, 1},
      {"failure, failed", smtp::Notify{.failure = true}, "nobody", false, 1, 0},
      {"success, failed", smtp::Notify{.success = true}, "nobody", false, 0, 1},
      {"success, relayed to a host without DSN", smtp::Notify{.success = true}, "bob", false, 1, 0},
      {"success, relayed to a host with DSN", smtp::Notify{.success = true}, "bob", true, 0, 0},
      {"failure, relayed", smtp::Notify{.failure = true}, "bob", false, 0, 0},
  };
  start();
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    door_.reports.clear();
    courier_.hosts["hamburger.edu"].offers_dsn = each.offers_dsn;
    const JourneyId id = add({.to = {fmt::format("{}@hamburger.edu", each.to)}, .notify = each.notify});
    settle();
    EXPECT_EQ(door_.reports.size(), each.reports);
    EXPECT_EQ(journal_.count(id, Stage::kReported), each.reports);
    EXPECT_EQ(journal_.count(id, Stage::kDropped), each.dropped);
  }
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
}

TEST_F(QueueTest, DelayIsToldOnlyToThoseWhoWantToKnow) {
  start();
  add({.to = {"later@hamburger.edu"}, .notify = smtp::Notify{.failure = true}});
  pass(6h);
  EXPECT_EQ(door_.reports.size(), 0u);
  pass(5 * 24h);
  EXPECT_EQ(door_.reports.size(), 1u);
}

TEST_F(QueueTest, ReportThatFailsIsDroppedAndNeverReported) {
  start();
  const JourneyId id = add({.to = {"nobody@hamburger.edu"}, .from = ""});
  settle();
  EXPECT_EQ(door_.reports.size(), 0u);
  EXPECT_EQ(journal_.count(id, Stage::kDropped), 1u);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
}

TEST_F(QueueTest, ReportIsTriedAgainUntilTheDoorTakesIt) {
  start();
  door_.fails = ErrorKind::kRetryLater;
  const JourneyId id = add({.to = {"nobody@hamburger.edu", "bob@hamburger.edu"}});
  pass(10min);
  EXPECT_EQ(door_.reports.size(), 0u);
  door_.fails.reset();
  pass(2min);
  EXPECT_EQ(door_.reports.size(), 1u);
  EXPECT_EQ(courier_.ended.size(), 1u);  // nothing was carried twice for the report's sake
  EXPECT_EQ(journal_.count(id, Stage::kReported), 1u);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
}

TEST_F(QueueTest, ReportThatHasNowhereToGoIsDropped) {
  start();
  door_.fails = ErrorKind::kRefuse;
  const JourneyId id = add({.to = {"nobody@hamburger.edu"}});
  settle();
  EXPECT_EQ(journal_.count(id, Stage::kDropped), 1u);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
}

TEST_F(QueueTest, LetterHeldByItsSenderWaitsUntilItsTime) {
  start();
  const JourneyId id = add({.hold = now() + 3h});
  EXPECT_EQ(journal_.count(id, Stage::kHeld), 1u);
  pass(2h + 59min);
  EXPECT_EQ(courier_.begun.size(), 0u);
  change({}, QueueChange::kRetry);  // flush does not break the sender's word
  EXPECT_EQ(courier_.begun.size(), 0u);
  pass(2min);
  EXPECT_EQ(courier_.ended.size(), 1u);
}

TEST_F(QueueTest, StopsInTheMiddleAndGoesOnAfterTheNextStart) {
  courier_.hosts["hamburger.edu"] = {.takes = 10s};
  start();
  const JourneyId id = add();
  pass(1s);
  EXPECT_EQ(courier_.begun.size(), 1u);
  stop();
  EXPECT_TRUE(courier_.rested);
  EXPECT_EQ(courier_.ended.size(), 0u);
  start();
  pass(11s);
  ASSERT_EQ(courier_.ended.size(), 1u);
  EXPECT_EQ(courier_.ended[0].attempt, 1u);  // what we cut short ourselves does not count
  EXPECT_EQ(journal_.count(id, Stage::kRelayed), 1u);
}

// Whatever commit is the last before the power goes, the letter arrives after the next start, its sender is
// told once, and what was noted as relayed is not sent again.
TEST_F(QueueTest, PowerGoesAtEachStep) {
  for (int step = 0; step < 8; ++step) {
    SCOPED_TRACE(step);
    courier_.ended.clear();
    door_.reports.clear();
    start();
    const JourneyId id = add({.to = {"bob@hamburger.edu", "nobody@hamburger.edu", "carol@fries.org"}});
    engine_.commits_until_dark = step;
    pass(30s);
    scope_->cancel();
    sim_.run_until_done(scope_->join());
    queue_.reset();
    scope_.reset();
    engine_.commits_until_dark.reset();
    const std::size_t relayed_before = journal_.count(id, Stage::kRelayed);

    courier_.ended.clear();
    start();
    pass(2min);
    EXPECT_EQ(keys_left(), std::vector<std::string>{});
    EXPECT_EQ(door_.reports.size(), 1u);
    EXPECT_EQ(journal_.count(id, Stage::kRelayed), 2u);
    EXPECT_LE(courier_.ended.size(), 2u - relayed_before);
    stop();
  }
}

TEST_F(QueueTest, PowerGoesWhileLettersAreDeferredWarnedAboutAndBroughtForward) {
  for (int step = 0; step < 40; step += 3) {
    SCOPED_TRACE(step);
    courier_.hosts["hamburger.edu"] = {.hosts = Hosts::kUnreachable};
    door_.reports.clear();
    start();
    std::vector<JourneyId> ids;
    for (int i = 0; i < 3; ++i) ids.push_back(add());
    pass(3h + 50min);
    engine_.commits_until_dark = step;
    pass(1h);
    courier_.hosts["hamburger.edu"] = {};
    pass(1h);
    stop();
    engine_.commits_until_dark.reset();
    start();
    pass(1h);
    for (const JourneyId id : ids) EXPECT_EQ(journal_.count(id, Stage::kRelayed), 1u);
    EXPECT_LE(door_.reports.size(), 3u);  // that each is late, at most once
    EXPECT_EQ(keys_left(), std::vector<std::string>{});
    stop();
  }
}

TEST_F(QueueTest, BrokenStoreAfterAnAttemptSendsNothingAgainAndAgain) {
  courier_.hosts["hamburger.edu"] = {.takes = 1s};
  start();
  const JourneyId id = add();
  engine_.commits_until_dark = 0;
  pass(1h);
  EXPECT_EQ(courier_.ended.size(), 1u);
  engine_.commits_until_dark.reset();
  stop();
  start();
  pass(1min);
  EXPECT_EQ(journal_.count(id, Stage::kRelayed), 1u);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
}

TEST_F(QueueTest, FullDiskAfterAnAttemptSendsNothingTwice) {
  courier_.hosts["hamburger.edu"] = {.takes = 1s};
  start();
  const JourneyId id = add();
  engine_.failing_commits = 3;
  pass(1min);
  EXPECT_EQ(courier_.ended.size(), 1u);
  EXPECT_EQ(journal_.count(id, Stage::kRelayed), 1u);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
}

// A domain's line is read while a letter is stored there: it may be on its way, and even have arrived, when
// those who stored it hear that it is.
TEST_F(QueueTest, LetterThatIsReadBeforeItsArrivalIsSentOnce) {
  struct Run {
    static net::Task<void> add(Queue& queue, Submission submission) {
      EXPECT_TRUE(co_await queue.add(std::move(submission)));
    }
  };
  for (const std::chrono::seconds takes : {0s, 600s}) {  // it has arrived when the news comes; it has not
    courier_.begun.clear();
    courier_.hosts["hamburger.edu"].takes = takes;
    scope_ = std::make_unique<net::Scope>(sim_.loop());
    queue_ = std::make_unique<Queue>(services_, std::vector<Queue::Place>{{sim_.loop(), courier_}}, options_);
    engine_.next_answer_comes_after = 300s;
    scope_->spawn(Run::add(*queue_, submission({.to = {"bob@hamburger.edu"}})));
    settle();                       // it is stored
    scope_->spawn(queue_->run(0));  // reads the lines of all domains
    pass(1000s);
    EXPECT_EQ(std::ranges::count(courier_.begun, std::vector<std::string>{"bob@hamburger.edu"},
                                 &FakeCourier::Carried::to),
              1)
        << takes.count();
    stop();
  }
}

TEST_F(QueueTest, CourierThatBreaksLosesNothing) {
  start();
  const auto usual = courier_.answer;
  courier_.answer = [](const Recipient&) -> RecipientResult { throw std::runtime_error("a bug"); };
  const JourneyId id = add();
  pass(1s);
  EXPECT_EQ(list().size(), 1u);
  courier_.answer = usual;
  pass(10s);
  EXPECT_EQ(journal_.count(id, Stage::kRelayed), 1u);
  EXPECT_EQ(counts_.in_flight.value(), 0);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
}

TEST_F(QueueTest, LetterWithoutRecipientsIsRefused) {
  start();
  const auto added = run(queue_->add(submission({.to = {}})));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, ErrorKind::kRefuse);
}

TEST_F(QueueTest, FullDiskRefusesALetterWithoutTrace) {
  start();
  engine_.failing_commits = 1;
  const auto added = run(queue_->add(submission({})));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, ErrorKind::kRetryLater);
  settle();
  EXPECT_EQ(courier_.begun.size(), 0u);
}

// More domains than may have their letters in memory, all due at once, and half of them dead.
TEST_F(QueueTest, ThousandsOfDomainsDueAtOnce) {
  for (int i = 0; i < 1500; ++i) {
    const std::string name = fmt::format("d{}.org", i);
    if (i % 2 == 0) courier_.hosts[name] = {.hosts = Hosts::kUnreachable, .takes = 2min};
  }
  start();
  ASSERT_TRUE(run(queue_->suspend(domain("other.org"), "")));  // and nothing is in memory after this
  stop();
  {
    options_.max_attempts = 0;  // a server that takes letters, and sends none
    start();
    for (int i = 0; i < 1500; ++i) {
      add({.to = {fmt::format("bob@d{}.org", i)}});
      add({.to = {fmt::format("bob@d{}.org", i)}});
    }
    stop();
  }
  options_.max_attempts = 60;
  start();
  pass(10min);
  EXPECT_EQ(counts_.relayed.value(), 1500u);
  for (int i = 0; i < 1500; i += 2) courier_.hosts[fmt::format("d{}.org", i)] = {};
  pass(5h);
  EXPECT_EQ(counts_.relayed.value(), 3000u);
}

TEST_F(QueueTest, OnlyATaskThatMovedHasARecordOfItsPlace) {
  const auto places = [&] {
    return std::ranges::count_if(keys_left(),
                                 [](const std::string& key) { return key.starts_with("q/place/"); });
  };
  courier_.hosts["hamburger.edu"] = {.takes = 1s};
  start();
  const JourneyId id = add({.to = {"bob@hamburger.edu", "later@hamburger.edu", "carol@fries.org"}});
  pass(500ms);
  EXPECT_EQ(places(), 0);
  EXPECT_EQ(list({.id = id}).size(), 1u);  // the other went at once
  pass(2s);
  EXPECT_EQ(places(), 1);
  EXPECT_EQ(list({.id = id}).size(), 1u);
  courier_.answer = [](const Recipient&) { return FakeCourier::relayed(); };
  pass(2min);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
}

// What is carried and not stored would be sent again after a crash: that may never be more than a few.
TEST_F(QueueTest, OutcomeHoldsItsSlotUntilItIsStored) {
  courier_.hosts["hamburger.edu"] = {.takes = 1s};
  start();
  for (int i = 0; i < 200; ++i) add();
  engine_.failing_commits = SIZE_MAX;
  pass(10min);
  EXPECT_LE(courier_.begun.size(), options_.lane.max_concurrency);
  engine_.failing_commits = 0;
  pass(10min);
  EXPECT_EQ(courier_.ended.size(), 200u);
  EXPECT_EQ(keys_left(), std::vector<std::string>{});
}

TEST_F(QueueTest, SendersTakeTurns) {
  options_.lane.initial_concurrency = options_.lane.max_concurrency = 1;
  courier_.hosts["hamburger.edu"] = {.takes = 1s};
  start();
  for (int i = 0; i < 1000; ++i) add({.submitter = account::AccountId(1)});
  const JourneyId small = add({.submitter = account::AccountId(2)});
  pass(3s + 500ms);
  const auto at = std::ranges::find(courier_.begun, small, &FakeCourier::Carried::id);
  ASSERT_NE(at, courier_.begun.end());
  EXPECT_LE(at - courier_.begun.begin(), 3);
}

TEST_F(QueueTest, LongLineIsReadInPagesAndWholly) {
  options_.lane.max_ready = 16;
  courier_.hosts["hamburger.edu"] = {.takes = 100ms};
  start();
  for (int i = 0; i < 1000; ++i) add();
  pass(5min);
  EXPECT_EQ(courier_.ended.size(), 1000u);
  std::set<JourneyId> different;
  for (const auto& carried : courier_.ended) different.insert(carried.id);
  EXPECT_EQ(different.size(), 1000u);
}

TEST_F(QueueTest, LostAnswerIsToldInTheJourney) {
  start();
  courier_.answer = [](const Recipient&) {
    RecipientResult result = FakeCourier::later();
    result.reply = {};
    result.may_have_arrived = true;
    return result;
  };
  const JourneyId id = add();
  settle();
  bool told = false;
  for (const journey::Fact& fact : journal_.last(id, Stage::kDeferred).facts)
    told = told || fact.value.find("may get it twice") != std::string::npos;
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace pabal::queue
