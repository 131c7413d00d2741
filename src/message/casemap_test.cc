#include "message/casemap.h"

#include <gtest/gtest.h>

namespace pabal::message {
namespace {

TEST(Casemap, FoldsAsTheCollationSays) {
  const struct {
    const char* name;
    const char* text;
    const char* want;
  } kRows[] = {
      {"ascii", "Hello, World_9~", "HELLO, WORLD_9~"},
      {"accents come apart", "\u00e9\u00c9", "E\u0301E\u0301"},
      {"cyrillic", "Привет", "ПРИВЕТ"},
      {"greek final sigma", "σς", "ΣΣ"},
      {"fullwidth", "Ｆｕ", "FU"},
      {"ligature", "o\ufb03ce", "OFFICE"},
      {"digraph", "\u01c6", "DZ\u030c"},
      {"halfwidth kana", "ｶﾞ", "カ\u3099"},
      {"kana with mark", "が", "か\u3099"},
      {"han", "漢字", "漢字"},
      {"compatibility han", "\uf900", "豈"},
      {"hangul stays whole", "번역을", "번역을"},
      {"jamo are joined", "\u1107\u1165\u11ab\u110b\u1167\u11a8", "번역"},
      {"a final behind a whole syllable", "버\u11ab", "번"},
      {"a lead alone", "\u1107x", "\u1107X"},
      {"letters alone", "ㅋㅋ하", "ㅋㅋ하"},
      {"halfwidth jamo", "ﾡﾢ", "ㄱㄲ"},
      {"circled", "㉮", "가"},
      {"a circled letter, beside a vowel", "㉠\u1161", "㉠\u1161"},
      {"no-break space", "a\u00a0b", "A B"},
      {"astral", "\U00010428\U0001f389", "\U00010400\U0001f389"},
      {"turkish dotless", "ı", "I"},
      {"sharp s has no title case of its own", "ß", "ß"},
  };
  for (const auto& row : kRows) EXPECT_EQ(fold_case(row.text), row.want) << row.name;
}

TEST(Casemap, BrokenBytesBecomeReplacements) {
  EXPECT_EQ(fold_case("a\xff"
                      "b"),
            "A\ufffd"
            "B");
  EXPECT_EQ(fold_case("a\xe2\x82"), "A\ufffd");
  EXPECT_EQ(fold_case("\xe2\x82"
                      "a\xe2"),
            "\ufffdA\ufffd");
}

TEST(Casemap, IsTheSameHoweverTheTextIsCut) {
  const std::string text =
      "Été 번역을 \u1107\u1165\u11ab\u110b\u1167 ﬀ \U00010428 \xe2\x82"
      "x 버\u11ab\u1107";
  const std::string want = fold_case(text);
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      CaseFolder folder;
      std::string out;
      folder.fold(text.substr(0, first), out);
      folder.fold(text.substr(first, second - first), out);
      folder.fold(text.substr(second), out);
      folder.finish(out);
      ASSERT_EQ(out, want) << first << " " << second;
    }
  }
}

TEST(Casemap, FoldingAgainChangesNothing) {
  std::string all;
  for (char32_t c = 1; c < 0x30000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string one = [&] {
      std::string out;
      if (c < 0x80) {
        out.push_back(static_cast<char>(c));
      } else if (c < 0x800) {
        out = {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
      } else if (c < 0x10000) {
        out = {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
               static_cast<char>(0x80 | (c & 63))};
      } else {
        out = {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
               static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
      }
      return out;
    }();
    const std::string folded = fold_case(one);
    ASSERT_FALSE(folded.empty());
    ASSERT_EQ(fold_case(folded), folded) << std::hex << static_cast<unsigned>(c);
  }
}

}  // namespace
}  // namespace pabal::message
