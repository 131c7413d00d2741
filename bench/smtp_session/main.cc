// What one letter costs the protocol alone: see README.md.
#include <fmt/format.h>
#include <malloc.h>

#include <cstring>

#include "net/memory_stream.h"
#include "net/scope.h"
#include "null_mail.h"
#include "smtp/client_session.h"
#include "smtp/server_session.h"

using namespace pabal;

namespace {

std::string dot_stuffed(std::string_view letter) {
  smtp::LetterEncoder encoder(smtp::Framing::kDotStuffed, smtp::BareLineEnds::kNormalise);
  std::string out;
  while (!letter.empty()) {
    const smtp::CodecStep step = encoder.next(letter);
    out += step.data;
    letter.remove_prefix(step.consumed);
  }
  return out += encoder.finish();
}

double cpu_seconds() { return bench::seconds_on(CLOCK_THREAD_CPUTIME_ID); }

net::Task<void> serve(std::unique_ptr<net::Connection> connection, smtp::ServerHandler& handler,
                      const smtp::ServerOptions& options) {
  co_await smtp::serve_smtp(*connection, handler, options);
}

/// A client as cheap as can be: the same bytes again and again, replies counted by their line ends.
net::Task<void> send_raw(net::Stream& stream, std::size_t count, std::string envelope, std::string body) {
  const net::Deadline never = net::Deadline::never();
  std::string into(64 * 1024, '\0');
  const auto hear = [&](std::size_t lines) -> net::Task<void> {
    while (lines > 0) {
      const auto size = co_await stream.read_some(into, never);
      lines -= static_cast<std::size_t>(
          std::count(into.begin(), into.begin() + static_cast<std::ptrdiff_t>(*size), '\n'));
    }
  };
  const auto say = [&](std::string_view bytes) -> net::Task<void> {
    const std::string_view pieces[] = {bytes};
    std::ignore = co_await stream.write_all(pieces, never);
  };
  co_await hear(1);
  co_await say("HELO crepes.fr\r\n");
  co_await hear(1);
  for (std::size_t i = 0; i < count; ++i) {
    co_await say(envelope);
    co_await hear(3);
    co_await say(body);
    co_await hear(1);
  }
  co_await say("QUIT\r\n");
  co_await hear(1);
}

class TextSource final : public smtp::LetterSource {
 public:
  explicit TextSource(std::string_view text) : text_(text) {}
  net::Task<Result<std::string_view>> next() override { co_return std::exchange(text_, {}); }

 private:
  std::string_view text_;
};

net::Task<void> send_by_client(net::Connection& connection, std::size_t count, std::string_view letter,
                               bool chunks) {
  smtp::ClientOptions options{.host_name = "crepes.fr"};
  options.use_chunking = chunks;
  smtp::ClientSession session(connection, options);
  std::ignore = co_await session.open();
  smtp::ClientEnvelope envelope;
  envelope.from = *account::Address::parse("alice@crepes.fr");
  envelope.to.push_back({*account::Address::parse("bob@hamburger.edu"), {}});
  for (std::size_t i = 0; i < count; ++i) {
    TextSource source(letter);
    const auto outcome = co_await session.send(envelope, source);
    if (!outcome.recipients[0].accepted)
      fmt::print("lost: {}\n", smtp::to_string(*outcome.recipients[0].failure));
  }
  co_await session.quit();
}

struct Bench {
  SystemClock clock;
  net::Loop loop{clock};
  bench::NullHandler handler;
  smtp::ServerOptions options = smtp::ServerOptions::mx("hamburger.edu");

  template <class Talk>
  void run(std::string_view name, std::size_t count, std::size_t letter_bytes, Talk talk) {
    auto [ours, theirs] = net::make_memory_streams();
    net::Scope sessions(loop);
    handler.bytes = 0;
    const double start = cpu_seconds();
    sessions.spawn(serve(std::make_unique<net::Connection>(loop, std::move(ours)), handler, options));
    talk(std::move(theirs));
    loop.run_until_done(sessions.join());
    const double spent = cpu_seconds() - start;
    fmt::print("{:34} {:8} letters of {:7} bytes: {:8.2f} us each, {:7.0f} MB/s\n", name, count, letter_bytes,
               spent / static_cast<double>(count) * 1e6, static_cast<double>(handler.bytes) / spent / 1e6);
  }
};

void run_all(std::size_t letters) {
  Bench bench;
  const std::string envelope = "MAIL FROM:<alice@crepes.fr>\r\nRCPT TO:<bob@hamburger.edu>\r\nDATA\r\n";
  for (const std::size_t size : {4096u, 65536u, 1048576u}) {
    const std::size_t count = std::max<std::size_t>(1, letters * 4096 / size);
    const std::string letter = bench::make_letter(size) + ".\r\n";  // a line that the wire must stuff
    const std::string body = dot_stuffed(letter);
    bench.run("server, raw bytes, DATA", count, letter.size(), [&](std::unique_ptr<net::Stream> stream) {
      bench.loop.run_until_done(send_raw(*stream, count, envelope, body));
    });
    for (const bool chunks : {false, true}) {
      const auto name = chunks ? "server and client, BDAT if small" : "server and client, DATA";
      bench.run(name, count, letter.size(), [&](std::unique_ptr<net::Stream> stream) {
        net::Connection connection(bench.loop, std::move(stream));
        bench.loop.run_until_done(send_by_client(connection, count, letter, chunks));
      });
    }
  }
}

/// What a session that waits for its client's next command holds.
void measure_idle(std::size_t count) {
  Bench bench;
  net::Scope sessions(bench.loop);
  std::vector<std::unique_ptr<net::Stream>> clients;
  clients.reserve(count);
  std::vector<std::unique_ptr<net::Connection>> connections;
  for (std::size_t i = 0; i < count; ++i) {
    auto [ours, theirs] = net::make_memory_streams();
    connections.push_back(std::make_unique<net::Connection>(bench.loop, std::move(ours)));
    clients.push_back(std::move(theirs));
  }
  const std::size_t before = mallinfo2().uordblks;
  for (auto& connection : connections)
    sessions.spawn(serve(std::move(connection), bench.handler, bench.options));
  while (bench.loop.run_ready() > 0) {
  }
  for (auto& client : clients) {
    std::string into(4096, '\0');
    std::ignore = bench.loop.run_until_done(client->read_some(into, net::Deadline::never()));
  }
  const std::size_t after = mallinfo2().uordblks;
  fmt::print("idle session: {} bytes of heap each, over its connection and stream\n",
             (after - before) / count);
  sessions.cancel();
  bench.loop.run_until_done(sessions.join());
}

}  // namespace

int main(int argc, char** argv) {
  const bool smoke = argc > 1 && std::strcmp(argv[1], "--smoke") == 0;
  run_all(smoke ? 200 : 100'000);
  measure_idle(smoke ? 10 : 1000);
}
