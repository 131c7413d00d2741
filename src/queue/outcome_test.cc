#include "queue/outcome.h"

#include "queue/testing.h"

namespace pabal::queue {
namespace {

using namespace std::chrono_literals;
using journey::Stage;

class OutcomeTest : public testing::Test {
 protected:
  Outcome conclude_with(std::vector<RecipientResult> results, bool stopping = false) {
    return conclude(task_, letter_, {.recipients = std::move(results)}, policy_, now_, stopping, random_);
  }
  static std::vector<Stage> stages(const Outcome& outcome) {
    std::vector<Stage> out;
    for (const journey::Event& event : outcome.events) out.push_back(event.stage);
    return out;
  }

  SeededRandom random_{1};
  RetryPolicy policy_{.jitter_percent = 0};
  WallTime now_ = ManualClock().wall();
  Letter letter_{.id = journey::JourneyId(1), .sender = address("alice@crepes.fr")};
  Task task_{
      .since = now_,
      .next_try = now_,
      .recipients = {
          {address("bob@hamburger.edu")}, {address("carol@hamburger.edu")}, {address("dave@hamburger.edu")}}};
};

TEST_F(OutcomeTest, ThoseWhoFareAlikeShareAnEvent) {
  const Outcome outcome =
      conclude_with({FakeCourier::relayed(), FakeCourier::refused(), FakeCourier::relayed()});
  EXPECT_EQ(stages(outcome), (std::vector<Stage>{Stage::kRelayed, Stage::kFailed}));
  EXPECT_EQ(std::ranges::count(outcome.events[0].facts, journey::FactName::kRecipient, &journey::Fact::name),
            2);
  EXPECT_EQ(outcome.relayed, 2u);
  EXPECT_EQ(outcome.failed, 1u);
  EXPECT_TRUE(task_.recipients.empty());
  ASSERT_EQ(task_.owed.size(), 1u);
  EXPECT_EQ(task_.owed[0].recipient.address.to_string(), "carol@hamburger.edu");
}

TEST_F(OutcomeTest, CouriersEventsComeFirst) {
  ErrandReport report{.recipients = {FakeCourier::relayed(), FakeCourier::relayed(), FakeCourier::relayed()},
                      .events = {{.stage = Stage::kLookedUp}, {.stage = Stage::kConnected}}};
  const Outcome outcome = conclude(task_, letter_, std::move(report), policy_, now_, false, random_);
  EXPECT_EQ(stages(outcome), (std::vector<Stage>{Stage::kLookedUp, Stage::kConnected, Stage::kRelayed}));
  EXPECT_TRUE(task_.finished());
}

TEST_F(OutcomeTest, DeferredOnesSayWhen) {
  const Outcome outcome =
      conclude_with({FakeCourier::relayed(), FakeCourier::later(), FakeCourier::relayed()});
  EXPECT_EQ(task_.next_try, now_ + 60s);
  EXPECT_EQ(fact(outcome.events.back(), journey::FactName::kNextTry), "2026-01-01T00:01:00Z");
  EXPECT_EQ(task_.attempts, 1u);
  EXPECT_EQ(task_.last_results, std::vector<RecipientResult>{FakeCourier::later()});
}

TEST_F(OutcomeTest, CutShortByUsIsNoAttempt) {
  conclude_with({{}, {}, FakeCourier::relayed()}, true);
  EXPECT_EQ(task_.attempts, 0u);
  EXPECT_EQ(task_.next_try, now_);
  EXPECT_EQ(task_.recipients.size(), 2u);
}

TEST_F(OutcomeTest, CourierThatForgetsARecipientLosesNobody) {
  conclude_with({FakeCourier::relayed()});
  EXPECT_EQ(task_.recipients.size(), 2u);
}

TEST_F(OutcomeTest, PatienceEndsWithThePeersOwnWords) {
  now_ += policy_.give_up;
  const Outcome outcome = conclude_with({FakeCourier::later(), FakeCourier::later(), FakeCourier::later()});
  EXPECT_EQ(outcome.failed, 3u);
  ASSERT_EQ(task_.owed.size(), 3u);
  EXPECT_EQ(task_.owed[0].result.reason,
            "We tried for 5 days, and gave up. The last time: The other side asked us to come back later.");
  EXPECT_EQ(task_.owed[0].result.status, (smtp::EnhancedCode{4, 7, 1}));
  EXPECT_EQ(task_.owed[0].result.reply.code, 451);
}

TEST_F(OutcomeTest, PassedOverIsToldOnce) {
  const account::DomainName hamburger = domain("hamburger.edu");
  EXPECT_EQ(pass_over(task_, hamburger, "no host answers.", policy_, now_, random_).events.size(), 1u);
  EXPECT_EQ(pass_over(task_, hamburger, "no host answers.", policy_, now_, random_).events.size(), 0u);
  EXPECT_EQ(task_.attempts, 0u);
  EXPECT_EQ(task_.next_try, now_ + 60s);
}

TEST_F(OutcomeTest, LongWordsOfAPeerAreCut) {
  RecipientResult rambling = FakeCourier::later();
  rambling.reply.text = std::string(10'000, 'x');
  conclude_with({rambling, rambling, rambling});
  EXPECT_EQ(task_.last_results[0].reply.text.size(), kMaxKeptReplyBytes);
}

TEST(InWords, SaysTheLargestUnit) {
  EXPECT_EQ(in_words(5 * 24h), "5 days");
  EXPECT_EQ(in_words(24h), "1 day");
  EXPECT_EQ(in_words(4h), "4 hours");
  EXPECT_EQ(in_words(10min), "10 minutes");
  EXPECT_EQ(in_words(1s), "1 second");
}

}  // namespace
}  // namespace pabal::queue
