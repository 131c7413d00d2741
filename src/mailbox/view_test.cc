#include "mailbox/view.h"

#include <gtest/gtest.h>

#include "mailbox/table_testing.h"

namespace pabal::mailbox {
namespace {

using Changed = ViewDifference::Changed;

Table flag(const Table& table, std::uint64_t change, UidSet which) {
  return next_table(
      table, ModSeq(change), {},
      op::FlagsChanged{.folder = kInbox, .uids = std::move(which), .flags = Flags(1 << change)});
}
Table take_out(const Table& table, std::uint64_t change, UidSet which) {
  return next_table(table, ModSeq(change), {}, op::RowsLeft{.folder = kInbox, .uids = std::move(which)});
}

/// Both ways of comparing must say the same.
ViewDifference difference(const Table& told, const Table& now) {
  const ViewDifference by_table = compare(*told, *now);
  const ViewDifference by_uids = compare(told->uids(), *now, told->mod_seq());
  EXPECT_EQ(by_table.expunged, by_uids.expunged);
  EXPECT_EQ(by_table.vanished, by_uids.vanished);
  EXPECT_EQ(by_table.changed, by_uids.changed);
  EXPECT_EQ(by_table.first_new, by_uids.first_new);
  return by_table;
}

TEST(View, NothingIsNewInTheSameTable) {
  const Table table = table_of(3000);
  EXPECT_TRUE(difference(table, table).nothing_new(*table));
  const Table none = TableBuilder(kInbox).freeze({});
  EXPECT_TRUE(difference(none, none).nothing_new(*none));
}

TEST(View, TellsRemovalsFromTheHighestAndWhereTheOthersAre) {
  const Table told = table_of(10);
  Table now = flag(told, 2, uids({2, 4, 9}));
  now = take_out(now, 3, uids({1, 4, 5, 10}));
  now = next_table(now, ModSeq(4), {}, came(kInbox, 11, 2));
  now = flag(now, 5, uids({12}));
  const ViewDifference found = difference(told, now);
  EXPECT_EQ(found.expunged, (std::vector<std::uint32_t>{10, 5, 4, 1}));
  EXPECT_EQ(found.vanished, uids({1, 4, 5, 10}));
  EXPECT_EQ(found.changed, (std::vector<Changed>{{1, 0}, {8, 5}}));
  EXPECT_EQ(found.first_new, 6U);
  EXPECT_FALSE(found.nothing_new(*now));
}

TEST(View, KnowsFlagsThatWereToldAlready) {
  const Table told = table_of(10);
  Table now = take_out(flag(told, 2, uids({3})), 3, uids({1}));
  now = flag(now, 4, uids({5}));
  const ViewDifference found = compare(*told, *now, ModSeq(3));
  EXPECT_EQ(found.expunged, std::vector<std::uint32_t>{1});
  EXPECT_EQ(found.changed, (std::vector<Changed>{{4, 3}}));
}

TEST(View, OfAllGoneAndOfAllNew) {
  const Table told = table_of(5);
  const Table now = next_table(take_out(told, 2, uids(1, 5)), ModSeq(3), {}, came(kInbox, 6, 2));
  const ViewDifference found = difference(told, now);
  EXPECT_EQ(found.expunged, (std::vector<std::uint32_t>{5, 4, 3, 2, 1}));
  EXPECT_EQ(found.first_new, 0U);
  const Table none = take_out(told, 2, uids(1, 5));
  EXPECT_EQ(difference(none, now).first_new, 0U);
  EXPECT_EQ(difference(told, none).vanished, uids(1, 5));
}

// A client that does what it is told has what is there.
TEST(View, LeadsARandomClientToWhatIsThere) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    RandomOperations random(kInbox, seed);
    Table now = table_of(0);
    Table told = now;
    std::vector<Row> client;
    for (std::uint64_t change = 2; change < 120; ++change) {
      Operation operation = random.next();
      if (std::holds_alternative<op::RowsShared>(operation)) continue;
      now = next_table(now, ModSeq(change), {}, operation);
      if (random.below(4) != 0) continue;
      const ViewDifference found = difference(told, now);
      for (const Changed& each : found.changed) {
        ASSERT_EQ(client[each.told].uid, (*now)[each.now].uid);
        client[each.told] = (*now)[each.now];
      }
      UidSet vanished;
      for (const std::uint32_t number : found.expunged) {
        vanished.add(client[number - 1].uid);
        client.erase(client.begin() + number - 1);
      }
      ASSERT_EQ(vanished, found.vanished);
      ASSERT_EQ(client.size(), found.first_new);
      for (std::size_t i = found.first_new; i < now->size(); ++i) client.push_back((*now)[i]);
      for (Row& row : client) row.shared = false;
      ASSERT_EQ(client.size(), now->size());
      std::vector<Row> there = rows_of(*now);
      for (Row& row : there) row.shared = false;
      ASSERT_EQ(client, there) << "seed " << seed << ", change " << change;
      told = now;
    }
  }
}

}  // namespace
}  // namespace pabal::mailbox
