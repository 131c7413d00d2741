// The layer that forgets must itself be right, or the crash tests prove nothing.
#include "fault_file_system.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "support/scratch_directory.h"

namespace pabal::store {
namespace {

using rocksdb::FileOptions;
using rocksdb::IOOptions;
using Fault = FaultFileSystem::Fault;

class FaultFileSystemTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }

  std::unique_ptr<rocksdb::FSWritableFile> create(const std::string& name) {
    std::unique_ptr<rocksdb::FSWritableFile> file;
    EXPECT_TRUE(files_.NewWritableFile(path(name), FileOptions(), &file, nullptr).ok());
    return file;
  }
  void sync_directory(const std::string& name = "") {
    std::unique_ptr<rocksdb::FSDirectory> directory;
    ASSERT_TRUE(files_.NewDirectory(path(name), IOOptions(), &directory, nullptr).ok());
    ASSERT_TRUE(directory->Fsync(IOOptions(), nullptr).ok());
  }
  /// A file that is there for good, with these bytes.
  void store(const std::string& name, const std::string& bytes) {
    const auto file = create(name);
    ASSERT_TRUE(file->Append(bytes, IOOptions(), nullptr).ok());
    ASSERT_TRUE(file->Sync(IOOptions(), nullptr).ok());
    sync_directory();
  }
  void overwrite(const std::string& name, std::uint64_t offset, const std::string& bytes, bool sync) {
    std::unique_ptr<rocksdb::FSRandomRWFile> file;
    ASSERT_TRUE(files_.NewRandomRWFile(path(name), FileOptions(), &file, nullptr).ok());
    ASSERT_TRUE(file->Write(offset, bytes, IOOptions(), nullptr).ok());
    if (sync) ASSERT_TRUE(file->Sync(IOOptions(), nullptr).ok());
  }
  void lose_power(FaultFileSystem::RestoreOptions options = {}) {
    files_.cut_power();
    files_.restore_power(options);
  }
  std::optional<std::string> read(const std::string& name) const {
    std::ifstream in(path(name), std::ios::binary);
    if (!in) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

  ScratchDirectory directory_{"fault"};
  FaultFileSystem files_{directory_.path()};
};

TEST_F(FaultFileSystemTest, WhatWasSyncedStays) {
  store("file", "bytes");
  lose_power();
  EXPECT_EQ(read("file"), "bytes");
}

TEST_F(FaultFileSystemTest, AnUnsyncedWriteIsLost) {
  store("file", "bytes");
  overwrite("file", 1, "XX", false);
  EXPECT_EQ(read("file"), "bXXes");
  lose_power();
  EXPECT_EQ(read("file"), "bytes");
}

TEST_F(FaultFileSystemTest, AnUnsyncedAppendIsLost) {
  const auto file = create("file");
  sync_directory();
  ASSERT_TRUE(file->Append("synced", IOOptions(), nullptr).ok());
  ASSERT_TRUE(file->Sync(IOOptions(), nullptr).ok());
  ASSERT_TRUE(file->Append(std::string(10'000, 'x'), IOOptions(), nullptr).ok());
  lose_power();
  EXPECT_EQ(read("file"), "synced");
}

TEST_F(FaultFileSystemTest, AnUnsyncedTruncationIsUndone) {
  const std::string bytes = std::string(9000, 'a') + std::string(9000, 'b');
  store("file", bytes);
  ASSERT_TRUE(files_.Truncate(path("file"), 100, IOOptions(), nullptr).ok());
  overwrite("file", 5000, "grown again", false);
  lose_power();
  EXPECT_EQ(read("file"), bytes);
}

TEST_F(FaultFileSystemTest, ASyncedFileWithoutItsNameIsLost) {
  const auto file = create("file");
  ASSERT_TRUE(file->Append("bytes", IOOptions(), nullptr).ok());
  ASSERT_TRUE(file->Sync(IOOptions(), nullptr).ok());
  lose_power();
  EXPECT_EQ(read("file"), std::nullopt);
}

TEST_F(FaultFileSystemTest, ANameWithoutItsBytesIsAnEmptyFile) {
  const auto file = create("file");
  ASSERT_TRUE(file->Append("bytes", IOOptions(), nullptr).ok());
  sync_directory();
  lose_power();
  EXPECT_EQ(read("file"), "");
}

TEST_F(FaultFileSystemTest, AnUnsyncedRemovalIsUndone) {
  store("file", "bytes");
  ASSERT_TRUE(files_.DeleteFile(path("file"), IOOptions(), nullptr).ok());
  EXPECT_EQ(read("file"), std::nullopt);
  lose_power();
  EXPECT_EQ(read("file"), "bytes");
  ASSERT_TRUE(files_.DeleteFile(path("file"), IOOptions(), nullptr).ok());
  sync_directory();
  lose_power();
  EXPECT_EQ(read("file"), std::nullopt);
}

TEST_F(FaultFileSystemTest, AnUnsyncedRenameIsUndone) {
  store("old", "1");
  store("new", "2");
  ASSERT_TRUE(files_.RenameFile(path("old"), path("new"), IOOptions(), nullptr).ok());
  EXPECT_EQ(read("new"), "1");
  lose_power();
  EXPECT_EQ(read("old"), "1");
  EXPECT_EQ(read("new"), "2");
  ASSERT_TRUE(files_.RenameFile(path("old"), path("new"), IOOptions(), nullptr).ok());
  sync_directory();
  lose_power();
  EXPECT_EQ(read("old"), std::nullopt);
  EXPECT_EQ(read("new"), "1");
}

TEST_F(FaultFileSystemTest, ADirectoryIsANameInItsParent) {
  ASSERT_TRUE(files_.CreateDir(path("room"), IOOptions(), nullptr).ok());
  const auto file = create("room/file");
  ASSERT_TRUE(file->Append("bytes", IOOptions(), nullptr).ok());
  ASSERT_TRUE(file->Sync(IOOptions(), nullptr).ok());
  sync_directory("room");
  lose_power();
  EXPECT_FALSE(std::filesystem::exists(path("room")));
  ASSERT_TRUE(files_.CreateDir(path("room"), IOOptions(), nullptr).ok());
  sync_directory();
  lose_power();
  EXPECT_TRUE(std::filesystem::exists(path("room")));
}

TEST_F(FaultFileSystemTest, AfterAFailedSyncALaterOneHelpsOnlyWhatIsWrittenAgain) {
  store("file", std::string(8192, 'a'));
  overwrite("file", 0, "first page", false);
  overwrite("file", 4096, "second page", false);
  files_.fail_once(1, Fault::kInputOutputError);
  std::unique_ptr<rocksdb::FSRandomRWFile> file;
  ASSERT_TRUE(files_.NewRandomRWFile(path("file"), FileOptions(), &file, nullptr).ok());
  EXPECT_FALSE(file->Sync(IOOptions(), nullptr).ok());
  EXPECT_TRUE(files_.fault_was_met());
  ASSERT_TRUE(file->Write(4096, "second time", IOOptions(), nullptr).ok());
  EXPECT_TRUE(file->Sync(IOOptions(), nullptr).ok());
  lose_power();
  EXPECT_EQ(read("file")->substr(0, 10), "aaaaaaaaaa");
  EXPECT_EQ(read("file")->substr(4096, 11), "second time");
}

TEST_F(FaultFileSystemTest, AFullDiskTakesHalfAWriteAndStillRemoves) {
  store("file", "bytes");
  const auto file = create("other");
  files_.fail_from(1, Fault::kDiskFull);
  EXPECT_TRUE(file->Append("12345678", IOOptions(), nullptr).IsNoSpace());
  EXPECT_EQ(read("other"), "1234");
  EXPECT_TRUE(files_.DeleteFile(path("file"), IOOptions(), nullptr).ok());
  files_.heal();
  EXPECT_TRUE(file->Append("5678", IOOptions(), nullptr).ok());
  EXPECT_EQ(read("other"), "12345678");
}

TEST_F(FaultFileSystemTest, NothingChangesOnceThePowerIsCut) {
  store("file", "bytes");
  const auto file = create("other");
  files_.cut_power_after(2);
  EXPECT_TRUE(file->Append("a", IOOptions(), nullptr).ok());
  EXPECT_FALSE(file->Append("b", IOOptions(), nullptr).ok());
  EXPECT_TRUE(files_.power_is_cut());
  EXPECT_FALSE(file->Sync(IOOptions(), nullptr).ok());
  EXPECT_FALSE(files_.DeleteFile(path("file"), IOOptions(), nullptr).ok());
  files_.restore_power({});
  EXPECT_EQ(read("file"), "bytes");
  EXPECT_EQ(read("other"), std::nullopt);
}

TEST_F(FaultFileSystemTest, NothingThatAGhostDidIsKept) {
  files_.let_ghost_go_on(path("ghost"));
  store("ghost", std::string(8192, 'a'));
  for (const bool by_dice : {false, true}) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      overwrite("ghost", 0, "b", false);
      files_.cut_power();
      overwrite("ghost", 1, "c", true);
      overwrite("ghost", 4096, "c", true);
      overwrite("ghost", 8192, "c", true);
      const auto file = create("ghostly");
      EXPECT_TRUE(file->Append("bytes", IOOptions(), nullptr).ok());
      EXPECT_EQ(read("ghostly"), "bytes");
      files_.restore_power({.keep_some_of_what_was_not_synced = by_dice, .seed = seed});
      const std::string bytes = read("ghost").value_or("");
      ASSERT_TRUE(bytes[0] == 'a' || (by_dice && bytes[0] == 'b'));
      ASSERT_EQ(bytes.substr(1), std::string(8191, 'a'));
      ASSERT_EQ(read("ghostly"), std::nullopt);
      overwrite("ghost", 0, "a", true);
    }
  }
}

// By dice, every mixture of old and new pages and of sizes turns up, and nothing else.
TEST_F(FaultFileSystemTest, UnsyncedPagesSurviveInAnyMixture) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    store("file", std::string(8192, 'a'));
    overwrite("file", 0, std::string(8192, 'b'), false);
    lose_power({.keep_some_of_what_was_not_synced = true, .seed = seed});
    const std::string bytes = read("file").value_or("");
    ASSERT_EQ(bytes.size(), 8192u);
    std::string pages;
    for (const std::size_t page : {0, 4096}) {
      const std::string content = bytes.substr(page, 4096);
      const std::size_t boundary = content.find('a');
      ASSERT_TRUE(boundary == std::string::npos || boundary % 512 == 0);
      pages += boundary == 0 ? 'a' : boundary == std::string::npos ? 'b' : 't';
    }
    seen.insert(pages);
    ASSERT_TRUE(files_.DeleteFile(path("file"), IOOptions(), nullptr).ok());
    sync_directory();
  }
  for (const char* mixture : {"aa", "ab", "ba", "bb", "ta", "bt"})
    EXPECT_TRUE(seen.contains(mixture)) << mixture;
}

}  // namespace
}  // namespace pabal::store
