#include "base/utf8.h"

#include <gtest/gtest.h>

namespace pabal {
namespace {

TEST(Utf8, DecodesWhatTheStandardAllows) {
  struct Case {
    std::string_view name, input;
    char32_t want;
  };
  for (const Case& c : {
           Case{"NUL", std::string_view("\0", 1), 0},
           Case{"ASCII", "A", U'A'},
           Case{"last of one byte", "\x7f", 0x7f},
           Case{"first of two bytes", "\xc2\x80", 0x80},
           Case{"last of two bytes", "\xdf\xbf", 0x7ff},
           Case{"first of three bytes", "\xe0\xa0\x80", 0x800},
           Case{"Hangul", "\xed\x95\x9c", U'한'},
           Case{"before the surrogates", "\xed\x9f\xbf", 0xd7ff},
           Case{"after the surrogates", "\xee\x80\x80", 0xe000},
           Case{"last of three bytes", "\xef\xbf\xbf", 0xffff},
           Case{"first of four bytes", "\xf0\x90\x80\x80", 0x10000},
           Case{"an envelope", "\xf0\x9f\x93\xa8", 0x1f4e8},
           Case{"the last of all", "\xf4\x8f\xbf\xbf", 0x10ffff},
       }) {
    const Utf8Step step = decode_utf8(std::string(c.input) + "x");
    EXPECT_EQ(step.code_point, c.want) << c.name;
    EXPECT_EQ(step.size, c.input.size()) << c.name;
    EXPECT_TRUE(is_utf8(c.input)) << c.name;
    EXPECT_EQ(repair_utf8(c.input), c.input) << c.name;
    std::string written;
    append_utf8(written, c.want);
    EXPECT_EQ(written, c.input) << c.name;
    for (std::size_t size = 1; size < c.input.size(); ++size) {  // cut at every byte
      EXPECT_FALSE(is_utf8(c.input.substr(0, size))) << c.name << " cut at " << size;
      EXPECT_EQ(decode_utf8(c.input.substr(0, size)).size, size) << c.name << " cut at " << size;
    }
  }
}

TEST(Utf8, RepairsWhatIsMalformed) {
  struct Case {
    std::string_view name, input, want;
  };
  for (const Case& c : {
           Case{"a tail alone", "a\x80z", "a\ufffdz"},
           Case{"long form of a slash", "\xc0\xaf", "\ufffd\ufffd"},
           Case{"long form in three bytes", "\xe0\x80\xaf", "\ufffd\ufffd\ufffd"},
           Case{"long form in four bytes", "\xf0\x80\x80\xaf", "\ufffd\ufffd\ufffd\ufffd"},
           Case{"a surrogate", "\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
           Case{"over the last", "\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"},
           Case{"five bytes", "\xf8\x88\x80\x80\x80", "\ufffd\ufffd\ufffd\ufffd\ufffd"},
           Case{"never a byte", "\xfe\xff", "\ufffd\ufffd"},
           Case{"a cut character, then text", "\xe2\x82z", "\ufffdz"},
           Case{"a cut character, then another", "\xf0\x9f\x93\xc3\xa9", "\ufffd\u00e9"},
           Case{"Latin-1", "caf\xe9", "caf\ufffd"},
           Case{"after eight of ASCII", "12345678\xff", "12345678\ufffd"},
       }) {
    EXPECT_FALSE(is_utf8(c.input)) << c.name;
    EXPECT_EQ(repair_utf8(c.input), c.want) << c.name;
    EXPECT_TRUE(is_utf8(repair_utf8(c.input))) << c.name;
  }
}

TEST(Utf8, EveryCodePointComesBack) {
  for (char32_t code_point = 0; code_point <= 0x110000; ++code_point) {
    std::string text;
    append_utf8(text, code_point);
    const bool character = code_point <= 0x10ffff && (code_point < 0xd800 || code_point > 0xdfff);
    ASSERT_EQ(decode_utf8(text).code_point, character ? code_point : kReplacementCharacter);
    ASSERT_EQ(decode_utf8(text).size, text.size());
  }
}

TEST(Utf8, APrefixCutsNoCharacter) {
  const std::string_view text = "a\u00e9\ud55c\U0001f4e8z";  // 1 + 2 + 3 + 4 + 1 bytes
  const std::size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
  for (std::size_t max = 0; max < std::size(want); ++max) {
    EXPECT_EQ(utf8_prefix(text, max).size(), want[max]) << max;
  }
  EXPECT_EQ(utf8_prefix("\x80\x80\x80\x80\x80", 4).size(), 4u) << "malformed bytes are cut anywhere";
}

}  // namespace
}  // namespace pabal
