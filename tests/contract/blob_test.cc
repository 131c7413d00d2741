// Blobs: streamed in, named by content, shared, held and released, swept; read by range.
#include "contract.h"

namespace pabal::store {
namespace {

const PartitionId kAlice("alice");
const PartitionId kBob("bob");
constexpr std::size_t kKiB = 1024;

class BlobContract : public Contract {};
PABAL_CONTRACT_FOR_ALL_ENGINES(BlobContract);

TEST_P(BlobContract, ABlobIsNamedByItsContent) {
  const std::string bytes = noise(5000, 1);
  const StagedBlob staged = stage(bytes);
  EXPECT_EQ(staged.id, BlobId::of(bytes));
  EXPECT_EQ(staged.size_bytes, 5000u);
}

TEST_P(BlobContract, EverySizeComesBackWhole) {
  // Around 256 KiB an engine may change where it keeps a blob; several MB are many buffers' worth.
  for (const std::size_t size : {0 * kKiB, std::size_t{1}, 4 * kKiB - 1, 4 * kKiB, 64 * kKiB, 256 * kKiB - 1,
                                 256 * kKiB, 256 * kKiB + 1, 1024 * kKiB, 5 * 1024 * kKiB + 17}) {
    SCOPED_TRACE(size);
    const std::string bytes = noise(size, size);
    const BlobId id = store(kAlice, fmt::format("blob {}", size), bytes);
    EXPECT_EQ(id, BlobId::of(bytes));
    EXPECT_EQ(blob_size(id), size);
    const auto read = read_blob(id);
    ASSERT_TRUE(read);
    EXPECT_TRUE(*read == bytes);
  }
}

TEST_P(BlobContract, PiecesOfAnySizeMakeTheSameBlob) {
  const std::string bytes = noise(300 * kKiB + 5, 2);
  for (const std::size_t piece :
       {std::size_t{7}, std::size_t{1021}, 64 * kKiB, 256 * kKiB, 256 * kKiB + 1, 10 * 1024 * kKiB}) {
    SCOPED_TRACE(piece);
    EXPECT_EQ(stage(bytes, piece).id, BlobId::of(bytes));
  }
  Batch batch(kAlice);
  batch.attach(stage(bytes, 997));
  batch.hold(BlobId::of(bytes), "name");
  ASSERT_TRUE(commit(std::move(batch)));
  EXPECT_TRUE(read_blob(BlobId::of(bytes)).value_or("") == bytes);
}

net::Task<void> write_with_empty_pieces(Engine& engine, BlobId& id) {
  const auto writer = engine.new_blob();
  for (const std::string_view piece : {"", "a", "", "", "bc", ""}) EXPECT_TRUE(co_await writer->write(piece));
  const auto staged = co_await writer->finish();
  EXPECT_TRUE(staged);
  if (staged) id = staged->id;
}

TEST_P(BlobContract, EmptyPiecesAddNothing) {
  BlobId id;
  run(write_with_empty_pieces(engine(), id));
  EXPECT_EQ(id, BlobId::of("abc"));
}

TEST_P(BlobContract, RangesAreCutAtTheEnd) {
  for (const std::size_t size : {1000 * std::size_t{1}, 300 * kKiB}) {
    SCOPED_TRACE(size);
    const std::string bytes = noise(size, size);
    const BlobId id = store(kAlice, fmt::format("blob {}", size), bytes);
    const struct {
      std::uint64_t offset;
      std::size_t size;
    } ranges[] = {
        {0, 0},        {0, 1},         {0, size},        {0, size + 1},       {1, size - 1},
        {1, size},     {size - 1, 1},  {size - 1, 2},    {size, 0},           {size, 1},
        {size + 1, 1}, {size / 2, 10}, {100, 4 * kKiB},  {UINT64_MAX, 1},     {UINT64_MAX, SIZE_MAX},
        {1, SIZE_MAX}, {0, SIZE_MAX},  {size, SIZE_MAX}, {UINT64_MAX - 5, 10}};
    for (const auto& range : ranges) {
      const std::string want = range.offset >= size ? "" : bytes.substr(range.offset, range.size);
      const auto read = read_blob(id, range.offset, range.size);
      ASSERT_TRUE(read) << range.offset << "+" << range.size;
      EXPECT_TRUE(*read == want) << range.offset << "+" << range.size << ": " << read->size() << " bytes";
    }
  }
}

TEST_P(BlobContract, ABlobThatIsNotStored) {
  const BlobId unknown = BlobId::of("never stored");
  EXPECT_FALSE(blob_size(unknown));
  expect_failure(read_blob(unknown), ErrorKind::kRefuse);
}

TEST_P(BlobContract, HoldingABlobThatIsNotThereIsRefusedWhole) {
  Batch batch(kAlice);
  batch.put("key", "value");
  batch.hold(BlobId::of("never stored"), "key");
  expect_failure(commit(std::move(batch)), ErrorKind::kRefuse);
  EXPECT_FALSE(get(kAlice, "key"));
}

TEST_P(BlobContract, TheEmptyBlobMustBeStoredLikeAnyOther) {
  Batch batch(kAlice);
  batch.hold(BlobId::of(""), "key");
  expect_failure(commit(std::move(batch)), ErrorKind::kRefuse);
  store(kAlice, "key", "");
  EXPECT_EQ(blob_size(BlobId::of("")), 0u);
}

TEST_P(BlobContract, ReleasingWhatIsNotHeldIsFine) {
  const BlobId blob = store(kAlice, "name", "bytes");
  release(kAlice, blob, "another name");
  release(kBob, blob, "name");
  release(kAlice, BlobId::of("never stored"), "name");
  sweep();
  EXPECT_TRUE(blob_size(blob));
}

TEST_P(BlobContract, SameContentFromTwoWritersIsStoredOnce) {
  for (const std::size_t size : {4 * kKiB, 300 * kKiB}) {
    SCOPED_TRACE(size);
    const std::string bytes = noise(size, size);
    StagedBlob first = stage(bytes);
    StagedBlob second = stage(bytes, 999);
    EXPECT_EQ(first.id, second.id);
    const BlobId id = first.id;
    Batch alice(kAlice);
    alice.attach(std::move(first));
    alice.hold(id, "name");
    ASSERT_TRUE(commit(std::move(alice)));
    Batch bob(kBob);
    bob.attach(std::move(second));
    bob.hold(id, "name");
    ASSERT_TRUE(commit(std::move(bob)));
    EXPECT_TRUE(read_blob(id).value_or("") == bytes);
    EXPECT_EQ(sweep().blobs_dropped, 0u);
    release(kAlice, id, "name");
    EXPECT_EQ(sweep().blobs_dropped, 0u);
    EXPECT_TRUE(read_blob(id).value_or("") == bytes);
    release(kBob, id, "name");
    const SweepReport report = sweep();
    EXPECT_EQ(report.blobs_dropped, 1u);
    EXPECT_EQ(report.bytes_dropped, size);
    EXPECT_FALSE(blob_size(id));
  }
}

TEST_P(BlobContract, OneStagedBlobMayGoIntoManyBatches) {
  for (const std::size_t size : {4 * kKiB, 300 * kKiB}) {
    const std::string bytes = noise(size, size);
    const StagedBlob staged = stage(bytes);
    for (int i = 0; i < 5; ++i) {
      Batch batch{PartitionId(fmt::format("account {}", i))};
      batch.attach(staged);
      batch.attach(staged);
      batch.hold(staged.id, "name");
      ASSERT_TRUE(commit(std::move(batch)));
    }
    EXPECT_TRUE(read_blob(staged.id).value_or("") == bytes);
  }
  sweep();
  for (const std::size_t size : {4 * kKiB, 300 * kKiB}) {
    EXPECT_TRUE(blob_size(BlobId::of(noise(size, size))));
  }
}

TEST_P(BlobContract, ManyBlobsInOneBatch) {
  Batch batch(kAlice);
  std::vector<std::string> contents;
  for (std::size_t i = 0; i < 40; ++i) {
    contents.push_back(noise(i * i * 250, i));
    batch.attach(stage(contents.back()));
    batch.hold(BlobId::of(contents.back()), fmt::format("{}", i));
  }
  ASSERT_TRUE(commit(std::move(batch)));
  for (const std::string& bytes : contents) EXPECT_TRUE(read_blob(BlobId::of(bytes)).value_or("?") == bytes);
}

TEST_P(BlobContract, HoldingTwiceUnderOneNameIsHoldingOnce) {
  const BlobId blob = store(kAlice, "name", "bytes");
  hold(kAlice, blob, "name");
  release(kAlice, blob, "name");
  EXPECT_EQ(sweep().blobs_dropped, 1u);
  EXPECT_FALSE(blob_size(blob));
}

TEST_P(BlobContract, EveryNameAndPartitionHoldsByItself) {
  const BlobId blob = store(kAlice, "a", "bytes");
  // Names and partitions that would be the same if they ran together.
  hold(kAlice, blob, "ab");
  hold(PartitionId("alicea"), blob, "b");
  hold(kBob, blob, std::string("a\0", 2));
  release(kAlice, blob, "a");
  sweep();
  ASSERT_TRUE(blob_size(blob));
  release(kAlice, blob, "ab");
  sweep();
  ASSERT_TRUE(blob_size(blob));
  release(kBob, blob, std::string("a\0", 2));
  sweep();
  ASSERT_TRUE(blob_size(blob));
  release(PartitionId("alicea"), blob, "b");
  sweep();
  EXPECT_FALSE(blob_size(blob));
}

TEST_P(BlobContract, ReferencesAreNotKeys) {
  const BlobId blob = store(kAlice, "name", "bytes");
  EXPECT_FALSE(get(kAlice, "name"));
  EXPECT_TRUE(scan_keys(kAlice, {}).empty());
  put(kAlice, "name", "value");
  erase(kAlice, "name");
  sweep();
  EXPECT_TRUE(blob_size(blob));
}

TEST_P(BlobContract, SweepDropsOnlyWhatNobodyHolds) {
  std::vector<BlobId> kept;
  std::vector<BlobId> dropped;
  std::uint64_t dropped_bytes = 0;
  for (std::size_t i = 0; i < 30; ++i) {
    const std::size_t size = i % 10 == 0 ? 300 * kKiB + i : 1000 + i;
    const BlobId id = store(kAlice, fmt::format("{}", i), noise(size, i));
    if (i % 3 == 0) {
      kept.push_back(id);
    } else {
      release(kAlice, id, fmt::format("{}", i));
      dropped.push_back(id);
      dropped_bytes += size;
    }
  }
  const SweepReport report = sweep();
  EXPECT_EQ(report.blobs_dropped, dropped.size());
  EXPECT_EQ(report.bytes_dropped, dropped_bytes);
  for (const BlobId& id : kept) EXPECT_TRUE(BlobId::of(read_blob(id).value_or("")) == id);
  for (const BlobId& id : dropped) {
    EXPECT_FALSE(blob_size(id));
    expect_failure(read_blob(id), ErrorKind::kRefuse);
  }
  EXPECT_EQ(sweep().blobs_dropped, 0u);
}

TEST_P(BlobContract, AnAttachedBlobThatNobodyHoldsIsStoredUntilTheSweep) {
  Batch batch(kAlice);
  batch.attach(stage("unheld"));
  ASSERT_TRUE(commit(std::move(batch)));
  EXPECT_EQ(blob_size(BlobId::of("unheld")), 6u);
  EXPECT_EQ(sweep().blobs_dropped, 1u);
  EXPECT_FALSE(blob_size(BlobId::of("unheld")));
}

TEST_P(BlobContract, HeldAgainBeforeTheSweepItStays) {
  const BlobId blob = store(kAlice, "name", "bytes");
  release(kAlice, blob, "name");
  hold(kBob, blob, "name");
  EXPECT_EQ(sweep().blobs_dropped, 0u);
  EXPECT_EQ(read_blob(blob).value_or(""), "bytes");
}

TEST_P(BlobContract, AfterTheSweepItMustComeAnew) {
  for (const std::size_t size : {4 * kKiB, 300 * kKiB}) {
    SCOPED_TRACE(size);
    const std::string bytes = noise(size, size);
    const BlobId blob = store(kAlice, "name", bytes);
    release(kAlice, blob, "name");
    sweep();
    Batch batch(kAlice);
    batch.hold(blob, "name");
    expect_failure(commit(std::move(batch)), ErrorKind::kRefuse);
    store(kAlice, "name", bytes);
    EXPECT_TRUE(read_blob(blob).value_or("") == bytes);
    sweep();
    EXPECT_TRUE(read_blob(blob).value_or("") == bytes);
  }
}

// A letter is staged while an equal one is stored; before its batch commits, the stored one loses its
// last holder and a sweep passes by.
TEST_P(BlobContract, AStagedBlobOutlivesTheSweepOfItsTwin) {
  for (const std::size_t size : {4 * kKiB, 300 * kKiB}) {
    SCOPED_TRACE(size);
    const std::string bytes = noise(size, size);
    const BlobId blob = store(kAlice, "name", bytes);
    StagedBlob staged = stage(bytes);
    release(kAlice, blob, "name");
    sweep();
    Batch batch(kBob);
    batch.attach(std::move(staged));
    batch.hold(blob, "name");
    ASSERT_TRUE(commit(std::move(batch)));
    EXPECT_TRUE(read_blob(blob).value_or("") == bytes);
    sweep();
    EXPECT_TRUE(read_blob(blob).value_or("") == bytes);
  }
}

TEST_P(BlobContract, AStagedBlobSurvivesSweepsBeforeItsCommit) {
  for (const std::size_t size : {4 * kKiB, 300 * kKiB}) {
    const std::string bytes = noise(size, size);
    StagedBlob staged = stage(bytes);
    const BlobId blob = staged.id;
    sweep();
    Batch batch(kBob);
    batch.attach(std::move(staged));
    batch.hold(blob, "name");
    ASSERT_TRUE(commit(std::move(batch)));
    EXPECT_TRUE(read_blob(blob).value_or("") == bytes);
  }
}

TEST_P(BlobContract, AStagedBlobSurvivesAFailedCommit) {
  for (const std::size_t size : {4 * kKiB, 300 * kKiB}) {
    const std::string bytes = noise(size, size);
    const StagedBlob staged = stage(bytes);
    Batch conflicting(kAlice);
    conflicting.expect("nothing", Version(1));
    conflicting.attach(staged);
    conflicting.hold(staged.id, "name");
    expect_failure(commit(std::move(conflicting)), ErrorKind::kConflict);
    sweep();
    Batch retried(kAlice);
    retried.attach(staged);
    retried.hold(staged.id, "name");
    ASSERT_TRUE(commit(std::move(retried)));
    EXPECT_TRUE(read_blob(staged.id).value_or("") == bytes);
  }
}

net::Task<void> write_and_leave(Engine& engine, std::string_view bytes) {
  const auto writer = engine.new_blob();
  EXPECT_TRUE(co_await writer->write(bytes));
}

TEST_P(BlobContract, AWriterOrAStagedBlobDroppedLeavesNothing) {
  for (const std::size_t size : {4 * kKiB, 700 * kKiB}) {
    SCOPED_TRACE(size);
    const std::string bytes = noise(size, size);
    run(write_and_leave(engine(), bytes));
    EXPECT_FALSE(blob_size(BlobId::of(bytes)));
    stage(bytes);
    sweep();
    EXPECT_FALSE(blob_size(BlobId::of(bytes)));
    Batch batch(kAlice);
    batch.hold(BlobId::of(bytes), "name");
    expect_failure(commit(std::move(batch)), ErrorKind::kRefuse);
  }
}

TEST_P(BlobContract, ManySweepsGiveTheRoomBack) {
  for (std::size_t round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < 100; ++i) {
      const std::string bytes = noise(20 * kKiB, round * 1000 + i);
      const BlobId id = store(kAlice, "name", bytes);
      if (i % 10 != 0) release(kAlice, id, "name");
    }
    sweep();
    for (std::size_t earlier = 0; earlier <= round; ++earlier) {
      for (std::size_t i = 0; i < 100; i += 10) {
        const std::string bytes = noise(20 * kKiB, earlier * 1000 + i);
        ASSERT_TRUE(read_blob(BlobId::of(bytes)).value_or("") == bytes);
      }
    }
  }
}

}  // namespace
}  // namespace pabal::store
