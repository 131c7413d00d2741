#include "journey/resend_guard.h"

#include "journey/testing.h"

namespace pabal::journey {
namespace {

class ResendGuardTest : public JourneyTest {
 protected:
  Result<store::Version> take(const ResendToken& of, JourneyId id) {
    store::Batch batch(bob);
    guard(batch, of, id, sim.clock().wall());
    return sim.run_until_done(engine->commit(std::move(batch)));
  }
  std::optional<JourneyId> find(const ResendToken& of) {
    const auto found = sim.run_until_done(find_sent_before(*engine, bob, of, sim.clock().wall()));
    EXPECT_TRUE(found);
    return found.value_or(std::nullopt);
  }
  const ResendToken token = make_resend_token("one letter");
};

TEST_F(ResendGuardTest, LetsALetterInOnceWithinADay) {
  EXPECT_EQ(find(token), std::nullopt);
  ASSERT_TRUE(take(token, JourneyId(1)));
  EXPECT_EQ(find(token), JourneyId(1));
  const auto again = take(token, JourneyId(2));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(find(token), JourneyId(1));
}

TEST_F(ResendGuardTest, MidnightIsNoWayAround) {
  ASSERT_TRUE(take(token, JourneyId(1)));
  sim.clock().advance(std::chrono::hours(24));
  EXPECT_EQ(take(token, JourneyId(2)).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(find(token), JourneyId(1));
}

TEST_F(ResendGuardTest, AfterTwoMidnightsItIsAnotherLetter) {
  ASSERT_TRUE(take(token, JourneyId(1)));
  sim.clock().advance(std::chrono::hours(48));
  EXPECT_EQ(find(token), std::nullopt);
  EXPECT_TRUE(take(token, JourneyId(2)));
}

TEST_F(ResendGuardTest, AnotherLetterIsNotHeldUp) {
  ASSERT_TRUE(take(token, JourneyId(1)));
  EXPECT_TRUE(take(make_resend_token("another letter"), JourneyId(2)));
}

TEST_F(ResendGuardTest, OutdatedTokensAreThoseThatNobodyAsksForAnyMore) {
  ASSERT_TRUE(take(token, JourneyId(1)));
  const auto outdated = [&] {
    const auto page =
        sim.run_until_done(engine->scan(bob, outdated_tokens(sim.clock().wall()), store::ScanLimits{}));
    EXPECT_TRUE(page);
    return page->size();
  };
  EXPECT_EQ(outdated(), 0u);
  sim.clock().advance(std::chrono::hours(24));
  EXPECT_EQ(outdated(), 0u);
  sim.clock().advance(std::chrono::hours(24));
  EXPECT_EQ(outdated(), 1u);
}

}  // namespace
}  // namespace pabal::journey
