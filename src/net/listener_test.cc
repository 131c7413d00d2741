#include "net/listener.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net/connection.h"
#include "net/detail/descriptor.h"
#include "net/detail/socket_address.h"
#include "net/dialer.h"
#include "net/server_loops.h"

namespace pabal::net {
namespace {

using namespace std::chrono_literals;

/// Echoes lines; "who" is answered with the peer's address, "quit" ends. Waits for commands under `draining`.
Task<void> echo(Loop& loop, std::unique_ptr<Stream> stream, CancelSource& draining) {
  Connection connection(loop, std::move(stream));
  std::ignore = co_await connection.write("hello\r\n", loop.in(10s));
  for (;;) {
    const auto line = co_await connection.read_line({}, loop.in(10s)).in({&loop, &draining});
    if (!line && line.error().kind == ErrorKind::kCancelled) {
      std::ignore = co_await connection.write("bye\r\n", loop.in(1s));
    }
    if (!line || *line == "quit") break;
    const std::string answer = *line == "who" ? connection.peer().to_string() : std::string(*line);
    if (!co_await connection.write(answer + "\r\n", loop.in(10s))) break;
  }
  std::ignore = co_await connection.flush(loop.in(1s));
}

/// A server on two loops of its own; the test's side runs on a third, all on the real clock and loopback.
class ListenerTest : public testing::Test {
 protected:
  void open(ListenerOptions options) {
    auto opened = Listeners::open(loops, std::move(options), [this](Loop& each) {
      return ListenerHandlers{
          .serve = [&each](std::unique_ptr<Stream> stream,
                           CancelSource& draining) { return echo(each, std::move(stream), draining); },
          .refuse = [](Admission) { return std::string("421 too many\r\n"); },
          .on_trouble =
              [this](std::string_view text) {
                const std::lock_guard lock(mutex);
                troubles.emplace_back(text);
              },
      };
    });
    ASSERT_TRUE(opened) << opened.error().detail;
    listeners = std::move(*opened);
  }
  ~ListenerTest() override {
    if (listeners) listeners->drain(0s);
  }

  std::unique_ptr<Connection> dial(const Endpoint& to, std::optional<IpAddress> source = std::nullopt) {
    auto stream = loop.run_until_done(connect(to, loop.in(10s), source));
    EXPECT_TRUE(stream) << stream.error().detail;
    return stream ? std::make_unique<Connection>(loop, std::move(*stream)) : nullptr;
  }
  std::string read(Connection& connection) {
    const auto line = loop.run_until_done(connection.read_line({}, loop.in(10s)));
    return line ? std::string(*line) : fmt::format("[{}]", to_string(line.error().kind));
  }
  std::string ask(Connection& connection, std::string_view text) {
    EXPECT_TRUE(loop.run_until_done(connection.write(text, loop.in(10s))));
    return read(connection);
  }
  std::uint64_t count(std::atomic<std::uint64_t> ListenerCounters::* which) {
    std::uint64_t sum = 0;
    listeners->add_counters([&](const ListenerCounters& each) { sum += (each.*which).load(); });
    return sum;
  }

  static constexpr auto kAny4 = "127.0.0.1:0";
  const SystemClock clock;
  Loop loop{clock};
  ServerLoops loops{clock, 2};
  std::unique_ptr<Listeners> listeners;
  std::mutex mutex;
  std::vector<std::string> troubles;
};

TEST_F(ListenerTest, ServesOnAllLoopsAndBothFamilies) {
  open({.endpoint = *Endpoint::parse(kAny4)});
  const std::uint16_t port = listeners->local().tcp()->port;
  ASSERT_NE(port, 0);
  const auto also =
      Listeners::open(loops, {.endpoint = *Endpoint::parse(fmt::format("[::1]:{}", port))}, [](Loop& each) {
        return ListenerHandlers{.serve = [&each](std::unique_ptr<Stream> stream, CancelSource& draining) {
          return echo(each, std::move(stream), draining);
        }};
      });
  if (also) {
    auto six = dial((*also)->local());
    EXPECT_EQ(read(*six), "hello");
    six.reset();
    (*also)->drain(0s);
  }
  std::vector<std::unique_ptr<Connection>> many;
  for (int i = 0; i < 50; ++i) many.push_back(dial(listeners->local()));
  for (auto& each : many) EXPECT_EQ(read(*each), "hello");
  for (auto& each : many) EXPECT_EQ(ask(*each, "ping\r\n"), "ping");
  EXPECT_EQ(count(&ListenerCounters::accepted), 50u);
  EXPECT_EQ(count(&ListenerCounters::open), 50u);
}

TEST_F(ListenerTest, ConnectsFromAChosenAddress) {
  open({.endpoint = *Endpoint::parse(kAny4)});
  const auto connection = dial(listeners->local(), IpAddress::parse("127.0.0.9"));
  EXPECT_EQ(read(*connection), "hello");
  EXPECT_TRUE(ask(*connection, "who\r\n").starts_with("127.0.0.9:"));
}

TEST_F(ListenerTest, NobodyThereIsARetryAndAnImpossibleSourceARefusal) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);  // bound and silent: nobody else gets the port
  const UniqueFd kept(fd);
  const SocketAddress address = to_socket_address(*Endpoint::parse(kAny4));
  ASSERT_EQ(::bind(fd, address.get(), address.size), 0);
  const Endpoint silent = local_endpoint_of(fd);
  EXPECT_EQ(loop.run_until_done(connect(silent, loop.in(10s))).error().kind, ErrorKind::kRetryLater);
  EXPECT_EQ(loop.run_until_done(connect(silent, loop.in(10s), IpAddress::parse("192.0.2.1"))).error().kind,
            ErrorKind::kRefuse);
  EXPECT_EQ(loop.run_until_done(connect(UnixEndpoint{"/tmp/pabal-nobody-there"}, loop.in(10s))).error().kind,
            ErrorKind::kRetryLater);
}

TEST_F(ListenerTest, ADrainTellsIdleSessionsAndEndsTheRest) {
  open({.endpoint = *Endpoint::parse(kAny4)});
  const auto connection = dial(listeners->local());
  EXPECT_EQ(read(*connection), "hello");
  listeners->drain(60s);  // returns long before, since the session listens to `draining`
  listeners.reset();
  EXPECT_EQ(read(*connection), "bye");
  EXPECT_EQ(read(*connection), "[close]");
  EXPECT_FALSE(loop.run_until_done(connect(connection->peer(), loop.in(10s))));
}

TEST_F(ListenerTest, ADrainCancelsWhoDoesNotEnd) {
  auto opened = Listeners::open(loops, {.endpoint = *Endpoint::parse(kAny4)}, [](Loop& each) {
    return ListenerHandlers{.serve = [&each](std::unique_ptr<Stream> stream, CancelSource&) -> Task<void> {
      return [](Loop& own, std::unique_ptr<Stream> held) -> Task<void> {
        Connection connection(own, std::move(held));
        EXPECT_EQ((co_await connection.read_line({}, Deadline::never())).error().kind, ErrorKind::kCancelled);
        EXPECT_TRUE(co_await connection.write("last words\r\n", Deadline::never()));
        EXPECT_TRUE(co_await connection.flush(Deadline::never()));
      }(each, std::move(stream));
    }};
  });
  ASSERT_TRUE(opened);
  const auto connection = dial((*opened)->local());
  // Accepted or in the queue still: a drain serves either.
  (*opened)->drain(1ms);
  EXPECT_EQ(read(*connection), "last words");
}

TEST_F(ListenerTest, BoundIsNotOpenYet) {
  std::atomic<int> served = 0;
  auto bound = Listeners::bind(loops, {.endpoint = *Endpoint::parse(kAny4)}, [&](Loop&) {
    return ListenerHandlers{.serve = [&](std::unique_ptr<Stream>, CancelSource&) -> Task<void> {
      ++served;
      co_return;
    }};
  });
  ASSERT_TRUE(bound);
  const auto early = dial((*bound)->local());
  (*bound)->drain(60s);
  EXPECT_EQ(read(*early), "[close]");
  EXPECT_EQ(served, 0);
}

TEST_F(ListenerTest, LimitsRefuseInWords) {
  ConnectionLimits limits({.max_total = 2});
  open({.endpoint = *Endpoint::parse(kAny4), .limits = &limits});
  auto first = dial(listeners->local());
  auto second = dial(listeners->local());
  EXPECT_EQ(read(*first), "hello");
  EXPECT_EQ(read(*second), "hello");
  auto third = dial(listeners->local());
  EXPECT_EQ(read(*third), "421 too many");
  EXPECT_EQ(read(*third), "[close]");
  EXPECT_EQ(count(&ListenerCounters::refused), 1u);
  EXPECT_EQ(ask(*first, "quit\r\n"), "[close]");
  auto fourth = dial(listeners->local());
  while (read(*fourth) != "hello")
    fourth = dial(listeners->local());  // the place is free a moment after the close
  fourth.reset();
  second.reset();
  listeners->drain(10s);
  listeners.reset();
  EXPECT_EQ(limits.open(), 0u);
}

TEST(ConnectionLimits, CountsNetworksAndForgetsThem) {
  ConnectionLimits limits({.max_total = 5, .max_per_network = 2});
  const auto from = [](std::string_view text) { return Endpoint(TcpEndpoint{*IpAddress::parse(text), 1}); };
  std::vector<ConnectionLimits::Place> places(6);
  EXPECT_EQ(limits.admit(from("2001:db8::1"), places[0]), Admission::kAdmitted);
  EXPECT_EQ(limits.admit(from("2001:db8::2"), places[1]), Admission::kAdmitted);
  EXPECT_EQ(limits.admit(from("2001:db8::3"), places[2]), Admission::kTooManyFromNetwork);
  EXPECT_EQ(limits.admit(from("2001:db8:0:1::3"), places[2]), Admission::kAdmitted);
  for (const int i : {3, 4}) EXPECT_EQ(limits.admit(from("127.0.0.1"), places[i]), Admission::kAdmitted);
  EXPECT_EQ(limits.admit(from("192.0.2.1"), places[5]), Admission::kTooManyInAll);
  places[0] = {};
  EXPECT_EQ(limits.admit(from("2001:db8::3"), places[5]), Admission::kAdmitted);
  places.clear();
  EXPECT_EQ(limits.open(), 0u);
}

TEST_F(ListenerTest, TheProxySaysWhoThePeerIs) {
  open({.endpoint = *Endpoint::parse(kAny4),
        .proxy_protocol = true,
        .proxy_networks = {*Network::parse("127.0.0.1")}});
  auto good = dial(listeners->local());
  EXPECT_EQ(ask(*good, "PROXY TCP4 192.0.2.1 198.51.100.2 56324 25\r\nwho\r\n"), "hello");
  EXPECT_EQ(read(*good), "192.0.2.1:56324");
  auto bad = dial(listeners->local());
  EXPECT_EQ(ask(*bad, "EHLO me\r\n"), "[close]");
  auto stranger = dial(listeners->local(), IpAddress::parse("127.0.0.9"));
  EXPECT_EQ(ask(*stranger, "PROXY TCP4 192.0.2.1 198.51.100.2 56324 25\r\n"), "[close]");
  EXPECT_EQ(count(&ListenerCounters::proxy_failed), 2u);
}

TEST_F(ListenerTest, ASilentProxyIsDroppedAfterItsTime) {
  open({.endpoint = *Endpoint::parse(kAny4),
        .proxy_protocol = true,
        .proxy_networks = {*Network::parse("127.0.0.1")},
        .proxy_timeout = 1ms});
  auto silent = dial(listeners->local());
  EXPECT_EQ(read(*silent), "[close]");
}

TEST_F(ListenerTest, UnixSocketsHaveTheirModeAndReplaceStaleFiles) {
  const std::string path = fmt::format("/tmp/pabal-listener-{}.sock", ::getpid());
  {
    const UniqueFd crashed(::socket(AF_UNIX, SOCK_STREAM, 0));
    const SocketAddress address = to_socket_address(UnixEndpoint{path});
    ASSERT_EQ(::bind(crashed.get(), address.get(), address.size), 0);
  }
  open({.endpoint = UnixEndpoint{path}, .unix_mode = 0600});
  struct stat info;
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  auto connection = dial(UnixEndpoint{path});
  EXPECT_EQ(read(*connection), "hello");
  const auto second =
      Listeners::open(loops, {.endpoint = UnixEndpoint{path}}, [](Loop&) { return ListenerHandlers{}; });
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().detail.find("another program"), std::string::npos) << second.error().detail;
  listeners->drain(0s);
  listeners.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
  {
    std::ofstream(path) << "a letter";
  }
  EXPECT_FALSE(
      Listeners::open(loops, {.endpoint = UnixEndpoint{path}}, [](Loop&) { return ListenerHandlers{}; }));
  EXPECT_TRUE(std::filesystem::exists(path));
  std::filesystem::remove(path);
}

TEST_F(ListenerTest, OutOfDescriptorsItWaitsAndSaysSoOnce) {
  open({.endpoint = *Endpoint::parse(kAny4)});
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  // The client's socket takes the last one.
  UniqueFd probe(::dup(0));
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(probe.get()) + 1;
  probe = {};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  auto connection = dial(listeners->local());
  while (count(&ListenerCounters::accept_failed) < 2) std::this_thread::yield();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(read(*connection), "hello");
  const std::lock_guard lock(mutex);
  EXPECT_EQ(troubles.size(), 1u);
}

}  // namespace
}  // namespace pabal::net
