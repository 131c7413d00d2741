// Any bytes from a client, HTTP/1.1 or HTTP/2: the session ends in order, every request that was taken is
// answered once, and no body grows beyond its limit. The first byte chooses how the bytes arrive.
#include <string_view>

#include "base/check.h"
#include "http/server.h"
#include "net/memory_stream.h"
#include "net/testing.h"

using namespace pabal;

namespace {

constexpr std::size_t kMaxBody = 4000;

class Echo final : public http::Handler {
 public:
  net::Task<void> serve(http::Exchange& exchange) override {
    ++requests;
    const http::Request& request = exchange.request();
    PABAL_CHECK(request.target.starts_with('/') || request.target == "*");
    std::ignore = request.query_parameter("name");
    std::ignore = request.content_type();
    std::ignore = request.host_name();
    if (request.method == http::Method::kDelete) co_return;  // an answer that was forgotten
    auto body = co_await exchange.read_all(kMaxBody);
    PABAL_CHECK(!body || body->size() <= kMaxBody);
    if (!body) {
      std::ignore = co_await exchange.respond(http::problem_for(body.error()));
    } else if (request.method == http::Method::kPut) {
      std::ignore = co_await exchange.begin({}, std::nullopt);
      std::ignore = co_await exchange.write(*body);
      std::ignore = co_await exchange.end();
    } else {
      std::ignore = co_await exchange.respond(http::text_response(*std::move(body)));
    }
  }
  std::size_t requests = 0;
};

struct Answers final : http::AnswerObserver {
  void on_answer(const http::Request&, http::Status) override { ++count; }
  std::size_t count = 0;
};

net::Task<void> serve(std::unique_ptr<net::Stream> stream, Echo& echo, const http::ServerOptions& options,
                      net::CancelSource& draining, http::SessionSummary& summary) {
  summary = co_await http::serve_http(std::move(stream), echo, options, draining);
}

net::Task<void> talk(net::Stream& stream, std::string_view bytes, net::Deadline deadline) {
  const std::string_view pieces[] = {bytes};
  std::ignore = co_await stream.write_all(pieces, deadline);
  std::ignore = co_await stream.shut_down(deadline);
  std::string into(4096, '\0');
  for (;;) {
    const auto size = co_await stream.read_some(into, deadline);
    if (!size || *size == 0) co_return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  constexpr std::size_t kMaxBytes = 16384;
  if (size == 0 || size > kMaxBytes) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  net::SimulatedLoop sim;
  Echo echo;
  Answers answers;
  http::ServerOptions options;
  options.observer = &answers;
  options.http2.max_streams = 10;
  net::CancelSource draining;
  http::SessionSummary summary;
  net::MemoryStreamOptions streams;
  if ((data[0] & 1) != 0) streams.max_read_bytes = 1;
  auto [ours, theirs] = net::make_memory_streams(streams);
  net::Scope sessions(sim.loop());
  sessions.spawn(serve(std::move(ours), echo, options, draining, summary));
  if ((data[0] & 2) != 0) draining.cancel();
  sim.run_until_done(talk(*theirs, bytes, sim.loop().in(std::chrono::hours(1))));
  theirs->close();
  sim.run_until_done(sessions.join());
  PABAL_CHECK(summary.requests == echo.requests);
  PABAL_CHECK(answers.count <= echo.requests + summary.faults);
  return 0;
}
