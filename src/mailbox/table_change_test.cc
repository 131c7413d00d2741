#include "mailbox/table_change.h"

#include <gtest/gtest.h>

#include "mailbox/table_testing.h"

namespace pabal::mailbox {
namespace {

constexpr WallTime kLater = wall_seconds(99);

/// Pages of `b` that are not also `a`'s.
std::size_t fresh_pages(const FolderTable& a, const FolderTable& b) {
  std::size_t fresh = 0;
  for (std::size_t i = 0; i < b.page_count(); ++i) {
    bool shared = false;
    for (std::size_t j = 0; j < a.page_count(); ++j) shared = shared || &a.page(j) == &b.page(i);
    if (!shared) ++fresh;
  }
  return fresh;
}

TEST(FolderTable, FindsRowsByPositionAndByUid) {
  Table table = table_of(3000);
  table = next_table(table, ModSeq(2), kLater, op::RowsLeft{.folder = kInbox, .uids = uids(101, 200)});
  ASSERT_EQ(table->size(), 2900U);
  EXPECT_EQ((*table)[0].uid, Uid(1));
  EXPECT_EQ((*table)[100].uid, Uid(201));
  EXPECT_EQ((*table)[2899].uid, Uid(3000));
  EXPECT_EQ(table->find(Uid(201)), 100U);
  EXPECT_FALSE(table->find(Uid(150)));
  EXPECT_FALSE(table->find(Uid(3001)));
  EXPECT_EQ(table->lower_bound(Uid(150)), 100U);
  EXPECT_EQ(table->lower_bound(Uid(0)), 0U);
  EXPECT_EQ(table->lower_bound(Uid(5000)), 2900U);
  EXPECT_EQ(table->uids().ranges().size(), 2U);
  EXPECT_EQ(table->uids().count(), 2900U);
  for (std::size_t i = 0; i < table->size(); ++i) ASSERT_EQ(table->find((*table)[i].uid), i);

  std::vector<std::pair<std::size_t, std::uint32_t>> seen;
  UidSet some = uids({1, 150, 201, 2999});
  some.add({Uid(3000), Uid(9000)});
  table->for_each(some, [&](std::size_t at, const Row& row) { seen.emplace_back(at, row.uid.value()); });
  EXPECT_EQ(seen, (std::vector<std::pair<std::size_t, std::uint32_t>>{
                      {0, 1}, {100, 201}, {2898, 2999}, {2899, 3000}}));
  std::size_t count = 0;
  table->for_each(uids(1, UINT32_MAX), [&](std::size_t at, const Row&) { EXPECT_EQ(at, count++); });
  EXPECT_EQ(count, table->size());
}

TEST(FolderTable, OfNothing) {
  const Table table = TableBuilder(kInbox).freeze(ModSeq(4));
  EXPECT_TRUE(table->empty());
  EXPECT_EQ(table->mod_seq(), ModSeq(4));
  EXPECT_FALSE(table->find(Uid(1)));
  EXPECT_EQ(table->lower_bound(Uid(1)), 0U);
  EXPECT_TRUE(table->uids().empty());
  table->for_each(uids(1, 9), [](std::size_t, const Row&) { FAIL(); });
}

TEST(TableChange, CopiesThePagesThatItTouches) {
  const Table before = table_of(100'000);
  const Table flagged = next_table(
      before, ModSeq(2), kLater, op::FlagsChanged{.folder = kInbox, .uids = uids({50'000}), .flags = kSeen});
  EXPECT_EQ(fresh_pages(*before, *flagged), 1U);
  EXPECT_EQ((*before)[49'999].flags, Flags());
  EXPECT_EQ((*flagged)[49'999].flags, kSeen);
  EXPECT_EQ((*flagged)[49'999].mod_seq, ModSeq(2));
  EXPECT_EQ(flagged->mod_seq(), ModSeq(2));

  const Table appended = next_table(flagged, ModSeq(3), kLater, came(kInbox, 100'001, 1));
  EXPECT_EQ(fresh_pages(*flagged, *appended), 1U);
  EXPECT_EQ((*appended)[100'000].saved, std::chrono::floor<std::chrono::seconds>(kLater));
  const Table less =
      next_table(appended, ModSeq(4), kLater, op::RowsLeft{.folder = kInbox, .uids = uids({7})});
  EXPECT_EQ(fresh_pages(*appended, *less), 1U);
  const Table elsewhere = next_table(less, ModSeq(5), kLater, came(FolderId(2), 1, 1));
  EXPECT_EQ(fresh_pages(*less, *elsewhere), 0U);
  EXPECT_EQ(elsewhere->mod_seq(), ModSeq(5));
}

TEST(TableChange, PassesOverRowsThatStayAsTheyAre) {
  const Table before = table_of(5000);
  Applied applied;
  const op::FlagsChanged seen{.folder = kInbox, .uids = uids(1, 9000), .flags = kSeen};
  const Table first = next_table(before, ModSeq(2), kLater,
                                 op::FlagsChanged{.folder = kInbox, .uids = uids({5, 3000}), .flags = kSeen});
  const Table all = next_table(first, ModSeq(3), kLater, seen, &applied);
  EXPECT_EQ(applied.uids.count(), 4998U);
  EXPECT_EQ(applied.counts.unseen, -4998);
  EXPECT_EQ((*all)[4].mod_seq, ModSeq(2));
  EXPECT_EQ((*all)[5].mod_seq, ModSeq(3));
  const Table again = next_table(all, ModSeq(4), kLater, seen, &applied);
  EXPECT_TRUE(applied.uids.empty());
  EXPECT_EQ(fresh_pages(*all, *again), 0U);
}

TEST(TableChange, CountsWhatAFolderCounts) {
  Folder folder;
  Table table = TableBuilder(kInbox).freeze({});
  Applied applied;
  const auto run = [&](std::uint64_t change, const Operation& operation) {
    table = next_table(table, ModSeq(change), kLater, operation, &applied);
    applied.counts.add_to(folder);
  };
  op::RowsCame rows = came(kInbox, 1, 3);
  rows.rows[1].flags = with(kSeen, kDeleted);
  run(1, rows);
  EXPECT_EQ(applied.uids, uids(1, 3));
  EXPECT_EQ(folder.letters, 3U);
  EXPECT_EQ(folder.unseen, 2U);
  EXPECT_EQ(folder.deleted, 1U);
  EXPECT_EQ(folder.bytes, 101U + 102 + 103);
  EXPECT_EQ(folder.deleted_bytes, 102U);
  run(2,
      op::FlagsChanged{.folder = kInbox, .uids = uids(1, 3), .how = FlagEdit::kReplace, .flags = kDeleted});
  EXPECT_EQ(folder.unseen, 3U);
  EXPECT_EQ(folder.deleted, 3U);
  run(3, op::RowsLeft{.folder = kInbox, .uids = uids(1, 9)});
  EXPECT_EQ(applied.uids, uids(1, 3));
  EXPECT_EQ(folder, Folder());
  EXPECT_TRUE(table->empty());
}

TEST(TableChange, JoinsWhatHasBecomeSmall) {
  const Table before = table_of(10 * kMaxPageRows);
  UidSet most;
  for (std::uint32_t uid = 1; uid <= 10 * kMaxPageRows; ++uid) {
    if (uid % 10 != 0) most.add(Uid(uid));
  }
  const Table after = next_table(before, ModSeq(2), kLater, op::RowsLeft{.folder = kInbox, .uids = most});
  EXPECT_EQ(after->size(), kMaxPageRows);
  EXPECT_LE(after->page_count(), 4U);
  expect_well_built(*after);

  // A small page beside a full one: both are half full then.
  const Table less = next_table(before, ModSeq(2), kLater,
                                op::RowsLeft{.folder = kInbox, .uids = uids(1, kMaxPageRows - 10)});
  expect_well_built(*less);
  EXPECT_EQ(less->page_count(), 10U);
  EXPECT_EQ(fresh_pages(*before, *less), 2U);
}

TEST(TableChange, AMoveWithinAFolderIsTwoOperationsOfOneChange) {
  Table table = table_of(3);
  const op::RowsCame copy = rows_to_transfer(*table, uids({1}), kInbox, Uid(4), true);
  const LogRecord record{.after = {.last_change = ModSeq(2)},
                         .at = kLater,
                         .operations = {copy, rows_left(*table, uids({1}), true)}};
  table = next_table(table, record);
  ASSERT_EQ(table->size(), 3U);
  EXPECT_EQ((*table)[2].uid, Uid(4));
  EXPECT_EQ((*table)[2].letter, LetterId(1001));
}

TEST(TableBuilder, GoesOnAfterItFroze) {
  TableBuilder builder(*table_of(2000));
  const Table first = builder.freeze(ModSeq(1));
  builder.apply(ModSeq(2), kLater, op::FlagsChanged{.folder = kInbox, .uids = uids(1, 2000), .flags = kSeen});
  builder.apply(ModSeq(3), kLater, came(kInbox, 2001, 1));
  const Table second = builder.freeze(ModSeq(3));
  builder.apply(ModSeq(4), kLater, op::RowsLeft{.folder = kInbox, .uids = uids(1, 1999)});
  const Table third = builder.freeze(ModSeq(4));
  EXPECT_EQ(rows_of(*first), rows_of(*table_of(2000)));
  EXPECT_EQ(second->size(), 2001U);
  EXPECT_EQ((*second)[0].flags, kSeen);
  EXPECT_EQ(third->size(), 2U);
  EXPECT_EQ((*third)[0].uid, Uid(2000));
}

}  // namespace
}  // namespace pabal::mailbox
