// Hosts that do anything at any moment, over and over: whatever they do, no letter is lost, none is sent
// twice within an attempt, and where that can't be known it is said.
#include <gtest/gtest.h>

#include <map>

#include "base/ascii.h"
#include "net/dns_static.h"
#include "net/memory_stream.h"
#include "net/scope.h"
#include "net/testing.h"
#include "queue/scripted_peer.h"
#include "queue/smtp_courier.h"
#include "queue/written_letter.h"
#include "store/memory.h"

namespace pabal::queue {
namespace {

using namespace std::chrono_literals;
using Fate = RecipientResult::Fate;

/// One session of a host that follows the protocol until chance says otherwise.
class ChaoticSession {
 public:
  ChaoticSession(std::unique_ptr<net::Connection> connection, Random& random,
                 std::map<std::string, int>& taken)
      : connection_(std::move(connection)), random_(random), taken_(taken) {}

  net::Task<void> run() {
    bool goes_on = co_await answer("220 mx.hamburger.edu", kHost);
    while (goes_on) {
      const auto line = co_await connection_->read_line({}, net::Deadline::never());
      if (!line) break;
      goes_on = co_await obey(std::string(*line));
    }
  }

 private:
  enum Mood : std::uint8_t { kHost, kLetter };
  bool chance(std::uint64_t percent) { return random_.below(100) < percent; }

  /// Says it, or something else; false when the session is over.
  net::Task<bool> answer(std::string good, Mood mood) {
    said_ok_ = false;
    if (chance(2)) co_return false;
    if (chance(2)) {
      while (co_await connection_->read_line({.max_bytes = 100'000}, net::Deadline::never())) {
      }
      co_return false;
    }
    std::string reply = std::move(good);
    bool over = false;
    if (chance(2)) {
      reply = "421 4.3.2 Going away";
      over = true;
    } else if (chance(2)) {
      reply = "what?";
      over = true;
    } else if (chance(mood == kHost ? 2 : 10)) {
      reply = chance(50) ? "451 Not now" : "452 4.5.3 Too many";
    } else if (chance(mood == kHost ? 2 : 10)) {
      reply = "550 Never";
    } else {
      said_ok_ = true;
    }
    reply += "\r\n";
    if (chance(2)) {  // in mid-reply
      reply.resize(random_.below(reply.size()));
      over = true;
      said_ok_ = false;
    }
    std::ignore = co_await connection_->write(reply, net::Deadline::never());
    if (over) std::ignore = co_await connection_->flush(net::Deadline::never());
    co_return !over;
  }

  net::Task<bool> obey(std::string line) {
    if (line.starts_with("EHLO")) co_return co_await answer("250-mx\r\n" + extensions() + "250 HELP", kHost);
    if (line.starts_with("HELO") || line == "NOOP") co_return co_await answer("250 mx", kHost);
    if (line == "QUIT") co_return false;
    if (line == "RSET") {
      to_.clear();
      has_sender_ = false;
      co_return co_await answer("250 ok", kHost);
    }
    if (line.starts_with("MAIL")) {
      to_.clear();
      const bool goes_on = co_await answer("250 ok", kLetter);
      has_sender_ = said_ok_;
      co_return goes_on;
    }
    if (line.starts_with("RCPT")) {
      const bool goes_on = co_await answer(has_sender_ ? "250 ok" : "503 MAIL first", kLetter);
      const std::size_t begin = line.find('<') + 1;
      if (said_ok_ && has_sender_) to_.push_back(line.substr(begin, line.find('>') - begin));
      co_return goes_on;
    }
    if (line == "DATA") {
      if (to_.empty()) co_return co_await answer("554 No recipients", kLetter);
      const bool goes_on = co_await answer("354 go", kLetter);
      if (!said_ok_ || !goes_on) co_return goes_on;
      for (bool ended = false; !ended;) {
        const auto text = co_await connection_->read_line({}, net::Deadline::never());
        if (!text) co_return false;
        ended = *text == ".";
      }
      co_return co_await take();
    }
    if (line.starts_with("BDAT ")) {
      std::string chunk(std::stoul(line.substr(5)), '\0');
      if (!co_await connection_->read_exactly(chunk, net::Deadline::never())) co_return false;
      if (to_.empty()) co_return co_await answer("503 No recipients", kLetter);
      co_return co_await take();
    }
    co_return co_await answer("500 What?", kHost);
  }

  /// Decides to take the letter, and may then fail to say so.
  net::Task<bool> take() {
    const bool takes = !chance(10);
    if (takes) {
      for (const std::string& to : to_) ++taken_[to];
    }
    to_.clear();
    has_sender_ = false;
    if (chance(5)) co_return false;
    const std::string_view reply = takes ? "250 taken\r\n" : chance(50) ? "554 Never\r\n" : "451 Not now\r\n";
    std::ignore = co_await connection_->write(reply, net::Deadline::never());
    co_return true;
  }

  std::string extensions() {
    std::string out;
    for (const char* each : {"PIPELINING", "CHUNKING", "8BITMIME", "LIMITS RCPTMAX=2 MAILMAX=3"}) {
      if (chance(50)) out += fmt::format("250-{}\r\n", each);
    }
    return out;
  }

  std::unique_ptr<net::Connection> connection_;
  Random& random_;
  std::map<std::string, int>& taken_;
  bool said_ok_ = false;
  bool has_sender_ = false;
  std::vector<std::string> to_;
};

net::Task<void> be_chaotic(std::unique_ptr<net::Connection> connection, Random& random,
                           std::map<std::string, int>& taken) {
  ChaoticSession session(std::move(connection), random, taken);
  co_await session.run();
}

class ChaosTest : public testing::TestWithParam<int> {
 protected:
  net::Task<Result<std::unique_ptr<net::Stream>>> connect(net::Endpoint to) {
    if (random.below(100) < 5) co_return fail(ErrorKind::kRetryLater, "connecting: Connection refused");
    auto [ours, theirs] = net::make_memory_streams({.second = std::move(to)});
    sessions.spawn(
        be_chaotic(std::make_unique<net::Connection>(sim.loop(), std::move(theirs)), random, taken));
    co_return std::move(ours);
  }

  net::Task<void> carry_some(SmtpCourier& courier, int errands) {
    for (int i = 0; i < errands; ++i) {
      std::vector<Recipient> to;
      for (std::uint64_t left = 1 + random.below(5); left > 0; --left)
        to.push_back({*account::Address::parse(fmt::format("bob{}@hamburger.edu", ++people))});
      const auto report = co_await courier.carry({letter, to[0].address.domain(), to});
      check(to, report);
    }
  }

  void check(const std::vector<Recipient>& to, const ErrandReport& report) {
    ASSERT_EQ(report.recipients.size(), to.size());
    for (std::size_t i = 0; i < to.size(); ++i) {
      const RecipientResult& result = report.recipients[i];
      const int times = taken[to[i].address.to_string()];
      SCOPED_TRACE(result.reason);
      EXPECT_NE(result.reason, "");
      EXPECT_NE(result.status, smtp::EnhancedCode());
      EXPECT_LE(times, 1);
      if (result.fate == Fate::kRelayed) EXPECT_EQ(times, 1);
      if (result.fate == Fate::kFailed) EXPECT_EQ(times, 0);
      if (result.fate == Fate::kDeferred && times > 0) EXPECT_TRUE(result.may_have_arrived);
      ++fates[result.fate];
      doubts += result.may_have_arrived ? 1 : 0;
    }
    EXPECT_EQ(report.hosts == ErrandReport::Hosts::kWell, report.trouble.empty());
  }

  net::SimulatedLoop sim;
  SeededRandom random{static_cast<std::uint64_t>(GetParam())};
  std::map<std::string, int> taken;  // before the sessions that write to it
  net::Scope sessions{sim.loop()};
  std::unique_ptr<store::Engine> store = store::make_memory_engine();
  std::unique_ptr<net::StaticResolver> resolver = std::move(*net::StaticResolver::parse(R"(
hamburger.edu.      MX 10 mx.hamburger.edu.
hamburger.edu.      MX 20 mx2.hamburger.edu.
mx.hamburger.edu.   A  192.0.2.7
mx2.hamburger.edu.  A  192.0.2.8
)"));
  ListeningJournal journal;
  Letter letter;
  int people = 0;
  std::map<Fate, int> fates;
  int doubts = 0;
};

TEST_P(ChaosTest, NothingIsLostAndNothingSentTwice) {
  letter.sender = *account::Address::parse("alice@crepes.fr");
  letter.preamble = "Received: from crepes.fr\r\n";
  ASSERT_TRUE(
      sim.run_until_done(write_letter(*store, "Subject: dinner\r\n\r\n.Do you like ketchup?\r\n", letter)));
  SmtpCourierOptions options{.host_name = "crepes.fr"};
  options.connect_with = [this](net::Endpoint to, net::Deadline, std::optional<net::IpAddress>) {
    return connect(std::move(to));
  };
  SmtpCourier courier({sim.loop(), *store, *resolver, random, journal}, options);
  const auto all = [&]() -> net::Task<void> {
    net::Scope errands(sim.loop());
    for (int i = 0; i < 10; ++i) errands.spawn(carry_some(courier, 40));
    co_await errands.join();
    co_await courier.rest();
    sessions.cancel();
    co_await sessions.join();
  };
  sim.run_until_done(all());
  // Everything happened, or the test shows nothing.
  for (const Fate fate : {Fate::kRelayed, Fate::kDeferred, Fate::kFailed}) EXPECT_GT(fates[fate], 20);
  EXPECT_GT(doubts, 5);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ChaosTest, testing::Range(1, 6));

}  // namespace
}  // namespace pabal::queue
