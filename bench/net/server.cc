// The server's side: sessions nested as deep as real ones, and what their process costs.
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/random.h"
#include "bench.h"
#include "net/connection.h"
#include "net/deflate_stream.h"
#include "net/scope.h"
#include "net/server_loops.h"
#include "net/tls.h"

namespace pabal::net::bench {
namespace {

using namespace std::chrono_literals;

struct Memory {
  long pss_kib = 0;
  std::size_t heap_bytes = 0;
};

Memory memory_now() {
  Memory out;
  std::ifstream rollup("/proc/self/smaps_rollup");
  for (std::string line; std::getline(rollup, line);) std::sscanf(line.c_str(), "Pss: %ld", &out.pss_kib);
  out.heap_bytes = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
  return out;
}

/// A session in the shape of IMAP's: accept, run, a command, its line; and in IDLE a writer beside the
/// reader.
class Session {
 public:
  Session(Loop& loop, TlsServer* tls, std::unique_ptr<Stream> stream)
      : loop_(loop), tls_(tls), connection_(loop, std::move(stream)) {}

  Task<void> run() {
    if (tls_ != nullptr && !co_await connection_.start_tls(*tls_, loop_.in(60s))) co_return;
    while (co_await serve_command()) {
    }
  }

 private:
  Task<Result<void>> serve_command() {
    PABAL_CO_TRY(const std::string line, co_await read_command());
    if (line == kIdle) co_return co_await idle();
    if (line == kCompress) co_return co_await compress();
    if (line.starts_with(kBulk)) co_return co_await send_bulk(line.substr(kBulk.size()));
    co_return co_await reply("250 ok " + line + "\r\n");
  }

  Task<Result<std::string>> read_command() {
    PABAL_CO_TRY(const std::string_view line, co_await connection_.read_line({}, loop_.in(30min)));
    co_return std::string(line);
  }

  Task<Result<void>> reply(std::string text) { co_return co_await connection_.write(text, loop_.in(60s)); }

  Task<Result<void>> idle() {
    PABAL_CO_TRY_VOID(co_await reply("+ idling\r\n"));
    Scope scope(loop_);
    Signal changed;
    scope.spawn(tell_changes(changed));
    const auto line = co_await read_command();
    scope.cancel();
    co_await scope.join();
    if (!line) co_return std::unexpected(line.error());
    co_return co_await reply("250 ok\r\n");
  }

  Task<void> tell_changes(Signal& changed) {
    while (co_await changed.wait(Deadline::never())) {
      if (!co_await reply("* 1 EXISTS\r\n") || !co_await connection_.flush(loop_.in(60s))) co_return;
    }
  }

  Task<Result<void>> compress() {
    PABAL_CO_TRY_VOID(co_await reply("250 ok\r\n"));
    co_return co_await connection_.start_deflate(loop_.in(60s));
  }

  Task<Result<void>> send_bulk(std::string_view numbers) {
    std::size_t total = 0, piece_bytes = 0;
    if (std::sscanf(std::string(numbers).c_str(), "%zu %zu", &total, &piece_bytes) != 2 || piece_bytes == 0)
      co_return fail(ErrorKind::kRefuse, "how much?");
    // Like mail as far as a compressor is concerned.
    std::string piece;
    while (piece.size() < piece_bytes)
      piece += fmt::format("* {} FETCH (FLAGS (\\Seen) UID {})\r\n", piece.size(), 7 * piece.size());
    for (std::size_t sent = 0; sent < total;) {
      const auto bytes = std::string_view(piece).substr(0, std::min(piece_bytes, total - sent));
      PABAL_CO_TRY_VOID(co_await connection_.write(bytes, loop_.in(60s)));
      sent += bytes.size();
    }
    co_return Result<void>();
  }

  Loop& loop_;
  TlsServer* tls_;
  Connection connection_;
};

Task<void> serve(Loop& loop, TlsServer* tls, std::unique_ptr<Stream> stream) {
  Session session(loop, tls, std::move(stream));
  co_await session.run();
}

double kib_each(long kib, std::size_t count) { return static_cast<double>(kib) / static_cast<double>(count); }

}  // namespace

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
        return ListenerHandlers{.serve = [&loop, &tls](std::unique_ptr<Stream> stream, CancelSource&) {
          return serve(loop, tls.get(), std::move(stream));
        }};
      }));
  const auto open_now = [&] {
    std::size_t open = 0;
    listeners->add_counters([&](const ListenerCounters& each) { open += each.open.load(); });
    return open;
  };
  const std::uint16_t port = listeners->local().tcp()->port;
  if (::write(to_client, &port, sizeof(port)) != sizeof(port)) die("the other process is gone");

  hear(from_client);  // the busy ones have run: pools and caches are warm, and the clients are gone
  ::malloc_trim(0);
  const Memory before = memory_now();
  tell(to_client);
  hear(from_client);  // the idle ones are there
  const Memory after = memory_now();
  // What the server itself does each minute (base/heap.h).
  ::malloc_trim(0);
  const Memory after_trim = memory_now();
  const std::size_t open = std::max<std::size_t>(open_now(), 1);
  fmt::print("{:>6} idle: {:7.0f} B of heap a connection, PSS {:6.2f} KiB, {:6.2f} after malloc_trim\n", open,
             static_cast<double>(after.heap_bytes - before.heap_bytes) / static_cast<double>(open),
             kib_each(after.pss_kib - before.pss_kib, open),
             kib_each(after_trim.pss_kib - before.pss_kib, open));
  tell(to_client);
  hear(from_client);  // and gone
  while (open_now() > 0) ::usleep(1000);
  const Memory left = memory_now();
  ::malloc_trim(0);
  const Memory left_after_trim = memory_now();
  fmt::print("{:>6} gone: {:7} KiB of PSS are left, {} after malloc_trim\n", open,
             left.pss_kib - before.pss_kib, left_after_trim.pss_kib - before.pss_kib);
  listeners->drain(0s);
  listeners.reset();
  std::filesystem::remove_all(directory);
}

}  // namespace pabal::net::bench
