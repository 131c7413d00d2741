// What the dialogues of tests/dialogue/pop3 can't say: TLS, a store that fails, a server that stops, large
// letters that pass through small memory.
#include "pop3/session.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "net/memory_stream.h"
#include "net/tls.h"
#include "pop3/testing.h"

namespace pabal::pop3 {
namespace {

using namespace std::chrono_literals;

/// Takes no changes for a while, and counts how it is asked for letters.
class MoodyEngine final : public store::Engine {
 public:
  net::Task<Result<std::vector<std::optional<store::Value>>>> get(
      const store::PartitionId& partition, std::span<const std::string> keys) override {
    return engine_->get(partition, keys);
  }
  net::Task<Result<store::ScanPage>> scan(const store::PartitionId& partition, const store::KeyRange& range,
                                          store::ScanLimits limits) override {
    ++scans;
    return engine_->scan(partition, range, limits);
  }
  net::Task<Result<store::Version>> commit(store::Batch batch) override {
    if (full) co_return fail(ErrorKind::kRetryLater, "the disk is full");
    co_return co_await engine_->commit(std::move(batch));
  }
  std::unique_ptr<store::Watch> watch(const store::PartitionId& partition) override {
    return engine_->watch(partition);
  }
  std::unique_ptr<store::BlobWriter> new_blob() override { return engine_->new_blob(); }
  net::Task<Result<std::optional<std::uint64_t>>> blob_size(store::BlobId blob) override {
    return engine_->blob_size(blob);
  }
  net::Task<Result<std::string>> read_blob(store::BlobId blob, std::uint64_t offset,
                                           std::size_t size) override {
    largest_read = std::max(largest_read, size);
    if (broken_from <= offset) co_return fail(ErrorKind::kCorrupt, "damaged");
    co_return co_await engine_->read_blob(blob, offset, size);
  }
  net::Task<Result<store::SweepReport>> sweep() override { return engine_->sweep(); }

  bool full = false;
  std::uint64_t broken_from = UINT64_MAX;
  std::size_t largest_read = 0;
  std::size_t scans = 0;

 private:
  std::unique_ptr<store::Engine> engine_ = store::make_memory_engine();
};

class SessionTest : public testing::Test {
 protected:
  ~SessionTest() override {
    client.reset();
    sessions.cancel();
    server.sim.run_until_done(sessions.join());
  }

  std::unique_ptr<net::Stream> connect() {
    auto [ours, theirs] = net::make_memory_streams();
    sessions.spawn(server.serve(std::make_unique<net::Connection>(server.sim.loop(), std::move(ours))));
    server.sim.settle();
    return std::move(theirs);
  }
  /// What the server says to that; "(closed)" at the end if it left.
  std::string say(std::string_view bytes) { return server.sim.run_until_done(talk(*client, bytes)); }
  void log_in() {
    client = connect();
    ASSERT_NE(say("USER bob\r\nPASS hungry\r\n").find("+OK The maildrop"), std::string::npos);
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

  TestServer server{std::make_unique<MoodyEngine>()};
  MoodyEngine& engine = static_cast<MoodyEngine&>(*server.engine);
  net::Scope sessions{server.sim.loop()};
  std::unique_ptr<net::Stream> client;
};

// RFC 1939 §6: what can't be removed is all still there, and the client hears of it.
TEST_F(SessionTest, AFailedUpdateDeletesNothing) {
  server.bring("Subject: 1\r\n\r\none\r\n");
  server.bring("Subject: 2\r\n\r\ntwo\r\n");
  log_in();
  say("RETR 1\r\nDELE 1\r\nDELE 2\r\n");
  engine.full = true;
  const std::string got = say("QUIT\r\n");
  EXPECT_TRUE(got.starts_with("-ERR [SYS/TEMP] The messages that you deleted could not be removed")) << got;
  EXPECT_TRUE(got.ends_with("(closed)"));
  engine.full = false;
  EXPECT_EQ(server.seen_elsewhere("INBOX"), "1 2");
  EXPECT_TRUE(server.journal.told.empty());
}

TEST_F(SessionTest, ALetterThatCantBeReadIsRefusedBeforeItBegins) {
  server.bring("Subject: 1\r\n\r\none\r\n");
  log_in();
  engine.broken_from = 0;
  EXPECT_EQ(say("RETR 1\r\n"),
            "-ERR [SYS/PERM] What is stored there is damaged; the operator has been told\r\n");
  engine.broken_from = UINT64_MAX;
  EXPECT_TRUE(say("RETR 1\r\n").starts_with("+OK 19 octets\r\n"));
}

TEST_F(SessionTest, ALetterThatBreaksOffEndsTheConnection) {
  server.bring("Subject: 1\r\n\r\n" + std::string(200'000, 'x'));
  log_in();
  engine.broken_from = 65'536;
  const std::string got = say("RETR 1\r\nNOOP\r\n");
  EXPECT_EQ(got.find("\r\n.\r\n"), std::string::npos);
  EXPECT_TRUE(got.ends_with("(closed)"));
}

TEST_F(SessionTest, ALargeLetterPassesThroughInPieces) {
  std::string letter = "Subject: large\r\n\r\n";
  std::string wire = letter;
  SeededRandom random(7);
  while (letter.size() < 3'000'000) {
    const std::string line = fmt::format("{}{}\r\n", random.next() % 3 == 0 ? "." : "", random.next());
    letter += line;
    wire += (line.front() == '.' ? "." : "") + line;
  }
  server.bring(letter, "Return-Path: <alice@crepes.fr>\r\n");
  log_in();
  const std::string got = say("RETR 1\r\n");
  const std::string head =
      fmt::format("+OK {} octets\r\nReturn-Path: <alice@crepes.fr>\r\n", letter.size() + 32);
  ASSERT_EQ(got.substr(0, head.size()), head);
  EXPECT_TRUE(got.substr(head.size()) == wire + ".\r\n");
  EXPECT_LE(engine.largest_read, 65'536U);
}

TEST_F(SessionTest, LettersThatAreFetchedInOrderAreLookedUpTogether) {
  for (int i = 0; i < 200; ++i) server.bring(fmt::format("Subject: {}\r\n\r\nx\r\n", i));
  log_in();
  const std::size_t before = engine.scans;
  std::string commands;
  for (int i = 1; i <= 200; ++i) commands += fmt::format("RETR {}\r\n", i);
  const std::string got = say(commands);
  for (int i = 0; i < 200; ++i)
    EXPECT_NE(got.find(fmt::format("Subject: {}\r\n\r\nx\r\n.\r\n", i)), std::string::npos) << i;
  EXPECT_LE(engine.scans - before, 5U);
  EXPECT_EQ(server.last_summary.fetched, 0U);
  EXPECT_TRUE(say("QUIT\r\n").ends_with("(closed)"));
  server.sim.settle();
  EXPECT_EQ(server.journal.told.size(), 200U);
}

TEST_F(SessionTest, UniqueIdsOutliveTheSession) {
  for (int i = 0; i < 3; ++i) server.bring("Subject: the same\r\n\r\n");
  log_in();
  const std::string first = say("UIDL\r\n");
  say("DELE 2\r\nQUIT\r\n");
  client.reset();
  server.sim.settle();
  log_in();
  const std::string second = say("UIDL\r\n");
  const auto id = [](const std::string& list, std::string_view number) {
    const std::size_t at = list.find(fmt::format("\r\n{} ", number)) + 4;
    return list.substr(at, list.find("\r\n", at) - at);
  };
  EXPECT_EQ(id(second, "1"), id(first, "1"));
  EXPECT_EQ(id(second, "2"), id(first, "3"));
  EXPECT_NE(id(first, "1"), id(first, "2"));
}

// Without a word: the client would take it for the answer to its next command.
TEST_F(SessionTest, EndsWhenTheServerStops) {
  server.bring("Subject: 1\r\n\r\n");
  log_in();
  say("DELE 1\r\n");
  sessions.cancel();
  server.sim.settle();
  EXPECT_EQ(say(""), "(closed)");
  EXPECT_EQ(server.last_summary.end, SessionSummary::End::kCancelled);
  EXPECT_EQ(server.seen_elsewhere("INBOX"), "1");
}

TEST_F(SessionTest, Stls) {
  SystemRandom random;
  const auto made = net::make_self_signed({"hamburger.edu"}, server.sim.clock());
  const auto directory =
      std::filesystem::temp_directory_path() / fmt::format("pabal-pop3-test-{}", random.next());
  std::filesystem::create_directory(directory);
  std::ofstream(directory / "cert.pem") << made->certificate_pem;
  std::ofstream(directory / "key.pem") << made->key_pem;
  net::TlsServerOptions options;
  options.certificates = {{directory / "cert.pem", directory / "key.pem"}};
  const auto tls = *net::TlsServer::load(options, server.sim.clock(), random);
  std::filesystem::remove_all(directory);
  server.options.tls = tls.get();
  client = connect();
  EXPECT_NE(say("CAPA\r\n").find("\r\nSTLS\r\n"), std::string::npos);
  // What was said in clear behind STLS is nobody's command (CVE-2011-0411).
  const std::string got = say("STLS\r\nUSER bob\r\nPASS hungry\r\n");
  EXPECT_EQ(got.find("+OK The maildrop"), std::string::npos);
  EXPECT_TRUE(got.ends_with("(closed)")) << got;
  log_in();
  EXPECT_EQ(say("CAPA\r\n").find("\r\nSTLS\r\n"), std::string::npos);
  EXPECT_TRUE(say("STLS\r\n").starts_with("-ERR You are logged in already"));
}

}  // namespace
}  // namespace pabal::pop3
