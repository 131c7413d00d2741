// What a clean end and a new start keep. Engines that forget skip these.
#include "contract.h"

namespace pabal::store {
namespace {

const PartitionId kAlice("alice");

class ReopenContract : public Contract {
 protected:
  void SetUp() override {
    if (!home().reopen()) GTEST_SKIP() << "this engine forgets";
  }
  void reopen() { ASSERT_TRUE(home().reopen()); }
};
PABAL_CONTRACT_FOR_ALL_ENGINES(ReopenContract);

TEST_P(ReopenContract, KeysAndVersionsAreAsTheyWere) {
  const Version first = put(kAlice, "a", "1");
  const Version second = put(kAlice, "b", noise(kMaxValueBytes, 1));
  put(kAlice, "c", "3");
  erase(kAlice, "c");
  for (int i = 0; i < 3; ++i) {
    reopen();
    EXPECT_EQ(get(kAlice, "a")->bytes, "1");
    EXPECT_EQ(get(kAlice, "a")->version, first);
    EXPECT_EQ(get(kAlice, "b")->bytes, noise(kMaxValueBytes, 1));
    EXPECT_EQ(get(kAlice, "b")->version, second);
    EXPECT_FALSE(get(kAlice, "c"));
  }
}

TEST_P(ReopenContract, VersionsGoOnRising) {
  Version last = put(kAlice, "key", "value");
  const Version erased = put(kAlice, "gone", "value");
  erase(kAlice, "gone");
  for (int i = 0; i < 5; ++i) {
    reopen();
    Batch stale(kAlice);
    stale.expect("gone", erased);
    expect_failure(commit(std::move(stale)), ErrorKind::kConflict);
    const Version back = put(kAlice, "gone", "value");
    EXPECT_GT(back, erased);
    erase(kAlice, "gone");
    const Version next = put(kAlice, "key", "value");
    EXPECT_GT(next, last);
    EXPECT_GT(next, back);
    last = next;
  }
}

TEST_P(ReopenContract, ADeletionAloneIsNotForgotten) {
  put(kAlice, "key", "value");
  reopen();
  erase(kAlice, "key");
  reopen();
  EXPECT_FALSE(get(kAlice, "key"));
  EXPECT_TRUE(scan_keys(kAlice, {}).empty());
}

TEST_P(ReopenContract, BlobsAndTheirHoldersAreAsTheyWere) {
  const std::size_t sizes[] = {0, 1, 4096, 256 * 1024, 256 * 1024 + 1, 3'000'000};
  for (const std::size_t size : sizes) store(kAlice, fmt::format("{}", size), noise(size, size));
  const BlobId released = store(kAlice, "released", "released");
  release(kAlice, released, "released");
  reopen();
  for (const std::size_t size : sizes) {
    EXPECT_TRUE(read_blob(BlobId::of(noise(size, size))).value_or("?") == noise(size, size)) << size;
  }
  EXPECT_EQ(sweep().blobs_dropped, 1u);
  EXPECT_FALSE(blob_size(released));
  reopen();
  EXPECT_FALSE(blob_size(released));
  for (const std::size_t size : sizes)
    release(kAlice, BlobId::of(noise(size, size)), fmt::format("{}", size));
  reopen();
  EXPECT_EQ(sweep().blobs_dropped, std::size(sizes));
  reopen();
  for (const std::size_t size : sizes) EXPECT_FALSE(blob_size(BlobId::of(noise(size, size)))) << size;
}

TEST_P(ReopenContract, ASweptStoreGoesOnAfterReopening) {
  for (std::size_t round = 0; round < 4; ++round) {
    for (std::size_t i = 0; i < 40; ++i) {
      const std::string name = fmt::format("{} {}", round, i);
      const BlobId id = store(kAlice, name, noise(10'000, round * 100 + i));
      if (i % 4 != 0) release(kAlice, id, name);
    }
    sweep();
    reopen();
    for (std::size_t earlier = 0; earlier <= round; ++earlier) {
      for (std::size_t i = 0; i < 40; i += 4) {
        const std::string bytes = noise(10'000, earlier * 100 + i);
        ASSERT_TRUE(read_blob(BlobId::of(bytes)).value_or("") == bytes);
      }
    }
  }
}

TEST_P(ReopenContract, AnEmptyStoreReopens) {
  reopen();
  reopen();
  EXPECT_TRUE(scan_keys(kAlice, {}).empty());
}

}  // namespace
}  // namespace pabal::store
