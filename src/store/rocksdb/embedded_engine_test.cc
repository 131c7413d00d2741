// What the embedded engine does beyond the contract that all engines share: formats and locks, crashes,
// room given back, backups. The crash harness and the fault layer are in tests/crash.
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "base/clock.h"
#include "net/loop.h"
#include "net/scope.h"
#include "store/embedded.h"
#include "store/rocksdb/blob_writer.h"
#include "store/rocksdb/scratch.h"

namespace pabal::store {
namespace {

namespace fs = std::filesystem;

const PartitionId kPartition("partition");

class EmbeddedTest : public ::testing::Test {
 protected:
  EmbeddedTest() {
    options_.directory = scratch_ / "store";
    options_.segment_bytes = 256 * 1024;
    options_.reserve_bytes = 0;
  }

  Result<std::unique_ptr<EmbeddedEngine>> open(fs::path directory) {
    EmbeddedOptions options = options_;
    options.directory = std::move(directory);
    return open_embedded(options);
  }
  void open() {
    auto opened = open(options_.directory);
    ASSERT_TRUE(opened) << opened.error().detail;
    engine_ = *std::move(opened);
  }

  template <class T>
  T run(net::Task<T> task) {
    return loop_.run_until_done(std::move(task));
  }

  static net::Task<Result<StagedBlob>> stage(Engine& engine, const std::string& bytes) {
    const auto writer = engine.new_blob();
    PABAL_CO_TRY_VOID(co_await writer->write(bytes));
    co_return co_await writer->finish();
  }

  BlobId store(const std::string& name, const std::string& bytes) {
    auto staged = run(stage(*engine_, bytes));
    EXPECT_TRUE(staged);
    const BlobId id = staged->id;
    Batch batch(kPartition);
    batch.put(name, "value of " + name);
    batch.hold(id, name);
    batch.attach(*std::move(staged));
    const auto version = run(engine_->commit(std::move(batch)));
    EXPECT_TRUE(version) << version.error().detail;
    return id;
  }
  void release(const BlobId& id, const std::string& name) {
    Batch batch(kPartition);
    batch.release(id, name);
    EXPECT_TRUE(run(engine_->commit(std::move(batch))));
  }
  std::string noise(std::size_t size) { return random_.bytes(size); }

  void expect_sound(const fs::path& directory) {
    const auto report = verify_embedded(directory);
    ASSERT_TRUE(report) << report.error().detail;
    EXPECT_EQ(report->faults, std::vector<std::string>());
  }

  /// What a kill at this moment would leave.
  fs::path image_of_running_store() {
    const fs::path image = scratch_ / ("image " + std::to_string(++images_));
    fs::copy(options_.directory, image, fs::copy_options::recursive);
    return image;
  }

  std::size_t files_in(const std::string& name) const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(options_.directory / name), {}));
  }

  Scratch scratch_;
  EmbeddedOptions options_;
  SystemClock clock_;
  net::Loop loop_{clock_};
  SeededRandom random_{1};
  int images_ = 0;
  std::unique_ptr<EmbeddedEngine> engine_;
};

TEST_F(EmbeddedTest, APatientCommitGoesWithTheNextThatSomebodyWaitsFor) {
  open();
  constexpr int kPairs = 50;
  const auto commit = [](Engine& engine, bool patient) -> net::Task<void> {
    Batch batch(kPartition);
    if (patient) batch.be_patient();
    batch.put(patient ? "outcome" : "letter", "");
    EXPECT_TRUE(co_await engine.commit(std::move(batch)));
  };
  const EmbeddedStats before = engine_->stats();
  for (int i = 0; i < kPairs; ++i) {
    net::Scope scope(loop_);
    scope.spawn(commit(*engine_, true));
    scope.spawn(commit(*engine_, false));
    run(scope.join());
  }
  const EmbeddedStats after = engine_->stats();
  EXPECT_EQ(after.commits - before.commits, 2 * kPairs);
  // Nearly all do; on a machine that is busy elsewhere patience may end before the other comes.
  EXPECT_LT(after.groups - before.groups, 2 * kPairs - kPairs / 2);
}

TEST_F(EmbeddedTest, ANewerFormatIsRefusedInWords) {
  open();
  engine_.reset();
  write_file(options_.directory / "FORMAT", "pabal-store 2\n");
  const auto opened = open(options_.directory);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kRefuse);
  EXPECT_NE(opened.error().detail.find("newer Pabal"), std::string::npos) << opened.error().detail;
}

TEST_F(EmbeddedTest, AFormatThatCannotBeReadIsCorrupt) {
  open();
  engine_.reset();
  for (const char* text :
       {"", "pabal-store", "pabal-store x\n", "pabal-store 0\n", "pabal-store 1", "other 1\n"}) {
    write_file(options_.directory / "FORMAT", text);
    const auto opened = open(options_.directory);
    ASSERT_FALSE(opened) << text;
    EXPECT_EQ(opened.error().kind, ErrorKind::kCorrupt) << text;
  }
}

TEST_F(EmbeddedTest, ADirectoryWithSomethingElseIsLeftAlone) {
  fs::create_directories(options_.directory);
  write_file(options_.directory / "letter.txt", "dear Bob");
  const auto opened = open(options_.directory);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kRefuse);
  EXPECT_EQ(files_in("."), 1u);
}

TEST_F(EmbeddedTest, AMissingStoreIsMadeOnlyWhenAskedTo) {
  options_.create_if_missing = false;
  const auto opened = open(options_.directory);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kRefuse);
  EXPECT_FALSE(fs::exists(options_.directory));
}

TEST_F(EmbeddedTest, OnlyOneMayHaveItOpen) {
  open();
  const auto second = open(options_.directory);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().detail.find(fmt::format("pid {}", ::getpid())), std::string::npos)
      << second.error().detail;
  engine_.reset();
  EXPECT_TRUE(open(options_.directory));
}

TEST_F(EmbeddedTest, AKillLosesNothing) {
  open();
  std::map<std::string, std::string> letters;
  for (int i = 0; i < 300; ++i) {
    const std::string name = fmt::format("letter {}", i);
    letters[name] = noise(i % 50 == 0 ? 300'000 : 3'000);
    store(name, letters[name]);
  }
  const fs::path image = image_of_running_store();
  expect_sound(image);
  auto opened = open(image);
  ASSERT_TRUE(opened) << opened.error().detail;
  for (const auto& [name, bytes] : letters) {
    const auto value = run((*opened)->get_one(kPartition, name));
    ASSERT_TRUE(value && *value) << name;
    EXPECT_EQ((*value)->bytes, "value of " + name);
    EXPECT_TRUE(run((*opened)->read_blob(BlobId::of(bytes), 0, bytes.size())).value_or("") == bytes) << name;
  }
  opened->reset();
  expect_sound(image);
}

TEST_F(EmbeddedTest, CleanClosingLeavesNothingToReplayAndNoZeros) {
  open();
  for (int i = 0; i < 200; ++i) store(fmt::format("letter {}", i), noise(3'000));
  engine_.reset();
  expect_sound(options_.directory);
  std::uint64_t journal = 0;
  for (const auto& file : fs::directory_iterator(options_.directory / "journal")) journal += file.file_size();
  EXPECT_LT(journal, 200 * 3'600 + 5 * 4'096u);
}

TEST_F(EmbeddedTest, ASweepGivesBackSegmentsOfWhichLittleLives) {
  open();
  std::vector<BlobId> ids;
  for (int i = 0; i < 400; ++i) ids.push_back(store(fmt::format("letter {}", i), noise(4'000)));
  const auto before = files_in("journal");
  std::uint64_t released = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i % 10 == 0) continue;
    release(ids[i], fmt::format("letter {}", i));
    ++released;
  }
  const auto report = run(engine_->sweep());
  ASSERT_TRUE(report) << report.error().detail;
  EXPECT_EQ(report->blobs_dropped, released);
  EXPECT_EQ(report->bytes_dropped, released * 4'000);
  EXPECT_GT(report->bytes_given_back, 1'000'000u);
  EXPECT_LT(files_in("journal"), before);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto size = run(engine_->blob_size(ids[i]));
    ASSERT_TRUE(size);
    EXPECT_EQ(size->has_value(), i % 10 == 0);
    if (i % 10 == 0) EXPECT_EQ(BlobId::of(run(engine_->read_blob(ids[i], 0, 4'000)).value_or("")), ids[i]);
  }
  const fs::path image = image_of_running_store();
  expect_sound(image);
  engine_.reset();
  expect_sound(options_.directory);
}

TEST_F(EmbeddedTest, AJournalOfSmallChangesDoesNotGrow) {
  open();
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 100; ++i) {
      Batch batch(kPartition);
      batch.put("counter", std::string(10'000, 'x'));
      ASSERT_TRUE(run(engine_->commit(std::move(batch))));
    }
    ASSERT_TRUE(run(engine_->sweep()));
  }
  EXPECT_LE(files_in("journal"), 3u);
  EXPECT_LT(engine_->stats().disk_bytes, 1'000'000u);
}

TEST_F(EmbeddedTest, ALargeBlobWithoutACommitLeavesNothing) {
  open();
  {
    const auto staged = run(stage(*engine_, noise(kMaxSmallBlobBytes + 1)));
    ASSERT_TRUE(staged);
    EXPECT_EQ(files_in("large"), 1u);
  }
  // Two jobs of the committer later, the one that was asked to look has done so.
  store("a", "a");
  store("b", "b");
  EXPECT_EQ(files_in("large"), 0u);
  {
    const auto writer = engine_->new_blob();
    ASSERT_TRUE(run(writer->write(noise(3 * kMaxSmallBlobBytes))));
  }
  engine_.reset();
  open();
  EXPECT_EQ(files_in("tmp"), 0u);
}

TEST_F(EmbeddedTest, WhatAKillLeftOfALargeBlobIsRemoved) {
  open();
  const auto staged = run(stage(*engine_, noise(kMaxSmallBlobBytes + 1)));
  ASSERT_TRUE(staged);
  const fs::path image = image_of_running_store();
  auto opened = open(image);
  ASSERT_TRUE(opened);
  const auto report = run((*opened)->sweep());
  ASSERT_TRUE(report);
  EXPECT_GT(report->bytes_given_back, kMaxSmallBlobBytes);
  EXPECT_TRUE(fs::is_empty(image / "large"));
}

TEST_F(EmbeddedTest, BelowTheReserveOnlyWhatTakesRoomIsRefused) {
  open();
  const BlobId id = store("letter", "bytes");
  engine_.reset();
  options_.reserve_bytes = UINT64_MAX / 2;
  open();
  Batch put(kPartition);
  put.put("key", "value");
  const auto refused = run(engine_->commit(std::move(put)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kRetryLater);
  EXPECT_NE(engine_->stats().write_failure.find("reserve"), std::string::npos)
      << engine_->stats().write_failure;
  Batch erase(kPartition);
  erase.erase("letter");
  erase.release(id, "letter");
  EXPECT_TRUE(run(engine_->commit(std::move(erase))));
  const auto report = run(engine_->sweep());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->blobs_dropped, 1u);
}

// Writes on until told to stop, so that the backup is of a store that changes.
net::Task<void> write_until(Engine& engine, bool& stop, int& written) {
  while (!stop) {
    Batch batch(kPartition);
    batch.put(fmt::format("during {}", written), "value");
    if (!co_await engine.commit(std::move(batch))) co_return;
    ++written;
  }
}

net::Task<Result<void>> backup_and_stop(EmbeddedEngine& engine, fs::path to, bool& stop) {
  auto outcome = co_await engine.backup(std::move(to));
  stop = true;
  co_return outcome;
}

TEST_F(EmbeddedTest, ABackupOfABusyStoreComesBackWhole) {
  open();
  std::map<std::string, std::string> letters;
  for (int i = 0; i < 200; ++i) {
    const std::string name = fmt::format("letter {}", i);
    letters[name] = noise(i % 60 == 0 ? 300'000 : 4'000);
    store(name, letters[name]);
  }
  bool stop = false;
  int written = 0;
  net::Scope scope(loop_);
  scope.spawn(write_until(*engine_, stop, written));
  const auto outcome = run(backup_and_stop(*engine_, scratch_ / "backup", stop));
  run(scope.join());
  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_FALSE(fs::exists(options_.directory / "backup.tmp"));
  for (int i = 0; i < 100; ++i) store(fmt::format("after {}", i), noise(4'000));

  expect_sound(scratch_ / "backup");
  ASSERT_TRUE(restore_embedded(scratch_ / "backup", scratch_ / "restored"));
  expect_sound(scratch_ / "restored");
  auto restored = open(scratch_ / "restored");
  ASSERT_TRUE(restored) << restored.error().detail;
  for (const auto& [name, bytes] : letters) {
    const auto value = run((*restored)->get_one(kPartition, name));
    EXPECT_TRUE(value && *value) << name;
    EXPECT_TRUE(run((*restored)->read_blob(BlobId::of(bytes), 0, bytes.size())).value_or("") == bytes)
        << name;
  }
  EXPECT_FALSE(*run((*restored)->get_one(kPartition, "after 99")));
  // One moment: what was written during the backup is there up to some point, and nothing behind it.
  bool missing = false;
  for (int i = 0; i < written; ++i) {
    const bool there = run((*restored)->get_one(kPartition, fmt::format("during {}", i)))->has_value();
    EXPECT_FALSE(there && missing) << i;
    missing |= !there;
  }
  // And the store that was copied lives on.
  ASSERT_TRUE(run(engine_->sweep()));
  engine_.reset();
  expect_sound(options_.directory);
  expect_sound(scratch_ / "backup");
}

TEST_F(EmbeddedTest, BackupAndRestoreWriteOnlyWhereNothingIs) {
  open();
  store("letter", "bytes");
  fs::create_directories(scratch_ / "full");
  write_file(scratch_ / "full/file", "here already");
  const auto backup = run(engine_->backup(scratch_ / "full"));
  ASSERT_FALSE(backup);
  EXPECT_EQ(backup.error().kind, ErrorKind::kRefuse);
  fs::create_directories(scratch_ / "empty");
  ASSERT_TRUE(run(engine_->backup(scratch_ / "empty")));
  EXPECT_FALSE(restore_embedded(scratch_ / "empty", scratch_ / "full"));
  EXPECT_FALSE(restore_embedded(scratch_ / "nowhere", scratch_ / "new"));
  EXPECT_FALSE(restore_embedded(options_.directory, scratch_ / "of a running store"));
}

TEST_F(EmbeddedTest, VerifyFindsAChangedByteOfABlob) {
  open();
  store("small", noise(4'000));
  const BlobId large = store("large", noise(400'000));
  engine_.reset();
  expect_sound(options_.directory);
  for (const fs::path& path :
       {options_.directory / "journal/000000000001.seg", options_.directory / "large" / large.to_hex()}) {
    const std::string whole = bytes_of_file(path);
    std::string damaged = whole;
    damaged[6'000] = static_cast<char>(damaged[6'000] ^ 1);
    write_file(path, damaged);
    const auto report = verify_embedded(options_.directory);
    ASSERT_TRUE(report);
    ASSERT_EQ(report->faults.size(), 1u);
    EXPECT_NE(report->faults.front().find(path.filename().string()), std::string::npos)
        << report->faults.front();
    write_file(path, whole);
  }
}

}  // namespace
}  // namespace pabal::store
