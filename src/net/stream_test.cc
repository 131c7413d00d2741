#include "net/stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "net/detail/socket_stream.h"
#include "net/memory_stream.h"
#include "net/scope.h"
#include "net/signal.h"
#include "net/testing.h"

namespace pabal::net {
namespace {

using namespace std::chrono_literals;

using Pair = std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>>;

Pair make_socket_streams(Loop& loop) {
  int fds[2];
  PABAL_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
  const auto wrap = [&](int fd) {
    auto descriptor = Descriptor::adopt(loop, UniqueFd(fd));
    return std::make_unique<SocketStream>(std::move(*descriptor));
  };
  return {wrap(fds[0]), wrap(fds[1])};
}

/// What holds for every stream. Time is simulated, so a wait for a silent peer ends at once; whatever
/// one end of a pair of sockets writes is readable at the other at once too.
class AnyStream : public testing::TestWithParam<std::string_view> {
 protected:
  AnyStream() {
    std::tie(a, b) = GetParam() == "memory" ? make_memory_streams() : make_socket_streams(sim.loop());
  }

  Result<void> write(Stream& stream, std::string_view text) {
    const std::string_view pieces[] = {text};
    return sim.run_until_done(stream.write_all(pieces, sim.loop().in(5s)));
  }
  Result<std::string> read(Stream& stream) {
    std::string into(100, '\0');
    PABAL_TRY(const std::size_t size, sim.run_until_done(stream.read_some(into, sim.loop().in(5s))));
    return into.substr(0, size);
  }

  SimulatedLoop sim;
  std::unique_ptr<Stream> a, b;
};
INSTANTIATE_TEST_SUITE_P(Kinds, AnyStream, testing::Values("memory", "socket"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(AnyStream, GathersPieces) {
  const std::string_view pieces[] = {"one ", "", "two ", "three"};
  ASSERT_TRUE(sim.run_until_done(a->write_all(pieces, sim.loop().in(1s))));
  EXPECT_EQ(read(*b), "one two three");
}

TEST_P(AnyStream, EndsInOrderAndGoesOnInTheOtherDirection) {
  ASSERT_TRUE(write(*a, "last words"));
  ASSERT_TRUE(sim.run_until_done(a->shut_down(sim.loop().in(1s))));
  EXPECT_EQ(read(*b), "last words");
  EXPECT_EQ(read(*b), "");
  EXPECT_EQ(read(*b), "");
  ASSERT_TRUE(write(*b, "heard"));
  EXPECT_EQ(read(*a), "heard");
  EXPECT_EQ(write(*a, "more").error().kind, ErrorKind::kClose);
}

TEST_P(AnyStream, IsQuietUntilSomethingOrTheEndComes) {
  EXPECT_TRUE(a->is_quiet());
  ASSERT_TRUE(write(*b, "421 going away"));
  EXPECT_FALSE(a->is_quiet());
  EXPECT_EQ(read(*a), "421 going away");
  EXPECT_TRUE(a->is_quiet());
  ASSERT_TRUE(sim.run_until_done(b->shut_down(sim.loop().in(1s))));
  EXPECT_FALSE(a->is_quiet());
  b->close();
  EXPECT_FALSE(b->is_quiet());
}

TEST_P(AnyStream, EveryWaitHasItsDeadline) {
  const MonoTime start = sim.clock().mono();
  EXPECT_EQ(read(*a).error().kind, ErrorKind::kDeadline);
  EXPECT_EQ(sim.run_until_done(a->wait_readable(sim.loop().in(5s))).error().kind, ErrorKind::kDeadline);
  EXPECT_EQ(write(*a, std::string(10'000'000, 'x')).error().kind, ErrorKind::kDeadline);
  EXPECT_GE(sim.clock().mono() - start, 15s);
  ASSERT_TRUE(write(*b, "still alive"));
  EXPECT_EQ(read(*a), "still alive");
}

TEST_P(AnyStream, EveryWaitCanBeCancelled) {
  const std::string big(10'000'000, 'x');
  const std::string_view pieces[] = {big};
  std::vector<ErrorKind> kinds;
  const auto check = [&]() -> Task<void> {
    Scope scope(sim.loop());
    const auto note = [&](auto task) -> Task<void> {
      auto result = co_await std::move(task);
      kinds.push_back(result ? ErrorKind::kConflict : result.error().kind);
    };
    char byte;
    scope.spawn(note(a->read_some({&byte, 1}, Deadline::never())));
    scope.spawn(note(b->wait_readable(Deadline::never())));
    std::ignore = co_await sleep_until(sim.loop().in(1s));
    scope.cancel();
    co_await scope.join();
    scope.spawn(note(a->wait_readable(Deadline::never())));  // told already
    co_await scope.join();
    Scope writers(sim.loop());
    writers.spawn(note(a->write_all(pieces, Deadline::never())));
    std::ignore = co_await sleep_until(sim.loop().in(1s));
    writers.cancel();
    co_await writers.join();
  };
  sim.run_until_done(check());
  EXPECT_EQ(kinds, std::vector<ErrorKind>(4, ErrorKind::kCancelled));
}

TEST_P(AnyStream, CloseEndsTheWaitsUnderWay) {
  const std::string big(10'000'000, 'x');
  const std::string_view pieces[] = {big};
  std::vector<ErrorKind> kinds;
  const auto check = [&]() -> Task<void> {
    Scope scope(sim.loop());
    const auto note = [&](auto task) -> Task<void> {
      auto result = co_await std::move(task);
      kinds.push_back(result ? ErrorKind::kConflict : result.error().kind);
    };
    char byte;
    scope.spawn(note(a->read_some({&byte, 1}, Deadline::never())));
    scope.spawn(note(a->write_all(pieces, Deadline::never())));
    std::ignore = co_await sleep_until(sim.loop().in(1s));
    a->close();
    a->close();
    co_await scope.join();
  };
  sim.run_until_done(check());
  EXPECT_EQ(kinds, std::vector<ErrorKind>(2, ErrorKind::kClose));
  EXPECT_EQ(read(*a).error().kind, ErrorKind::kClose);
  EXPECT_EQ(write(*a, "x").error().kind, ErrorKind::kClose);
}

TEST_P(AnyStream, AReaderThatGivesUpLeavesTheWriterAtWork) {
  const std::string big(1'000'000, 'x');
  const std::string_view pieces[] = {big};
  std::size_t received = 0;
  bool written = false;
  const auto check = [&]() -> Task<void> {
    Scope scope(sim.loop());
    const auto writer = [&]() -> Task<void> {
      written = (co_await a->write_all(pieces, Deadline::never())).has_value();
    };
    scope.spawn(writer());
    char byte;
    const auto silent = co_await a->read_some({&byte, 1}, sim.loop().in(1s));
    EXPECT_EQ(silent.error().kind, ErrorKind::kDeadline);
    EXPECT_FALSE(written);
    std::vector<char> into(3000);
    while (received < big.size()) {
      const auto size = co_await b->read_some(into, sim.loop().in(1s));
      EXPECT_TRUE(size);
      if (!size) break;
      received += *size;
    }
    co_await scope.join();
  };
  sim.run_until_done(check());
  EXPECT_TRUE(written);
  EXPECT_EQ(received, big.size());
}

TEST_P(AnyStream, APeerThatBreaksOffIsNoOrderlyEnd) {
  ASSERT_TRUE(write(*a, "unread"));
  b.reset();
  EXPECT_EQ(write(*a, "x").error().kind, ErrorKind::kClose);
}

TEST(Signal, WakesAllWhoWaitNow) {
  SimulatedLoop sim;
  Signal signal;
  int woken = 0;
  const auto waiter = [&]() -> Task<void> {
    if (co_await signal.wait(sim.loop().in(1h))) ++woken;
  };
  const auto check = [&]() -> Task<void> {
    Scope scope(sim.loop());
    for (int i = 0; i < 5; ++i) scope.spawn(waiter());
    signal.notify_all();
    co_await scope.join();
    EXPECT_EQ(woken, 5);
    scope.spawn(waiter());
    scope.spawn(waiter());
    scope.cancel();
    signal.notify_all();
    co_await scope.join();
  };
  sim.run_until_done(check());
  EXPECT_EQ(woken, 5);
  EXPECT_EQ(sim.run_until_done([](Signal& s, Deadline d) -> Task<Result<void>> {
                 co_return co_await s.wait(d);
               }(signal, sim.loop().in(1s)))
                .error()
                .kind,
            ErrorKind::kDeadline);
}

}  // namespace
}  // namespace pabal::net
