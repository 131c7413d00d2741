#include "mailbox/uid_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "mailbox/table_testing.h"

namespace pabal::mailbox {
namespace {

using Plain = std::set<std::uint32_t>;

UidSet to_set(const Plain& plain) {
  UidSet out;
  for (const std::uint32_t uid : plain) out.add(Uid(uid));
  return out;
}

Plain to_plain(const UidSet& set) {
  Plain out;
  for (const auto& range : set.ranges()) {
    for (std::uint32_t uid = range.first.value(); uid <= range.last.value(); ++uid) out.insert(uid);
  }
  return out;
}

TEST(UidSet, JoinsWhatLiesSideBySide) {
  UidSet set;
  set.add(Uid(5));
  set.add(Uid(3));
  set.add(Uid(4));
  set.add({Uid(10), Uid(12)});
  set.add({Uid(6), Uid(9)});
  EXPECT_EQ(set, uids(3, 12));
  EXPECT_EQ(set.count(), 10U);
  set.add({Uid(2), Uid(1)});
  EXPECT_EQ(set, uids(3, 12));
}

TEST(UidSet, HoldsTheHighestUid) {
  constexpr Uid kHighest(UINT32_MAX);
  UidSet all({Uid(1), kHighest});
  EXPECT_EQ(all.count(), UINT32_MAX);
  all.add(kHighest);
  EXPECT_EQ(all.ranges().size(), 1U);
  EXPECT_EQ(all.subtract(UidSet({Uid(2), kHighest})), uids({1}));
  EXPECT_EQ(all.subtract(UidSet({Uid(1), Uid(UINT32_MAX - 1)})), UidSet({kHighest, kHighest}));
  EXPECT_TRUE(all.subtract(all).empty());
}

TEST(UidSet, IsWhatSetsAre) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    Plain a;
    Plain b;
    UidSet set;
    for (auto count = random() % 30; count > 0; --count) {
      const auto first = static_cast<std::uint32_t>(1 + random() % 60);
      const auto last = first + static_cast<std::uint32_t>(random() % 4);
      set.add({Uid(first), Uid(last)});
      for (std::uint32_t uid = first; uid <= last; ++uid) a.insert(uid);
    }
    for (auto count = random() % 30; count > 0; --count)
      b.insert(static_cast<std::uint32_t>(1 + random() % 60));
    ASSERT_EQ(set, to_set(a));
    ASSERT_EQ(set.count(), a.size());

    Plain both;
    Plain left;
    for (const auto uid : a) (b.contains(uid) ? both : left).insert(uid);
    EXPECT_EQ(to_plain(set.intersect(to_set(b))), both);
    EXPECT_EQ(to_plain(set.subtract(to_set(b))), left);
    Plain joined = a;
    joined.insert(b.begin(), b.end());
    set.add(to_set(b));
    EXPECT_EQ(set, to_set(joined));
    for (std::uint32_t uid = 1; uid < 70; ++uid) ASSERT_EQ(set.contains(Uid(uid)), joined.contains(uid));
  }
}

}  // namespace
}  // namespace pabal::mailbox
