#include "smtp/client_session.h"

#include <gtest/gtest.h>

#include "net/memory_stream.h"
#include "net/scope.h"
#include "net/testing.h"
#include "smtp/server_session.h"
#include "smtp/testing.h"

namespace pabal::smtp {
namespace {

using namespace std::chrono_literals;

account::Address address(std::string_view text) { return *account::Address::parse(text); }

ClientEnvelope envelope(std::vector<std::string> to) {
  ClientEnvelope out;
  out.from = address("alice@crepes.fr");
  for (const std::string& each : to) out.to.push_back({address(each), {}});
  return out;
}

/// A letter in pieces of some size.
class TextSource final : public LetterSource {
 public:
  explicit TextSource(std::string text, std::size_t piece_bytes = SIZE_MAX)
      : text_(std::move(text)), piece_bytes_(piece_bytes) {}
  net::Task<Result<std::string_view>> next() override {
    if (breaks_at && at_ >= *breaks_at) co_return fail(ErrorKind::kCorrupt, "the blob is damaged");
    const std::string_view piece = std::string_view(text_).substr(at_, piece_bytes_);
    at_ += piece.size();
    co_return piece;
  }
  std::optional<std::size_t> breaks_at;

 private:
  std::string text_;
  std::size_t piece_bytes_;
  std::size_t at_ = 0;
};

net::Task<void> serve(std::unique_ptr<net::Connection> connection, const ServerOptions& options,
                      FakeMail& mail) {
  FakeHandler handler(mail);
  co_await serve_smtp(*connection, handler, options);
}

/// A peer that follows a script: "S: line" says it, "C: line" wants it, "letter" reads up to the dot, "bytes
/// n" reads as many, "leaves" closes, "waits" says nothing any more.
net::Task<void> follow(std::unique_ptr<net::Connection> connection, std::vector<std::string> script,
                       std::vector<std::string>& faults) {
  const net::Deadline never = net::Deadline::never();
  for (const std::string& line : script) {
    if (line.starts_with("S: ")) {
      const std::string wire = line.substr(3) + "\r\n";
      std::ignore = co_await connection->write(wire, never);
    } else if (line.starts_with("C: ")) {
      const auto heard = co_await connection->read_line({}, never);
      const std::string got = heard ? std::string(*heard) : heard.error().detail;
      if (got != line.substr(3)) faults.push_back("wanted '" + line.substr(3) + "', got '" + got + "'");
      if (!heard) co_return;
    } else if (line == "letter") {
      for (bool ended = false; !ended;) {
        const auto heard = co_await connection->read_line({}, never);
        ended = !heard || *heard == ".";
      }
    } else if (line.starts_with("bytes ")) {
      std::string into(std::stoul(line.substr(6)), '\0');
      std::ignore = co_await connection->read_exactly(into, never);
    } else if (line == "waits") {
      std::ignore = co_await connection->peek(never);
    } else if (line == "leaves") {
      std::ignore = co_await connection->flush(never);
      co_return;
    }
  }
  std::ignore = co_await connection->flush(never);
  while (co_await connection->read_line({}, never)) {
  }
}

class ClientTest : public testing::Test {
 protected:
  ~ClientTest() override {
    session.reset();
    connection.reset();
    peers.cancel();
    sim.run_until_done(peers.join());
    EXPECT_EQ(fmt::format("{}", fmt::join(faults, "\n")), "");
  }

  std::unique_ptr<net::Connection> connect() {
    net::MemoryStreamOptions streams;
    streams.max_read_bytes = max_read_bytes;
    auto [ours, theirs] = net::make_memory_streams(streams);
    options.dialogue = &log;
    connection = std::make_unique<net::Connection>(sim.loop(), std::move(ours));
    session = std::make_unique<ClientSession>(*connection, options);
    return std::make_unique<net::Connection>(sim.loop(), std::move(theirs));
  }
  void against(std::vector<std::string> script) { peers.spawn(follow(connect(), std::move(script), faults)); }
  void against_ours() { peers.spawn(serve(connect(), server, mail)); }

  std::optional<Failure> open() {
    auto opened = sim.run_until_done(session->open());
    return opened ? std::nullopt : std::optional(opened.error());
  }
  LetterOutcome send(const ClientEnvelope& to, std::string text, std::size_t piece_bytes = SIZE_MAX) {
    TextSource source(std::move(text), piece_bytes);
    return sim.run_until_done(session->send(to, source));
  }
  /// "ok", or scope and permanence with the reply's code.
  static std::string shown(const LetterOutcome& outcome) {
    std::string out;
    for (const RecipientOutcome& each : outcome.recipients) {
      if (!out.empty()) out += ", ";
      if (each.accepted) {
        out += "ok";
        continue;
      }
      const Failure& failure = *each.failure;
      out += failure.scope == FailureScope::kHost      ? "host"
             : failure.scope == FailureScope::kMessage ? "message"
                                                       : "rcpt";
      out += failure.permanence == Permanence::kPermanent ? " never" : " later";
      if (failure.reply.code != 0) out += fmt::format(" {}", failure.reply.code);
    }
    return out;
  }

  net::SimulatedLoop sim;
  net::Scope peers{sim.loop()};
  std::vector<std::string> faults;
  ServerOptions server = ServerOptions::mx("hamburger.edu");
  FakeMail mail;
  ClientOptions options{.host_name = "crepes.fr"};
  DialogueLog log{'C', 'S'};
  std::size_t max_read_bytes = SIZE_MAX;
  std::unique_ptr<net::Connection> connection;
  std::unique_ptr<ClientSession> session;
};

TEST_F(ClientTest, HandsALetterToOurServer) {
  against_ours();
  ASSERT_FALSE(open());
  const auto outcome =
      send(envelope({"bob@hamburger.edu", "nobody@hamburger.edu", "full@hamburger.edu"}), "Hello\r\n");
  EXPECT_EQ(shown(outcome), "ok, rcpt never 550, rcpt later 452");
  EXPECT_EQ(outcome.recipients[0].reply.to_string(), "250 2.6.0 Message accepted for delivery");
  ASSERT_EQ(mail.letters.size(), 1u);
  EXPECT_EQ(mail.letters[0].text, "Hello\r\n");
  EXPECT_EQ(mail.letters[0].to, std::vector<std::string>{"bob@hamburger.edu"});
  EXPECT_EQ(shown(send(envelope({"bob@hamburger.edu"}), "Again\r\n")), "ok");
  EXPECT_TRUE(session->usable());
  sim.run_until_done(session->quit());
  EXPECT_EQ(mail.letters.size(), 2u);
}

/// Random letters, pieces, sizes and ways, byte for byte.
TEST_F(ClientTest, CarriesLettersByteForByte) {
  static const std::vector<std::string> kTokens = {"\r\n",         ".",     "..",   "text",
                                                   "\xed\x8c\x8c", ".\r\n", "\r\n."};
  SeededRandom random(5321);
  for (int round = 0; round < 60; ++round) {
    // Small reads of large letters only cost time.
    max_read_bytes = round % 3 == 0 && round % 5 != 0 ? 1 + random.below(100) : SIZE_MAX;
    options.use_chunking = round % 2 == 0;
    against_ours();
    ASSERT_FALSE(open());
    for (int i = 0; i < 3; ++i) {
      std::string text;
      const std::size_t size = random.below(round % 5 == 0 ? 120'000 : 3000);
      while (text.size() < size) {
        text += kTokens[random.below(7)];
      }
      text += "\r\n";
      ClientEnvelope to = envelope({"bob@hamburger.edu"});
      to.parameters.body = Body::kEightBitMime;
      to.parameters.size_bytes = text.size();
      const auto outcome = send(to, text, 1 + random.below(5000));
      ASSERT_EQ(shown(outcome), "ok") << log.text;
      ASSERT_EQ(mail.letters.back().text, text);
      ASSERT_FALSE(outcome.mended);
    }
    sim.run_until_done(session->quit());
  }
  EXPECT_EQ(mail.letters.size(), 180u);
}

TEST_F(ClientTest, CarriesBinaryLettersInChunks) {
  SeededRandom random(3030);
  against_ours();
  ASSERT_FALSE(open());
  for (const std::size_t size : {0u, 1u, 1000u, 32768u, 32769u, 300'000u}) {
    ClientEnvelope to = envelope({"bob@hamburger.edu"});
    to.parameters.body = Body::kBinaryMime;
    const std::string bytes = random.bytes(size);
    ASSERT_EQ(shown(send(to, bytes, 40'000)), "ok") << size;
    ASSERT_EQ(mail.letters.back().text, bytes) << size;
  }
}

TEST_F(ClientTest, MendsLineEndsAndSaysSo) {
  for (const bool chunks : {true, false}) {
    options.use_chunking = chunks;
    against_ours();
    ASSERT_FALSE(open());
    const auto outcome = send(envelope({"bob@hamburger.edu"}), "a\n.\nb\rc", 1);
    EXPECT_EQ(shown(outcome), "ok");
    EXPECT_TRUE(outcome.mended);
    EXPECT_EQ(mail.letters.back().text, "a\r\n.\r\nb c\r\n");
  }
}

TEST_F(ClientTest, PipelinesEnvelopeAndLetterInOneFlight) {
  against({"S: 220 x", "C: EHLO crepes.fr", "S: 250-x", "S: 250-PIPELINING", "S: 250 CHUNKING",
           "C: MAIL FROM:<alice@crepes.fr>", "C: RCPT TO:<bob@hamburger.edu>", "C: BDAT 7 LAST", "bytes 7",
           "S: 250 ok", "S: 250 ok", "S: 250 taken"});
  ASSERT_FALSE(open());
  EXPECT_EQ(shown(send(envelope({"bob@hamburger.edu"}), "Hello\r\n")), "ok");
}

TEST_F(ClientTest, PipelinesUpToData) {
  against({"S: 220 x", "C: EHLO crepes.fr", "S: 250-x", "S: 250 PIPELINING", "C: MAIL FROM:<alice@crepes.fr>",
           "C: RCPT TO:<bob@hamburger.edu>", "C: RCPT TO:<eve@hamburger.edu>", "C: DATA", "S: 250 ok",
           "S: 550 no", "S: 250 ok", "S: 354 go", "C: Hello", "C: .", "S: 250 taken"});
  ASSERT_FALSE(open());
  EXPECT_EQ(shown(send(envelope({"bob@hamburger.edu", "eve@hamburger.edu"}), "Hello\r\n")),
            "rcpt never 550, ok");
}

TEST_F(ClientTest, EndsADataThatNobodyWants) {  // RFC 2920 §3.1
  against({"S: 220 x",
           "C: EHLO crepes.fr",
           "S: 250-x",
           "S: 250 PIPELINING",
           "C: MAIL FROM:<alice@crepes.fr>",
           "C: RCPT TO:<bob@hamburger.edu>",
           "C: DATA",
           "S: 250 ok",
           "S: 550 no",
           "S: 354 go",
           "C: .",
           "S: 554 nobody",
           "C: RSET",
           "C: MAIL FROM:<alice@crepes.fr>",
           "C: RCPT TO:<eve@hamburger.edu>",
           "C: DATA",
           "S: 250 reset",
           "S: 250 ok",
           "S: 250 ok",
           "S: 354 go",
           "letter",
           "S: 250 taken"});
  ASSERT_FALSE(open());
  EXPECT_EQ(shown(send(envelope({"bob@hamburger.edu"}), "Hello\r\n")), "rcpt never 550");
  EXPECT_EQ(shown(send(envelope({"eve@hamburger.edu"}), "Hello\r\n")), "ok");
}

TEST_F(ClientTest, ResetsAgainAfterALetterThatWasResetForAndRefused) {
  const std::vector<std::string> envelope_lines = {"C: MAIL FROM:<alice@crepes.fr>",
                                                   "C: RCPT TO:<bob@hamburger.edu>", "C: DATA"};
  std::vector<std::string> script = {"S: 220 x", "C: EHLO crepes.fr", "S: 250-x", "S: 250 PIPELINING"};
  for (const bool reset : {false, true, true}) {
    if (reset) script.push_back("C: RSET");
    script.insert(script.end(), envelope_lines.begin(), envelope_lines.end());
    if (reset) script.push_back("S: 250 reset");
    script.insert(script.end(), {"S: 250 ok", "S: 550 no", "S: 503 nobody"});
  }
  against(std::move(script));
  ASSERT_FALSE(open());
  for (int letter = 0; letter < 3; ++letter)
    EXPECT_EQ(shown(send(envelope({"bob@hamburger.edu"}), "Hello\r\n")), "rcpt never 550");
}

TEST_F(ClientTest, WaitsForEachReplyWithoutPipelining) {
  against({"S: 220 x", "C: EHLO crepes.fr", "S: 250 x", "C: MAIL FROM:<alice@crepes.fr>", "S: 250 ok",
           "C: RCPT TO:<bob@hamburger.edu>", "S: 550 no", "C: RCPT TO:<eve@hamburger.edu>", "S: 450 later",
           // Nobody is left: no DATA. The next letter resets first.
           "C: RSET", "S: 250 ok", "C: MAIL FROM:<alice@crepes.fr>", "S: 452 no room", "C: QUIT",
           "S: 221 bye"});
  ASSERT_FALSE(open());
  EXPECT_EQ(shown(send(envelope({"bob@hamburger.edu", "eve@hamburger.edu"}), "x")),
            "rcpt never 550, rcpt later 450");
  EXPECT_EQ(shown(send(envelope({"bob@hamburger.edu"}), "x")), "host later 452");
  sim.run_until_done(session->quit());
}

TEST_F(ClientTest, FallsBackToHelo) {
  against({"S: 220 x", "C: EHLO crepes.fr", "S: 500 what?", "C: HELO crepes.fr", "S: 250 hello",
           "C: MAIL FROM:<alice@crepes.fr>", "S: 250 ok", "C: RCPT TO:<bob@hamburger.edu>", "S: 250 ok",
           "C: DATA", "S: 354 go", "C: ..", "C: .", "S: 250 taken"});
  ASSERT_FALSE(open());
  EXPECT_EQ(shown(send(envelope({"bob@hamburger.edu"}), ".\r\n")), "ok");
}

TEST_F(ClientTest, SaysOnlyWhatIsOffered) {
  ClientEnvelope to = envelope({"bob@hamburger.edu"});
  to.parameters.size_bytes = 3;
  to.parameters.ret = Ret::kHeaders;
  to.parameters.envid = "QQ";
  to.to[0].parameters.notify = Notify{true, true, false};
  against({"S: 220 x", "C: EHLO crepes.fr", "S: 250-x", "S: 250-DSN", "S: 250 SIZE 100",
           "C: MAIL FROM:<alice@crepes.fr> SIZE=3 RET=HDRS ENVID=QQ", "S: 250 ok",
           "C: RCPT TO:<bob@hamburger.edu> NOTIFY=SUCCESS,FAILURE", "S: 250 ok", "C: DATA", "S: 354 go",
           "letter", "S: 250 taken"});
  ASSERT_FALSE(open());
  EXPECT_EQ(shown(send(to, "x\r\n")), "ok");
  against({"S: 220 x", "C: EHLO crepes.fr", "S: 250 x", "C: MAIL FROM:<alice@crepes.fr>", "S: 250 ok",
           "C: RCPT TO:<bob@hamburger.edu>", "S: 250 ok", "C: DATA", "S: 354 go", "letter", "S: 250 taken"});
  ASSERT_FALSE(open());
  EXPECT_EQ(shown(send(to, "x\r\n")), "ok");
}

TEST_F(ClientTest, NamesWhatThePeerLacks) {
  against({"S: 220 x", "C: EHLO crepes.fr", "S: 250-x", "S: 250 SIZE 100", "C: QUIT", "S: 221 bye"});
  ASSERT_FALSE(open());
  const auto obstacle = [&](auto change) {
    ClientEnvelope to = envelope({"bob@hamburger.edu"});
    change(to);
    return session->find_obstacle(to);
  };
  EXPECT_EQ(obstacle([](auto&) {}), std::nullopt);
  EXPECT_EQ(obstacle([](auto& to) { to.parameters.body = Body::kEightBitMime; }), Obstacle::kNoEightBitMime);
  EXPECT_EQ(obstacle([](auto& to) { to.parameters.body = Body::kBinaryMime; }), Obstacle::kNoBinaryMime);
  EXPECT_EQ(obstacle([](auto& to) { to.parameters.smtputf8 = true; }), Obstacle::kNoSmtpUtf8);
  EXPECT_EQ(obstacle([](auto& to) { to.to[0].address = address("밥@hamburger.edu"); }),
            Obstacle::kNoSmtpUtf8);
  EXPECT_EQ(obstacle([](auto& to) { to.parameters.size_bytes = 101; }), Obstacle::kTooBig);
  EXPECT_EQ(obstacle([](auto& to) { to.parameters.require_tls = true; }), Obstacle::kNoRequireTls);
  EXPECT_EQ(obstacle([](auto& to) { to.parameters.hold = std::chrono::seconds(9); }), Obstacle::kNoHold);
  // RFC 8689 §5: a bounce goes out all the same.
  EXPECT_EQ(obstacle([](auto& to) { to.from.reset(), to.parameters.require_tls = true; }), std::nullopt);

  ClientEnvelope big = envelope({"bob@hamburger.edu"});
  big.parameters.size_bytes = 101;
  const auto outcome = send(big, "x");
  EXPECT_EQ(shown(outcome), "message never");
  EXPECT_EQ(outcome.recipients[0].failure->reply.enhanced, status::kLetterTooBig);
  sim.run_until_done(session->quit());
}

TEST_F(ClientTest, ClassesHowAPeerFails) {
  struct Case {
    const char* name;
    std::vector<std::string> after_ehlo;
    const char* want;
    bool usable;
    bool may_have_arrived;
  };
  const Case cases[] = {
      {"leaves at MAIL", {"leaves"}, "host later, host later", false, false},
      {"421 at MAIL",
       {"C: MAIL FROM:<alice@crepes.fr>", "S: 421 closing"},
       "host later 421, host later 421",
       false,
       false},
      {"garbage", {"C: MAIL FROM:<alice@crepes.fr>", "S: hello?"}, "host later, host later", false, false},
      {"MAIL refused",
       {"C: MAIL FROM:<alice@crepes.fr>", "S: 550 no"},
       "message never 550, message never 550",
       true,
       false},
      {"421 at the second RCPT",
       {"C: MAIL FROM:<alice@crepes.fr>", "S: 250 ok", "C: RCPT TO:<bob@hamburger.edu>", "S: 550 no",
        "C: RCPT TO:<eve@hamburger.edu>", "S: 421 closing"},
       "rcpt never 550, host later 421",
       false,
       false},
      {"DATA refused",
       {"C: MAIL FROM:<alice@crepes.fr>", "S: 250 ok", "C: RCPT TO:<bob@hamburger.edu>", "S: 250 ok",
        "C: RCPT TO:<eve@hamburger.edu>", "S: 250 ok", "C: DATA", "S: 451 not now"},
       "message later 451, message later 451",
       true,
       false},
      {"letter refused",
       {"C: MAIL FROM:<alice@crepes.fr>", "S: 250 ok", "C: RCPT TO:<bob@hamburger.edu>", "S: 250 ok",
        "C: RCPT TO:<eve@hamburger.edu>", "S: 250 ok", "C: DATA", "S: 354 go", "letter", "S: 554 spam"},
       "message never 554, message never 554",
       true,
       false},
      {"silent after the letter",
       {"C: MAIL FROM:<alice@crepes.fr>", "S: 250 ok", "C: RCPT TO:<bob@hamburger.edu>", "S: 250 ok",
        "C: RCPT TO:<eve@hamburger.edu>", "S: 550 no", "C: DATA", "S: 354 go", "letter", "waits"},
       "host later, rcpt never 550",
       false,
       true},
      {"breaks in the middle of a reply",
       {"C: MAIL FROM:<alice@crepes.fr>", "S: 250-ok", "leaves"},
       "host later, host later",
       false,
       false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    std::vector<std::string> script = {"S: 220 x", "C: EHLO crepes.fr", "S: 250 x"};
    script.insert(script.end(), c.after_ehlo.begin(), c.after_ehlo.end());
    against(script);
    ASSERT_FALSE(open());
    const auto outcome = send(envelope({"bob@hamburger.edu", "eve@hamburger.edu"}), "x\r\n");
    EXPECT_EQ(shown(outcome), c.want);
    EXPECT_EQ(session->usable(), c.usable);
    EXPECT_EQ(outcome.recipients[0].failure->may_have_arrived, c.may_have_arrived);
  }
}

TEST_F(ClientTest, ALetterInOneFlightMayBeTakenBeforeAnyAnswerIsHeard) {
  const std::vector<std::string> opening = {"S: 220 x", "C: EHLO crepes.fr", "S: 250-x", "S: 250-PIPELINING",
                                            "S: 250 CHUNKING"};
  const std::vector<std::string> flight = {"C: MAIL FROM:<alice@crepes.fr>", "C: RCPT TO:<bob@hamburger.edu>",
                                           "C: BDAT 3 LAST", "bytes 3"};
  struct Case {
    std::vector<std::string> answers;
    const char* want;
    bool may_have_arrived;
  };
  const Case cases[] = {{{"leaves"}, "host later", true},
                        {{"S: 250 ok", "leaves"}, "host later", true},
                        {{"S: 421 bye", "leaves"}, "host later 421", false},
                        {{"S: 550 no", "S: 503 what", "S: 503 what"}, "message never 550", false},
                        {{"S: 250 ok", "S: 550 no", "leaves"}, "rcpt never 550", false}};
  for (const Case& c : cases) {
    std::vector<std::string> script = opening;
    script.insert(script.end(), flight.begin(), flight.end());
    script.insert(script.end(), c.answers.begin(), c.answers.end());
    against(script);
    ASSERT_FALSE(open());
    const auto outcome = send(envelope({"bob@hamburger.edu"}), "x\r\n");
    EXPECT_EQ(shown(outcome), c.want);
    EXPECT_EQ(outcome.recipients[0].failure->may_have_arrived, c.may_have_arrived) << c.want;
  }
}

TEST_F(ClientTest, AClosedSessionIsFoundOutWithoutWaiting) {
  const std::vector<std::string> opening = {"S: 220 x", "C: EHLO crepes.fr", "S: 250 x"};
  against(opening);
  ASSERT_FALSE(open());
  EXPECT_TRUE(session->still_open());
  sim.run_until_done(session->quit());
  EXPECT_FALSE(session->still_open());
  for (const std::string end : {"leaves", "S: 421 idle"}) {
    std::vector<std::string> script = opening;
    script.push_back(end);
    against(script);
    ASSERT_FALSE(open());
    sim.settle();
    EXPECT_FALSE(session->still_open()) << end;
  }
}

TEST_F(ClientTest, OpeningFails) {
  struct Case {
    std::vector<std::string> script;
    Stage stage;
    Permanence permanence;
  };
  const Case cases[] = {
      {{"S: 554 no service"}, Stage::kGreeting, Permanence::kPermanent},
      {{"S: 421 busy"}, Stage::kGreeting, Permanence::kTemporary},
      {{"S: SSH-2.0-OpenSSH"}, Stage::kGreeting, Permanence::kTemporary},
      {{"leaves"}, Stage::kGreeting, Permanence::kTemporary},
      {{"waits"}, Stage::kGreeting, Permanence::kTemporary},
      {{"S: 220 x", "C: EHLO crepes.fr", "S: 550 no", "C: HELO crepes.fr", "S: 550 no"},
       Stage::kHello,
       Permanence::kPermanent},
      {{"S: 220 x", "C: EHLO crepes.fr", "S: 450 later"}, Stage::kHello, Permanence::kTemporary},
      {{"S: 220 x", "C: EHLO crepes.fr", "waits"}, Stage::kHello, Permanence::kTemporary},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.script.back());
    against(c.script);
    const auto failure = open();
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->stage, c.stage);
    EXPECT_EQ(failure->scope, FailureScope::kHost);
    EXPECT_EQ(failure->permanence, c.permanence);
  }
}

TEST_F(ClientTest, ALetterThatCantBeReadBreaksTheConnectionNotTheLetter) {
  against_ours();
  ASSERT_FALSE(open());
  TextSource source(std::string(100'000, 'x'), 10'000);
  source.breaks_at = 50'000;
  const auto outcome = sim.run_until_done(session->send(envelope({"bob@hamburger.edu"}), source));
  EXPECT_EQ(shown(outcome), "message later");
  EXPECT_FALSE(session->usable());
  EXPECT_TRUE(mail.letters.empty());
}

TEST_F(ClientTest, LmtpHearsOfEachRecipient) {
  server = ServerOptions::lmtp("hamburger.edu");
  options.lmtp = true;
  for (const bool chunks : {true, false}) {
    options.use_chunking = chunks;
    against_ours();
    ASSERT_FALSE(open());
    const ClientEnvelope to = envelope({"bob@hamburger.edu", "nobody@hamburger.edu", "late@hamburger.edu"});
    EXPECT_EQ(shown(send(to, "x\r\n")), "ok, rcpt never 550, host later 452");
    EXPECT_EQ(shown(send(to, "X-Refuse-At-End\r\n")), "rcpt never 554, rcpt never 550, rcpt never 554");
    EXPECT_EQ(shown(send(envelope({"nobody@hamburger.edu"}), "x\r\n")), "rcpt never 550");
    EXPECT_EQ(shown(send(envelope({"bob@hamburger.edu"}), "x\r\n")), "ok");
  }
}

TEST_F(ClientTest, LogsInEachWay) {
  SeededRandom random(4954);
  server = ServerOptions::submission("hamburger.edu");
  server.login_without_tls = true;
  for (const char* mechanism : {"SCRAM-SHA-256", "PLAIN", "LOGIN"}) {
    server.login_mechanisms = {mechanism};
    for (const char* password : {"hungry", "wrong"}) {
      log.text.clear();
      against_ours();
      ASSERT_FALSE(open());
      const auto in =
          sim.run_until_done(session->log_in({"alice@crepes.fr", Secret(password), true}, random));
      const bool is_right = password == std::string_view("hungry");
      EXPECT_EQ(in.has_value(), is_right) << mechanism;
      if (!in) EXPECT_EQ(in.error().reply.code, 535) << mechanism;
      if (is_right) EXPECT_EQ(shown(send(envelope({"carol@elsewhere.example"}), "x")), "ok");
      EXPECT_EQ(log.text.find("aHVuZ3J5"), std::string::npos) << "the password is in the dialogue";
      EXPECT_NE(log.text.find(kBlanked), std::string::npos);
    }
  }
}

TEST_F(ClientTest, SendsNoPasswordInClear) {
  SeededRandom random(1);
  server = ServerOptions::submission("hamburger.edu");
  server.login_without_tls = true;
  server.login_mechanisms = {"PLAIN", "LOGIN"};
  against_ours();
  ASSERT_FALSE(open());
  const auto in = sim.run_until_done(session->log_in({"alice@crepes.fr", Secret("hungry")}, random));
  ASSERT_FALSE(in);
  EXPECT_EQ(in.error().stage, Stage::kLogin);
  EXPECT_EQ(log.text.find("C: AUTH"), std::string::npos);
}

TEST_F(ClientTest, RequiredEncryptionThatIsNotOfferedStopsTheSession) {
  const auto tls = net::TlsClient::create();
  ASSERT_TRUE(tls);
  options.tls = tls->get();
  options.tls_policy = ClientTls::kRequired;
  against({"S: 220 x", "C: EHLO crepes.fr", "S: 250 x"});
  const auto failure = open();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->stage, Stage::kStartTls);
  EXPECT_FALSE(failure->retry_in_clear);
}

TEST_F(ClientTest, ABrokenHandshakeMayBeTriedInClear) {
  const auto tls = net::TlsClient::create();
  ASSERT_TRUE(tls);
  options.tls = tls->get();
  against(
      {"S: 220 x", "C: EHLO crepes.fr", "S: 250-x", "S: 250 STARTTLS", "C: STARTTLS", "S: 220 go", "leaves"});
  const auto failure = open();
  ASSERT_TRUE(failure);
  EXPECT_TRUE(failure->retry_in_clear);
  EXPECT_FALSE(session->usable());
}

TEST_F(ClientTest, WhatComesInClearBehindStartTlsIsNeverTrusted) {
  const auto tls = net::TlsClient::create();
  ASSERT_TRUE(tls);
  options.tls = tls->get();
  options.tls_policy = ClientTls::kRequired;
  against({"S: 220 x", "C: EHLO crepes.fr", "S: 250-x", "S: 250 STARTTLS", "C: STARTTLS",
           "S: 220 go\r\n250 AUTH PLAIN"});
  ASSERT_TRUE(open());
  EXPECT_FALSE(session->usable());
}

TEST_F(ClientTest, DialogueShowsEveryLineAndTheLetterAsACount) {
  options.use_chunking = false;
  against({"S: 220 x", "C: EHLO crepes.fr", "S: 250 x", "C: MAIL FROM:<alice@crepes.fr>", "S: 250 ok",
           "C: RCPT TO:<bob@hamburger.edu>", "S: 250 ok", "C: DATA", "S: 354 go", "letter", "S: 250 taken"});
  ASSERT_FALSE(open());
  send(envelope({"bob@hamburger.edu"}), "Hello\r\n");
  EXPECT_EQ(log.text,
            "S: 220 x\nC: EHLO crepes.fr\nS: 250 x\nC: MAIL FROM:<alice@crepes.fr>\nS: 250 ok\n"
            "C: RCPT TO:<bob@hamburger.edu>\nS: 250 ok\nC: DATA\nS: 354 go\nC: (10 bytes)\nS: 250 taken\n");
}

}  // namespace
}  // namespace pabal::smtp
