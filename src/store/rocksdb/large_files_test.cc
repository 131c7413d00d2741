#include "store/rocksdb/large_files.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "store/rocksdb/index_keys.h"

namespace pabal::store {
namespace {

TEST(ChunkSums, EveryChunkHasItsOwn) {
  for (const std::size_t size : {0UL, 1UL, 32767UL, 32768UL, 32769UL, 400000UL}) {
    const std::string bytes = SeededRandom(size).bytes(size);
    const std::string sums = chunk_sums(bytes);
    EXPECT_EQ(sums.size(), chunks_of(size) * kSumBytes) << size;
    EXPECT_TRUE(chunks_match(bytes, sums)) << size;
    for (std::size_t begin = 0; begin < size; begin += kChunkBytes) {
      EXPECT_TRUE(chunks_match(std::string_view(bytes).substr(begin),
                               std::string_view(sums).substr(begin / kChunkBytes * kSumBytes)))
          << size << " from " << begin;
    }
    if (size == 0) continue;
    std::string damaged = bytes;
    damaged[size / 2] = static_cast<char>(damaged[size / 2] + 1);
    EXPECT_FALSE(chunks_match(damaged, sums)) << size;
    EXPECT_FALSE(chunks_match(bytes.substr(1), sums)) << size;
  }
}

}  // namespace
}  // namespace pabal::store
