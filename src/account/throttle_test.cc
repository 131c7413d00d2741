#include "account/throttle.h"

#include <gtest/gtest.h>

#include <vector>

namespace pabal::account {
namespace {

using namespace std::chrono_literals;

net::Endpoint from(std::string_view address) {
  return net::Endpoint(net::TcpEndpoint{net::IpAddress::parse(address).value(), 1234});
}

class ThrottleTest : public testing::Test {
 protected:
  /// "0", "1000", ... ms of delay, or "refused for 120 s".
  std::string look(std::string account, std::string_view address) {
    const auto attempt = throttle_.begin(std::move(account), from(address));
    if (attempt.refused_for()) return fmt::format("refused for {} s", attempt.refused_for()->count());
    return std::to_string(attempt.delay().count());
  }
  void fail(std::string account, std::string_view address, int times = 1, std::uint64_t fingerprint = 0) {
    for (int i = 0; i < times; ++i) throttle_.begin(account, from(address)).failed(fingerprint);
  }
  void succeed(std::string account, std::string_view address) {
    throttle_.begin(std::move(account), from(address)).succeeded();
  }

  ManualClock clock_;
  LoginThrottle throttle_{clock_};
};

TEST_F(ThrottleTest, DelayRisesAndThenItRefuses) {
  std::vector<std::string> seen;
  for (int i = 0; i < 21; ++i) {
    seen.push_back(look("bob", "192.0.2.1"));
    fail("bob", "192.0.2.1");
  }
  EXPECT_EQ((std::vector(seen.begin(), seen.begin() + 9)),
            (std::vector<std::string>{"0", "0", "0", "0", "1000", "2000", "4000", "8000", "8000"}));
  EXPECT_EQ(seen[19], "8000");
  EXPECT_EQ(seen[20], "refused for 120 s");
}

TEST_F(ThrottleTest, ForgivesOneAtATime) {
  fail("bob", "192.0.2.1", 20);
  EXPECT_EQ(look("bob", "192.0.2.1"), "refused for 120 s");
  clock_.advance(119s);
  EXPECT_EQ(look("bob", "192.0.2.1").substr(0, 7), "refused");
  clock_.advance(2s);
  EXPECT_EQ(look("bob", "192.0.2.1"), "8000");
  fail("bob", "192.0.2.1");
  EXPECT_EQ(look("bob", "192.0.2.1").substr(0, 7), "refused");
  clock_.advance(1h);
  EXPECT_EQ(look("bob", "192.0.2.1"), "0");
}

TEST_F(ThrottleTest, SprayingOneNetworkOverManyAccountsCounts) {
  for (int i = 0; i < 20; ++i) fail(fmt::format("u{}", i), "192.0.2.1");
  EXPECT_EQ(look("another", "192.0.2.1"), "refused for 120 s");
  EXPECT_EQ(look("another", "192.0.2.2"), "0");
  EXPECT_EQ(look("another", "198.51.100.1"), "0");
}

TEST_F(ThrottleTest, NetworksAreWhatOneCustomerHas) {
  fail("bob", "2001:db8:1:1::1", 20);
  EXPECT_EQ(look("eve", "2001:db8:1:1:ffff::9").substr(0, 7), "refused");  // the same /64
  EXPECT_EQ(look("eve", "2001:db8:1:2::1"), "0");
  for (int i = 2; i < 10; ++i) fail("bob", fmt::format("2001:db8:1:{}::1", i), 19);
  EXPECT_EQ(look("eve", "2001:db8:1:99::1").substr(0, 7), "refused");  // the same /48, many /64 of it
  EXPECT_EQ(look("eve", "2001:db8:2::1"), "0");

  for (int i = 1; i < 10; ++i) fail("bob", fmt::format("192.0.2.{}", i), 19);
  EXPECT_EQ(look("eve", "192.0.2.200").substr(0, 7), "refused");  // the same /24
  EXPECT_EQ(look("eve", "::ffff:192.0.2.200").substr(0, 7), "refused");
}

TEST_F(ThrottleTest, NobodyLocksTheOwnerOut) {
  // A thousand networks guess at bob's password.
  for (int i = 0; i < 1000; ++i) fail("bob", fmt::format("10.{}.{}.1", i / 250, i % 250), 3);
  EXPECT_EQ(look("bob", "198.51.100.1"), "8000");  // from a new place it takes longer, and works
  succeed("bob", "203.0.113.7");
  for (int i = 0; i < 1000; ++i) fail("bob", fmt::format("10.{}.{}.1", i / 250, i % 250));
  EXPECT_EQ(look("bob", "203.0.113.7"), "0");  // from home it does not even take longer
  // Not even if the neighbours there guess too.
  for (int i = 0; i < 30; ++i) fail(fmt::format("u{}", i), "203.0.113.7");
  EXPECT_EQ(look("bob", "203.0.113.7"), "0");
  EXPECT_EQ(look("eve", "203.0.113.7").substr(0, 7), "refused");
}

TEST_F(ThrottleTest, AKnownNetworkIsForgottenInTheEnd) {
  succeed("bob", "203.0.113.7");
  clock_.advance(31 * 24h);
  for (int i = 0; i < 20; ++i) fail(fmt::format("u{}", i), "203.0.113.7");
  EXPECT_EQ(look("bob", "203.0.113.7").substr(0, 7), "refused");
}

TEST_F(ThrottleTest, SuccessTakesBackOnlyItsOwnFailures) {
  fail("bob", "192.0.2.1", 6);
  fail("eve", "192.0.2.1", 6);
  EXPECT_EQ(look("new", "192.0.2.1"), "8000");
  succeed("bob", "192.0.2.1");
  EXPECT_EQ(look("new", "192.0.2.1"), "4000");  // eve's six stay
  // An account of one's own washes nothing clean.
  for (int i = 0; i < 30; ++i) {
    fail(fmt::format("u{}", i), "192.0.2.9");
    succeed("mine", "192.0.2.9");
  }
  EXPECT_EQ(look("u99", "192.0.2.9").substr(0, 7), "refused");
}

TEST_F(ThrottleTest, AForgottenDeviceIsNoGuesser) {
  fail("bob", "192.0.2.1", 500, 0x1234);
  EXPECT_EQ(look("bob", "192.0.2.1"), "0");
  EXPECT_EQ(look("eve", "192.0.2.1"), "0");
  for (std::uint64_t guess = 1; guess < 100; ++guess) fail("bob", "192.0.2.1", 1, guess);
  EXPECT_EQ(look("bob", "192.0.2.1").substr(0, 7), "refused");
}

TEST_F(ThrottleTest, ACrowdTakesTurns) {
  std::vector<LoginThrottle::Attempt> under_way;
  for (int i = 0; i < 300; ++i)
    under_way.push_back(throttle_.begin(fmt::format("u{}", i), from("192.0.2.1")));
  EXPECT_EQ(under_way[15].delay(), 0ms);
  EXPECT_EQ(under_way[17].delay(), 20ms);
  EXPECT_EQ(under_way[299].delay(), 283 * 20ms);
  for (auto& attempt : under_way) EXPECT_FALSE(attempt.refused_for());
  // An office after a restart: all come in.
  for (auto& attempt : under_way) {
    EXPECT_FALSE(attempt.refused_after_delay());
    attempt.succeeded();
  }
  EXPECT_EQ(look("another", "192.0.2.1"), "0");
}

TEST_F(ThrottleTest, ManyConnectionsAreNoWayAroundTheBound) {
  std::vector<LoginThrottle::Attempt> under_way;
  for (int i = 0; i < 300; ++i) under_way.push_back(throttle_.begin("bob", from("192.0.2.1")));
  int judged = 0;
  for (auto& attempt : under_way) {
    if (attempt.refused_after_delay()) continue;
    attempt.failed(0);
    ++judged;
  }
  EXPECT_EQ(judged, 20);
  under_way.clear();
  EXPECT_EQ(look("bob", "192.0.2.1"), "refused for 120 s");
}

TEST_F(ThrottleTest, AnUndecidedAttemptLeavesNothingBehind) {
  for (int i = 0; i < 100; ++i) look("bob", "192.0.2.1");
  EXPECT_EQ(look("bob", "192.0.2.1"), "0");
}

TEST_F(ThrottleTest, ThisMachineIsDelayedByAccountAndNeverRefused) {
  for (int i = 0; i < 50; ++i) fail(fmt::format("u{}", i), "127.0.0.1");
  EXPECT_EQ(look("bob", "127.0.0.1"), "0");
  fail("bob", "127.0.0.1", 50);
  EXPECT_EQ(look("bob", "127.0.0.1"), "8000");
  EXPECT_EQ(look("eve", "127.0.0.1"), "0");
  EXPECT_EQ(look("eve", "192.0.2.1"), "0");
}

TEST(Throttle, TablesAreBounded) {
  ManualClock clock;
  LoginThrottle throttle(clock, {.max_entries = 10});
  for (int i = 0; i < 1000; ++i) {
    throttle.begin(fmt::format("u{}", i), from(fmt::format("10.0.{}.{}", i / 250, i % 250))).failed(0);
  }
  for (int i = 0; i < 30; ++i) throttle.begin("bob", from("192.0.2.1")).failed(0);
  EXPECT_TRUE(throttle.begin("bob", from("192.0.2.1")).refused_for());
}

}  // namespace
}  // namespace pabal::account
