// What the dialogues of tests/dialogue/imap can't say: TLS, cancellation, limits of connections, and large
// letters that pass through small memory.
#include "imap/session.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "imap/testing.h"
#include "net/memory_stream.h"
#include "net/tls.h"

namespace pabal::imap {
namespace {

using namespace std::chrono_literals;

class SessionTest : public testing::Test {
 protected:
  ~SessionTest() override {
    client.reset();
    sessions.cancel();
    server.sim.run_until_done(sessions.join());
  }

  std::unique_ptr<net::Stream> connect(net::MemoryStreamOptions options = {}) {
    auto [ours, theirs] = net::make_memory_streams(options);
    sessions.spawn(server.serve(std::make_unique<net::Connection>(server.sim.loop(), std::move(ours))));
    server.sim.settle();
    return std::move(theirs);
  }
  /// What the server says to that; "(closed)" at the end if it left.
  std::string say(net::Stream& stream, std::string_view bytes) {
    return server.sim.run_until_done(talk(stream, bytes));
  }
  std::string say(std::string_view bytes) { return say(*client, bytes); }
  void log_in() {
    client = connect();
    ASSERT_NE(say("L LOGIN bob@hamburger.edu hungry\r\n").find("L OK"), std::string::npos);
  }

  net::Task<std::string> talk(net::Stream& stream, std::string_view bytes) {
    const net::Context context = co_await net::current_context();
    net::Scope writer(*context.loop);
    writer.spawn(write(stream, bytes));
    std::string out;
    std::string into(100'000, '\0');
    for (;;) {
      const auto size = co_await stream.read_some(into, context.loop->in(100ms));
      if (!size || *size == 0) {
        const bool silent = !size && size.error().kind == ErrorKind::kDeadline;
        out += silent ? "" : "(closed)";
        break;
      }
      out += into.substr(0, *size);
    }
    co_await writer.join();
    co_return out;
  }
  static net::Task<void> write(net::Stream& stream, std::string_view bytes) {
    const net::Context context = co_await net::current_context();
    const std::string_view pieces[] = {bytes};
    std::ignore = co_await stream.write_all(pieces, context.loop->in(1h));
  }

  TestServer server;
  net::Scope sessions{server.sim.loop()};
  std::unique_ptr<net::Stream> client;
};

TEST_F(SessionTest, SaysGoodbyeWhenTheServerStops) {
  log_in();
  sessions.cancel();
  server.sim.settle();
  EXPECT_EQ(say(""), "* BYE We are stopping; come again soon\r\n(closed)");
  EXPECT_EQ(server.last_summary.end, SessionSummary::End::kCancelled);
}

// A client that asks and asks and never reads is not read from either, and is let go in the end.
TEST_F(SessionTest, WhoNeverReadsIsLeft) {
  client = connect({.capacity_bytes = 1000});
  std::string asked;
  for (int i = 0; i < 10'000; ++i) asked += "a CAPABILITY\r\n";
  net::Scope asking(server.sim.loop());
  asking.spawn(write(*client, asked));
  EXPECT_EQ(asking.size(), 1u) << "the server took it all";
  server.sim.run_until_done(asking.join());
  EXPECT_EQ(server.last_summary.end, SessionSummary::End::kTimedOut);
  EXPECT_LT(server.last_summary.commands, 1000u);
}

// News are on their way to a client that reads slowly when it says DONE.
TEST_F(SessionTest, DoneDoesNotCutTheNews) {
  log_in();
  for (int i = 0; i < 30; ++i) say("A APPEND INBOX {2+}\r\n\r\n\r\n");
  say("S SELECT INBOX\r\n");
  const auto slow = connect({.capacity_bytes = 100});
  say(*slow, "L LOGIN bob@hamburger.edu hungry\r\nS SELECT INBOX\r\nI IDLE\r\n");
  say("F STORE 1:* +FLAGS (\\Flagged)\r\n");
  const std::string said = say(*slow, "DONE\r\n");
  EXPECT_NE(said.find("* 30 FETCH (FLAGS (\\Flagged))\r\nI OK Welcome back\r\n"), std::string::npos) << said;
}

TEST_F(SessionTest, SaysGoodbyeInIdleToo) {
  log_in();
  say("a SELECT INBOX\r\nb IDLE\r\n");
  sessions.cancel();
  server.sim.settle();
  EXPECT_EQ(say(""), "* BYE We are stopping; come again soon\r\n(closed)");
}

TEST_F(SessionTest, AnAccountHasSoManyConnections) {
  std::vector<std::unique_ptr<net::Stream>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(connect());
    EXPECT_NE(say(*clients.back(), "L LOGIN bob@hamburger.edu hungry\r\n").find("L OK"), std::string::npos);
  }
  clients.push_back(connect());
  EXPECT_NE(say(*clients.back(), "L LOGIN bob@hamburger.edu hungry\r\n").find("L NO [LIMIT]"),
            std::string::npos);
  EXPECT_NE(say(*clients.back(), "L LOGIN alice@hamburger.edu pancake\r\n").find("L OK"), std::string::npos);
  clients.front().reset();
  server.sim.settle();
  clients.push_back(connect());
  EXPECT_NE(say(*clients.back(), "L LOGIN bob@hamburger.edu hungry\r\n").find("L OK"), std::string::npos);
}

TEST_F(SessionTest, WhoGuessesIsThrownOut) {
  client = connect();
  std::string all;
  for (int i = 0; i < 5; ++i) {
    all += say("a LOGIN bob@hamburger.edu wrong\r\n");
    server.sim.run_until_done(net::sleep_until(server.sim.loop().in(20s)));
  }
  all += say("");
  EXPECT_NE(all.find("* BYE Too many logins failed"), std::string::npos) << all;
  EXPECT_TRUE(all.ends_with("(closed)"));
}

TEST_F(SessionTest, ALargeLetterComesBackAsItWas) {
  log_in();
  std::string letter = "Subject: large\r\n\r\n";
  SeededRandom random(7);
  while (letter.size() < 3'000'000) letter += fmt::format("{}\r\n", random.next());
  const std::string stored = say(fmt::format("a APPEND INBOX {{{}+}}\r\n{}\r\n", letter.size(), letter));
  EXPECT_NE(stored.find("a OK [APPENDUID"), std::string::npos) << stored;
  say("b SELECT INBOX\r\n");
  const std::string got = say("c FETCH 1 BODY.PEEK[]\r\n");
  const std::string head = fmt::format("* 1 FETCH (BODY[] {{{}}}\r\n", letter.size());
  ASSERT_TRUE(got.starts_with(head));
  EXPECT_TRUE(got.substr(head.size(), letter.size()) == letter);
  EXPECT_EQ(got.substr(head.size() + letter.size()), ")\r\nc OK Those are all\r\n");
  const std::string part = say("d FETCH 1 BODY.PEEK[]<2000000.100>\r\n");
  EXPECT_NE(part.find(letter.substr(2'000'000, 100)), std::string::npos);
}

TEST_F(SessionTest, PipelinedCommandsAreAnsweredInOrder) {
  log_in();
  const std::string got = say(
      "a SELECT INBOX\r\nb APPEND INBOX {5+}\r\nhello\r\nc FETCH 1 UID\r\nd STORE 1 +FLAGS.SILENT \\Deleted\r\n"
      "e EXPUNGE\r\nf FETCH 1 UID\r\ng LOGOUT\r\nh NOOP\r\n");
  std::vector<std::size_t> places;
  for (const char* answer : {"a OK", "* 1 EXISTS", "b OK", "* 1 FETCH (UID 1)", "c OK", "d OK", "* 1 EXPUNGE",
                             "e OK", "f OK", "* BYE", "g OK"}) {
    places.push_back(got.find(answer));
    EXPECT_NE(places.back(), std::string::npos) << answer;
  }
  EXPECT_TRUE(std::ranges::is_sorted(places)) << got;
  EXPECT_EQ(got.find("h OK"), std::string::npos);
}

TEST_F(SessionTest, StartTls) {
  SystemRandom random;
  const auto made = net::make_self_signed({"hamburger.edu"}, server.sim.clock());
  const auto directory =
      std::filesystem::temp_directory_path() / fmt::format("pabal-imap-test-{}", random.next());
  std::filesystem::create_directory(directory);
  std::ofstream(directory / "cert.pem") << made->certificate_pem;
  std::ofstream(directory / "key.pem") << made->key_pem;
  net::TlsServerOptions options;
  options.certificates = {{directory / "cert.pem", directory / "key.pem"}};
  const auto tls = *net::TlsServer::load(options, server.sim.clock(), random);
  server.options.tls = tls.get();
  client = connect();
  EXPECT_NE(say("a CAPABILITY\r\n").find(" STARTTLS"), std::string::npos);
  // What was said in clear behind STARTTLS is nobody's command (CVE-2011-0411).
  const std::string got = say("b STARTTLS\r\nc LOGIN bob@hamburger.edu hungry\r\n");
  EXPECT_EQ(got.find("c OK"), std::string::npos);
  EXPECT_TRUE(got.ends_with("(closed)")) << got;
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace pabal::imap
