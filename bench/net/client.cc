// The clients' side, all in one process and on one loop.
#include <algorithm>
#include <cstdio>

#include "base/clock.h"
#include "bench.h"
#include "net/connection.h"
#include "net/deflate_stream.h"
#include "net/dialer.h"
#include "net/scope.h"
#include "net/tls.h"

namespace pabal::net::bench {
namespace {

using namespace std::chrono_literals;

class Clients {
 public:
  Clients(Loop& loop, Endpoint to, const Plan& plan)
      : loop_(loop),
        to_(std::move(to)),
        plan_(plan),
        tls_(plan.tls ? or_die(TlsClient::create()) : nullptr) {}

  using Connections = std::vector<std::unique_ptr<Connection>>;

  Task<Connections> open(std::size_t count) {
    Connections out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(or_die(co_await open_one()));
    co_return out;
  }

  Task<Connections> open_idle(std::size_t count) {
    Connections out = co_await open(count);
    for (auto& each : out) or_die(co_await ask(*each, kIdle));
    co_return out;
  }

  Task<void> rest() { std::ignore = co_await sleep_until(loop_.in(2 * kDeflateRest)); }

  Task<void> measure_requests() {
    Connections connections = co_await open(plan_.busy);
    std::vector<double> micros;
    const MonoTime start = loop_.clock().mono();
    Scope scope(loop_);
    for (auto& each : connections) scope.spawn(ask_and_wait(*each, start + plan_.seconds, micros));
    co_await scope.join();
    std::ranges::sort(micros);
    const auto at = [&](double share) {
      return micros[static_cast<std::size_t>(share * static_cast<double>(micros.size() - 1))];
    };
    fmt::print("{:>6} busy: {:7.0f} requests/s, p50 {:.0f} us, p99 {:.0f} us\n", plan_.busy,
               static_cast<double>(micros.size()) / seconds_since(start), at(0.50), at(0.99));
    std::fflush(stdout);
  }

  Task<void> measure_bulk(std::size_t piece_bytes) {
    const auto connection = or_die(co_await open_one());
    const std::size_t total = plan_.bulk_mib << 20;
    const MonoTime start = loop_.clock().mono();
    or_die(co_await connection->write(fmt::format("{}{} {}\r\n", kBulk, total, piece_bytes), loop_.in(60s)));
    for (std::size_t came = 0; came < total;) {
      const std::string_view bytes = or_die(co_await connection->peek(loop_.in(60s)));
      came += bytes.size();
      connection->consume(bytes.size());
    }
    fmt::print("  bulk in pieces of {:>5} bytes: {:5.0f} MB/s\n", piece_bytes,
               static_cast<double>(total) / 1e6 / seconds_since(start));
    std::fflush(stdout);
  }

 private:
  double seconds_since(MonoTime start) const {
    return std::chrono::duration<double>(loop_.clock().mono() - start).count();
  }

  Task<Result<void>> ask(Connection& connection, std::string_view line) {
    PABAL_CO_TRY_VOID(co_await connection.write(fmt::format("{}\r\n", line), loop_.in(60s)));
    PABAL_CO_TRY(const auto answer, co_await connection.read_line({}, loop_.in(60s)));
    std::ignore = answer;
    co_return Result<void>();
  }

  Task<Result<std::unique_ptr<Connection>>> open_one() {
    PABAL_CO_TRY(auto stream, co_await connect(to_, loop_.in(60s)));
    auto connection = std::make_unique<Connection>(loop_, std::move(stream));
    if (tls_ != nullptr) {
      TlsClientOptions options{.server_name = "localhost", .verify = TlsVerify::kNone};
      PABAL_CO_TRY_VOID(co_await connection->start_tls(*tls_, std::move(options), loop_.in(60s)));
    }
    if (plan_.deflate) {
      PABAL_CO_TRY_VOID(co_await ask(*connection, kCompress));
      PABAL_CO_TRY_VOID(co_await connection->start_deflate(loop_.in(60s)));
    }
    PABAL_CO_TRY_VOID(co_await ask(*connection, "NOOP"));
    co_return connection;
  }

  Task<void> ask_and_wait(Connection& connection, MonoTime until, std::vector<double>& micros) {
    do {
      const MonoTime start = loop_.clock().mono();
      or_die(co_await ask(connection, "NOOP 0123456789012345678901234567890123456789"));
      micros.push_back(seconds_since(start) * 1e6);
    } while (loop_.clock().mono() < until);
  }

  Loop& loop_;
  const Endpoint to_;
  const Plan& plan_;
  const std::unique_ptr<TlsClient> tls_;
};

}  // namespace

void run_client(const Plan& plan, int to_server, int from_server) {
  std::uint16_t port = 0;
  if (::read(from_server, &port, sizeof(port)) != sizeof(port)) die("the server did not start");
  const SystemClock clock;
  Loop loop(clock);
  Clients clients(loop, TcpEndpoint{IpAddress::loopback_v4(), port}, plan);
  if (plan.busy > 0) loop.run_until_done(clients.measure_requests());
  if (plan.bulk_mib > 0) {
    for (const std::size_t piece_bytes : {100, 4096, 65536})
      loop.run_until_done(clients.measure_bulk(piece_bytes));
  }
  tell(to_server);
  hear(from_server);
  auto idle = loop.run_until_done(clients.open_idle(plan.idle));
  // A compressed connection gives its memory back when it has rested.
  if (plan.deflate) loop.run_until_done(clients.rest());
  tell(to_server);
  hear(from_server);
  idle.clear();
  tell(to_server);
}

}  // namespace pabal::net::bench
