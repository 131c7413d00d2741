// Any bytes from a server: the client's session ends in order, and every recipient has an outcome.
#include <string_view>

#include "base/check.h"
#include "net/memory_stream.h"
#include "net/scope.h"
#include "net/testing.h"
#include "smtp/client_session.h"

using namespace pabal;

namespace {

class OneLine final : public smtp::LetterSource {
 public:
  net::Task<Result<std::string_view>> next() override {
    co_return std::exchange(done_, true) ? std::string_view() : std::string_view(".a letter\r\n");
  }

 private:
  bool done_ = false;
};

net::Task<void> answer(net::Stream& stream, std::string_view bytes, net::Deadline deadline) {
  const std::string_view pieces[] = {bytes};
  std::ignore = co_await stream.write_all(pieces, deadline);
  std::ignore = co_await stream.shut_down(deadline);
  std::string into(4096, '\0');
  for (;;) {
    const auto size = co_await stream.read_some(into, deadline);
    if (!size || *size == 0) co_return;
  }
}

net::Task<void> run(smtp::ClientSession& session, Random& random) {
  if (!co_await session.open()) co_return;
  std::ignore = co_await session.log_in({"alice@crepes.fr", Secret("hungry"), true}, random);
  smtp::ClientEnvelope envelope;
  envelope.to.push_back({*account::Address::parse("bob@hamburger.edu"), {}});
  envelope.to.push_back({*account::Address::parse("eve@hamburger.edu"), {}});
  for (int i = 0; i < 3 && session.usable(); ++i) {
    OneLine letter;
    const auto outcome = co_await session.send(envelope, letter);
    for (const auto& each : outcome.recipients) PABAL_CHECK(each.accepted != each.failure.has_value());
  }
  co_await session.quit();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  constexpr std::size_t kMaxBytes = 8192;
  if (size == 0 || size > kMaxBytes) return 0;
  net::SimulatedLoop sim;
  SeededRandom random(data[0]);
  net::MemoryStreamOptions streams;
  if ((data[0] & 1) != 0) streams.max_read_bytes = 1;
  auto [ours, theirs] = net::make_memory_streams(streams);
  net::Connection connection(sim.loop(), std::move(ours));
  smtp::ClientOptions options{.host_name = "crepes.fr"};
  options.lmtp = (data[0] & 2) != 0;
  options.use_chunking = (data[0] & 4) != 0;
  smtp::ClientSession session(connection, options);
  net::Scope peers(sim.loop());
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  peers.spawn(answer(*theirs, bytes, sim.loop().in(std::chrono::hours(10))));
  sim.run_until_done(run(session, random));
  connection.close();
  sim.run_until_done(peers.join());
  return 0;
}
