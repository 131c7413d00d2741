// Compressed bytes of a peer, however they arrive: the first bytes choose the size of each read of the wire
// and of each read of ours, and after how many of them we rest. Whatever these are, what is unpacked must be
// the same, and never more at a time than there is room for.
#include "net/deflate_stream.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/memory_stream.h"
#include "net/testing.h"

namespace {

using namespace pabal::net;

/// A small input may hold a thousand times its size.
constexpr std::size_t kMaxUnpacked = 100'000;

std::string unpack(std::string_view wire, std::size_t max_wire_read, std::size_t max_read,
                   std::size_t rest_after) {
  SimulatedLoop sim;
  auto [ours, theirs] = make_memory_streams({.capacity_bytes = 1 << 20, .max_read_bytes = max_wire_read});
  const auto stream = make_deflate_stream(sim.loop(), std::move(ours));
  std::string out;
  const auto work = [&]() -> Task<void> {
    const std::size_t first = std::min(wire.size(), rest_after);
    const std::string_view begin[] = {wire.substr(0, first)}, end[] = {wire.substr(first)};
    PABAL_CHECK(co_await theirs->write_all(begin, Deadline::never()));
    std::string into(max_read, '\0');
    bool rested = false;
    while (out.size() < kMaxUnpacked) {
      // All of the first part is unpacked; now it sleeps, then comes the rest.
      const auto size = co_await stream->read_some(into, sim.loop().in(3 * kDeflateRest));
      if (!size && size.error().kind == pabal::ErrorKind::kDeadline && !rested) {
        rested = true;
        PABAL_CHECK(co_await theirs->write_all(end, Deadline::never()));
        PABAL_CHECK(co_await theirs->shut_down(Deadline::never()));
        continue;
      }
      if (!size) out += to_string(size.error().kind);
      if (!size || *size == 0) co_return;
      PABAL_CHECK(*size <= max_read);
      out += into.substr(0, *size);
    }
    out.resize(kMaxUnpacked);
  };
  sim.run_until_done(work());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4 || size > 20'000) return 0;
  const std::string_view wire(reinterpret_cast<const char*>(data) + 4, size - 4);
  const std::size_t max_read = 1 + data[1] * std::size_t{16};
  PABAL_CHECK(unpack(wire, SIZE_MAX, 4096, wire.size()) ==
              unpack(wire, 1 + data[0], max_read, data[2] * std::size_t{256} + data[3]));
  return 0;
}
