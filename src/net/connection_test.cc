#include "net/connection.h"

#include <gtest/gtest.h>

#include "net/memory_stream.h"
#include "net/scope.h"
#include "net/testing.h"

namespace pabal::net {
namespace {

using namespace std::chrono_literals;

class ConnectionTest : public testing::Test {
 protected:
  void connect(MemoryStreamOptions options = {}) {
    auto [ours, theirs] = make_memory_streams(options);
    connection = std::make_unique<Connection>(sim.loop(), std::move(ours));
    peer = std::move(theirs);
  }
  void peer_sends(std::string_view text) {
    const std::string_view pieces[] = {text};
    ASSERT_TRUE(sim.run_until_done(peer->write_all(pieces, sim.loop().in(1s))));
  }
  std::string peer_receives() {
    std::string into(100'000, '\0');
    const auto size = sim.run_until_done(peer->read_some(into, sim.loop().in(1s)));
    return size ? into.substr(0, *size) : "(" + size.error().detail + ")";
  }
  /// The line, or the kind of its failure in brackets.
  std::string line(LineLimits limits = {}) {
    const auto read = sim.run_until_done(connection->read_line(limits, sim.loop().in(10s)));
    return read ? std::string(*read) : fmt::format("[{}]", to_string(read.error().kind));
  }
  std::string kind(ErrorKind k) { return fmt::format("[{}]", to_string(k)); }
  Result<void> write(std::string_view text) {
    return sim.run_until_done(connection->write(text, sim.loop().in(10s)));
  }

  SimulatedLoop sim;
  std::unique_ptr<Connection> connection;
  std::unique_ptr<Stream> peer;
};

struct LineCase {
  std::string_view name;
  std::string input;
  LineLimits limits;
  std::vector<std::string> want;
};

std::vector<LineCase> line_cases() {
  const LineLimits strict{.max_bytes = 10, .max_dropped_bytes = 50};
  LineLimits lf = strict;
  lf.accept_bare_lf = true;
  LineLimits cr = strict;
  cr.accept_bare_cr = true;
  const std::string refused = fmt::format("[{}]", to_string(ErrorKind::kRefuse));
  const std::string over = fmt::format("[{}]", to_string(ErrorKind::kOverLimit));
  const std::string closed = fmt::format("[{}]", to_string(ErrorKind::kClose));
  return {
      {"plain", "one\r\ntwo\r\n", strict, {"one", "two", closed}},
      {"empty lines", "\r\n\r\n", strict, {"", "", closed}},
      {"just the limit", "0123456789\r\nx\r\n", strict, {"0123456789", "x", closed}},
      {"one over", "0123456789a\r\nx\r\n", strict, {over, "x", closed}},
      {"far over, to the true end", std::string(40, 'a') + "\rb\r\nx\r\n", strict, {over, "x", closed}},
      {"beyond the bound", std::string(80, 'a') + "\r\nx\r\n", strict, {over, closed, closed}},
      {"bare LF closes", "one\nx\r\n", strict, {refused, closed}},
      {"bare LF in a long line closes", std::string(20, 'a') + "\nx\r\n", strict, {over, closed}},
      {"bare LF, lenient", "one\ntwo\r\n", lf, {"one", "two", closed}},
      {"bare LF in a long line, lenient", std::string(20, 'a') + "\nx\r\n", lf, {over, "x", closed}},
      {"bare CR", "o\rne\r\nx\r\n", strict, {refused, "x", closed}},
      {"CR CR LF", "one\r\r\nx\r\n", strict, {refused, "x", closed}},
      {"bare CR, lenient", "o\rne\r\nx\r\n", cr, {"o\rne", "x", closed}},
      {"NUL is a byte", std::string("a\0b\r\n", 5), strict, {std::string("a\0b", 3), closed}},
      {"cut in a line", "one\r\ntw", strict, {"one", closed}},
      {"nothing", "", strict, {closed}},
  };
}

TEST_F(ConnectionTest, LinesHoweverTheyArrive) {
  for (const LineCase& c : line_cases()) {
    // Whole; byte by byte; and every two pieces.
    for (std::size_t split = 0; split <= c.input.size() + 1; ++split) {
      connect({.max_read_bytes = split == c.input.size() + 1 ? 1 : SIZE_MAX});
      const std::string_view input = c.input;
      peer_sends(input.substr(0, std::min(split, input.size())));
      const auto second_half = [&]() -> Task<void> {
        std::ignore = co_await sleep_until(sim.loop().in(1s));
        const std::string_view pieces[] = {input.substr(std::min(split, input.size()))};
        EXPECT_TRUE(co_await peer->write_all(pieces, Deadline::never()));
        EXPECT_TRUE(co_await peer->shut_down(Deadline::never()));
      };
      std::vector<std::string> got;
      const auto reader = [&]() -> Task<void> {
        for (std::size_t i = 0; i < c.want.size(); ++i) {
          const auto read = co_await connection->read_line(c.limits, sim.loop().in(10s));
          got.push_back(read ? std::string(*read) : fmt::format("[{}]", to_string(read.error().kind)));
        }
      };
      const auto both = [&]() -> Task<void> {
        Scope scope(sim.loop());
        scope.spawn(second_half());
        scope.spawn(reader());
        co_await scope.join();
      };
      sim.run_until_done(both());
      EXPECT_EQ(got, c.want) << c.name << ", split at " << split;
    }
  }
}

TEST_F(ConnectionTest, ALongLineMayBeLongerThanABlock) {
  connect({.capacity_bytes = 1'000'000});
  const std::string text(3 * kBlockBytes + 5, 'x');
  peer_sends(text + "\r\nnext\r\n");
  EXPECT_EQ(line({.max_bytes = 100'000}), text);
  EXPECT_EQ(line(), "next");
}

TEST_F(ConnectionTest, OneDeadlineHoldsForAWholeSlowLine) {
  connect();
  const auto check = [&]() -> Task<void> {
    Scope scope(sim.loop());
    const auto dribble = [&]() -> Task<void> {
      for (;;) {
        if (!co_await sleep_until(sim.loop().in(1s))) co_return;
        const std::string_view pieces[] = {"x"};
        std::ignore = co_await peer->write_all(pieces, Deadline::never());
      }
    };
    scope.spawn(dribble());
    const MonoTime start = sim.clock().mono();
    const auto read = co_await connection->read_line({}, sim.loop().in(30s));
    EXPECT_EQ(read.error().kind, ErrorKind::kDeadline);
    EXPECT_EQ(sim.clock().mono() - start, 30s);
    scope.cancel();
    co_await scope.join();
  };
  sim.run_until_done(check());
}

TEST_F(ConnectionTest, AReadCanBeCancelled) {
  connect();
  const auto check = [&]() -> Task<void> {
    Scope scope(sim.loop());
    ErrorKind got{};
    const auto reader = [&]() -> Task<void> {
      got = (co_await connection->read_line({}, Deadline::never())).error().kind;
    };
    scope.spawn(reader());
    scope.cancel();
    co_await scope.join();
    EXPECT_EQ(got, ErrorKind::kCancelled);
  };
  sim.run_until_done(check());
}

TEST_F(ConnectionTest, RepliesGoOutBeforeAWaitAndTogether) {
  connect();
  peer_sends("one\r\ntwo\r\n");
  const auto session = [&]() -> Task<void> {
    for (;;) {
      const auto read = co_await connection->read_line({}, sim.loop().in(1s));
      if (!read) co_return;
      EXPECT_TRUE(co_await connection->write(fmt::format("<{}>", *read), sim.loop().in(1s)));
    }
  };
  sim.run_until_done(session());
  EXPECT_EQ(peer_receives(), "<one><two>");
}

TEST_F(ConnectionTest, PipelinedBytesAreSeenAndNotTaken) {
  connect();
  peer_sends("DATA\r\nrest");
  EXPECT_EQ(line(), "DATA");
  EXPECT_EQ(connection->buffered_input(), "rest");
  EXPECT_EQ(connection->buffered_input(), "rest");
}

TEST_F(ConnectionTest, LiteralsMixWithLines) {
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{7}, SIZE_MAX}) {
    connect({.capacity_bytes = 1'000'000, .max_read_bytes = chunk});
    const std::string data = "bare\nLF and \0 and CR\r" + std::string(50'000, 'd');
    peer_sends("a {9}\r\n" + data + "tail\r\n");
    EXPECT_EQ(line(), "a {9}");
    std::string into(data.size(), '\0');
    ASSERT_TRUE(sim.run_until_done(connection->read_exactly(into, sim.loop().in(1s))));
    EXPECT_EQ(into, data);
    EXPECT_EQ(line(), "tail");
  }
}

TEST_F(ConnectionTest, ALiteralCutShortIsAFailure) {
  connect();
  peer_sends("abc");
  ASSERT_TRUE(sim.run_until_done(peer->shut_down(Deadline::never())));
  std::string into(4, '\0');
  EXPECT_EQ(sim.run_until_done(connection->read_exactly(into, sim.loop().in(1s))).error().kind,
            ErrorKind::kClose);
}

TEST_F(ConnectionTest, PeekAndConsumeStreamWithoutCopies) {
  connect({.max_read_bytes = 3});
  peer_sends("abcdef\r\n");
  const auto view = sim.run_until_done(connection->peek(sim.loop().in(1s)));
  ASSERT_EQ(view, "abc");
  connection->consume(1);
  EXPECT_EQ(connection->buffered_input(), "bc");
  EXPECT_EQ(sim.run_until_done(connection->peek(sim.loop().in(1s), 5)), "bcdef");
  connection->consume(4);
  EXPECT_EQ(line(), "f");
}

TEST_F(ConnectionTest, AWriterWaitsForASlowReaderUntilItsDeadline) {
  connect({.capacity_bytes = 1000});
  ASSERT_TRUE(write(std::string(kBlockBytes, 'a')));  // the buffer takes it
  const MonoTime start = sim.clock().mono();
  EXPECT_EQ(write("b").error().kind, ErrorKind::kDeadline);
  EXPECT_EQ(sim.clock().mono() - start, 10s);
  EXPECT_EQ(write("c").error().kind, ErrorKind::kClose);
  EXPECT_EQ(line(), kind(ErrorKind::kClose));
}

TEST_F(ConnectionTest, BigWritesArriveWholeAndInOrder) {
  connect({.capacity_bytes = 5000});
  std::string sent, got;
  for (int i = 0; i < 3000; ++i) sent += fmt::format("{} ", i);
  const auto check = [&]() -> Task<void> {
    Scope scope(sim.loop());
    const auto writer = [&]() -> Task<void> {
      for (std::size_t at = 0, step = 1; at < sent.size(); at += step, step = step * 3 % 30'011) {
        EXPECT_TRUE(co_await connection->write(std::string_view(sent).substr(at, step), sim.loop().in(1s)));
      }
      EXPECT_TRUE(co_await connection->finish(sim.loop().in(1s)));
    };
    scope.spawn(writer());
    std::vector<char> into(777);
    for (;;) {
      const auto size = co_await peer->read_some(into, sim.loop().in(1s));
      EXPECT_TRUE(size);
      if (!size || *size == 0) break;
      got.append(into.data(), *size);
    }
    EXPECT_TRUE(co_await peer->shut_down(Deadline::never()));
    co_await scope.join();
  };
  sim.run_until_done(check());
  EXPECT_EQ(got, sent);
}

TEST_F(ConnectionTest, AWriterBesideAWaitingReader) {
  connect();
  const auto check = [&]() -> Task<void> {
    Scope scope(sim.loop());
    std::string heard;
    const auto reader = [&]() -> Task<void> {
      const auto read = co_await connection->read_line({}, sim.loop().in(1h));
      if (read) heard = *read;
    };
    scope.spawn(reader());
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE(co_await connection->write("* 1 EXISTS\r\n", sim.loop().in(1s)));
      EXPECT_TRUE(co_await connection->flush(sim.loop().in(1s)));
    }
    const std::string_view pieces[] = {"DONE\r\n"};
    EXPECT_TRUE(co_await peer->write_all(pieces, Deadline::never()));
    co_await scope.join();
    EXPECT_EQ(heard, "DONE");
  };
  sim.run_until_done(check());
  EXPECT_EQ(peer_receives(), "* 1 EXISTS\r\n* 1 EXISTS\r\n* 1 EXISTS\r\n");
}

TEST_F(ConnectionTest, FinishLetsThePeerReadTheLastReply) {
  connect();
  peer_sends("still talking");
  ASSERT_TRUE(write("221 bye\r\n"));
  const auto check = [&]() -> Task<void> {
    Scope scope(sim.loop());
    const auto finish = [&]() -> Task<void> { EXPECT_TRUE(co_await connection->finish(sim.loop().in(5s))); };
    scope.spawn(finish());
    std::vector<char> into(100);
    EXPECT_EQ(co_await peer->read_some(into, sim.loop().in(1s)), 9u);
    EXPECT_EQ(co_await peer->read_some(into, sim.loop().in(1s)), 0u);
    peer->close();
    co_await scope.join();
  };
  sim.run_until_done(check());
}

TEST_F(ConnectionTest, TheTapSeesLinesAndSizes) {
  struct Tap : WireTap {
    void line_received(std::string_view line) override { seen += fmt::format("C:{} ", line); }
    void data_received(std::size_t size) override { seen += fmt::format("C:({}) ", size); }
    void sent(std::string_view bytes) override { seen += fmt::format("S:{} ", bytes); }
    std::string seen;
  } tap;
  connect();
  connection->set_tap(&tap);
  peer_sends("DATA\r\nhello");
  EXPECT_EQ(line(), "DATA");
  ASSERT_TRUE(write("354"));
  ASSERT_TRUE(sim.run_until_done(connection->peek(sim.loop().in(1s))));
  connection->consume(5);
  EXPECT_EQ(tap.seen, "C:DATA S:354 C:(5) ");
}

TEST_F(ConnectionTest, AWaitWithAHalfLineHoldsNoBlock) {
  connect();
  peer_sends("half a li");
  EXPECT_EQ(line(), kind(ErrorKind::kDeadline));
  // The pool got its block back: the next taker gets the same one.
  Block first(sim.loop().blocks());
  peer_sends("ne\r\n");
  EXPECT_EQ(line(), "half a line");
}

}  // namespace
}  // namespace pabal::net
