// PROXY headers, fed as a listener feeds them: exactly the bytes that the parser asks for.
#include "net/proxy_header.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::size_t taken = 0;
  for (;;) {
    const auto progress = pabal::net::parse_proxy_header(input.substr(0, taken));
    if (!progress || progress->header) return 0;
    PABAL_CHECK(progress->needed_bytes > 0);
    PABAL_CHECK(taken + progress->needed_bytes <= pabal::net::kMaxProxyHeaderBytes);
    if (progress->needed_bytes > size - taken) return 0;
    taken += progress->needed_bytes;
  }
}
