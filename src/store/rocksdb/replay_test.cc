// What the journal holds after a crash: every shape that a last group can have, and damage that must not pass
// for one.
#include "store/rocksdb/replay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "base/cursor.h"
#include "store/rocksdb/scratch.h"

namespace pabal::store {
namespace {

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() { EXPECT_TRUE(Journal::create(directory(), disk_, random_)); }

  std::string directory() const { return scratch_.path().string(); }
  std::string segment(std::uint64_t id) const { return scratch_ / segment_file_name(SegmentId(id)); }

  std::unique_ptr<Journal> resume(const JournalEnd& end, std::uint64_t segment_bytes = 1 << 20) {
    auto journal = std::make_unique<Journal>(JournalOptions{directory(), segment_bytes, true, 0}, disk_,
                                             random_, upkeep_);
    EXPECT_TRUE(journal->resume(end));
    return journal;
  }
  std::unique_ptr<Journal> resume_at_start(std::uint64_t segment_bytes = 1 << 20) {
    return resume({SegmentId(1), kSegmentHeaderBytes, 1, std::nullopt}, segment_bytes);
  }

  /// A group that puts `version` and brings a blob of `size` bytes, none of them zero.
  GroupPlace append(Journal& journal, std::uint64_t version, std::size_t size = 100) {
    std::string bytes = random_.bytes(size);
    for (char& c : bytes) c = static_cast<char>(c | 1);
    const std::string sums = chunk_sums(bytes);
    BatchRecord batch;
    batch.version = Version(version);
    batch.partition = "p";
    batch.writes = {{"key", true, "value"}};
    batch.blobs = {{BlobId::of(bytes), false, bytes.size(), 0, sums}};
    std::string records;
    append_record(records, std::move(batch));
    const std::string_view blobs[] = {bytes};
    const auto place = journal.append(records, blobs);
    EXPECT_TRUE(place) << place.error().detail;
    return *place;
  }

  Result<JournalWalk> walk(const Applied& from = journal_start()) {
    seen_.clear();
    return walk_journal(directory(), disk_, from,
                        [this](const GroupPlace&, std::span<const Record> records) -> Result<void> {
                          for (const Record& record : records)
                            seen_.push_back(std::get<BatchRecord>(record).version.value());
                          return {};
                        });
  }

  /// Where the first group ends.
  bool walk_to_first(std::uint64_t& end) {
    const auto found = walk_journal(directory(), disk_, journal_start(),
                                    [&end](const GroupPlace& place, std::span<const Record>) -> Result<void> {
                                      if (place.sequence == 1) end = place.end_offset;
                                      return {};
                                    });
    return found.has_value();
  }

  /// Until the next segment is made, if one is being made.
  void upkeep_wait() {
    std::promise<void> done;
    ASSERT_TRUE(upkeep_.submit([&done] { done.set_value(); }));
    done.get_future().wait();
  }

  Scratch scratch_;
  Disk disk_{rocksdb::FileSystem::Default()};
  SeededRandom random_{1};
  net::WorkerPool upkeep_{{"upkeep", 1, 8}};
  std::vector<std::uint64_t> seen_;
};

using Versions = std::vector<std::uint64_t>;

TEST_F(JournalTest, GroupsComeBackInOrder) {
  const auto journal = resume_at_start();
  for (std::uint64_t version : {1, 2, 3}) append(*journal, version, version * 40'000);
  const auto found = walk();
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(seen_, (Versions{1, 2, 3}));
  EXPECT_FALSE(found->torn);
  EXPECT_EQ(found->end.next_sequence, 4u);
  EXPECT_EQ(found->end.offset, std::filesystem::file_size(segment(1)));
}

TEST_F(JournalTest, AReplayBeginsWhereTheIndexStands) {
  const auto journal = resume_at_start();
  append(*journal, 1);
  const GroupPlace second = append(*journal, 2);
  append(*journal, 3);
  ASSERT_TRUE(walk({SegmentId(1), second.end_offset, 3, Version(2)}));
  EXPECT_EQ(seen_, Versions{3});
}

TEST_F(JournalTest, GoesOnInSegmentsThatWereMadeAhead) {
  const auto journal = resume_at_start(64 * 1024);
  for (std::uint64_t version = 1; version <= 60; ++version) {
    append(*journal, version, 8'000);
    if (version % 4 == 0) upkeep_wait();
  }
  EXPECT_GT(journal->current(), SegmentId(3));
  const auto found = walk();
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(seen_.size(), 60u);
  EXPECT_TRUE(std::ranges::is_sorted(seen_));
}

TEST_F(JournalTest, CutAnywhereInTheLastGroupItLosesThatGroupAlone) {
  const auto journal = resume_at_start();
  append(*journal, 1);
  append(*journal, 2, 9'000);
  const std::string whole = bytes_of_file(segment(1));
  std::uint64_t first_offset = 0;
  ASSERT_TRUE(walk_to_first(first_offset));
  for (std::uint64_t size = first_offset; size < whole.size(); size += size < first_offset + 300 ? 1 : 97) {
    SCOPED_TRACE(size);
    // The file ends there, as an append leaves it; or goes on with the zeros that were written ahead.
    for (const std::size_t zeros : {std::size_t{0}, whole.size() - size + 5000}) {
      write_file(segment(1), whole.substr(0, size) + std::string(zeros, '\0'));
      const auto found = walk();
      ASSERT_TRUE(found) << found.error().detail << " zeros " << zeros;
      ASSERT_EQ(seen_, Versions{1});
      ASSERT_EQ(found->end.offset, first_offset);
      ASSERT_EQ(found->torn, size > first_offset);
    }
  }
}

TEST_F(JournalTest, AGroupOfWhichASectorIsMissingIsTorn) {
  const auto journal = resume_at_start();
  append(*journal, 1);
  std::uint64_t begin = 0;
  ASSERT_TRUE(walk_to_first(begin));
  append(*journal, 2, 30'000);
  const std::string whole = bytes_of_file(segment(1));
  constexpr std::size_t kSector = 512;
  for (std::uint64_t at = begin; at < whole.size(); at = (at / kSector + 1) * kSector) {
    const std::size_t size = std::min(kSector - at % kSector, whole.size() - at);
    std::string torn = whole;
    torn.replace(at, size, size, '\0');
    write_file(segment(1), torn + std::string(10'000, '\0'));
    const auto found = walk();
    ASSERT_TRUE(found) << found.error().detail;
    EXPECT_EQ(seen_, Versions{1});
    EXPECT_TRUE(found->torn);
  }
}

TEST_F(JournalTest, AfterTidyingItGoesOn) {
  auto journal = resume_at_start();
  append(*journal, 1);
  append(*journal, 2, 20'000);
  const std::string whole = bytes_of_file(segment(1));
  write_file(segment(1), whole.substr(0, whole.size() - 5'000) + std::string(50'000, '\0'));
  auto found = walk();
  ASSERT_TRUE(found) << found.error().detail;
  ASSERT_TRUE(found->torn);
  ASSERT_TRUE(tidy_journal(directory(), disk_, *found));
  EXPECT_EQ(std::filesystem::file_size(segment(1)), found->end.offset);
  journal = resume(found->end);
  append(*journal, 3);
  ASSERT_TRUE(walk());
  EXPECT_EQ(seen_, (Versions{1, 3}));
}

TEST_F(JournalTest, DamageIsNeverTakenForATornTail) {
  const auto journal = resume_at_start();
  append(*journal, 1, 5'000);
  append(*journal, 2, 5'000);
  append(*journal, 3, 5'000);
  const std::string whole = bytes_of_file(segment(1));
  for (std::size_t at = kSegmentHeaderBytes; at < whole.size() - 9; at += 37) {
    SCOPED_TRACE(at);
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    write_file(segment(1), damaged);
    const auto found = walk();
    // Blobs of groups that others follow are not read here: their checksums are looked at when they are.
    if (!found) {
      EXPECT_EQ(found.error().kind, ErrorKind::kCorrupt);
      EXPECT_NE(found.error().detail.find("offset"), std::string::npos) << found.error().detail;
    } else {
      EXPECT_EQ(seen_, (Versions{1, 2, 3}));
    }
  }
}

TEST_F(JournalTest, AMissingSegmentIsDamage) {
  const auto journal = resume_at_start(16 * 1024);
  for (std::uint64_t version = 1; version <= 30; ++version) {
    append(*journal, version, 4'000);
    upkeep_wait();
  }
  ASSERT_GT(journal->current(), SegmentId(3));
  std::filesystem::rename(segment(2), scratch_ / "elsewhere");
  const auto found = walk();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kCorrupt);
}

TEST_F(JournalTest, ASegmentThatWasBeingMadeIsRemoved) {
  const auto journal = resume_at_start();
  append(*journal, 1);
  write_file(segment(2), "PABAL");
  const auto found = walk();
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(found->unfinished, std::vector<SegmentId>{SegmentId(2)});
  ASSERT_TRUE(tidy_journal(directory(), disk_, *found));
  EXPECT_FALSE(std::filesystem::exists(segment(2)));
}

TEST_F(JournalTest, ATornFirstGroupOfASegmentIsTorn) {
  const auto journal = resume_at_start();
  append(*journal, 1);
  ASSERT_TRUE(journal->roll());
  append(*journal, 2, 9'000);
  const std::string whole = bytes_of_file(segment(2));
  write_file(segment(2), whole.substr(0, whole.size() - 3'000));
  const auto found = walk();
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(seen_, Versions{1});
  EXPECT_TRUE(found->torn);
  EXPECT_EQ(found->end.segment, SegmentId(2));
  EXPECT_EQ(found->end.offset, kSegmentHeaderBytes);
}

TEST_F(JournalTest, ALetterCannotPassForAGroup) {
  // What an attacker knows: the format and the next sequence; not the salt.
  const auto journal = resume_at_start();
  append(*journal, 1);
  std::uint64_t first_end = 0;
  ASSERT_TRUE(walk_to_first(first_end));
  std::string forged(8, 'x');
  for (int i = 0; i < 100; ++i) forged += encode_group_header({50, 0, 0, 0}, static_cast<std::uint32_t>(i));
  std::string records;
  append_record(records, DropRecord{});
  const std::string_view blobs[] = {forged};
  ASSERT_TRUE(journal->append(records, blobs));
  const std::string whole = bytes_of_file(segment(1));
  write_file(segment(1), whole.substr(0, first_end + 4) + std::string(20, '\0') +
                             whole.substr(first_end + 24) + std::string(4096, '\0'));
  const auto found = walk();
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_TRUE(found->torn);
}

TEST_F(JournalTest, ClosingGivesBackWhatWasWrittenAhead) {
  auto journal = resume_at_start(64 * 1024);
  GroupPlace last{};
  for (std::uint64_t version = 1; version <= 20; ++version) {
    last = append(*journal, version, 8'000);
    upkeep_wait();
  }
  EXPECT_GT(journal->current(), SegmentId(1));
  journal->close();
  EXPECT_EQ(std::filesystem::file_size(segment(last.segment.value())), last.end_offset);
  EXPECT_FALSE(std::filesystem::exists(segment(last.segment.value() + 1)));
  const auto found = walk();
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_EQ(seen_.size(), 20u);
}

}  // namespace
}  // namespace pabal::store
