#include "message/charset.h"
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace pabal::message {
namespace {

TEST(Charset, ReadsTheNamesThatMailHas) {
  struct Case {
    std::string_view charset;
    std::string_view input;
    std::string_view want;
  };
  for (const Case& c : {
           Case{"utf-8", "점심", "점심"},
           Case{"UTF8", "점심", "점심"},
           Case{"ks_c_5601-1987", "\xC1\xA1\xBD\xC9", "점심"},
           Case{"KS_C_5601", "\xC1\xA1\xBD\xC9", "점심"},
           Case{"ksc5601", "\xC1\xA1\xBD\xC9", "점심"},
           Case{"euc-kr", "\xC1\xA1\xBD\xC9", "점심"},
           Case{"euc_kr", "\xC1\xA1\xBD\xC9", "점심"},
           Case{"\"euc-kr\"", "\xC1\xA1\xBD\xC9", "점심"},
           Case{"euc-kr", "\x8C\x63", "똠"},  // beyond KS X 1001: windows-949 under the smaller name
           Case{"cp949", "\x8C\x63", "똠"},
           Case{"uhc", "\x8C\x63", "똠"},
           Case{"iso-2022-kr", "\x1B$)C\x0E\x41\x21\x3D\x49\x0F.", "점심."},
           Case{"iso-2022-kr", "\x0E\x41\x21\x3D\x49\x0F.", "점심."},  // the designator forgotten
           Case{"iso-2022-jp", "\x1B$BF|K\\\x1B(B", "日本"},
           Case{"iso-2022-jp", "\x1B$B-!\x1B(B", "①"},  // NEC's row, which the standard leaves empty
           Case{"shift_jis", "\x93\xFA\x96\x7B\x87\x40", "日本①"},
           Case{"x-sjis", "\x93\xFA\x96\x7B", "日本"},
           Case{"cp932", "\x93\xFA\x96\x7B", "日本"},
           Case{"euc-jp", "\xC6\xFC\xCB\xDC", "日本"},
           Case{"gb2312", "\xD6\xD0\xCE\xC4", "中文"},
           Case{"gb2312", "\x81\x30\x81\x30", "\xC2\x80"},  // GB 18030 under the smaller name
           Case{"gbk", "\xE9\x46", "镕"},
           Case{"gb18030", "\xD6\xD0\xCE\xC4", "中文"},
           Case{"big5", "\xA4\xA4\xA4\xE5", "中文"},
           Case{"iso-8859-1", "caf\xE9 \x80", "café €"},
           Case{"latin1", "\x93x\x94", "“x”"},
           Case{"windows-1252", "\x96", "–"},
           Case{"windows-1251", "\xCF\xF0\xE8", "При"},
           Case{"koi8-r", "\xF0\xD2\xC9", "При"},
           Case{"iso-8859-15", "\xA4", "€"},
           Case{"iso-8859-2", "\xB1", "ą"},
           Case{"windows-1255", "\xF9", "ש"},
           Case{"iso-8859-8-i", "\xF9", "ש"},
           Case{"tis-620", "\xA1", "ก"},
           Case{"utf-7", "Hi +Jjo-!", "Hi ☺!"},
           Case{"utf-16le", std::string_view("a\0b\0", 4), "ab"},
           Case{"us-ascii", "abc", "abc"},
           // labels that lie
           Case{"us-ascii", "점심", "점심"},
           Case{"us-ascii", "caf\xE9", "café"},
           Case{"", "점심", "점심"},
           Case{"", "caf\xE9!", "café!"},
           Case{"iso-8859-1", "점심", "점심"},
           Case{"utf-8", "caf\xE9", "café"},
           Case{"utf-8", "점\xFF심", "점\xEF\xBF\xBD심"},
           Case{"unknown-8bit", "점심", "점심"},
           Case{"x-made-up", "점심", "점심"},
           Case{"utf-8,swaplfnl", "a", "a"},  // options of ICU are not for letters to give
           Case{"euc-kr", "\xC1", "\xEF\xBF\xBD"},
           Case{"utf-8", "점\xEC\xA0", "점\xEF\xBF\xBD"},
           Case{"utf-8", "점\xED\xA0\x80", "점\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
       }) {
    EXPECT_EQ(to_utf8(c.input, c.charset), c.want) << c.charset << ": " << testing::PrintToString(c.input);
  }
}

TEST(Charset, PiecesMakeNoDifference) {
  std::string long_utf8;
  std::string long_latin;
  std::string korean;
  for (int i = 0; i < 400; ++i) {
    long_utf8 += "점심 ";
    long_latin += "caf\xE9 ";
    korean += "\xC1\xA1\xBD\xC9 ";
  }
  struct Case {
    std::string_view charset;
    std::string text;
  };
  for (const Case& c : {Case{"utf-8", long_utf8}, Case{"us-ascii", long_utf8}, Case{"us-ascii", long_latin},
                        Case{"euc-kr", korean}, Case{"iso-2022-jp", "\x1B$BF|K\\\x1B(B x \x1B$BF|K\\\x1B(B"},
                        Case{"utf-8", "\xF0\x9F\x98\x80\xF0\x9F"}, Case{"gb18030", "\x94\x39\xFC\x36\x94"},
                        Case{"utf-16", std::string("\xFF\xFE\x3D\xD8\x00\xDE", 6)}}) {
    const std::string whole = to_utf8(c.text, c.charset);
    EXPECT_TRUE(is_utf8(whole));
    for (std::size_t cut = 0; cut <= c.text.size(); ++cut) {
      CharsetDecoder decoder(c.charset);
      std::string out;
      decoder.decode(std::string_view(c.text).substr(0, cut), out);
      decoder.decode(std::string_view(c.text).substr(cut), out);
      decoder.finish(out);
      ASSERT_EQ(out, whole) << c.charset << " cut at " << cut;
      EXPECT_TRUE(is_utf8(to_utf8(std::string_view(c.text).substr(0, cut), c.charset)));
    }
    CharsetDecoder decoder(c.charset);
    std::string out;
    for (const char& byte : c.text) decoder.decode(std::string_view(&byte, 1), out);
    decoder.finish(out);
    EXPECT_EQ(out, whole) << c.charset;
  }
}

TEST(Charset, KnowsItsNames) {
  EXPECT_TRUE(is_known_charset("ks_c_5601-1987"));
  EXPECT_TRUE(is_known_charset("UTF-8"));
  EXPECT_TRUE(is_known_charset("windows-1258"));
  EXPECT_FALSE(is_known_charset("x-made-up"));
  EXPECT_FALSE(is_known_charset(""));
  EXPECT_FALSE(is_known_charset(std::string(1000, 'x')));
}

TEST(Utf8, IsThatOfTheRfc) {
  for (const std::string_view good : {"", "abc", "점", "😀", "\xF4\x8F\xBF\xBF", "\xEE\x80\x80"})
    EXPECT_TRUE(is_utf8(good));
  for (const std::string_view bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xEC\xA0", "\xEC"}) {
    EXPECT_FALSE(is_utf8(bad)) << testing::PrintToString(bad);
  }
  EXPECT_EQ(utf8_prefix("점심", 6).size(), 6u);
  EXPECT_EQ(utf8_prefix("점심", 5).size(), 3u);
  EXPECT_EQ(utf8_prefix("점심", 2).size(), 0u);
  std::string out;
  for (const char32_t c : {U'a', U'é', U'점', U'😀'}) append_utf8(out, c);
  EXPECT_EQ(out, "aé점😀");
  append_utf8(out, 0xD800);
  EXPECT_TRUE(out.ends_with("\xEF\xBF\xBD"));
}

}  // namespace
}  // namespace pabal::message
