// The small types that everything stands on: results, strong ids, clocks, randomness.
#include <gtest/gtest.h>

#include <set>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/strong.h"

namespace pabal {
namespace {

using namespace std::chrono_literals;

Result<int> half(int value) {
  if (value % 2 != 0) return fail(ErrorKind::kRefuse, "{} is odd", value);
  return value / 2;
}

Result<int> quarter(int value) {
  PABAL_TRY(const int once, half(value));
  PABAL_TRY(const int twice, half(once));
  return twice;
}

Result<void> must_halve(int value) {
  PABAL_TRY_VOID(half(value));
  return {};
}

TEST(Result, TryGivesTheValueOrReturnsTheError) {
  EXPECT_EQ(quarter(12), 3);
  const auto odd = quarter(6);
  ASSERT_FALSE(odd);
  EXPECT_EQ(odd.error().kind, ErrorKind::kRefuse);
  EXPECT_EQ(odd.error().detail, "3 is odd");
  EXPECT_TRUE(must_halve(2));
  EXPECT_FALSE(must_halve(1));
}

TEST(Result, ContextIsPutBeforeTheDetail) {
  EXPECT_EQ(failure_of(half(1), "reading account bob").error().detail, "reading account bob: 1 is odd");
}

using FirstId = Strong<struct FirstIdTag, std::uint64_t>;
using SecondId = Strong<struct SecondIdTag, std::uint64_t>;
static_assert(!std::is_convertible_v<FirstId, SecondId>);
static_assert(!std::is_convertible_v<std::uint64_t, FirstId>);

TEST(Strong, ComparesHashesAndPrintsAsItsValue) {
  EXPECT_LT(FirstId(1), FirstId(2));
  EXPECT_EQ(std::hash<FirstId>{}(FirstId(7)), std::hash<std::uint64_t>{}(7));
  EXPECT_EQ(fmt::format("{:04}", FirstId(7)), "0007");
}

TEST(ManualClock, MovesBothTimesTogetherAndNeverBack) {
  ManualClock clock;
  const WallTime wall = clock.wall();
  const MonoTime mono = clock.mono();
  clock.advance(90s);
  EXPECT_EQ(clock.wall() - wall, 90s);
  EXPECT_EQ(clock.mono() - mono, 90s);
  clock.advance_to(mono);
  EXPECT_EQ(clock.mono() - mono, 90s);
}

TEST(SystemClock, MonotonicTimeDoesNotGoBack) {
  const SystemClock clock;
  const MonoTime first = clock.mono();
  EXPECT_GE(clock.mono(), first);
  EXPECT_GT(clock.wall(), WallTime(std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}));
}

TEST(Random, SeededRepeatsAndSystemDoesNot) {
  SeededRandom one(1), same(1), other(2);
  EXPECT_EQ(one.bytes(33), same.bytes(33));
  EXPECT_NE(one.bytes(33), other.bytes(33));
  SystemRandom system;
  EXPECT_NE(system.bytes(32), system.bytes(32));
}

TEST(Random, BelowStaysBelowAndReachesAll) {
  SeededRandom random(3);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.below(7));
  EXPECT_EQ(seen.size(), 7u);
  EXPECT_EQ(*seen.rbegin(), 6u);
  EXPECT_EQ(random.below(1), 0u);
}

TEST(Ascii, NoLocaleAndNoHighBytes) {
  EXPECT_TRUE(equals_ignoring_case("MAIL From", "mail fROM"));
  EXPECT_FALSE(equals_ignoring_case("mail", "mail "));
  EXPECT_FALSE(equals_ignoring_case("\xc3\x84", "\xc3\xa4"));  // not ASCII, so not the same here
  EXPECT_EQ(to_lower("AbZ\xc3\x84["), "abz\xc3\x84[");
  EXPECT_TRUE(is_ascii("plain"));
  EXPECT_FALSE(is_ascii("p\xc3\xa4r"));
}

}  // namespace
}  // namespace pabal
