#include "base/heap.h"

#include <malloc.h>

namespace pabal {

namespace {
/// Less is soon used again, and costs nobody anything.
constexpr std::size_t kWorthwhileBytes = 16 * 1024 * 1024;
}  // namespace

bool HeapTrimmer::trim_if_worthwhile() {
  // Pages given back count as free too, hence the comparison.
  const std::size_t free_bytes = ::mallinfo2().fordblks;
  if (free_bytes < free_bytes_then_) free_bytes_then_ = free_bytes;
  if (free_bytes - free_bytes_then_ < kWorthwhileBytes) return false;
  ::malloc_trim(0);
  free_bytes_then_ = ::mallinfo2().fordblks;
  return true;
}

}  // namespace pabal
