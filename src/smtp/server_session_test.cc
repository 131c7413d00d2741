// What the dialogues of tests/dialogue/smtp can't say: TLS, forbidden pipelining, cancellation, and what the
// session does with bytes that are cut or make no sense.
#include "smtp/server_session.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/ascii.h"
#include "net/memory_stream.h"
#include "net/scope.h"
#include "net/testing.h"
#include "net/tls.h"
#include "smtp/client_session.h"
#include "smtp/testing.h"

namespace pabal::smtp {
namespace {

using namespace std::chrono_literals;

/// A self-signed certificate in files of its own.
class TestTls {
 public:
  explicit TestTls(const Clock& clock) {
    const auto made = net::make_self_signed({"hamburger.edu"}, clock);
    directory_ = std::filesystem::temp_directory_path() / fmt::format("pabal-smtp-test-{}", random_.next());
    std::filesystem::create_directory(directory_);
    std::ofstream(directory_ / "cert.pem") << made->certificate_pem;
    std::ofstream(directory_ / "key.pem") << made->key_pem;
    net::TlsServerOptions options;
    options.certificates = {{directory_ / "cert.pem", directory_ / "key.pem"}};
    server = *net::TlsServer::load(options, clock, random_);
    client = *net::TlsClient::create();
  }
  ~TestTls() { std::filesystem::remove_all(directory_); }

  std::unique_ptr<net::TlsServer> server;
  std::unique_ptr<net::TlsClient> client;

 private:
  SystemRandom random_;
  std::filesystem::path directory_;
};

class ServerTest : public testing::Test {
 protected:
  ~ServerTest() override {
    client.reset();
    sessions.cancel();
    sim.run_until_done(sessions.join());
  }

  net::Task<void> serve(std::unique_ptr<net::Connection> connection) {
    FakeHandler handler(mail);
    summaries.push_back(co_await serve_smtp(*connection, handler, options, &log));
  }
  std::unique_ptr<net::Stream> connect(net::MemoryStreamOptions streams = {}) {
    auto [ours, theirs] = net::make_memory_streams(streams);
    sessions.spawn(serve(std::make_unique<net::Connection>(sim.loop(), std::move(ours))));
    sim.settle();
    return std::move(theirs);
  }
  void begin() {
    client = connect();
    ASSERT_EQ(say("").substr(0, 4), "220 ");
  }
  /// What the server answers; "(closed)" at the end if it left.
  std::string say(std::string_view bytes) {
    const std::string_view pieces[] = {bytes};
    std::ignore = sim.run_until_done(client->write_all(pieces, sim.loop().in(1s)));
    sim.settle();
    std::string out;
    for (;;) {
      std::string into(100'000, '\0');
      const auto size = sim.run_until_done(client->read_some(into, sim.loop().in(1ms)));
      if (size && *size > 0) {
        out += into.substr(0, *size);
        continue;
      }
      const bool is_silent = !size && size.error().kind == ErrorKind::kDeadline;
      return is_silent ? out : out + "(closed)";
    }
  }

  /// The client goes, and the session is over.
  SessionSummary leave() {
    client->close();
    sim.settle();
    EXPECT_EQ(sessions.size(), 0u);
    return summaries.empty() ? SessionSummary{} : summaries.back();
  }

  net::SimulatedLoop sim;
  net::Scope sessions{sim.loop()};
  ServerOptions options = ServerOptions::mx("hamburger.edu");
  FakeMail mail;
  DialogueLog log{'S', 'C'};
  std::vector<SessionSummary> summaries;
  std::unique_ptr<net::Stream> client;
};

TEST_F(ServerTest, WhoPipelinesWhereOneMustWaitIsThrownOut) {
  options = ServerOptions::submission("hamburger.edu");
  options.login_without_tls = true;
  options.login_required = false;
  TestTls tls(sim.clock());
  options.tls = tls.server.get();
  const std::string transaction = "MAIL FROM:<a@crepes.fr>\r\nRCPT TO:<bob@hamburger.edu>\r\n";
  struct Case {
    const char* name;
    std::string before;
    std::string together;
  };
  const Case cases[] = {
      {"EHLO", "", "EHLO crepes.fr\r\nMAIL FROM:<a@crepes.fr>\r\n"},
      {"HELO", "", "HELO crepes.fr\r\nMAIL FROM:<a@crepes.fr>\r\n"},
      {"STARTTLS", "EHLO crepes.fr\r\n", "STARTTLS\r\nMAIL FROM:<evil@crepes.fr>\r\n"},
      {"AUTH", "EHLO crepes.fr\r\n", "AUTH LOGIN\r\nYWxpY2U=\r\n"},
      {"DATA", "EHLO crepes.fr\r\n", transaction + "DATA\r\ntext\r\n.\r\nQUIT\r\n"},
      {"half a line behind DATA", "EHLO crepes.fr\r\n", transaction + "DATA\r\nt"},
  };
  for (const Case& c : cases) {
    begin();
    if (!c.before.empty()) ASSERT_EQ(say(c.before).substr(0, 3), "250") << c.name;
    const std::string got = say(c.together);
    EXPECT_NE(got.find("554 5.5.0 "), std::string::npos) << c.name << ": " << got;
    EXPECT_TRUE(got.ends_with("(closed)")) << c.name << ": " << got;
    EXPECT_EQ(leave().end, SessionSummary::End::kThrownOut) << c.name;
  }
  EXPECT_TRUE(mail.letters.empty());
}

TEST_F(ServerTest, WholePipelinedSession) {  // RFC 2920 §4, the second example
  begin();
  ASSERT_EQ(say("EHLO dbc.mtview.ca.us\r\n").substr(0, 3), "250");
  const std::string replies =
      say("MAIL FROM:<mrose@dbc.mtview.ca.us>\r\nRCPT TO:<nobody@hamburger.edu>\r\n"
          "RCPT TO:<dan@hamburger.edu>\r\nRCPT TO:<kvc@hamburger.edu>\r\nDATA\r\n");
  EXPECT_EQ(replies,
            "250 2.1.0 mrose@dbc.mtview.ca.us... Sender ok\r\n550 5.1.1 No such person here\r\n"
            "250 2.1.5 dan@hamburger.edu... Recipient ok\r\n250 2.1.5 kvc@hamburger.edu... Recipient ok\r\n"
            "354 Enter mail, end with \".\" on a line by itself\r\n");
  EXPECT_EQ(
      say("text\r\n.\r\nQUIT\r\n"),
      "250 2.6.0 Message accepted for delivery\r\n221 2.0.0 hamburger.edu closing connection\r\n(closed)");
  EXPECT_EQ(leave().end, SessionSummary::End::kQuit);
  EXPECT_EQ(summaries.back().letters, 1u);
}

TEST_F(ServerTest, StartTlsForgetsWhatCameBefore) {
  TestTls tls(sim.clock());
  options = ServerOptions::submission("hamburger.edu");
  options.login_required = false;
  options.tls = tls.server.get();
  auto connection = net::Connection(sim.loop(), connect());
  ClientOptions client_options{.host_name = "crepes.fr", .tls = tls.client.get()};
  client_options.tls_options = {.server_name = "hamburger.edu", .verify = net::TlsVerify::kNone};
  ClientSession session(connection, client_options);
  ASSERT_TRUE(sim.run_until_done(session.open()));
  EXPECT_TRUE(connection.encrypted());
  EXPECT_TRUE(session.extensions().offers(Extension::kRequireTls));
  EXPECT_TRUE(session.extensions().offers(Extension::kAuth));
  EXPECT_FALSE(session.extensions().offers(Extension::kStartTls));
  const std::string_view hello = "C: EHLO crepes.fr";
  EXPECT_NE(log.text.find(hello), log.text.rfind(hello)) << "EHLO must be said again";

  SeededRandom random(1);
  ASSERT_TRUE(sim.run_until_done(session.log_in({"alice@crepes.fr", Secret("hungry")}, random)));

  class Source final : public LetterSource {
   public:
    net::Task<Result<std::string_view>> next() override {
      co_return std::exchange(done_, true) ? std::string_view() : std::string_view("x\r\n");
    }

   private:
    bool done_ = false;
  } source;
  ClientEnvelope envelope;
  envelope.from = *account::Address::parse("alice@crepes.fr");
  envelope.parameters.require_tls = true;
  envelope.to = {{*account::Address::parse("bob@hamburger.edu"), {}}};
  const auto outcome = sim.run_until_done(session.send(envelope, source));
  EXPECT_TRUE(outcome.recipients[0].accepted);
  EXPECT_EQ(mail.letters.at(0).protocol, "ESMTPSA");
  EXPECT_TRUE(mail.letters.at(0).mail.require_tls);
  sim.run_until_done(session.quit());
}

TEST_F(ServerTest, NeedsAHelloAfterStartTls) {
  TestTls tls(sim.clock());
  options.tls = tls.server.get();
  auto connection = net::Connection(sim.loop(), connect());
  const auto ask = [&](std::string line) {
    const auto dialogue = [](net::Connection& with, std::string command,
                             net::Deadline until) -> net::Task<std::string> {
      if (!command.empty()) std::ignore = co_await with.write(command, until);
      for (;;) {
        const auto reply = co_await with.read_line({}, until);
        if (!reply) co_return "(closed)";
        if (reply->size() < 4 || (*reply)[3] != '-') co_return std::string(*reply);
      }
    };
    return sim.run_until_done(dialogue(connection, std::move(line), sim.loop().in(10s)));
  };
  EXPECT_TRUE(ask("").starts_with("220 "));
  EXPECT_TRUE(ask("EHLO crepes.fr\r\n").starts_with("250 "));
  EXPECT_TRUE(ask("MAIL FROM:<a@crepes.fr>\r\n").starts_with("250 "));
  EXPECT_TRUE(ask("STARTTLS\r\n").starts_with("503 ")) << "in a transaction";
  EXPECT_TRUE(ask("RSET\r\n").starts_with("250 "));
  EXPECT_TRUE(ask("STARTTLS\r\n").starts_with("220 "));
  ASSERT_TRUE(sim.run_until_done(connection.start_tls(
      *tls.client, {.server_name = "hamburger.edu", .verify = net::TlsVerify::kNone, .alpn = {}},
      sim.loop().in(10s))));
  EXPECT_TRUE(ask("MAIL FROM:<a@crepes.fr>\r\n").starts_with("503 "));
  EXPECT_TRUE(ask("EHLO crepes.fr\r\n").starts_with("250 "));
  EXPECT_TRUE(ask("STARTTLS\r\n").starts_with("503 "));
}

TEST_F(ServerTest, DialogueHidesCredentials) {
  options = ServerOptions::submission("hamburger.edu");
  options.login_without_tls = true;
  begin();
  say("EHLO crepes.fr\r\n");
  say("AUTH PLAIN AGFsaWNlQGNyZXBlcy5mcgB3cm9uZw==\r\n");
  say("AUTH LOGIN\r\n");
  say("YWxpY2VAY3JlcGVzLmZy\r\n");
  say("aHVuZ3J5\r\n");
  EXPECT_NE(log.text.find("C: AUTH PLAIN [hidden]\n"), std::string::npos);
  EXPECT_NE(log.text.find("C: AUTH LOGIN\n"), std::string::npos);
  EXPECT_NE(log.text.find("235 2.7.0"), std::string::npos);
  for (const char* secret : {"aHVuZ3J5", "YWxpY2VAY3JlcGVzLmZy", "AGFsaWNl"}) {
    EXPECT_EQ(log.text.find(secret), std::string::npos) << secret;
  }
}

TEST_F(ServerTest, SaysSoWhenItIsToldToStop) {
  begin();
  sessions.cancel();
  EXPECT_EQ(say("").substr(0, 9), "421 4.3.2");
  EXPECT_EQ(leave().end, SessionSummary::End::kCancelled);
}

TEST_F(ServerTest, ALetterFarBeyondItsLimitClosesTheConnection) {
  options.limits.max_letter_bytes = 1000;
  options.limits.max_overrun_bytes = 10'000;
  begin();
  say("HELO crepes.fr\r\n");
  say("MAIL FROM:<a@crepes.fr>\r\n");
  say("RCPT TO:<bob@hamburger.edu>\r\n");
  say("DATA\r\n");
  EXPECT_EQ(say(std::string(900, 'x') + "\r\n"), "");
  EXPECT_EQ(say(std::string(9000, 'x') + "\r\n"), "");
  const std::string got = say(std::string(3000, 'x') + "\r\n");
  EXPECT_EQ(got.substr(0, 9), "552 5.3.4") << got;
  EXPECT_TRUE(got.ends_with("(closed)"));
  EXPECT_EQ(mail.given_up, 1u);
}

TEST_F(ServerTest, ABrokenLetterIsGivenUp) {
  for (const char* tail : {"", "text", "text\r\n", "text\r\n.", "text\r\n.\r"}) {
    begin();
    say("HELO crepes.fr\r\n");
    say("MAIL FROM:<a@crepes.fr>\r\n");
    say("RCPT TO:<bob@hamburger.edu>\r\n");
    say("DATA\r\n");
    say(tail);
    EXPECT_EQ(leave().end, SessionSummary::End::kPeerClosed) << tail;
  }
  EXPECT_EQ(mail.given_up, 5u);
  EXPECT_TRUE(mail.letters.empty());
}

/// A whole session, cut off at every byte: it ends in order, and a letter is there only once its end was.
TEST_F(ServerTest, EndsInOrderWhereverTheClientLeaves) {
  const std::vector<std::string> turns = {
      "EHLO crepes.fr\r\n",
      "MAIL FROM:<a@crepes.fr> SIZE=5\r\nRCPT TO:<bob@hamburger.edu>\r\nDATA\r\n",
      "text\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<bob@hamburger.edu>\r\nBDAT 2\r\nx\rBDAT 1 LAST\r\n\nQUIT\r\n",
  };
  for (std::size_t turn = 0; turn < turns.size(); ++turn) {
    for (std::size_t cut = 0; cut < turns[turn].size(); ++cut) {
      const std::size_t letters = mail.letters.size();
      begin();
      for (std::size_t i = 0; i < turn; ++i) say(turns[i]);
      say(std::string_view(turns[turn]).substr(0, cut));
      leave();
      const std::size_t want = turn < 2 ? 0 : cut < 9 ? 0 : cut <= turns[2].find("\nQUIT") ? 1 : 2;
      EXPECT_EQ(mail.letters.size() - letters, want) << turn << ", " << cut;
    }
  }
}

TEST_F(ServerTest, GarbageEndsInErrorsOrAClose) {
  SeededRandom random(821);
  const std::vector<std::string> words = {"MAIL FROM:<a@b.example>",
                                          "RCPT TO:<bob@hamburger.edu>",
                                          "DATA",
                                          "EHLO x",
                                          "BDAT 5",
                                          "BDAT 3 LAST",
                                          "\r\n",
                                          "\n",
                                          "\r",
                                          ".",
                                          " ",
                                          "RSET",
                                          "AUTH PLAIN",
                                          "STARTTLS",
                                          "NOOP",
                                          "<",
                                          ">",
                                          "@",
                                          "\xff",
                                          "SIZE=",
                                          "QUIT"};
  for (int round = 0; round < 300; ++round) {
    begin();
    std::string bytes;
    for (std::size_t i = random.below(60); i > 0; --i) {
      bytes += random.below(4) == 0 ? random.bytes(random.below(6)) : words[random.below(words.size())];
      if (random.below(2) == 0) bytes += "\r\n";
    }
    const std::string got = say(bytes);
    for (std::size_t at = 0; at + 8 < got.size(); at = got.find('\n', at) + 1) {
      EXPECT_TRUE(is_digit(got[at]) && got[at] >= '2' && got[at] <= '5') << got.substr(at, 20);
      if (got.find('\n', at) == std::string::npos) break;
    }
    leave();
  }
}

/// Counts, and remembers the largest piece.
struct CountingHandler final : ServerHandler {
  struct Sink final : LetterSink {
    explicit Sink(CountingHandler& owner) : owner_(owner) {}
    net::Task<Result<void>> write(std::string_view bytes) override {
      owner_.total += bytes.size();
      owner_.largest = std::max(owner_.largest, bytes.size());
      co_return Result<void>();
    }
    net::Task<LetterVerdict> finish() override {
      co_return LetterVerdict{{250, status::kLetterOk, "ok"}, {}};
    }
    CountingHandler& owner_;
  };
  net::Task<Reply> connected(const SessionFacts&) override { co_return Reply{220, {}, ""}; }
  net::Task<Reply> greeted(const SessionFacts&) override { co_return Reply{250, {}, ""}; }
  std::unique_ptr<LoginExchange> begin_login(const SessionFacts&, std::string_view) override {
    return nullptr;
  }
  net::Task<Reply> mail(const SessionFacts&, const MailCommand& c) override {
    co_return sender_ok(c.reverse_path);
  }
  net::Task<Reply> rcpt(const SessionFacts&, const RcptCommand& c) override {
    co_return recipient_ok(c.forward_path);
  }
  net::Task<std::expected<std::unique_ptr<LetterSink>, Reply>> begin_letter(const SessionFacts&,
                                                                            LetterRequest) override {
    co_return std::make_unique<Sink>(*this);
  }
  void reset() override {}
  std::size_t total = 0;
  std::size_t largest = 0;
};

TEST_F(ServerTest, ALetterOfAnySizePassesThroughOneBuffer) {
  CountingHandler handler;
  auto [ours, theirs] = net::make_memory_streams();
  const auto serve_counting = [](std::unique_ptr<net::Connection> connection, ServerHandler& with,
                                 const ServerOptions& how) -> net::Task<void> {
    co_await serve_smtp(*connection, with, how);
  };
  sessions.spawn(
      serve_counting(std::make_unique<net::Connection>(sim.loop(), std::move(ours)), handler, options));
  client = std::move(theirs);
  sim.settle();
  say("");
  for (const char* line :
       {"EHLO crepes.fr\r\n", "MAIL FROM:<>\r\n", "RCPT TO:<bob@hamburger.edu>\r\n", "DATA\r\n"})
    say(line);
  std::string block;
  while (block.size() < 64'000)
    block += "a line of the letter, as long as lines are in letters, more or less\r\n";
  const std::size_t blocks = 400;
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::string_view pieces[] = {block};
    ASSERT_TRUE(sim.run_until_done(client->write_all(pieces, sim.loop().in(1s))));
    sim.settle();
  }
  EXPECT_EQ(say(".\r\n"), "250 2.6.0 ok\r\n");
  EXPECT_EQ(handler.total, blocks * block.size());
  EXPECT_LE(handler.largest, net::kBlockBytes);
  client->close();
  sim.settle();
}

TEST(ProtocolWord, SaysHowALetterCame) {
  SessionFacts facts;
  EXPECT_EQ(protocol_word(facts, false), "SMTP");
  facts.extended = true;
  EXPECT_EQ(protocol_word(facts, false), "ESMTP");
  EXPECT_EQ(protocol_word(facts, true), "UTF8SMTP");
  facts.login = "alice";
  EXPECT_EQ(protocol_word(facts, false), "ESMTPA");
  facts.tls.emplace();
  EXPECT_EQ(protocol_word(facts, false), "ESMTPSA");
  EXPECT_EQ(protocol_word(facts, true), "UTF8SMTPSA");
  facts.profile = Profile::kLmtp;
  facts.login.clear();
  EXPECT_EQ(protocol_word(facts, false), "LMTPS");
  EXPECT_EQ(protocol_word(facts, true), "UTF8LMTPS");
}

}  // namespace
}  // namespace pabal::smtp
