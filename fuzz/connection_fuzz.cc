// Lines however they arrive: the first bytes choose limits, leniency and the size of each read. Whatever the
// reads' sizes, the lines must be those of one read of the whole.
#include "net/connection.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "net/memory_stream.h"
#include "net/testing.h"

namespace {

using namespace pabal::net;

std::vector<std::string> read_lines(std::string_view input, LineLimits limits, std::size_t max_read) {
  SimulatedLoop sim;
  auto [ours, theirs] = make_memory_streams({.capacity_bytes = 1 << 20, .max_read_bytes = max_read});
  Connection connection(sim.loop(), std::move(ours));
  const std::string_view pieces[] = {input};
  std::vector<std::string> out;
  const auto read_all = [&]() -> Task<void> {
    PABAL_CHECK(co_await theirs->write_all(pieces, Deadline::never()));
    PABAL_CHECK(co_await theirs->shut_down(Deadline::never()));
    for (;;) {
      const auto line = co_await connection.read_line(limits, Deadline::never());
      out.push_back(line ? "=" + std::string(*line) : std::string(to_string(line.error().kind)));
      if (line) PABAL_CHECK(line->size() <= limits.max_bytes);
      if (!line && line.error().kind == pabal::ErrorKind::kClose) co_return;
    }
  };
  sim.run_until_done(read_all());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4 || size > 100'000) return 0;
  const LineLimits limits{.max_bytes = data[0],
                          .max_dropped_bytes = static_cast<std::size_t>(data[1]) * 4,
                          .accept_bare_lf = (data[2] & 1) != 0,
                          .accept_bare_cr = (data[2] & 2) != 0};
  const std::string_view input(reinterpret_cast<const char*>(data) + 4, size - 4);
  PABAL_CHECK(read_lines(input, limits, SIZE_MAX) == read_lines(input, limits, 1 + data[3]));
  return 0;
}
