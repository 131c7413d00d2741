// Tables against a plain map: live, through the log's bytes, and loaded from whatever pages a checkpoint
// that may have been killed has stored.

#include <gtest/gtest.h>

#include <map>

#include "mailbox/table_testing.h"

namespace pabal::mailbox {
namespace {

constexpr FolderId kFolder{3};

/// What the store holds of a folder.
class Disk {
 public:
  void log(const LogRecord& record) {
    const auto values = encode(record);
    ASSERT_TRUE(values);
    for (std::uint32_t part = 0; part < values->size(); ++part) {
      log_[log_key(record.after.last_change, part)] = (*values)[part];
    }
  }

  Table load(ModSeq head) const {
    std::vector<StoredPage> pages;
    for (const auto& [key, bytes] : pages_) {
      auto page = decode_page(bytes);
      EXPECT_TRUE(page);
      pages.push_back(*std::move(page));
    }
    TableBuilder builder(kFolder, std::move(pages));
    LogReader reader;
    for (auto at = log_.lower_bound(log_key(ModSeq(checkpoint_.value() + 1))); at != log_.end(); ++at) {
      const auto record = reader.read(at->first, at->second);
      EXPECT_TRUE(record);
      if (*record) builder.replay(**record);
    }
    EXPECT_FALSE(reader.within_record());
    return builder.freeze(head);
  }

  /// Killed after so many steps.
  void checkpoint(const FolderTable& table, std::uint32_t steps) {
    std::vector<PageHead> heads;
    for (const auto& [key, bytes] : pages_) heads.push_back(*decode_page_head(bytes));
    const PagePlan plan = plan_pages(table, heads);
    for (const std::size_t i : plan.puts) {
      if (steps-- == 0) return;
      const Page& page = table.page(i);
      pages_[page_key(kFolder, page.uids())] = encode_page(table.mod_seq(), page.rows);
    }
    for (const UidSet::Range& uids : plan.erases) {
      if (steps-- == 0) return;
      pages_.erase(page_key(kFolder, uids));
    }
    if (steps == 0) return;
    checkpoint_ = table.mod_seq();
    log_.erase(log_.begin(), log_.lower_bound(log_key(ModSeq(checkpoint_.value() + 1))));
  }

  std::size_t pages() const { return pages_.size(); }

 private:
  std::map<std::string, std::string> pages_;
  std::map<std::string, std::string> log_;
  ModSeq checkpoint_;
};

class TableModel : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(TableModel, IsTheSameHoweverItCameToBe) {
  RandomOperations random(kFolder, GetParam());
  PlainFolder plain;
  Disk disk;
  Table live = TableBuilder(kFolder).freeze({});
  Table elsewhere = live;  // another node, whose pages are cut otherwise
  Folder folder;

  for (std::uint64_t change = 1; change <= 300; ++change) {
    LogRecord record{.at = wall_seconds(static_cast<std::int64_t>(change))};
    record.after.last_change = ModSeq(change);
    for (std::uint32_t count = 1 + random.below(3); count > 0; --count) {
      Operation operation = random.next();
      plain.apply(ModSeq(change), record.at, operation);
      Applied applied;
      live = next_table(live, ModSeq(change), record.at, operation, &applied);
      applied.counts.add_to(folder);
      record.operations.push_back(std::move(operation));
    }
    disk.log(record);

    switch (random.below(12)) {
      case 0:
        disk.checkpoint(*live, UINT32_MAX);
        break;
      case 1:
        disk.checkpoint(*live, random.below(8));
        break;
      case 2:
        live = disk.load(ModSeq(change));
        break;
      case 3:
        elsewhere = disk.load(ModSeq(change));
        disk.checkpoint(*elsewhere, random.below(2) == 0 ? UINT32_MAX : random.below(8));
        break;
      default:
        break;
    }

    ASSERT_NO_FATAL_FAILURE(expect_well_built(*live));
    if (change % 8 == 0) {
      ASSERT_EQ(rows_of(*live), plain.rows()) << "after change " << change;
      const Table loaded = disk.load(ModSeq(change));
      ASSERT_NO_FATAL_FAILURE(expect_well_built(*loaded));
      ASSERT_EQ(rows_of(*loaded), plain.rows()) << "after change " << change;
      const CountChange counts = plain.counts();
      ASSERT_EQ(folder.letters, counts.letters);
      ASSERT_EQ(folder.unseen, counts.unseen);
      ASSERT_EQ(folder.deleted, counts.deleted);
      ASSERT_EQ(folder.bytes, static_cast<std::uint64_t>(counts.bytes));
      ASSERT_EQ(folder.deleted_bytes, static_cast<std::uint64_t>(counts.deleted_bytes));
    }
  }
  disk.checkpoint(*live, UINT32_MAX);
  EXPECT_EQ(disk.pages(), live->page_count());
}

INSTANTIATE_TEST_SUITE_P(Seeds, TableModel, ::testing::Range(1U, 5U));

}  // namespace
}  // namespace pabal::mailbox
