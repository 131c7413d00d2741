// Letters through the whole way in: a session typed by hand, the handler, the door, mailboxes and queue. Only
// the queue itself is not real here.
#include "delivery/smtp_handler.h"

#include <gmock/gmock.h>

#include "account/credentials.h"
#include "account/testing.h"
#include "base/encoding.h"
#include "delivery/home_courier.h"
#include "net/memory_stream.h"
#include "smtp/server_session.h"

namespace pabal::delivery {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class FakeJournal final : public journey::Journal {
 public:
  journey::JourneyId new_id() override { return journey::JourneyId(++last_); }
  void write(store::Batch& batch, const journey::Entry& entry) override {
    batch.put("journey/" + entry.id.bytes() + fmt::format("{}", ++last_), "told");
  }
  void committed(const store::PartitionId& partition, journey::Entry entry) override {
    told.emplace_back(partition.value(), std::move(entry));
  }
  void overheard(journey::JourneyId, journey::WireLine::From, std::string_view) override {}

  std::vector<std::pair<std::string, journey::Entry>> told;

 private:
  std::uint64_t last_ = 0;
};

class FakeQueue final : public queue::Intake {
 public:
  net::Task<Result<queue::Added>> add(queue::Submission submission) override {
    if (fails) co_return fail(ErrorKind::kRetryLater, "the disk is full");
    added.push_back(std::move(submission));
    co_return queue::Added{};
  }
  std::vector<queue::Submission> added;
  bool fails = false;
};

class SilentObserver final : public account::LoginObserver {
 public:
  void on_login(const account::LoginEvent&) override {}
};

class SmtpHandlerTest : public account::DirectoryTest {
 protected:
  SmtpHandlerTest() {
    must(directory_.add_domain(account::domain("hamburger.edu")));
    bob_ = add_account("bob@hamburger.edu");
    carol_ = add_account("carol@hamburger.edu");
    must(credentials_.set_password(bob_, Secret("hungry hippo")));
    add_alias("sales@hamburger.edu", {"bob@hamburger.edu", "agent@elsewhere.net"});
    add_alias("bobby@hamburger.edu", {"bob@hamburger.edu"});
  }
  ~SmtpHandlerTest() override {
    client_.reset();
    sessions_.cancel();
    run(sessions_.join());
  }

  net::Task<void> serve(std::unique_ptr<net::Connection> connection) {
    SmtpHandler handler(services_, {});
    co_await smtp::serve_smtp(*connection, handler, options_, &handler.dialogue());
  }
  void connect() {
    auto [ours, theirs] = net::make_memory_streams({});
    sessions_.spawn(serve(std::make_unique<net::Connection>(sim_.loop(), std::move(ours))));
    client_ = std::move(theirs);
    say("");
  }
  /// What the server answers.
  std::string say(std::string_view bytes) {
    const std::string_view pieces[] = {bytes};
    std::ignore = run(client_->write_all(pieces, sim_.loop().in(1s)));
    sim_.settle();
    std::string into(100'000, '\0');
    const auto size = run(client_->read_some(into, sim_.loop().in(5s)));
    return size ? into.substr(0, *size) : "";
  }
  /// A letter from alice to these, on a connection that is open; the answer to it, or to what refused it.
  std::string send(const std::vector<std::string>& to, std::string_view text,
                   std::string_view from = "alice@crepes.fr") {
    if (const std::string reply = say(fmt::format("MAIL FROM:<{}>\r\n", from)); !reply.starts_with("250")) {
      return reply;
    }
    for (const std::string& recipient : to) {
      const std::string reply = say(fmt::format("RCPT TO:<{}>\r\n", recipient));
      if (!reply.starts_with("250")) {
        say("RSET\r\n");
        return reply;
      }
    }
    say("DATA\r\n");
    return say(fmt::format("{}.\r\n", text));
  }
  void connect_and_greet() {
    connect();
    say("EHLO crepes.fr\r\n");
  }
  void log_in_as_bob() {
    options_ = smtp::ServerOptions::submission("hamburger.edu");
    options_.login_mechanisms = {"PLAIN"};
    options_.login_without_tls = true;
    connect_and_greet();
    const std::string secret("\0bob@hamburger.edu\0hungry hippo", 31);
    EXPECT_THAT(say(fmt::format("AUTH PLAIN {}\r\n", to_base64(secret))), StartsWith("235"));
  }

  std::vector<std::string> letters_of(account::AccountId account) {
    std::vector<std::string> out;
    for (const auto& item : must(mailboxes_.list(account, {}, 100)).items) {
      out.push_back(must(mailboxes_.read(item.record, 0, 1'000'000)));
    }
    return out;
  }

  account::AccountId bob_, carol_;
  SeededRandom random_{1};
  account::CountingHasher hasher_;
  net::WorkerPool pool_{{.name = "test", .threads = 1, .max_queued = 100}};
  account::Credentials credentials_{directory_, hasher_, pool_, sim_.clock(), random_};
  account::LoginThrottle throttle_{sim_.clock()};
  SilentObserver observer_;
  account::Authenticator authenticator_{directory_, credentials_, throttle_,
                                        random_,    observer_,    {.cleartext_from_anywhere = true}};
  FakeJournal journal_;
  FakeQueue queue_;
  mailbox::Mailboxes mailboxes_{*engine_, journal_, sim_.clock()};
  Router router_{directory_, mailboxes_, {.host_name = "mail.hamburger.edu"}};
  Door door_{{*engine_, journal_, mailboxes_, router_, queue_, sim_.clock(), random_},
             {"mail.hamburger.edu"}};
  SentAgain sent_again_;
  RateLimiter by_network_{sim_.clock(), {}};
  RateLimiter by_account_{sim_.clock(), {.burst = 5, .period = 1h}};
  SmtpServices services_{*engine_,     journal_,    authenticator_,      router_,
                         door_,        sent_again_, by_network_,         by_account_,
                         sim_.clock(), random_,     "mail.hamburger.edu"};
  smtp::ServerOptions options_ = smtp::ServerOptions::mx("mail.hamburger.edu");
  net::Scope sessions_{sim_.loop()};
  std::unique_ptr<net::Stream> client_;
};

TEST_F(SmtpHandlerTest, ALetterIsInTheMailboxWhenItIsAnswered) {
  connect_and_greet();
  EXPECT_THAT(send({"bob@hamburger.edu"}, "Subject: lunch\r\n\r\nDo you like ketchup?\r\n"),
              StartsWith("250 2.6.0 Message accepted for delivery"));
  const auto letters = letters_of(bob_);
  ASSERT_EQ(letters.size(), 1U);
  EXPECT_THAT(letters[0],
              AllOf(StartsWith("Return-Path: <alice@crepes.fr>\r\nDelivered-To: bob@hamburger.edu\r\n"
                               "Received: from crepes.fr"),
                    HasSubstr("by mail.hamburger.edu with ESMTP\r\n\tid "),
                    HasSubstr(" for <bob@hamburger.edu>;\r\n\tThu, 1 Jan 2026 00:00:"),
                    testing::EndsWith("+0000\r\nSubject: lunch\r\n\r\nDo you like ketchup?\r\n")));
}

TEST_F(SmtpHandlerTest, ALetterWithoutAHeaderKeepsItsTextApart) {
  connect_and_greet();
  EXPECT_THAT(send({"bob@hamburger.edu"}, "Do you like ketchup?\r\nHow about pickles?\r\n"),
              StartsWith("250"));
  EXPECT_THAT(letters_of(bob_).at(0),
              testing::EndsWith("+0000\r\n\r\nDo you like ketchup?\r\nHow about pickles?\r\n"));
}

TEST_F(SmtpHandlerTest, FactsOfALetterAreKeptAsItCameIn) {
  const std::string texts[] = {
      "Subject: lunch\r\nFrom: Bob <bob@hamburger.edu>\r\n\r\nDo you like ketchup?\r\n",
      "Do you like ketchup?\r\nHow about pickles?\r\n",
      "Subject: two\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n"
      "--b\r\nContent-Type: text/html\r\n\r\n<p>two\r\n--b--\r\n",
  };
  log_in_as_bob();
  for (const std::string& text : texts) {
    EXPECT_THAT(send({"bob@hamburger.edu"}, text, "bob@hamburger.edu"), StartsWith("250"));
  }
  EXPECT_THAT(send({"bob@hamburger.edu", "carol@hamburger.edu"}, texts[0], "bob@hamburger.edu"),
              StartsWith("250"));
  for (const account::AccountId account : {bob_, carol_}) {
    const auto page = must(mailboxes_.list(account, {}, 100));
    ASSERT_EQ(page.items.size(), account == bob_ ? 4U : 1U);
    for (const auto& [id, record] : page.items) {
      EXPECT_TRUE(must(engine_->get_one(account::partition_of(account), mailbox::facts_key(id))));
      const auto stored = must(mailboxes_.load_facts(account, {id}));
      auto facts = message::decode_facts(stored[0]);
      ASSERT_TRUE(facts);
      mailbox::shift_facts(*facts, record.size_bytes());
      EXPECT_EQ(*facts, message::read_letter(must(mailboxes_.read(record, 0, 1'000'000))));
    }
  }
}

TEST_F(SmtpHandlerTest, TheJourneyTellsHowItCameAndWhereItLies) {
  connect_and_greet();
  send({"bobby@hamburger.edu"}, "Message-ID: <m1@crepes.fr>\r\n\r\nhello\r\n");
  ASSERT_EQ(journal_.told.size(), 1U);
  const journey::Entry& entry = journal_.told[0].second;
  EXPECT_EQ(entry.terms.message_id, "m1@crepes.fr");
  EXPECT_EQ(entry.terms.sender, "alice@crepes.fr");
  EXPECT_THAT(entry.terms.recipients, testing::ElementsAre("bobby@hamburger.edu"));
  ASSERT_EQ(entry.events.size(), 2U);
  EXPECT_EQ(entry.events[0].find(journey::FactName::kSender), "alice@crepes.fr");
  EXPECT_EQ(entry.events[0].dialogue.front().text.substr(0, 4), "220 ");
  EXPECT_THAT(entry.events[0].dialogue.back().text, HasSubstr("bytes)"));
  EXPECT_EQ(entry.events[1].stage, journey::Stage::kStored);
  EXPECT_EQ(entry.events[1].find(journey::FactName::kVia), "the alias bobby@hamburger.edu");
}

TEST_F(SmtpHandlerTest, RecipientsAreJudgedWhileTheSenderListens) {
  must(directory_.disable_account(carol_, "on leave"));
  must(directory_.add_domain(account::domain("asleep.org"), {.enabled = false}));
  connect_and_greet();
  const struct {
    std::string to;
    std::string want;
  } cases[] = {
      {"nobody@hamburger.edu", "550 5.1.1"},
      {"someone@elsewhere.net", "550 5.7.1"},
      {"carol@hamburger.edu", "550 5.2.1"},
      {"x@asleep.org", "450 4.2.1"},
      {"BOB@Hamburger.EDU", "250"},
      {"bob+lists@hamburger.edu", "250"},
      {"postmaster@hamburger.edu", "250"},
      {"postmaster@mail.hamburger.edu", "250"},
      {"Postmaster", "250"},
  };
  for (const auto& [to, want] : cases) EXPECT_THAT(send({to}, "hi\r\n"), StartsWith(want)) << to;
  EXPECT_TRUE(queue_.added.empty());
}

TEST_F(SmtpHandlerTest, TheJourneyTellsWhoWasRefusedBeside) {
  connect_and_greet();
  say("MAIL FROM:<alice@crepes.fr>\r\n");
  for (int i = 0; i < 30; ++i) say(fmt::format("RCPT TO:<nobody{}@hamburger.edu>\r\n", i));
  say("RSET\r\nMAIL FROM:<alice@crepes.fr>\r\n");
  for (const char* const to : {"nobody", "bob"}) say(fmt::format("RCPT TO:<{}@hamburger.edu>\r\n", to));
  say("DATA\r\n");
  EXPECT_THAT(say("hello\r\n.\r\n"), StartsWith("250"));
  const journey::Entry& entry = journal_.told.at(0).second;
  EXPECT_THAT(entry.terms.recipients, testing::ElementsAre("bob@hamburger.edu", "nobody@hamburger.edu"));
  ASSERT_EQ(entry.events.size(), 3U);
  EXPECT_EQ(entry.events[1].stage, journey::Stage::kRefused);
  EXPECT_EQ(entry.events[1].find(journey::FactName::kRecipient), "nobody@hamburger.edu");
  EXPECT_THAT(entry.events[1].find(journey::FactName::kOurReply), StartsWith("550 5.1.1"));
  EXPECT_EQ(entry.events[2].stage, journey::Stage::kStored);
}

TEST_F(SmtpHandlerTest, OfManyRefusedRecipientsTheJourneyTellsAFew) {
  connect_and_greet();
  say("MAIL FROM:<alice@crepes.fr>\r\n");
  for (int i = 0; i < 30; ++i) say(fmt::format("RCPT TO:<nobody{}@hamburger.edu>\r\n", i));
  say("RCPT TO:<bob@hamburger.edu>\r\n");
  say("DATA\r\n");
  EXPECT_THAT(say("hello\r\n.\r\n"), StartsWith("250"));
  const journey::Entry& entry = journal_.told.at(0).second;
  EXPECT_EQ(entry.terms.recipients.size(), 21U);
  ASSERT_EQ(entry.events.size(), 22U);
  EXPECT_EQ(entry.events[20].find(journey::FactName::kReason), "10 more recipients were refused.");
}

TEST_F(SmtpHandlerTest, TwoNamesOfOneMailboxGetOneCopy) {
  connect_and_greet();
  EXPECT_THAT(send({"bob@hamburger.edu", "bobby@hamburger.edu", "carol@hamburger.edu"}, "hi\r\n"),
              StartsWith("250"));
  EXPECT_EQ(letters_of(bob_).size(), 1U);
  EXPECT_EQ(letters_of(carol_).size(), 1U);
  EXPECT_THAT(letters_of(carol_)[0], Not(HasSubstr(" for <"))) << "it would tell who else got it";
}

TEST_F(SmtpHandlerTest, AnAliasLeadsElsewhereThroughTheQueue) {
  connect_and_greet();
  EXPECT_THAT(send({"sales@hamburger.edu"}, "Subject: x\r\n\r\nh\xc3\xa9\r\n"), StartsWith("250"));
  EXPECT_EQ(letters_of(bob_).size(), 1U);
  ASSERT_EQ(queue_.added.size(), 1U);
  const queue::Submission& on = queue_.added[0];
  EXPECT_EQ(on.to.at(0).address.to_string(), "agent@elsewhere.net");
  EXPECT_EQ(on.letter.sender->to_string(), "alice@crepes.fr");
  EXPECT_EQ(on.letter.body, smtp::Body::kEightBitMime);
  EXPECT_THAT(on.letter.preamble, AllOf(StartsWith("Received:"), Not(HasSubstr("Return-Path"))));
}

TEST_F(SmtpHandlerTest, AForwardThatComesBackIsStopped) {
  connect_and_greet();
  EXPECT_THAT(send({"sales@hamburger.edu"}, "Delivered-To: Sales@hamburger.edu\r\n\r\nhi\r\n"),
              StartsWith("554 5.4.6"));
  std::string circles;
  for (int i = 0; i < 101; ++i) circles += "Received: from a by b; today\r\n";
  EXPECT_THAT(send({"bob@hamburger.edu"}, circles + "\r\nhi\r\n"), StartsWith("554 5.4.6"));
}

TEST_F(SmtpHandlerTest, WhatCannotBeKeptIsNotAnswered) {
  queue_.fails = true;
  connect_and_greet();
  EXPECT_THAT(send({"sales@hamburger.edu"}, "hi\r\n"), StartsWith("451"));
  queue_.fails = false;
  EXPECT_THAT(send({"sales@hamburger.edu"}, "hi\r\n"), StartsWith("250"));
  EXPECT_EQ(letters_of(bob_).size(), 1U) << "the first time it was kept for bob, though not for all";
}

TEST_F(SmtpHandlerTest, ALetterSentAgainAfterALostAnswerIsStoredOnce) {
  connect_and_greet();
  send({"bob@hamburger.edu"}, "once\r\n");
  client_->close();
  sim_.settle();
  connect_and_greet();
  EXPECT_THAT(send({"bob@hamburger.edu"}, "once\r\n"), StartsWith("250"));
  EXPECT_EQ(letters_of(bob_).size(), 1U);
  say("NOOP\r\n");
  EXPECT_THAT(send({"bob@hamburger.edu"}, "once\r\n"), StartsWith("250"));
  EXPECT_EQ(letters_of(bob_).size(), 2U) << "who heard the answer and sends again, means it";
}

TEST_F(SmtpHandlerTest, ALetterThatIsOvertakenByItsRepetitionIsStoredOnce) {
  connect_and_greet();
  say("MAIL FROM:<alice@crepes.fr>\r\n");
  say("RCPT TO:<bob@hamburger.edu>\r\n");
  say("DATA\r\n");
  const std::unique_ptr<net::Stream> slow = std::move(client_);
  connect_and_greet();
  EXPECT_THAT(send({"bob@hamburger.edu"}, "once\r\n"), StartsWith("250"));
  say("NOOP\r\n");
  const std::string_view rest[] = {"once\r\n.\r\n"};
  std::ignore = run(slow->write_all(rest, sim_.loop().in(1s)));
  sim_.settle();
  EXPECT_EQ(letters_of(bob_).size(), 1U);
}

TEST_F(SmtpHandlerTest, AFullMailboxIsToldAtItsName) {
  must(directory_.set_quota(bob_, account::QuotaLimit::of_bytes(700)));
  connect_and_greet();
  EXPECT_THAT(send({"bob@hamburger.edu"}, std::string(300, 'x') + "\r\n"), StartsWith("250"));
  EXPECT_THAT(send({"bob@hamburger.edu"}, std::string(300, 'y') + "\r\n"), StartsWith("452 4.2.2"));
  must(directory_.set_quota(bob_, account::QuotaLimit::of_bytes(100)));
  EXPECT_THAT(send({"bob@hamburger.edu"}, "z\r\n"), StartsWith("452 4.2.2"));
}

TEST_F(SmtpHandlerTest, AMailboxThatFillsUpMeanwhileIsToldToTheSenderAlone) {
  must(directory_.set_quota(carol_, account::QuotaLimit::of_bytes(100)));
  connect_and_greet();
  EXPECT_THAT(send({"bob@hamburger.edu", "carol@hamburger.edu"}, "Subject: lunch\r\n\r\nhi\r\n"),
              StartsWith("250"));
  EXPECT_EQ(letters_of(bob_).size(), 1U);
  EXPECT_EQ(letters_of(carol_).size(), 0U);
  ASSERT_EQ(queue_.added.size(), 1U);
  EXPECT_FALSE(queue_.added[0].letter.sender);
  EXPECT_EQ(queue_.added[0].to.at(0).address.to_string(), "alice@crepes.fr");
}

TEST_F(SmtpHandlerTest, WhoAsksIsToldThatALetterArrived) {  // RFC 3461 §4.1
  connect_and_greet();
  say("MAIL FROM:<carol@hamburger.edu>\r\n");
  say("RCPT TO:<bob@hamburger.edu> NOTIFY=SUCCESS\r\n");
  say("DATA\r\n");
  EXPECT_THAT(say("Subject: lunch\r\n\r\nhi\r\n.\r\n"), StartsWith("250"));
  ASSERT_EQ(letters_of(carol_).size(), 1U);
  EXPECT_THAT(letters_of(carol_)[0],
              AllOf(HasSubstr("Action: delivered"), HasSubstr("Status: 2.0.0"), HasSubstr("Subject: lunch")));
}

TEST_F(SmtpHandlerTest, ASubmittedLetterGetsWhatItsAgentForgot) {
  log_in_as_bob();
  EXPECT_THAT(
      send(
          {"alice@crepes.fr"},
          "Subject: lunch\r\nBcc: spy@elsewhere.net,\r\n other@elsewhere.net\r\nTo: alice@crepes.fr\r\n\r\nhi\r\n",
          "bob@hamburger.edu"),
      StartsWith("250"));
  ASSERT_EQ(queue_.added.size(), 1U);
  const queue::Submission& on = queue_.added[0];
  EXPECT_THAT(on.letter.preamble,
              AllOf(HasSubstr("with ESMTPA"), HasSubstr("\r\nDate: Thu, 1 Jan 2026"),
                    HasSubstr("\r\nFrom: bob@hamburger.edu\r\n"), HasSubstr("\r\nMessage-ID: <")));
  EXPECT_FALSE(on.letter.message_id.empty());
  EXPECT_EQ(on.letter.submitter, bob_);
  EXPECT_EQ(on.letter.blob, store::BlobId::of("Subject: lunch\r\nTo: alice@crepes.fr\r\n\r\nhi\r\n"));
}

TEST_F(SmtpHandlerTest, NobodySendsInAnothersName) {
  log_in_as_bob();
  EXPECT_THAT(send({"alice@crepes.fr"}, "hi\r\n", "carol@hamburger.edu"), StartsWith("550 5.7.1"));
  EXPECT_THAT(
      send({"alice@crepes.fr"}, "From: Carol <carol@hamburger.edu>\r\n\r\nhi\r\n", "bob@hamburger.edu"),
      StartsWith("550 5.7.1"));
  EXPECT_THAT(send({"alice@crepes.fr"}, "From: bob+work@hamburger.edu\r\n\r\nhi\r\n", "bobby@hamburger.edu"),
              StartsWith("250"));
  EXPECT_EQ(queue_.added.size(), 1U);
}

TEST_F(SmtpHandlerTest, AnAccountHasAnAllowance) {
  log_in_as_bob();
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(send({"alice@crepes.fr"}, fmt::format("{}\r\n", i), "bob@hamburger.edu"), StartsWith("250"));
  }
  EXPECT_THAT(send({"alice@crepes.fr"}, "6\r\n", "bob@hamburger.edu"), StartsWith("450 4.7.1"));
}

class NoCourier final : public queue::Courier {
 public:
  net::Task<queue::ErrandReport> carry(queue::Errand) override {
    ADD_FAILURE() << "the letter was for here";
    co_return queue::ErrandReport();
  }
  net::Task<void> rest() override { co_return; }
};

TEST_F(SmtpHandlerTest, AScheduledLetterWaitsForThoseWhoLiveHereToo) {  // RFC 4865
  log_in_as_bob();
  EXPECT_THAT(say("MAIL FROM:<bob@hamburger.edu> HOLDFOR=3600\r\n"), StartsWith("250"));
  say("RCPT TO:<carol@hamburger.edu> NOTIFY=SUCCESS\r\n");
  say("DATA\r\n");
  EXPECT_THAT(say("Subject: later\r\n\r\nhi\r\n.\r\n"), StartsWith("250"));
  EXPECT_EQ(letters_of(carol_).size(), 0U);
  ASSERT_EQ(queue_.added.size(), 1U);
  const queue::Submission& held = queue_.added[0];
  EXPECT_EQ(*held.letter.hold_until() - held.letter.accepted, 1h);

  // The fake queue holds no blob; the real one does, from which the courier's door takes it.
  store::Batch batch(store::PartitionId("queue"));
  batch.attach(*held.blob);
  batch.hold(held.letter.blob, "held");
  must(engine_->commit(std::move(batch)));
  NoCourier outside;
  HomeCourier courier(outside, router_, door_, "mail.hamburger.edu");
  const account::DomainName home = account::domain("hamburger.edu");
  for (int attempt = 1; attempt <= 2; ++attempt) {  // a crash may lose the first one's outcome
    const auto report = run(courier.carry({held.letter, home, held.to}));
    ASSERT_EQ(report.recipients.size(), 1U);
    EXPECT_EQ(report.recipients[0].fate, queue::RecipientResult::Fate::kRelayed);
  }
  ASSERT_EQ(letters_of(carol_).size(), 1U);
  EXPECT_THAT(letters_of(carol_)[0], HasSubstr("Subject: later"));
  ASSERT_GE(letters_of(bob_).size(), 1U);
  EXPECT_THAT(letters_of(bob_)[0], HasSubstr("\r\nFuture-Release-Request: for;3600\r\n"));
  const queue::Recipient gone{account::address("gone@hamburger.edu"), {}};
  const auto report = run(courier.carry({held.letter, home, std::span(&gone, 1)}));
  EXPECT_EQ(report.recipients.at(0).fate, queue::RecipientResult::Fate::kFailed);
}

TEST_F(SmtpHandlerTest, LmtpAnswersForEachRecipient) {
  options_ = smtp::ServerOptions::lmtp("mail.hamburger.edu");
  must(directory_.set_quota(carol_, account::QuotaLimit::of_bytes(150)));
  connect();
  say("LHLO relay\r\n");
  EXPECT_THAT(send({"bob@hamburger.edu", "carol@hamburger.edu"}, "hi\r\n"),
              AllOf(StartsWith("250 2.6.0"), HasSubstr("\r\n452 4.2.2")));
  EXPECT_EQ(letters_of(bob_).size(), 1U);
  EXPECT_THAT(send({"someone@elsewhere.net"}, "hi\r\n"), StartsWith("550 5.7.1")) << "no relay either";
}

TEST_F(SmtpHandlerTest, ReportsGoThroughTheSameDoor) {
  queue::ReportDoor::Report report{.to = account::address("bob@hamburger.edu"),
                                   .letter = "Subject: could not be delivered\r\n\r\nsorry\r\n",
                                   .smtputf8 = false,
                                   .about = journey::JourneyId(1),
                                   .token = journey::make_resend_token("report 1")};
  must(door_.send(report));
  must(door_.send(report));
  ASSERT_EQ(letters_of(bob_).size(), 1U);
  EXPECT_THAT(letters_of(bob_)[0], StartsWith("Return-Path: <>\r\nDelivered-To: bob@hamburger.edu\r\n"
                                              "Received: by mail.hamburger.edu with internal"));
  report.to = account::address("nobody@hamburger.edu");
  EXPECT_FALSE(refused(door_.send(report)).empty());
  report.to = account::address("alice@crepes.fr");
  must(door_.send(report));
  EXPECT_EQ(queue_.added.size(), 1U);
}

}  // namespace
}  // namespace pabal::delivery
