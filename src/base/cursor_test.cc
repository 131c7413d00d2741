#include "base/cursor.h"

#include <gtest/gtest.h>

namespace pabal {
namespace {

TEST(Cursor, TakesWordsWhateverTheirCase) {
  Cursor cursor("MaiL FROM:");
  EXPECT_FALSE(cursor.take_word("MAIL"));
  EXPECT_TRUE(cursor.take_word_ignoring_case("MAIL"));
  EXPECT_EQ(cursor.rest(), " FROM:");
  EXPECT_FALSE(cursor.take_word_ignoring_case(" FROM:<"));
  EXPECT_EQ(cursor.position(), 4u);
}

TEST(Cursor, NumbersStayWithinTheirRange) {
  struct Case {
    std::string_view input;
    std::uint64_t max;
    std::optional<std::uint64_t> want;
  };
  for (const Case& c : {
           Case{"0", 10, 0},
           Case{"10x", 10, 10},
           Case{"11", 10, std::nullopt},
           Case{"", 10, std::nullopt},
           Case{"-1", 10, std::nullopt},
           Case{"18446744073709551615", UINT64_MAX, UINT64_MAX},
           Case{"18446744073709551616", UINT64_MAX, std::nullopt},
           Case{"99999999999999999999999999", UINT64_MAX, std::nullopt},
           Case{"9", 5, std::nullopt},
       }) {
    Cursor cursor(c.input);
    EXPECT_EQ(cursor.take_number(c.max), c.want) << c.input;
    if (!c.want) EXPECT_EQ(cursor.position(), 0u) << c.input;
  }
}

TEST(Cursor, BinaryFormsComeBackAsWritten) {
  std::string bytes;
  append_u8(bytes, 0xab);
  append_u16(bytes, 0x1234);
  append_u32(bytes, 0xdeadbeef);
  append_u64(bytes, 0x0123456789abcdef);
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, UINT64_MAX}) {
    append_varint(bytes, value);
  }
  append_sized(bytes, "letter");

  Cursor cursor(bytes);
  EXPECT_EQ(cursor.take_u8(), 0xab);
  EXPECT_EQ(cursor.take_u16(), 0x1234);
  EXPECT_EQ(cursor.take_u32(), 0xdeadbeef);
  EXPECT_EQ(cursor.take_u64(), 0x0123456789abcdef);
  EXPECT_EQ(cursor.take_varint(), 0u);
  EXPECT_EQ(cursor.take_varint(), 127u);
  EXPECT_EQ(cursor.take_varint(), 128u);
  EXPECT_EQ(cursor.take_varint(), UINT64_MAX);
  EXPECT_EQ(cursor.take_sized(), "letter");
  EXPECT_TRUE(cursor.at_end());
}

TEST(Cursor, TruncatedBinaryIsNothingAndMovesNothing) {
  std::string whole;
  append_u64(whole, 1);
  append_varint(whole, UINT64_MAX);
  append_sized(whole, "0123456789");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Cursor cursor(std::string_view(whole).substr(0, size));
    const bool complete = cursor.take_u64() && cursor.take_varint() && cursor.take_sized();
    EXPECT_FALSE(complete) << size;
  }
}

TEST(Cursor, RefusesVarintsOverSixtyFourBits) {
  EXPECT_EQ(Cursor("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02").take_varint(), std::nullopt);
  EXPECT_EQ(Cursor("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01").take_varint(), std::nullopt);
}

TEST(Cursor, BigEndianKeysSortAsTheirNumbers) {
  std::string small, large;
  append_u32(small, 255);
  append_u32(large, 256);
  EXPECT_LT(small, large);
}

}  // namespace
}  // namespace pabal
