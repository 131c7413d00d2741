// Any bytes from a client, in every state: the session ends in order, only QUIT deletes, and what another
// client fetches afterwards is what is there, byte for byte. The first byte chooses the state in which the
// bytes arrive, and how.
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/memory_stream.h"
#include "pop3/testing.h"

using namespace pabal;

namespace {

constexpr std::string_view kLogin = "USER bob\r\nPASS hungry\r\n";
constexpr std::string_view kLetters[] = {"Subject: 1\r\n\r\n.\r\n..one\r\n", "", "a\n.\n.b\r.c"};
constexpr std::string_view kOnTheWire[] = {"Subject: 1\r\n\r\n..\r\n...one\r\n.\r\n", ".\r\n",
                                           "a\n..\n..b\r.c\r\n.\r\n"};

/// Says it all, and reads until the server has nothing more to say.
net::Task<std::string> talk(net::Stream& stream, std::string bytes, net::Deadline deadline) {
  const std::string_view pieces[] = {bytes};
  std::ignore = co_await stream.write_all(pieces, deadline);
  std::ignore = co_await stream.shut_down(deadline);
  std::string heard;
  std::string into(4096, '\0');
  for (;;) {
    const auto size = co_await stream.read_some(into, deadline);
    if (!size || *size == 0) co_return heard;
    heard += into.substr(0, *size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  constexpr std::size_t kMaxBytes = 4096;
  if (size == 0 || size > kMaxBytes) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  pop3::TestServer server;
  for (const std::string_view letter : kLetters) server.bring(std::string(letter));
  net::Scope sessions(server.sim.loop());
  const auto converse = [&](std::string said, bool byte_by_byte) {
    // Room for all answers, since they are read when all was said.
    net::MemoryStreamOptions streams{.capacity_bytes = 16 * 1024 * 1024};
    if (byte_by_byte) streams.max_read_bytes = 1;
    auto [ours, theirs] = net::make_memory_streams(streams);
    sessions.spawn(server.serve(std::make_unique<net::Connection>(server.sim.loop(), std::move(ours))));
    std::string heard = server.sim.run_until_done(
        talk(*theirs, std::move(said), server.sim.loop().in(std::chrono::hours(10))));
    theirs->close();
    server.sim.run_until_done(sessions.join());
    return heard;
  };
  const bool logged_in = (data[0] & 1) != 0;
  converse(std::string(logged_in ? kLogin : "") + std::string(bytes), (data[0] & 2) != 0);
  const bool quit = server.last_summary.end == pop3::SessionSummary::End::kQuit;
  const std::string there = server.seen_elsewhere("INBOX");
  if (!quit) PABAL_CHECK(there == "1 2 3");

  const std::string after = converse(std::string(kLogin) + "RETR 1\r\nRETR 2\r\nRETR 3\r\nQUIT\r\n", false);
  if (there.find_first_of("123") == std::string::npos || !after.contains("has 3 messages")) return 0;
  for (const std::string_view letter : kOnTheWire)
    PABAL_CHECK(after.contains(fmt::format("octets\r\n{}", letter)));
  return 0;
}
