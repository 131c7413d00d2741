#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace pabal::detail {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "pabal: a promise of our own code was broken: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace pabal::detail
