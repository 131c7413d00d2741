#include "mailbox/page_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "mailbox/columns.h"
#include "mailbox/table_testing.h"
#include "store/engine.h"

namespace pabal::mailbox {
using std::string_view_literals::operator""sv;
namespace {

StoredPage page_of(std::uint64_t as_of, std::uint32_t first, std::uint32_t last) {
  StoredPage page{.as_of = ModSeq(as_of), .rows = {}};
  for (std::uint32_t uid = first; uid <= last; ++uid)
    page.rows.push_back({.uid = Uid(uid), .mod_seq = ModSeq(as_of)});
  return page;
}

std::vector<Row> random_rows(std::size_t count, std::uint32_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Row> rows;
  std::uint32_t uid = 0;
  for (std::size_t i = 0; i < count; ++i) {
    uid += 1 + static_cast<std::uint32_t>(random() % 3'000'000);
    const auto time = [&] {
      return std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(random())));
    };
    rows.push_back({.uid = Uid(uid),
                    .size_bytes = static_cast<std::uint32_t>(random()) & kMaxLetterBytes,
                    .shared = random() % 2 == 0,
                    .letter = LetterId(random()),
                    .flags = Flags(random()),
                    .mod_seq = ModSeq(random()),
                    .received = time(),
                    .saved = time()});
  }
  return rows;
}

TEST(Columns, ComeBackAndAreRefusedWhenCut) {
  const std::vector<std::uint64_t> cases[] = {
      {},
      {0},
      {1, 1, 1, 1, 1, 1},
      {1, 2, 3},
      {5, 5, 5, 5, 9, 8, 7, 7, 7, 7, 7, 0},
      {UINT64_MAX, 0, UINT64_MAX},
  };
  for (const auto& values : cases) {
    std::string bytes;
    append_column(bytes, values);
    std::vector<std::uint64_t> back(values.size());
    EXPECT_TRUE(read_column(bytes, back));
    EXPECT_EQ(back, values);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_FALSE(read_column(bytes.substr(0, size), back));
    EXPECT_FALSE(read_column(bytes + '\0', back));
  }
  std::vector<std::uint64_t> two(2);
  for (const std::string_view bad : {"\x00\x00"sv, "\x01\x05"sv, "\x07\x05"sv, "\x06\x01\x01\x01"sv}) {
    EXPECT_FALSE(read_column(bad, two));
  }
}

TEST(Columns, FoldSigns) {
  for (const std::uint64_t number :
       {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
    EXPECT_EQ(unfold_sign(fold_sign(number)), number);
  }
  EXPECT_EQ(fold_sign(~std::uint64_t{0}), 1U);
  EXPECT_EQ(fold_sign(1), 2U);
}

TEST(PageCodec, ComesBackAsItWentAndIsRefusedWhenCut) {
  for (const std::size_t count : {std::size_t{1}, std::size_t{2}, std::size_t{40}, kMaxPageRows}) {
    const StoredPage page{.as_of = ModSeq(77), .rows = random_rows(count, 3)};
    const std::string bytes = encode_page(page.as_of, page.rows);
    EXPECT_LT(bytes.size(), store::kMaxValueBytes);
    ASSERT_EQ(decode_page(bytes), page);
    EXPECT_EQ(decode_page_head(bytes), (PageHead{ModSeq(77),
                                                 {page.rows.front().uid, page.rows.back().uid},
                                                 static_cast<std::uint32_t>(count)}));
    for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 500) {
      ASSERT_FALSE(decode_page(bytes.substr(0, size))) << size;
    }
    EXPECT_FALSE(decode_page(bytes + 'x'));
  }
}

TEST(PageCodec, IsSmallForWhatCameInARow) {
  const Table table = table_of(kMaxPageRows);
  EXPECT_LT(encode_page(ModSeq(1), table->page(0).rows).size(), 4 * kMaxPageRows);
}

TEST(HideOlder, LeavesWhatDoesNotOverlap) {
  const std::vector<StoredPage> pages = {page_of(3, 1, 10), page_of(9, 11, 20), page_of(1, 25, 26)};
  EXPECT_EQ(hide_older({pages[2], pages[0], pages[1]}), pages);
  EXPECT_TRUE(hide_older({}).empty());
}

TEST(HideOlder, TheYoungerSpeaksForAllBetweenItsEnds) {
  StoredPage young = page_of(8, 4, 9);
  young.rows.erase(young.rows.begin() + 1, young.rows.begin() + 4);  // 5, 6, 7 are gone
  EXPECT_EQ(hide_older({page_of(3, 1, 20), young}),
            (std::vector<StoredPage>{page_of(3, 1, 3), young, page_of(3, 10, 20)}));
  EXPECT_EQ(hide_older({page_of(3, 4, 9), page_of(8, 1, 20)}), std::vector{page_of(8, 1, 20)});
  EXPECT_EQ(hide_older({page_of(5, 1, 6), page_of(5, 4, 9)}).size(), 2U);
}

TEST(PlanPages, WritesWhatIsNotStoredAsItIs) {
  Table table = table_of(4 * kMaxPageRows);
  std::vector<PageHead> stored;
  const auto store_all = [&] {
    stored.clear();
    for (std::size_t i = 0; i < table->page_count(); ++i) {
      stored.push_back(*decode_page_head(encode_page(table->mod_seq(), table->page(i).rows)));
    }
  };
  PagePlan plan = plan_pages(*table, stored);
  EXPECT_EQ(plan.puts, (std::vector<std::size_t>{0, 1, 2, 3}));
  EXPECT_TRUE(plan.erases.empty());

  store_all();
  plan = plan_pages(*table, stored);
  EXPECT_TRUE(plan.puts.empty() && plan.erases.empty());

  table = next_table(table, ModSeq(2), {}, op::RowsShared{.folder = kInbox, .uids = uids({2000})});
  EXPECT_EQ(plan_pages(*table, stored).puts, std::vector<std::size_t>{1});
  store_all();

  table = next_table(table, ModSeq(3), {}, op::RowsLeft{.folder = kInbox, .uids = uids(1, kMaxPageRows)});
  plan = plan_pages(*table, stored);
  EXPECT_TRUE(plan.puts.empty());
  EXPECT_EQ(plan.erases, (std::vector<UidSet::Range>{{Uid(1), Uid(kMaxPageRows)}}));
  store_all();

  table = next_table(table, ModSeq(4), {}, op::RowsLeft{.folder = kInbox, .uids = uids(1, kMaxPageRows + 5)});
  plan = plan_pages(*table, stored);
  EXPECT_EQ(plan.puts, std::vector<std::size_t>{0});
  EXPECT_EQ(plan.erases, (std::vector<UidSet::Range>{{Uid(kMaxPageRows + 1), Uid(2 * kMaxPageRows)}}));
}

// Two nodes cut the same rows into pages in their own ways. One that is killed after its first page must not
// have taken away what only its second would have brought back.
TEST(PlanPages, ASmallerPageIsWrittenBesideTheOneThatItIsAPartOf) {
  const StoredPage whole = page_of(5, 1, 1000);
  const PageHead head = *decode_page_head(encode_page(whole.as_of, whole.rows));
  const auto half = [&](std::size_t from, std::size_t to) {
    const auto begin = whole.rows.begin();
    return std::make_shared<const Page>(
        Page{.rows = {begin + static_cast<std::ptrdiff_t>(from), begin + static_cast<std::ptrdiff_t>(to)},
             .changed = ModSeq(6)});
  };
  const FolderTable elsewhere(kInbox, ModSeq(6), {half(0, 600), half(600, 1000)});
  const PagePlan plan = plan_pages(elsewhere, std::vector{head});
  EXPECT_EQ(plan.puts, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(plan.erases, std::vector{head.uids});
  EXPECT_NE(page_key(kInbox, elsewhere.page(0).uids()), page_key(kInbox, head.uids));

  const StoredPage first{.as_of = ModSeq(6), .rows = elsewhere.page(0).rows};
  EXPECT_EQ(TableBuilder(kInbox, {whole, first}).freeze(ModSeq(6))->uids(), uids(1, 1000));
}

}  // namespace
}  // namespace pabal::mailbox
