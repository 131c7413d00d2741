#include "store/rocksdb/index.h"

#include <gtest/gtest.h>

#include "store/rocksdb/scratch.h"

namespace pabal::store {
namespace {

constexpr std::uint64_t kKeys = 20'000;
const PartitionId kPartition("partition");

std::string key_of(std::uint64_t number) { return fmt::format("key {:08}", number); }
std::string value_of(std::uint64_t number) { return SeededRandom(number).bytes(100); }

class IndexOnDisk : public ::testing::Test {
 protected:
  // Written, flushed, and opened again with a cache that holds next to nothing.
  IndexOnDisk() {
    open(1024 * 1024);
    rocksdb::WriteBatch batch;
    for (std::uint64_t i = 0; i < kKeys; ++i) {
      batch.Put(data_key(kPartition.value(), key_of(i)), encode_version(Version(i + 1)) + value_of(i));
    }
    EXPECT_TRUE(index_->apply(batch));
    EXPECT_TRUE(index_->flush());
    index_.reset();
    open(64 * 1024);
  }

  void open(std::uint64_t cache_bytes) {
    auto opened = Index::open({scratch_ / "index", cache_bytes, 1024 * 1024, false}, disk_);
    ASSERT_TRUE(opened) << opened.error().detail;
    index_ = *std::move(opened);
  }

  Scratch scratch_;
  Disk disk_{rocksdb::FileSystem::Default()};
  std::unique_ptr<Index> index_;
};

TEST_F(IndexOnDisk, ManyKeysThatLieOnDisk) {
  SeededRandom random(1);
  std::size_t in_memory = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::uint64_t> numbers;
    std::vector<std::string> keys;
    for (std::uint64_t i = 1 + random.below(8); i > 0; --i) {
      // Near one another, as a caller asks; twice the same, and some that are not there.
      numbers.push_back(random.below(40) == 0 ? kKeys + i
                                              : (random.below(kKeys / 50) * 50 + random.below(4)));
      keys.push_back(key_of(numbers.back()));
    }
    auto found = index_->get(kPartition, keys, Reach::kMemory);
    if (found) ++in_memory;
    if (!found) found = index_->get(kPartition, keys, Reach::kDisk);
    ASSERT_TRUE(*found) << found->error().detail;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto& value = (**found)[i];
      ASSERT_EQ(value.has_value(), numbers[i] < kKeys) << keys[i];
      if (!value) continue;
      EXPECT_EQ(value->version, Version(numbers[i] + 1));
      EXPECT_TRUE(value->bytes == value_of(numbers[i]));
    }
  }
  EXPECT_LT(in_memory, 2000u) << "all was in memory, so this proved nothing";
}

TEST_F(IndexOnDisk, ScansPastWhatIsInMemory) {
  std::uint64_t seen = 0;
  for (std::optional<KeyRange> rest = KeyRange{}; rest;) {
    auto page = index_->scan(kPartition, *rest, {}, Reach::kMemory);
    if (!page) page = index_->scan(kPartition, *rest, {}, Reach::kDisk);
    ASSERT_TRUE(*page) << page->error().detail;
    for (std::size_t i = 0; i < (*page)->size(); ++i) ASSERT_EQ((**page)[i].key, key_of(seen++));
    rest = (*page)->next();
  }
  EXPECT_EQ(seen, kKeys);
}

}  // namespace
}  // namespace pabal::store
