// Any bytes from a client, in every state: the session ends in order, and whatever happens to the mailbox,
// what another client is told of it afterwards is what is there. The first byte chooses the state in which
// the bytes arrive, and how.
#include <string>
#include <string_view>

#include "base/check.h"
#include "imap/testing.h"
#include "net/memory_stream.h"

using namespace pabal;

namespace {

constexpr std::string_view kLogin = "L LOGIN bob@hamburger.edu hungry\r\n";
constexpr std::string_view kSelect = "D SELECT INBOX\r\n";
constexpr std::string_view kEnable = "E ENABLE QRESYNC UTF8=ACCEPT IMAP4rev2\r\n";
constexpr std::string_view kUidOnly = "F ENABLE UIDONLY\r\n";
constexpr std::string_view kIdle = "G IDLE\r\n";

std::string append(std::string_view options, std::string_view letter) {
  return fmt::format("A APPEND INBOX {} {{{}+}}\r\n{}\r\n", options, letter.size(), letter);
}

std::string letters() {
  return append("(\\Seen)",
                "From: Alice <alice@crepes.fr>\r\nSubject: Ketchup\r\nMessage-ID: <1@x>\r\n\r\nabcd\r\n") +
         append("($Later)",
                "From: a@b\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ntext\r\n--x\r\n"
                "Content-Type: message/rfc822\r\n\r\nSubject: s\r\n\r\nb\r\n--x--\r\n") +
         "C CREATE there\r\n";
}

std::string prelude(unsigned char choice) {
  std::string out;
  const unsigned state = choice & 7;
  if (state == 0) return out;
  out += kLogin;
  if (state == 1) return out;
  out += letters();
  if (state == 2) return out;
  if (state == 4 || state == 5) out += kEnable;
  if (state == 6) out += kUidOnly;
  out += kSelect;
  if (state == 5 || state == 7) out += kIdle;
  return out;
}

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
  constexpr std::size_t kMaxBytes = 8192;
  if (size == 0 || size > kMaxBytes) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  imap::TestServer server;
  server.options.max_letter_bytes = 2000;
  server.options.after_login.max_dropped_bytes = 4000;
  net::Scope sessions(server.sim.loop());
  const auto converse = [&](std::string said, bool byte_by_byte) {
    net::MemoryStreamOptions streams;
    if (byte_by_byte) streams.max_read_bytes = 1;
    auto [ours, theirs] = net::make_memory_streams(streams);
    sessions.spawn(server.serve(std::make_unique<net::Connection>(server.sim.loop(), std::move(ours))));
    std::string heard = server.sim.run_until_done(
        talk(*theirs, std::move(said), server.sim.loop().in(std::chrono::hours(10))));
    theirs->close();
    server.sim.run_until_done(sessions.join());
    return heard;
  };
  converse(prelude(data[0]) + std::string(bytes), (data[0] & 8) != 0);

  const std::string after =
      converse(std::string(kLogin) +
                   "S EXAMINE INBOX\r\nT STATUS INBOX (MESSAGES)\r\nU FETCH 1:* (FLAGS ENVELOPE)\r\n",
               false);
  const auto number_in_front_of = [&](std::string_view word) {
    const std::size_t at = after.find(word);
    PABAL_CHECK(at != std::string::npos);
    return after.substr(after.rfind(' ', at - 1) + 1, at - after.rfind(' ', at - 1) - 1);
  };
  const std::string exists = number_in_front_of(" EXISTS");
  PABAL_CHECK(after.find(fmt::format("(MESSAGES {})", exists)) != std::string::npos);
  PABAL_CHECK(after.find("U OK") != std::string::npos);
  return 0;
}
