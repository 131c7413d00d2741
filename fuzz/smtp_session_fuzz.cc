// Any bytes from a client: the server's session ends in order, and no letter is accepted that it did not
// end. The first byte chooses how the session is set up and how the bytes arrive.
#include <string_view>

#include "base/check.h"
#include "net/memory_stream.h"
#include "net/scope.h"
#include "net/testing.h"
#include "smtp/server_session.h"
#include "smtp/testing.h"

using namespace pabal;

namespace {

smtp::ServerOptions options_for(unsigned char choice) {
  auto options = (choice & 3) == 0   ? smtp::ServerOptions::lmtp("hamburger.edu")
                 : (choice & 3) == 1 ? smtp::ServerOptions::submission("hamburger.edu")
                                     : smtp::ServerOptions::mx("hamburger.edu");
  options.refuse_early_talkers = false;
  options.login_without_tls = true;
  options.login_required = false;
  options.limits.max_letter_bytes = 500;
  options.limits.max_overrun_bytes = 1000;
  options.limits.max_errors = 1000;
  options.xclient_networks = {*net::Network::parse("127.0.0.0/8")};
  if ((choice & 4) != 0) options.bare_line_ends = smtp::BareLineEnds::kNormalise;
  return options;
}

net::Task<void> serve(std::unique_ptr<net::Connection> connection, const smtp::ServerOptions& options,
                      smtp::FakeMail& mail, smtp::DialogueLog& log) {
  smtp::FakeHandler handler(mail);
  const auto summary = co_await smtp::serve_smtp(*connection, handler, options, &log);
  PABAL_CHECK(summary.letters >= mail.letters.size());
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
  constexpr std::size_t kMaxBytes = 8192;
  if (size == 0 || size > kMaxBytes) return 0;
  const smtp::ServerOptions options = options_for(data[0]);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  net::SimulatedLoop sim;
  smtp::FakeMail mail;
  smtp::DialogueLog log('S', 'C');
  net::MemoryStreamOptions streams;
  // Byte by byte, nothing looks pipelined, so that sessions go deep.
  if ((data[0] & 8) == 0) streams.max_read_bytes = 1;
  auto [ours, theirs] = net::make_memory_streams(streams);
  net::Scope sessions(sim.loop());
  sessions.spawn(serve(std::make_unique<net::Connection>(sim.loop(), std::move(ours)), options, mail, log));
  sim.run_until_done(talk(*theirs, bytes, sim.loop().in(std::chrono::hours(10))));
  theirs->close();
  sim.run_until_done(sessions.join());
  for (const auto& letter : mail.letters) {
    PABAL_CHECK(letter.text.size() <= options.limits.max_letter_bytes);
    PABAL_CHECK(!letter.to.empty());
  }
  return 0;
}
