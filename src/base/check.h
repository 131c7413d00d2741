// An assertion that stays in release builds. Only over what our own code guarantees: never over a
// length, an index or a key that came from a peer, from disk or from a file.
#pragma once

namespace pabal::detail {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define PABAL_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::pabal::detail::check_failed(#condition, __FILE__, __LINE__))
