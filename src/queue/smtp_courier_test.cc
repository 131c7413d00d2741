#include "queue/smtp_courier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "net/dns_static.h"
#include "queue/scripted_peer.h"
#include "queue/written_letter.h"
#include "store/memory.h"

namespace pabal::queue {
namespace {

using namespace std::chrono_literals;
using journey::FactName;
using journey::Stage;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using Fate = RecipientResult::Fate;
using Hosts = ErrandReport::Hosts;

constexpr std::string_view kZone = R"(
hamburger.edu.       MX    10 mx.hamburger.edu.
hamburger.edu.       MX    20 mx2.hamburger.edu.
mx.hamburger.edu.    A     192.0.2.7
mx2.hamburger.edu.   A     192.0.2.8
one.example.         MX    10 mx.hamburger.edu.
two.example.         MX    10 six.example.
six.example.         A     192.0.2.6
six.example.         AAAA  2001:db8::6
null.example.        MX    0 .
relay.example.       A     192.0.2.30
$FAIL down.example.
)";
constexpr const char* kMx = "192.0.2.7";
constexpr const char* kMx2 = "192.0.2.8";

class CourierTest : public testing::Test {
 protected:
  CourierTest() {
    options.host_name = "crepes.fr";
    options.connect_with = [this](net::Endpoint to, net::Deadline deadline, std::optional<net::IpAddress>) {
      return hosts.connect(std::move(to), deadline);
    };
    letter.sender = *account::Address::parse("alice@crepes.fr");
    letter.preamble = "Received: from crepes.fr\r\n";
    write("Subject: dinner\r\n\r\nDo you like ketchup?\r\n");
  }
  ~CourierTest() override {
    if (courier) sim.run_until_done(courier->rest());
    sim.run_until_done(hosts.end());
    courier.reset();
    EXPECT_THAT(hosts.faults, testing::IsEmpty());
  }

  void write(std::string_view text) { ASSERT_TRUE(sim.run_until_done(write_letter(*store, text, letter))); }

  SmtpCourier& the_courier() {
    if (!courier) {
      courier = std::make_unique<SmtpCourier>(
          SmtpCourierServices{sim.loop(), *store, *resolver, random, journal, tls.get()}, options, routes);
    }
    return *courier;
  }

  const ErrandReport& carry(std::vector<std::string> to = {"bob@hamburger.edu"}) {
    recipients.clear();
    for (const std::string& each : to) recipients.push_back({*account::Address::parse(each)});
    const account::DomainName domain = recipients.front().address.domain();
    report = sim.run_until_done(the_courier().carry({letter, domain, recipients}));
    EXPECT_EQ(report.recipients.size(), to.size());
    for (const auto& each : report.recipients) EXPECT_NE(each.reason, "");
    return report;
  }

  static std::string shown(const RecipientResult& result) {
    const char* fate = result.fate == Fate::kRelayed    ? "relayed"
                       : result.fate == Fate::kDeferred ? "deferred"
                                                        : "failed";
    return fmt::format("{} {}{} {}", fate, result.status.to_string(),
                       result.may_have_arrived ? " twice?" : "", result.reason);
  }
  std::string first() const { return shown(report.recipients.at(0)); }

  /// The journey, a line an event, a dialogue as "S:" and "C:" lines.
  std::string told() const {
    std::string out;
    for (const journey::Event& event : report.events) {
      if (event.stage == Stage::kLookedUp) out += "looked up";
      if (event.stage == Stage::kConnected) out += "connected";
      if (event.stage == Stage::kEncrypted) out += "encrypted";
      if (event.stage == Stage::kSpoke) out += "spoke";
      if (event.stage == Stage::kConverted) out += "converted";
      for (const journey::Fact& fact : event.facts) out += " | " + fact.value;
      out += "\n";
      for (const journey::WireLine& line : event.dialogue)
        out += fmt::format("  {}: {}\n", line.from == journey::WireLine::From::kUs ? 'C' : 'S', line.text);
    }
    return out;
  }

  net::SimulatedLoop sim;
  SeededRandom random{1};
  std::unique_ptr<store::Engine> store = store::make_memory_engine();
  std::unique_ptr<net::StaticResolver> resolver = std::move(*net::StaticResolver::parse(kZone));
  ListeningJournal journal;
  ScriptedHosts hosts{sim.loop()};
  std::unique_ptr<net::TlsClient> tls;
  SmtpCourierOptions options;
  std::shared_ptr<Routes> routes = std::make_shared<Routes>();
  std::unique_ptr<SmtpCourier> courier;
  Letter letter;
  std::vector<Recipient> recipients;
  ErrandReport report;
};

// A plain dialogue's parts for scripts.
const Script kEnvelope = {"C: MAIL FROM:<alice@crepes.fr>", "S: 250 Sender ok",
                          "C: RCPT TO:<bob@hamburger.edu>", "S: 250 Recipient ok"};
const Script kData = {"C: DATA", "S: 354 go ahead", "letter"};

TEST_F(CourierTest, CarriesALetterAndTellsHow) {
  hosts.add(kMx, greeting() + kEnvelope + kData + Script{"S: 250 2.6.0 Message accepted for delivery"});
  carry();
  EXPECT_EQ(first(),
            "relayed 2.6.0 mx.hamburger.edu [192.0.2.7]:25 took the letter: 250 2.6.0 Message accepted for "
            "delivery");
  EXPECT_EQ(report.recipients[0].host, "mx.hamburger.edu [192.0.2.7]:25");
  EXPECT_EQ(report.hosts, Hosts::kWell);
  EXPECT_EQ(hosts.letter_text, "Received: from crepes.fr\r\nSubject: dinner\r\n\r\nDo you like ketchup?\r\n");
  EXPECT_EQ(told(),
            R"(looked up | hamburger.edu | 10 mx.hamburger.edu [192.0.2.7] | 20 mx2.hamburger.edu [192.0.2.8]
connected | mx.hamburger.edu [192.0.2.7]:25
spoke | mx.hamburger.edu [192.0.2.7]:25
  S: 220 mx.hamburger.edu
  C: EHLO crepes.fr
  S: 250 mx.hamburger.edu
encrypted | mx.hamburger.edu [192.0.2.7]:25 | Not encrypted: it does not offer to.
spoke | mx.hamburger.edu [192.0.2.7]:25
  C: MAIL FROM:<alice@crepes.fr>
  S: 250 Sender ok
  C: RCPT TO:<bob@hamburger.edu>
  S: 250 Recipient ok
  C: DATA
  S: 354 go ahead
  C: (the letter, 70 bytes)
  S: 250 2.6.0 Message accepted for delivery
)");
  EXPECT_THAT(journal.overheard_lines, testing::Contains("RCPT TO:<bob@hamburger.edu>"));
}

TEST_F(CourierTest, OurOwnServerTakesIt) {
  hosts.add_ours(kMx);
  carry({"bob@hamburger.edu", "nobody@hamburger.edu", "full@hamburger.edu"});
  EXPECT_THAT(first(), StartsWith("relayed 2.6.0 "));
  EXPECT_TRUE(report.recipients[0].reports_itself);
  EXPECT_EQ(
      shown(report.recipients[1]),
      "failed 5.1.1 mx.hamburger.edu [192.0.2.7]:25 refused the recipient: 550 5.1.1 No such person here");
  EXPECT_EQ(shown(report.recipients[2]),
            "deferred 4.2.2 mx.hamburger.edu [192.0.2.7]:25 put off the recipient: 452 4.2.2 The mailbox is "
            "full");
  EXPECT_EQ(report.recipients[1].reply.code, 550);
  ASSERT_EQ(hosts.mail.letters.size(), 1u);
  EXPECT_EQ(hosts.mail.letters[0].to, std::vector<std::string>{"bob@hamburger.edu"});
  EXPECT_EQ(report.hosts, Hosts::kWell);
}

TEST_F(CourierTest, RefusedConnectionsLeadToTheNextHost) {
  hosts.add_ours(kMx2);
  carry();
  EXPECT_THAT(first(), StartsWith("relayed 2.6.0 mx2.hamburger.edu [192.0.2.8]:25"));
  EXPECT_THAT(told(),
              HasSubstr("connected | mx.hamburger.edu [192.0.2.7]:25 | mx.hamburger.edu [192.0.2.7]:25 "
                        "could not be connected to: Connection refused.\n"));
  EXPECT_EQ(report.hosts, Hosts::kWell);
}

TEST_F(CourierTest, NobodyThere) {
  carry();
  EXPECT_EQ(first(),
            "deferred 4.4.1 mx2.hamburger.edu [192.0.2.8]:25 could not be connected to: Connection "
            "refused.");
  EXPECT_EQ(report.hosts, Hosts::kUnreachable);
  EXPECT_EQ(report.trouble,
            "mx2.hamburger.edu [192.0.2.8]:25 could not be connected to: Connection refused.");
}

TEST_F(CourierTest, BlackHolesCostThirtySecondsAHost) {
  hosts.add_silent(kMx);
  hosts.add_silent(kMx2);
  const MonoTime began = sim.clock().mono();
  carry();
  EXPECT_EQ(first(), "deferred 4.4.1 mx2.hamburger.edu [192.0.2.8]:25 did not answer within 30 seconds.");
  EXPECT_EQ(sim.clock().mono() - began, 60s);
  EXPECT_EQ(report.hosts, Hosts::kUnreachable);
}

TEST_F(CourierTest, BothFamiliesAreTried) {
  hosts.add_silent("2001:db8::6");
  hosts.add("192.0.2.6", greeting() + Script{"C: MAIL", "S: 250 ok", "C: RCPT", "S: 250 ok"} + kData +
                             Script{"S: 250 ok"});
  const MonoTime began = sim.clock().mono();
  carry({"bob@two.example"});
  EXPECT_THAT(first(), StartsWith("relayed"));
  EXPECT_EQ(hosts.calls, (std::vector<std::string>{"[2001:db8::6]:25", "192.0.2.6:25"}));
  EXPECT_EQ(sim.clock().mono() - began, 15s);
}

TEST_F(CourierTest, TheDnsDecides) {
  struct Case {
    const char* to;
    const char* want;
    Hosts hosts;
  };
  const Case cases[] = {
      {"bob@absent.example", "failed 5.1.2 The domain absent.example does not exist.", Hosts::kWell},
      {"bob@null.example",
       "failed 5.1.10 The domain null.example takes no mail: it says so in the DNS (null MX).", Hosts::kWell},
      {"bob@down.example",
       "deferred 4.4.3 The DNS does not answer for down.example now: ", Hosts::kUnreachable},
      {"bob@[127.0.0.1]", "failed 5.4.6 [127.0.0.1] is this very host, which does not take the letter.",
       Hosts::kWell},
  };
  for (const Case& c : cases) {
    carry({c.to});
    EXPECT_THAT(first(), StartsWith(c.want));
    EXPECT_EQ(report.hosts, c.hosts) << c.to;
    ASSERT_EQ(report.events.size(), 1u);
    EXPECT_EQ(report.events[0].stage, Stage::kLookedUp);
    EXPECT_EQ(fact_of(report.events[0], FactName::kReason), report.recipients[0].reason);
  }
}

struct Outage {
  const char* name;
  Script script;
  const char* want;     ///< of the first recipient
  const char* journey;  ///< a line of it
  Hosts hosts;
};

TEST_F(CourierTest, OutagesOfOneHost) {
  const std::string host = "mx.hamburger.edu [192.0.2.7]:25";
  const Outage cases[] = {
      {"421 at the greeting",
       {"S: 421 4.3.2 Too busy", "leaves"},
       "deferred 4.3.2 @ closed the session: 421 4.3.2 Too busy",
       "  S: 421 4.3.2 Too busy\n",
       Hosts::kTroubled},
      {"554 at the greeting",
       {"S: 554 No mail from you", "waits"},
       "failed 5.3.2 @ refused our call: 554 No mail from you",
       "  S: 554 No mail from you\n",
       Hosts::kTroubled},
      {"silence",
       {"waits"},
       "deferred 4.4.2 The session with @ ended before it greeted us: it did not answer in time.",
       "connected | @\n",
       Hosts::kUnreachable},
      {"garbage",
       {"S: HTTP/1.1 400 Bad Request", "waits"},
       "deferred 4.4.2 The session with @ ended before it greeted us: ",
       "  S: HTTP/1.1 400 Bad Request\n",
       Hosts::kUnreachable},
      {"451 at RCPT", greeting() + Script{"C: MAIL", "S: 250 ok", "C: RCPT", "S: 451 4.7.1 Greylisted"},
       "deferred 4.7.1 @ put off the recipient: 451 4.7.1 Greylisted", "  S: 451 4.7.1 Greylisted\n",
       Hosts::kWell},
      {"550 at MAIL", greeting() + Script{"C: MAIL", "S: 550 5.7.1 Not from you"},
       "failed 5.7.1 @ refused the sender: 550 5.7.1 Not from you", "  C: MAIL FROM:<alice@crepes.fr>\n",
       Hosts::kWell},
      {"452 at MAIL", greeting() + Script{"C: MAIL", "S: 452 No room"},
       "deferred 4.3.1 @ put off the sender: 452 No room", "  S: 452 No room\n", Hosts::kTroubled},
      {"hangs after DATA", greeting() + kEnvelope + kData + Script{"waits"},
       "deferred 4.4.2 twice? @ got the whole letter, but its answer is lost (it did not answer in time); the "
       "letter is sent again, and may arrive twice.",
       "  C: (the letter, 70 bytes)\n", Hosts::kTroubled},
      {"hangs at DATA", greeting() + kEnvelope + Script{"C: DATA", "waits"},
       "deferred 4.4.2 The session with @ ended before it took the letter: it did not answer in time.",
       "  C: DATA\n", Hosts::kTroubled},
      {"closes in mid-reply", greeting() + Script{"C: MAIL", "raw 250-Send", "leaves"},
       "deferred 4.4.2 The session with @ ended before it took the letter's envelope: the peer ",
       "  C: MAIL FROM:<alice@crepes.fr>\n", Hosts::kTroubled},
      {"garbage after the letter", greeting() + kEnvelope + kData + Script{"S: \x01\x02", "waits"},
       "deferred 4.4.2 twice? @ got the whole letter, but its answer is lost (",
       "  C: (the letter, 70 bytes)\n", Hosts::kTroubled},
      {"554 after the letter",
       greeting() + kEnvelope + kData + Script{"S: 554 5.7.1 We don't like what it says"},
       "failed 5.7.1 @ refused the letter: 554 5.7.1 We don't like what it says",
       "  S: 554 5.7.1 We don't like what it says\n", Hosts::kWell},
  };
  resolver = std::move(
      *net::StaticResolver::parse("hamburger.edu. MX 10 mx.hamburger.edu.\nmx.hamburger.edu. A 192.0.2.7\n"));
  const auto filled = [&](std::string text) {
    if (const auto at = text.find('@'); at != std::string::npos && !text.contains("alice"))
      text.replace(at, 1, host);
    return text;
  };
  for (const Outage& c : cases) {
    SCOPED_TRACE(c.name);
    hosts.add(kMx, c.script);
    carry();
    EXPECT_THAT(first(), StartsWith(filled(c.want)));
    EXPECT_THAT(told(), HasSubstr(filled(c.journey)));
    EXPECT_EQ(report.hosts, c.hosts);
    EXPECT_EQ(report.trouble, c.hosts == Hosts::kWell ? "" : report.recipients[0].reason);
    sim.run_until_done(courier->rest());
  }
}

TEST_F(CourierTest, OneOfThreeIsRefused) {
  hosts.add(kMx, greeting({"PIPELINING"}) + Script{"C: MAIL", "C: RCPT", "C: RCPT", "C: RCPT", "C: DATA",
                                                   "S: 250 ok", "S: 250 ok", "S: 550 No such user",
                                                   "S: 250 ok", "S: 354 go", "letter", "S: 250 done"});
  carry({"a@hamburger.edu", "b@hamburger.edu", "c@hamburger.edu"});
  EXPECT_EQ(report.recipients[0].fate, Fate::kRelayed);
  EXPECT_EQ(shown(report.recipients[1]),
            "failed 5.1.1 mx.hamburger.edu [192.0.2.7]:25 refused the recipient: 550 No such user");
  EXPECT_EQ(report.recipients[2].fate, Fate::kRelayed);
}

TEST_F(CourierTest, AHostsTroubleMovesTheLetterOn) {
  hosts.add(kMx, {"S: 421 4.3.2 Too busy", "leaves"});
  hosts.add_ours(kMx2);
  carry();
  EXPECT_THAT(first(), StartsWith("relayed"));
  EXPECT_THAT(told(), AllOf(HasSubstr("421 4.3.2 Too busy"), HasSubstr("connected | mx2.hamburger.edu")));
}

TEST_F(CourierTest, AfterALostAnswerNoOtherHostIsTried) {
  hosts.add(kMx, greeting() + kEnvelope + kData + Script{"leaves"});
  hosts.add_ours(kMx2);
  carry();
  EXPECT_EQ(report.recipients[0].fate, Fate::kDeferred);
  EXPECT_TRUE(report.recipients[0].may_have_arrived);
  EXPECT_EQ(hosts.calls.size(), 1u);
}

TEST_F(CourierTest, SessionsAreKeptForTheNextLetter) {
  hosts.add_ours(kMx);
  for (int i = 0; i < 3; ++i) {
    carry();
    EXPECT_THAT(first(), StartsWith("relayed"));
    sim.settle();
  }
  EXPECT_EQ(hosts.calls.size(), 1u);
  EXPECT_EQ(hosts.mail.letters.size(), 3u);
  EXPECT_THAT(told(), StartsWith("connected | mx.hamburger.edu [192.0.2.7]:25 | The session was open from an "
                                 "earlier letter.\nspoke"));
  // Another domain with the same host shares it.
  carry({"bob@one.example"});
  EXPECT_THAT(
      told(),
      StartsWith("looked up | one.example | 10 mx.hamburger.edu [192.0.2.7]\nconnected | mx.hamburger.edu "
                 "[192.0.2.7]:25 | The session was open"));
  EXPECT_EQ(hosts.calls.size(), 1u);
  carry({"bob@one.example"});
  EXPECT_THAT(told(), StartsWith("connected | mx.hamburger.edu")) << "the DNS was asked again";
  // After a while it is said goodbye to.
  EXPECT_EQ(courier->open_sessions(), 1u);
  sim.clock().advance(6s);
  sim.settle();
  EXPECT_EQ(courier->open_sessions(), 0u);
  carry();
  EXPECT_EQ(hosts.calls.size(), 2u);
}

TEST_F(CourierTest, AKeptSessionThatDiedCostsTheLetterNothing) {
  const Script greeted = greeting() + kEnvelope + kData + Script{"S: 250 ok"};
  for (const Script& end : {Script{"leaves"}, Script{"S: 421 idle too long", "leaves"},
                            Script{"C: MAIL", "S: 421 idle too long", "leaves"}}) {
    hosts.add(kMx, greeted + end);
    hosts.add(kMx, greeted);
    carry();
    EXPECT_THAT(first(), StartsWith("relayed"));
    sim.settle();
    carry();
    EXPECT_THAT(first(), StartsWith("relayed"));
    EXPECT_EQ(told().contains("That session had been closed meanwhile, so the host is called again.\n"),
              end.front() == "C: MAIL");  // the others are found out before
    EXPECT_EQ(report.hosts, Hosts::kWell);
    sim.run_until_done(courier->rest());
  }
  EXPECT_EQ(hosts.calls.size(), 6u);
}

TEST_F(CourierTest, AKeptSessionThatIsOutOfStepCostsTheLetterNothing) {
  const Script greeted = greeting() + kEnvelope + kData + Script{"S: 250 ok"};
  hosts.add(kMx, greeted + Script{"C: MAIL", "S: 503 5.5.1 nested MAIL command", "C: QUIT", "S: 221 bye"});
  hosts.add(kMx, greeted);
  carry();
  sim.settle();
  carry();
  EXPECT_THAT(first(), StartsWith("relayed"));
  EXPECT_TRUE(told().contains("That session was out of step, so the host is called again.\n"));
  sim.settle();
  EXPECT_EQ(hosts.calls.size(), 2u);
  EXPECT_EQ(hosts.faults, std::vector<std::string>{});
}

// Nobody's letter comes back because a host lost count of the commands.
TEST_F(CourierTest, AHostThatIsAlwaysOutOfStepGetsTheLetterLater) {
  hosts.add(kMx, greeting() + Script{"C: MAIL", "S: 503 5.5.1 say EHLO first", "C: QUIT", "S: 221 bye"});
  carry();
  EXPECT_THAT(first(), StartsWith("deferred"));
  EXPECT_TRUE(first().contains("was out of step with us: 503 5.5.1 say EHLO first")) << first();
  EXPECT_EQ(report.hosts, Hosts::kTroubled);
}

TEST_F(CourierTest, ASessionCarriesNoMoreThanItsLimits) {
  hosts.add_ours(kMx);
  hosts.options.limits.max_letters = 2;
  for (int i = 0; i < 4; ++i) {
    carry();
    EXPECT_THAT(first(), StartsWith("relayed"));
  }
  EXPECT_EQ(hosts.calls.size(), 2u);
  hosts.options.limits.max_letters = 0;
  options.max_letters = 3;
  sim.run_until_done(courier->rest());
  courier.reset();
  hosts.calls.clear();
  for (int i = 0; i < 6; ++i) carry();
  EXPECT_EQ(hosts.calls.size(), 2u);
}

TEST_F(CourierTest, ManyRecipientsGoInSeveralTransactions) {
  hosts.add_ours(kMx);
  hosts.options.limits.max_recipients = 2;  // told by LIMITS
  std::vector<std::string> to;
  for (int i = 0; i < 5; ++i) to.push_back(fmt::format("bob{}@hamburger.edu", i));
  carry(to);
  for (const auto& each : report.recipients) EXPECT_EQ(each.fate, Fate::kRelayed) << each.reason;
  EXPECT_EQ(hosts.mail.letters.size(), 3u);
  EXPECT_EQ(hosts.calls.size(), 1u);
}

TEST_F(CourierTest, TooManyRecipientsAreSentAgainAtOnce) {
  const Script one = {"C: MAIL", "S: 250 ok", "C: RCPT", "S: 250 ok", "C: RCPT", "S: 452 4.5.3 Too many"};
  hosts.add(kMx, greeting() + one + kData +
                     Script{"S: 250 ok", "C: MAIL", "S: 250 ok", "C: RCPT", "S: 250 ok"} + kData +
                     Script{"S: 250 ok"});
  carry({"a@hamburger.edu", "b@hamburger.edu"});
  EXPECT_EQ(report.recipients[0].fate, Fate::kRelayed);
  EXPECT_EQ(report.recipients[1].fate, Fate::kRelayed);
  sim.run_until_done(courier->rest());
  hosts.add(kMx, greeting() + Script{"C: MAIL", "S: 250 ok", "C: RCPT", "S: 452 4.5.3 Too many"});
  carry({"a@hamburger.edu"});
  EXPECT_THAT(first(), StartsWith("deferred 4.5.3 "));
}

TEST_F(CourierTest, EightBitPartsAreConvertedForAPeerWithoutThem) {
  letter.body = smtp::Body::kEightBitMime;
  write(
      "DKIM-Signature: v=1\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: 8bit\r\n\r\nCaf\xc3\xa9?\r\n");
  hosts.add(kMx, greeting({"SIZE 1000000"}) + kEnvelope + kData + Script{"S: 250 ok"});
  carry();
  EXPECT_THAT(first(), StartsWith("relayed"));
  EXPECT_THAT(hosts.letter_text, AllOf(StartsWith("Received: from crepes.fr\r\n"),
                                       HasSubstr("Caf=C3=A9?\r\n"), HasSubstr("quoted-printable")));
  EXPECT_THAT(
      told(),
      HasSubstr("converted | mx.hamburger.edu [192.0.2.7]:25 | mx.hamburger.edu [192.0.2.7]:25 takes only "
                "7-bit letters, so the parts with other bytes were encoded again. The letter's DKIM "
                "signature does not hold any more.\n"));
}

TEST_F(CourierTest, BinaryPartsAreConvertedToo) {
  letter.body = smtp::Body::kBinaryMime;
  write(
      "MIME-Version: 1.0\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n\r\n\xff\n");
  hosts.add(kMx, greeting({"8BITMIME"}) + kEnvelope + kData + Script{"S: 250 ok"});
  carry();
  EXPECT_THAT(first(), StartsWith("relayed"));
  EXPECT_THAT(hosts.letter_text, HasSubstr("\r\n/wo=\r\n"));
  EXPECT_THAT(told(),
              HasSubstr("takes no binary letters, so the parts with other bytes were encoded again.\n"));
}

TEST_F(CourierTest, WhatCannotBeConvertedFails) {
  letter.body = smtp::Body::kEightBitMime;
  write(
      "MIME-Version: 1.0\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: x-odd\r\n\r\n\xff\r\n");
  hosts.add(kMx, greeting());
  carry();
  EXPECT_THAT(first(),
              StartsWith("failed 5.6.3 mx.hamburger.edu [192.0.2.7]:25 takes only 7-bit letters, and "
                         "this one cannot be converted: part 1 (application/x"));
  EXPECT_EQ(report.hosts, Hosts::kWell);
}

TEST_F(CourierTest, Utf8AddressesNeedAPeerThatKnowsThem) {
  letter.smtputf8 = true;
  hosts.add(kMx, greeting({"8BITMIME"}));
  carry({"böb@hamburger.edu"});
  EXPECT_EQ(first(),
            "failed 5.6.7 mx.hamburger.edu [192.0.2.7]:25: the next server knows only addresses in ASCII.");
  sim.run_until_done(courier->rest());

  // Those who need none of it need not suffer for it.
  hosts.add(kMx, greeting({"8BITMIME"}) + kEnvelope + kData + Script{"S: 250 ok"});
  carry({"böb@hamburger.edu", "bob@hamburger.edu"});
  EXPECT_EQ(report.recipients[0].fate, Fate::kFailed);
  EXPECT_EQ(report.recipients[1].fate, Fate::kRelayed);
  sim.run_until_done(courier->rest());

  // It was asked for; nothing in the letter needs it.
  hosts.add(kMx, greeting({"8BITMIME"}) +
                     Script{"C: MAIL FROM:<alice@crepes.fr>", "S: 250 ok", "C: RCPT", "S: 250 ok"} + kData +
                     Script{"S: 250 ok"});
  carry();
  EXPECT_THAT(first(), StartsWith("relayed"));
  sim.run_until_done(courier->rest());

  write("Subject: caf\xc3\xa9\r\n\r\nHello\r\n");
  hosts.add(kMx, greeting({"8BITMIME"}));
  carry();
  EXPECT_EQ(first(),
            "failed 5.6.7 mx.hamburger.edu [192.0.2.7]:25 knows only headers in ASCII, and this letter's "
            "has other letters.");
}

TEST_F(CourierTest, TooBigForThePeer) {
  hosts.add(kMx, greeting({"SIZE 10"}));
  carry();
  EXPECT_EQ(first(),
            "failed 5.3.4 mx.hamburger.edu [192.0.2.7]:25: the letter is too big for the next server.");
}

TEST_F(CourierTest, ALetterThatTheStoreLostIsOurTrouble) {
  hosts.add_ours(kMx);
  letter.blob = store::BlobId::of("never stored");
  carry();
  EXPECT_THAT(first(), StartsWith("deferred 4.3.0 We cannot read the letter from our own store now: "));
  EXPECT_EQ(report.hosts, Hosts::kWell);
  EXPECT_EQ(hosts.mail.letters.size(), 0u);
}

TEST_F(CourierTest, ALongLetterGoesInPieces) {
  std::string text = "Subject: long\r\n\r\n";
  while (text.size() < 300'000) text += "All work and no play makes Jack a dull boy.\r\n";
  write(text);
  hosts.add_ours(kMx);
  carry();
  EXPECT_THAT(first(), StartsWith("relayed"));
  ASSERT_EQ(hosts.mail.letters.size(), 1u);
  EXPECT_TRUE(hosts.mail.letters[0].text == letter.preamble + text);
}

TEST_F(CourierTest, AnAnswerSaysMoreThanSilence) {
  hosts.add(kMx, {"S: 451 4.7.1 Not now", "waits"});
  carry();
  EXPECT_THAT(first(), StartsWith("deferred 4.7.1 mx.hamburger.edu [192.0.2.7]:25 put off our call: 451"));
  EXPECT_EQ(hosts.calls.size(), 2u);
  // And a host that may do better tomorrow more than one that never will.
  hosts.add(kMx, {"S: 554 Never", "waits"});
  carry();
  EXPECT_THAT(first(), StartsWith("deferred 4.4.1 mx2"));
}

TEST_F(CourierTest, AnAttemptIsBounded) {
  std::string zone;
  for (int host = 0; host < 8; ++host) {
    zone += fmt::format("many.example. MX 10 mx{}.example.\n", host);
    for (int i = 0; i < 3; ++i)
      zone += fmt::format("mx{}.example. A 192.0.2.{}\n", host, 100 + 10 * host + i);
  }
  resolver = std::move(*net::StaticResolver::parse(zone));
  carry({"bob@many.example"});
  EXPECT_EQ(hosts.calls.size(), 10u);

  // Each of them says nothing for the five minutes that RFC 5321 §4.5.3.2.1 grants.
  hosts.calls.clear();
  for (int host = 0; host < 8; ++host) {
    for (int i = 0; i < 3; ++i) hosts.add(fmt::format("192.0.2.{}", 100 + 10 * host + i), {"waits"});
  }
  carry({"bob@many.example"});
  EXPECT_EQ(hosts.calls.size(), 6u);
  EXPECT_THAT(first(), StartsWith("deferred 4.4.2 "));
}

TEST_F(CourierTest, ErrandsSideBySideHaveSessionsOfTheirOwn) {
  options.pool.max_waiting = 3;
  hosts.add_ours(kMx);
  const Recipient bob{*account::Address::parse("bob@hamburger.edu")};
  std::size_t relayed = 0;
  const auto errand = [&]() -> net::Task<void> {
    for (int i = 0; i < 5; ++i) {
      const auto got = co_await the_courier().carry({letter, bob.address.domain(), {&bob, 1}});
      relayed += got.recipients[0].fate == Fate::kRelayed ? 1 : 0;
    }
  };
  const auto all = [&]() -> net::Task<void> {
    net::Scope scope(sim.loop());
    for (int i = 0; i < 10; ++i) scope.spawn(errand());
    co_await scope.join();
  };
  sim.run_until_done(all());
  EXPECT_EQ(relayed, 50u);
  EXPECT_EQ(hosts.mail.letters.size(), 50u);
  EXPECT_EQ(courier->open_sessions(), 3u);
}

// --- Routes.

TEST_F(CourierTest, ARouteIsAskedInsteadOfTheDns) {
  ASSERT_TRUE(routes->add(".example", {.host = "relay.example", .port = 2525, .lmtp = true}));
  hosts.add("192.0.2.30", {"S: 220 relay", "C: LHLO crepes.fr", "S: 250-relay", "S: 250 PIPELINING",
                           "C: MAIL", "C: RCPT", "C: RCPT", "C: DATA", "S: 250 ok", "S: 250 ok", "S: 250 ok",
                           "S: 354 go", "letter", "S: 250 for a", "S: 452 4.2.2 b is full"});
  carry({"a@null.example", "b@null.example"});
  EXPECT_THAT(told(),
              HasSubstr("looked up | null.example | By our configuration its letters go to relay.example. | "
                        "0 relay.example [192.0.2.30]\n"));
  EXPECT_EQ(first(), "relayed 2.0.0 relay.example [192.0.2.30]:2525 took the letter: 250 for a");
  EXPECT_THAT(shown(report.recipients[1]), StartsWith("deferred 4.2.2 "));
}

TEST_F(CourierTest, ARouteMayEndAtASocket) {
  ASSERT_TRUE(routes->add("*", {.host = "unix:/run/lmtp", .lmtp = true}));
  hosts.add("unix:/run/lmtp", {"S: 220 here", "C: LHLO crepes.fr", "S: 250 here", "C: MAIL", "S: 250 ok",
                               "C: RCPT", "S: 250 ok", "C: DATA", "S: 354 go", "letter", "S: 250 ok"});
  carry();
  EXPECT_EQ(first(), "relayed 2.0.0 unix:/run/lmtp took the letter: 250 ok");
}

// --- Encryption.

class EncryptedCourierTest : public CourierTest {
 protected:
  EncryptedCourierTest() {
    char name[] = "/tmp/pabal-courier-XXXXXX";
    directory = ::mkdtemp(name);
    // Checked against the real date by OpenSSL, so made on the real clock.
    const auto made = net::make_self_signed({"mx.hamburger.edu", "relay.example"}, SystemClock());
    std::ofstream(directory + "/mx.crt") << made->certificate_pem;
    std::ofstream(directory + "/mx.key") << made->key_pem;
    server = std::move(*net::TlsServer::load(
        {.certificates = {{directory + "/mx.crt", directory + "/mx.key"}}}, sim.clock(), random));
    hosts.tls = server.get();
    hosts.options.tls = server.get();
    tls = std::move(*net::TlsClient::create());
  }
  ~EncryptedCourierTest() override { std::filesystem::remove_all(directory); }
  void trust() { tls = std::move(*net::TlsClient::create(directory + "/mx.crt")); }

  std::string directory;
  std::unique_ptr<net::TlsServer> server;
};

TEST_F(EncryptedCourierTest, EncryptsWhereItIsOffered) {
  hosts.add_ours(kMx);
  carry();
  EXPECT_THAT(first(), StartsWith("relayed"));
  EXPECT_EQ(hosts.mail.letters.at(0).protocol, "ESMTPS");
  EXPECT_THAT(told(),
              HasSubstr("encrypted | mx.hamburger.edu [192.0.2.7]:25 | TLSv1.3 TLS_AES_256_GCM_SHA384 | "
                        "Nobody vouches for its certificate (self-signed certificate)"));
}

TEST_F(EncryptedCourierTest, EncryptedSessionsAreKeptToo) {
  hosts.add_ours(kMx);
  for (int i = 0; i < 3; ++i) {
    carry();
    EXPECT_THAT(first(), StartsWith("relayed"));
    sim.settle();
  }
  EXPECT_EQ(hosts.calls.size(), 1u);
}

TEST_F(EncryptedCourierTest, ABrokenHandshakeLeadsToOneMoreCallInClear) {
  hosts.add(kMx, greeting({"STARTTLS"}) + Script{"C: STARTTLS", "S: 220 go", "S: this is no TLS", "waits"});
  hosts.add(kMx, greeting({"STARTTLS"}) + kEnvelope + kData + Script{"S: 250 ok"});
  carry();
  EXPECT_THAT(first(), StartsWith("relayed"));
  EXPECT_THAT(told(),
              AllOf(HasSubstr("encrypted | mx.hamburger.edu [192.0.2.7]:25 | No encryption could be agreed "
                              "on ("),
                    HasSubstr("so the letter goes in clear.\n")));
  EXPECT_EQ(hosts.calls.size(), 2u);
}

TEST_F(EncryptedCourierTest, WhereEncryptionIsAskedForNothingGoesInClear) {
  ASSERT_TRUE(routes->add("*", {.host = "relay.example", .port = 587, .tls = TlsPolicy::kRequired}));
  struct Case {
    const char* name;
    Script script;
    const char* want;
  };
  const Case cases[] = {
      {"not offered", greeting(),
       "deferred 4.7.5 The session with relay.example [192.0.2.30]:587 ended while encryption was set up: encryption "
       "is not offered."},
      {"broken", greeting({"STARTTLS"}) + Script{"C: STARTTLS", "S: 220 go", "S: this is no TLS", "waits"},
       "deferred 4.7.5 The session with relay.example [192.0.2.30]:587 ended while encryption was set up: "},
      {"nobody vouches for it", greeting({"STARTTLS"}) + Script{"C: STARTTLS", "S: 220 go", "tls"},
       "deferred 4.7.5 The session with relay.example [192.0.2.30]:587 ended while encryption was set up: "},
  };
  for (const Case& c : cases) {
    hosts.add("192.0.2.30", c.script);
    carry();
    EXPECT_THAT(first(), StartsWith(c.want)) << c.name;
    EXPECT_THAT(told(), HasSubstr("encrypted | relay.example [192.0.2.30]:587 | The session with")) << c.name;
  }
  EXPECT_EQ(hosts.calls.size(), 3u);
}

TEST_F(EncryptedCourierTest, LogsInAtASmartHost) {
  trust();
  ASSERT_TRUE(routes->add("*", {.host = "relay.example",
                                .port = 587,
                                .tls = TlsPolicy::kRequired,
                                .login = Route::Login{"alice@crepes.fr", Secret("hungry")}}));
  hosts.options = smtp::ServerOptions::submission("relay.example");
  hosts.options.tls = server.get();
  hosts.options.login_mechanisms = {"PLAIN"};
  hosts.add_ours("192.0.2.30");
  carry({"bob@anywhere.example"});
  EXPECT_THAT(first(), StartsWith("relayed"));
  EXPECT_EQ(hosts.mail.letters.at(0).protocol, "ESMTPSA");
  EXPECT_THAT(told(), AllOf(HasSubstr("C: AUTH PLAIN [hidden]\n"), testing::Not(HasSubstr("hungry"))));
}

TEST_F(EncryptedCourierTest, SpeaksTlsFromTheFirstByte) {
  trust();
  ASSERT_TRUE(routes->add("*", {.host = "relay.example", .port = 465, .tls = TlsPolicy::kImplicit}));
  hosts.add("192.0.2.30", Script{"tls"} + greeting() + kEnvelope + kData + Script{"S: 250 ok"});
  carry();
  EXPECT_THAT(first(), StartsWith("relayed"));
  EXPECT_THAT(told(), HasSubstr("encrypted | relay.example [192.0.2.30]:465 | TLSv1.3"));
}

TEST_F(EncryptedCourierTest, RequireTlsGoesOnlyWhereItIsPromised) {  // RFC 8689 §4.2.1
  trust();
  letter.require_tls = true;
  hosts.add(kMx, greeting({"STARTTLS"}) + Script{"C: STARTTLS", "S: 220 go", "tls", "C: EHLO", "S: 250 mx"});
  carry();
  EXPECT_EQ(report.recipients[0].fate, Fate::kDeferred);  // the other host may promise it tomorrow
  EXPECT_EQ(report.hosts, Hosts::kWell);                  // to letters that ask for less
  hosts.add(kMx, greeting({"STARTTLS"}) + Script{"C: STARTTLS", "S: 220 go", "tls", "C: EHLO", "S: 250 mx"});
  carry({"bob@one.example"});
  EXPECT_EQ(first(),
            "failed 5.7.30 mx.hamburger.edu [192.0.2.7]:25: the next server can't promise to keep the "
            "letter encrypted.");
  // A certificate that nobody vouches for will not do.
  sim.run_until_done(courier->rest());
  courier.reset();
  tls = std::move(*net::TlsClient::create());
  hosts.add(kMx, greeting({"STARTTLS"}) + Script{"C: STARTTLS", "S: 220 go", "tls"});
  carry({"bob@one.example"});
  EXPECT_THAT(first(), StartsWith("deferred 4.7.5 "));
  EXPECT_EQ(report.hosts, Hosts::kWell);

  sim.run_until_done(courier->rest());
  courier.reset();
  trust();
  hosts.add_ours(kMx);
  carry();
  EXPECT_THAT(first(), StartsWith("relayed"));
  EXPECT_TRUE(hosts.mail.letters.at(0).mail.require_tls);
}

// --- Told to stop.

class StopTest : public CourierTest {
 protected:
  /// Carries the letter, and is told to stop after that time.
  void carry_and_stop(std::chrono::seconds after) {
    recipients = {{*account::Address::parse("bob@hamburger.edu")}};
    const account::DomainName domain = recipients[0].address.domain();
    const auto run = [&]() -> net::Task<void> {
      net::CancelSource stop;
      net::Loop::Timer timer(sim.loop());
      timer.arm(sim.loop().in(after), [&] { stop.cancel(); });
      report = co_await the_courier().carry({letter, domain, recipients}).in({&sim.loop(), &stop});
    };
    sim.run_until_done(run());
  }
};

TEST_F(StopTest, WaitsForNobodyBeforeTheLetterBegins) {
  hosts.add_silent(kMx);
  carry_and_stop(3s);
  EXPECT_EQ(first(), "deferred 4.3.2 We were stopping, so the letter waits for the next try.");
  EXPECT_EQ(report.hosts, Hosts::kWell);
  EXPECT_EQ(sim.clock().mono(), MonoTime() + 3s);
}

TEST_F(StopTest, ATransactionUnderWayIsBroughtToAKnownEnd) {
  hosts.add(kMx, greeting() + kEnvelope + kData + Script{"after 5", "S: 250 ok"});
  carry_and_stop(1s);
  EXPECT_EQ(first(), "relayed 2.0.0 mx.hamburger.edu [192.0.2.7]:25 took the letter: 250 ok");
}

TEST_F(StopTest, ButNotForEver) {
  hosts.add(kMx, greeting() + kEnvelope + kData + Script{"waits"});
  carry_and_stop(1s);
  EXPECT_THAT(first(), StartsWith("deferred 4.4.2 twice? "));
  EXPECT_EQ(sim.clock().mono(), MonoTime() + 11s);
}

}  // namespace
}  // namespace pabal::queue
