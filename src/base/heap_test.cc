#include "base/heap.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace pabal {
namespace {

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
TEST(HeapTrimmer, TrimsOnceAfterABurst) {
  HeapTrimmer trimmer;
  trimmer.trim_if_worthwhile();
  {
    std::vector<std::unique_ptr<char[]>> kept, burst;
    for (int i = 0; i < 40'000; ++i) {
      burst.push_back(std::make_unique<char[]>(1000));
      // Holds the heap's end, so that the allocator gives nothing back by itself.
      if (i % 1000 == 999) kept.push_back(std::make_unique<char[]>(1000));
    }
    EXPECT_FALSE(trimmer.trim_if_worthwhile());
    burst.clear();
    EXPECT_TRUE(trimmer.trim_if_worthwhile());
    EXPECT_FALSE(trimmer.trim_if_worthwhile());
  }
}
#endif

}  // namespace
}  // namespace pabal
