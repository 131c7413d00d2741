// An HTTP server with one loop and handlers that cost nothing, for h2load; and listeners that wait, for their
// memory. README.md says how to run it.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/event_stream.h"
#include "http/router.h"
#include "http/server.h"
#include "net/dialer.h"
#include "net/limits.h"
#include "net/server_loops.h"

using namespace pabal;

namespace {

class Small final : public http::Handler {
  net::Task<void> serve(http::Exchange& exchange) override {
    std::ignore = co_await exchange.respond(http::json_response(R"({"answer":"small"})"));
  }
};

class Large final : public http::Handler {
  net::Task<void> serve(http::Exchange& exchange) override {
    std::ignore = co_await exchange.respond(
        {http::Status::kOk, {{"content-type", "application/octet-stream"}}, http::Body(bytes_)});
  }
  const std::shared_ptr<const std::string> bytes_ = std::make_shared<std::string>(1 << 20, 'x');
};

class Events final : public http::Handler {
  net::Task<void> serve(http::Exchange& exchange) override {
    const net::Context context = co_await net::current_context();
    http::EventStream events(exchange);
    if (!co_await events.begin(std::chrono::seconds(3))) co_return;
    std::ignore = co_await net::sleep_until(net::Deadline::never()).in({context.loop, &exchange.until()});
  }
};

net::Task<void> serve(std::unique_ptr<net::Stream> stream, http::Handler& handler,
                      const http::ServerOptions& options, net::CancelSource& draining) {
  std::ignore = co_await http::serve_http(std::move(stream), handler, options, draining);
}

std::size_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::strtoull(line.c_str() + 6, nullptr, 10);
  }
  return 0;
}

// So many clients that ask for events and take the head; they live in this process too, each with a socket of
// its own.
net::Task<void> listen(net::Loop& loop, net::Endpoint server, std::size_t count,
                       std::vector<std::unique_ptr<net::Stream>>& clients) {
  static constexpr std::string_view kAsk = "GET /events HTTP/1.1\r\nHost: bench\r\n\r\n";
  for (std::size_t i = 0; i < count; ++i) {
    auto stream = co_await net::connect(server, loop.in(std::chrono::seconds(10)));
    if (!stream) {
      std::printf("%s\n", stream.error().detail.c_str());
      co_return;
    }
    const std::string_view pieces[] = {kAsk};
    char head[512];
    std::ignore = co_await (*stream)->write_all(pieces, loop.in(std::chrono::seconds(10)));
    std::ignore = co_await (*stream)->read_some(head, loop.in(std::chrono::seconds(10)));
    clients.push_back(*std::move(stream));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  const SystemClock clock;
  net::ServerLoops loops(clock, 1);
  net::ConnectionLimits limits({.max_total = 20'000, .max_per_network = 20'000});
  Small small;
  Large large;
  Events events;
  http::Router router;
  router.add("/small", {http::Method::kGet}, small);
  router.add("/large", {http::Method::kGet}, large);
  router.add("/events", {http::Method::kGet}, events);
  const http::ServerOptions options;
  net::ListenerOptions where;
  where.endpoint = net::TcpEndpoint{net::IpAddress::loopback_v4(), 0};
  where.limits = &limits;
  const auto handlers = [&](net::Loop&) {
    return net::ListenerHandlers{
        .serve = [&](std::unique_ptr<net::Stream> stream, net::CancelSource& draining) {
          return serve(std::move(stream), router, options, draining);
        }};
  };
  auto listeners = net::Listeners::open(loops, where, handlers);
  if (!listeners) {
    std::printf("%s\n", listeners.error().detail.c_str());
    return 1;
  }
  if (mode == "--listeners" || mode == "--smoke") {
    const std::size_t count = mode == "--smoke" ? 10 : 5000;
    net::Loop loop(clock);
    std::vector<std::unique_ptr<net::Stream>> clients;
    const std::size_t before = resident_kib();
    loop.run_until_done(listen(loop, (*listeners)->local(), count, clients));
    const std::size_t after = resident_kib();
    std::printf("%zu listeners: %.1f MiB, %.2f KiB each with their clients' ends\n", clients.size(),
                static_cast<double>(after - before) / 1024,
                static_cast<double>(after - before) / static_cast<double>(count));
    clients.clear();
    (*listeners)->drain(std::chrono::seconds(5));
    return 0;
  }
  std::printf("%s\n", (*listeners)->local().to_string().c_str());
  std::fflush(stdout);
  std::getchar();  // until its input ends
  (*listeners)->drain(std::chrono::seconds(1));
}
