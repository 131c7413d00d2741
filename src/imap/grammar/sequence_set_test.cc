#include "imap/grammar/sequence_set.h"

#include <gtest/gtest.h>

#include <numeric>

#include "imap/grammar/testing.h"

namespace pabal::imap {
namespace {

SequenceSet set_of(std::string_view text) { return read_all(&SequenceSet::parse, text); }

std::string resolved(std::string_view text, std::uint32_t largest) {
  std::string out;
  append_sequence_set(out, set_of(text).resolve(largest));
  return out;
}

TEST(SequenceSet, IsResolvedAgainstTheLargest) {
  struct Case {
    std::string_view input;
    std::uint32_t largest;
    std::string_view want;
  };
  const Case cases[] = {
      {"1", 10, "1"},
      {"2,4:7,9,12:*", 15, "2,4:7,9,12:15"},
      {"*:4,5:7", 10, "4:10"},
      {"4:2", 10, "2:4"},
      {"3291:*", 100, "100:3291"},
      {"*", 7, "7"},
      {"*:*", 7, "7"},
      {"*", 0, ""},
      {"1:*", 0, ""},
      {"5", 0, "5"},
      {"3,2,1", 10, "1:3"},
      {"1:3,2:5,7", 10, "1:5,7"},
      {"1,2,3,5", 10, "1:3,5"},
      {"*:5,6", 9, "5:9"},
      {"1:4294967295", 7, "1:4294967295"},
      {"4294967295,1", 7, "1,4294967295"},
  };
  for (const Case& test : cases) EXPECT_EQ(resolved(test.input, test.largest), test.want) << test.input;
}

TEST(SequenceSet, LargestNumberIsNoStar) {
  EXPECT_FALSE(set_of("4294967295").has_star());
  EXPECT_TRUE(set_of("5:*").has_star());
  EXPECT_EQ(set_of("1:*,7,3").largest_named(), 7u);
}

TEST(SequenceSet, Saved) {
  EXPECT_TRUE(set_of("$").is_saved());
  EXPECT_NE(refusal(&SequenceSet::parse, "$,1"), "");
}

TEST(SequenceSet, Refused) {
  for (const char* bad :
       {"", "0", "1:0", "a", "1,", ",1", "1:", ":1", "1::2", "1:2:3", "4294967296", "-1", "1 ,2"}) {
    EXPECT_NE(refusal(&SequenceSet::parse, bad), "") << bad;
  }
}

TEST(SequenceSet, RangesAreBounded) {
  std::string text = "1";
  for (std::uint32_t i = 1; i < kMaxRanges; ++i) text += "," + std::to_string(1 + 2 * i);
  EXPECT_EQ(set_of(text).ranges().size(), kMaxRanges);
  text += ",999999";
  Cursor in(text);
  const auto over = SequenceSet::parse(in);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().kind, ErrorKind::kOverLimit);
}

TEST(SequenceSet, Contains) {
  const auto ranges = set_of("2:4,7,9:*").resolve(12);
  EXPECT_EQ(count_numbers(ranges), 8u);
  const std::vector<std::uint32_t> in = {2, 3, 4, 7, 9, 12};
  const std::vector<std::uint32_t> out = {0, 1, 5, 6, 8, 13};
  for (const std::uint32_t n : in) EXPECT_TRUE(contains(ranges, n)) << n;
  for (const std::uint32_t n : out) EXPECT_FALSE(contains(ranges, n)) << n;
}

std::string written(const std::vector<std::uint32_t>& numbers) {
  std::string out;
  append_sequence_set(out, numbers);
  return out;
}

TEST(SequenceSet, IsWrittenInItsOrder) {
  EXPECT_EQ(written({}), "");
  EXPECT_EQ(written({7}), "7");
  EXPECT_EQ(written({1, 2, 3, 7, 9, 10}), "1:3,7,9:10");
  EXPECT_EQ(written({5, 4, 3, 4, 5}), "5,4,3:5");
  EXPECT_EQ(written({UINT32_MAX, 1}), "4294967295,1");
  std::vector<std::uint32_t> all(100'000);
  std::iota(all.begin(), all.end(), 1);
  EXPECT_EQ(written(all), "1:100000");
}

}  // namespace
}  // namespace pabal::imap
