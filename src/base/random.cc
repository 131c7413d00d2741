#include "base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace pabal {

std::uint64_t Random::next() {
  std::uint64_t value = 0;
  char raw[sizeof value];
  fill(raw);
  std::memcpy(&value, raw, sizeof value);
  return value;
}

std::uint64_t Random::below(std::uint64_t bound) {
  PABAL_CHECK(bound > 0);
  // Values above the last whole multiple of bound would favour the small results: draw again.
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  for (;;) {
    if (const std::uint64_t value = next(); value < limit) return value % bound;
  }
}

std::string Random::bytes(std::size_t size) {
  std::string out(size, '\0');
  fill(out);
  return out;
}

void SystemRandom::fill(std::span<char> out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    PABAL_CHECK(got > 0);  // Linux documents no other failure once the pool is up.
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

void SeededRandom::fill(std::span<char> out) {
  const std::lock_guard lock(mutex_);
  while (!out.empty()) {
    const std::uint64_t word = engine_();
    const std::size_t take = std::min(out.size(), sizeof word);
    std::memcpy(out.data(), &word, take);
    out = out.subspan(take);
  }
}

}  // namespace pabal
