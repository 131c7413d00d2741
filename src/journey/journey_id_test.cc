#include "journey/journey_id.h"

#include <gtest/gtest.h>

#include <set>

namespace pabal::journey {
namespace {

TEST(JourneyId, ComesBackFromItsTextAndItsBytes) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x1234'5678'9abc'def0}, ~std::uint64_t{0}}) {
    const JourneyId id(value);
    EXPECT_EQ(id.to_string().size(), 13u);
    EXPECT_EQ(JourneyId::parse(id.to_string()), id);
    EXPECT_EQ(JourneyId::from_bytes(id.bytes()), id);
  }
}

TEST(JourneyId, IsReadInEitherCase) {
  EXPECT_EQ(JourneyId::parse("0C7VJ2M4K8R1X"), JourneyId::parse("0c7vj2m4k8r1x"));
}

TEST(JourneyId, RefusesWhatItDoesNotWrite) {
  for (const char* text :
       {"", "0", "0c7vj2m4k8r1", "0c7vj2m4k8r1xx", "0c7vj2m4k8r1i", "0c7vj2m4k8r1l", "0c7vj2m4k8r1o",
        "0c7vj2m4k8r1u", "0c7vj2m4k8r1-", "zzzzzzzzzzzzz", "g000000000000"})
    EXPECT_FALSE(JourneyId::parse(text)) << text;
  EXPECT_FALSE(JourneyId::from_bytes("1234567"));
  EXPECT_FALSE(JourneyId::from_bytes("123456789"));
}

TEST(JourneyId, OrderIsTheSameInNumberTextAndBytes) {
  const JourneyId low(0x7f00'0000'0000'0000);
  const JourneyId high(0x8000'0000'0000'0000);
  EXPECT_LT(low, high);
  EXPECT_LT(low.to_string(), high.to_string());
  EXPECT_LT(low.bytes(), high.bytes());
}

TEST(JourneyId, KnowsWhenItsLetterCame) {
  const ManualClock clock;
  SeededRandom random(1);
  JourneyIds ids(clock, random);
  const JourneyId id = ids.next();
  EXPECT_EQ(id.time(), clock.wall());
  EXPECT_LE(JourneyId::first_at(clock.wall()), id);
  EXPECT_GT(JourneyId::first_at(clock.wall() + std::chrono::microseconds(1)), id);
  EXPECT_EQ(JourneyId::first_at(WallTime{}), JourneyId());
}

TEST(JourneyIds, RiseThoughTheClockStandsStill) {
  const ManualClock clock;
  SeededRandom random(1);
  JourneyIds ids(clock, random);
  JourneyId last = ids.next();
  for (int i = 0; i < 20'000; ++i) {
    const JourneyId next = ids.next();
    ASSERT_GT(next, last);
    last = next;
  }
}

}  // namespace
}  // namespace pabal::journey
