// What a connection costs when it idles, and how fast requests of one line go: our listener, connections
// and TLS in one process, the clients in another. bench/net/README.md tells how to run and read it.
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <latch>

#include "base/clock.h"
#include "base/random.h"
#include "net/connection.h"
#include "net/dialer.h"
#include "net/scope.h"
#include "net/server_loops.h"
#include "net/tls.h"

namespace pabal::net {
namespace {

using namespace std::chrono_literals;

struct Plan {
  bool tls = false;
  std::size_t idle = 10'000;
  std::size_t busy = 50;
  std::chrono::seconds seconds{5};
  std::size_t server_loops = 1;
};

struct Memory {
  long rss_kib = 0;
  long pss_kib = 0;
  std::size_t heap_bytes = 0;
};

Memory memory_now() {
  Memory out;
  std::ifstream rollup("/proc/self/smaps_rollup");
  for (std::string line; std::getline(rollup, line);) {
    std::sscanf(line.c_str(), "Rss: %ld", &out.rss_kib);
    std::sscanf(line.c_str(), "Pss: %ld", &out.pss_kib);
  }
  out.heap_bytes = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
  return out;
}

[[noreturn]] void die(std::string_view what) {
  fmt::print(stderr, "net_bench: {}\n", what);
  std::_Exit(1);
}

template <class T>
T or_die(Result<T> result) {
  if (!result) die(result.error().detail);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

/// One byte each way keeps the two processes in step.
void tell(int fd) {
  if (::write(fd, "x", 1) != 1) die("the other process is gone");
}
void hear(int fd) {
  char byte;
  if (::read(fd, &byte, 1) != 1) die("the other process is gone");
}

Task<void> serve(Loop& loop, TlsServer* tls, std::unique_ptr<Stream> stream, CancelSource&) {
  Connection connection(loop, std::move(stream));
  if (tls != nullptr && !co_await connection.start_tls(*tls, loop.in(60s))) co_return;
  for (;;) {
    const auto line = co_await connection.read_line({}, loop.in(30min));
    if (!line) co_return;
    if (!co_await connection.write("250 ok ", loop.in(60s))) co_return;
    if (!co_await connection.write(*line, loop.in(60s))) co_return;
    if (!co_await connection.write("\r\n", loop.in(60s))) co_return;
  }
}

void run_server(const Plan& plan, int to_client, int from_client) {
  const SystemClock clock;
  SystemRandom random;
  const auto directory =
      std::filesystem::temp_directory_path() / fmt::format("pabal-net-bench-{}", ::getpid());
  std::filesystem::create_directory(directory);
  std::unique_ptr<TlsServer> tls;
  if (plan.tls) {
    const SelfSigned made = or_die(make_self_signed({"localhost"}, clock));
    std::ofstream(directory / "crt") << made.certificate_pem;
    std::ofstream(directory / "key") << made.key_pem;
    tls = or_die(TlsServer::load({.certificates = {{directory / "crt", directory / "key"}}}, clock, random));
  }
  ServerLoops loops(clock, plan.server_loops);
  auto listeners =
      or_die(Listeners::open(loops, {.endpoint = *Endpoint::parse("127.0.0.1:0")}, [&](Loop& loop) {
        return ListenerHandlers{
            .serve = [&loop, &tls](std::unique_ptr<Stream> stream, CancelSource& draining) {
              return serve(loop, tls.get(), std::move(stream), draining);
            }};
      }));
  const std::uint16_t port = listeners->local().tcp()->port;
  if (::write(to_client, &port, sizeof(port)) != sizeof(port)) die("the other process is gone");

  hear(from_client);  // the busy ones have run: pools and caches are warm, and the clients are gone
  const Memory before = memory_now();
  tell(to_client);
  hear(from_client);  // the idle ones are there, each after one request
  ::malloc_trim(0);
  const Memory after = memory_now();
  std::size_t open = 0;
  listeners->add_counters([&](const ListenerCounters& each) { open += each.open.load(); });
  const double count = static_cast<double>(std::max<std::size_t>(open, 1));
  fmt::print("{:>6} idle: {:7.0f} B of heap a connection, RSS {:6.2f} KiB, PSS {:6.2f} KiB\n", open,
             (static_cast<double>(after.heap_bytes) - static_cast<double>(before.heap_bytes)) / count,
             static_cast<double>(after.rss_kib - before.rss_kib) / count,
             static_cast<double>(after.pss_kib - before.pss_kib) / count);
  tell(to_client);
  hear(from_client);
  listeners->drain(0s);
  listeners.reset();
  std::filesystem::remove_all(directory);
}

Task<Result<std::unique_ptr<Connection>>> open_one(Loop& loop, Endpoint to, TlsClient* tls) {
  PABAL_CO_TRY(auto stream, co_await connect(to, loop.in(60s)));
  auto connection = std::make_unique<Connection>(loop, std::move(stream));
  if (tls != nullptr) {
    TlsClientOptions options{.server_name = "localhost", .verify = TlsVerify::kNone};
    PABAL_CO_TRY_VOID(co_await connection->start_tls(*tls, std::move(options), loop.in(60s)));
  }
  PABAL_CO_TRY_VOID(co_await connection->write("NOOP\r\n", loop.in(60s)));
  PABAL_CO_TRY(const auto line, co_await connection->read_line({}, loop.in(60s)));
  std::ignore = line;
  co_return connection;
}

Task<void> ask_and_wait(Loop& loop, Connection& connection, MonoTime until, std::vector<double>& micros) {
  do {
    const MonoTime start = loop.clock().mono();
    or_die(co_await connection.write("NOOP 0123456789012345678901234567890123456789\r\n", loop.in(60s)));
    std::ignore = or_die(co_await connection.read_line({}, loop.in(60s)));
    micros.push_back(std::chrono::duration<double, std::micro>(loop.clock().mono() - start).count());
  } while (loop.clock().mono() < until);
}

Task<void> open_many(Loop& loop, const Endpoint& to, TlsClient* tls, std::size_t count,
                     std::vector<std::unique_ptr<Connection>>& out) {
  for (std::size_t i = 0; i < count; ++i) out.push_back(or_die(co_await open_one(loop, to, tls)));
}

Task<void> measure_rate(Loop& loop, const Endpoint& to, TlsClient* tls, const Plan& plan) {
  std::vector<std::unique_ptr<Connection>> connections;
  co_await open_many(loop, to, tls, plan.busy, connections);
  std::vector<double> micros;
  const MonoTime start = loop.clock().mono();
  Scope scope(loop);
  for (auto& each : connections) scope.spawn(ask_and_wait(loop, *each, start + plan.seconds, micros));
  co_await scope.join();
  const double seconds = std::chrono::duration<double>(loop.clock().mono() - start).count();
  std::ranges::sort(micros);
  const auto at = [&](double share) {
    return micros.empty() ? 0.0
                          : micros[static_cast<std::size_t>(share * static_cast<double>(micros.size() - 1))];
  };
  fmt::print("{:>6} busy: {:7.0f} requests/s, p50 {:.0f} us, p99 {:.0f} us\n", plan.busy,
             static_cast<double>(micros.size()) / seconds, at(0.50), at(0.99));
  std::fflush(stdout);
}

void run_client(const Plan& plan, int to_server, int from_server) {
  std::uint16_t port = 0;
  if (::read(from_server, &port, sizeof(port)) != sizeof(port)) die("the server did not start");
  const Endpoint to = TcpEndpoint{IpAddress::loopback_v4(), port};
  const SystemClock clock;
  Loop loop(clock);
  const auto tls = plan.tls ? or_die(TlsClient::create()) : nullptr;
  loop.run_until_done(measure_rate(loop, to, tls.get(), plan));
  tell(to_server);
  hear(from_server);
  std::vector<std::unique_ptr<Connection>> idle;
  loop.run_until_done(open_many(loop, to, tls.get(), plan.idle, idle));
  tell(to_server);
  hear(from_server);
  idle.clear();
  tell(to_server);
}

void run(const Plan& plan) {
  fmt::print("{}, {} server loop{}\n", plan.tls ? "TLS 1.3" : "plain", plan.server_loops,
             plan.server_loops == 1 ? "" : "s");
  std::fflush(stdout);
  int to_client[2], to_server[2];
  if (::pipe(to_client) != 0 || ::pipe(to_server) != 0) die("no pipe");
  // Two processes: each connection takes a descriptor on either side.
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(to_client[1]);
    ::close(to_server[0]);
    run_client(plan, to_server[1], to_client[0]);
    std::exit(0);
  }
  ::close(to_client[0]);
  ::close(to_server[1]);
  run_server(plan, to_client[1], to_server[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(to_client[1]);
  ::close(to_server[0]);
  if (status != 0) die("the client failed");
}

}  // namespace
}  // namespace pabal::net

int main(int count, char** words) {
  using pabal::net::Plan;
  Plan plan;
  bool plain = true, tls = true;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const auto number = [&] { return i + 1 < count ? std::strtoul(words[++i], nullptr, 10) : 0; };
    if (word == "--smoke")
      plan = {.idle = 50, .busy = 5, .seconds = std::chrono::seconds(0)};
    else if (word == "--idle")
      plan.idle = number();
    else if (word == "--busy")
      plan.busy = number();
    else if (word == "--seconds")
      plan.seconds = std::chrono::seconds(number());
    else if (word == "--loops")
      plan.server_loops = number();
    else if (word == "--plain")
      tls = false;
    else if (word == "--tls")
      plain = false;
    else {
      fmt::print(
          stderr,
          "usage: net_bench [--smoke] [--plain | --tls] [--idle N] [--busy N] [--seconds N] [--loops N]\n");
      return 2;
    }
  }
  rlimit files;
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < plan.idle + 100) {
      fmt::print(stderr, "net_bench: {} descriptors are allowed, {} are needed (ulimit -n)\n", files.rlim_cur,
                 plan.idle + 100);
      return 1;
    }
  }
  if (plain) {
    plan.tls = false;
    pabal::net::run(plan);
  }
  if (tls) {
    plan.tls = true;
    pabal::net::run(plan);
  }
  return 0;
}
