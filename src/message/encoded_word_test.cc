#include "message/encoded_word.h"

#include <gtest/gtest.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "message/charset.h"

namespace pabal::message {
namespace {

TEST(EncodedWord, Decodes) {
  struct Case {
    std::string_view name;
    std::string_view input;
    std::string_view want;
  };
  for (const Case& c : {
           Case{"none", "plain text", "plain text"},
           Case{"Q", "=?iso-8859-1?q?this=20is=20some=20text?=", "this is some text"},
           Case{"B", "=?UTF-8?B?7KCQ7Ius?=", "점심"},
           Case{"underscore", "=?utf-8?Q?a_b?=", "a b"},
           Case{"between text", "a =?utf-8?Q?b?= c", "a b c"},
           Case{"no blank in front", "a=?utf-8?Q?b?=c", "abc"},
           // the table of RFC 2047 §8
           Case{"8.1", "(=?ISO-8859-1?Q?a?=)", "(a)"},
           Case{"8.2", "(=?ISO-8859-1?Q?a?= b)", "(a b)"},
           Case{"8.3", "(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"},
           Case{"8.4", "(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)"},
           Case{"8.5", "(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)"},
           Case{"8.6", "(=?ISO-8859-1?Q?a_b?=)", "(a b)"},
           Case{"8.7", "(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"},
           Case{"character cut between two words", "=?utf-8?B?7KCQ7A==?= =?utf-8?B?i6w=?=", "점심"},
           Case{"character cut between two Q words", "=?utf-8?Q?=EC=A0?= =?UTF-8?Q?=90?=", "점"},
           Case{"words side by side", "=?utf-8?Q?a?==?utf-8?Q?b?=", "ab"},
           Case{"euc-kr", "=?EUC-KR?B?waG9yQ==?=", "점심"},
           Case{"ks_c_5601-1987", "=?ks_c_5601-1987?B?waG9yQ==?=", "점심"},
           Case{"iso-2022-jp", "=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本"},
           Case{"iso-2022-kr", "=?ISO-2022-KR?B?GyQpQw5BIT1JDw==?=", "점심"},
           Case{"language (RFC 2231 §5)", "=?utf-8*ko?Q?a?=", "a"},
           Case{"lower case hex", "=?utf-8?q?=ec=a0=90?=", "점"},
           Case{"no padding", "=?utf-8?B?7KCQ7Ius7A?=", "점심\xEF\xBF\xBD"},
           Case{"bare blanks in Q", "=?utf-8?Q?a b?=", "a b"},
           Case{"bare question mark in Q", "=?utf-8?Q?what?\?=", "what?"},
           Case{"text that begins with an escape", "=?utf-8?Q?=3D?=", "="},
           Case{"empty text", "=?utf-8?Q?\?=", ""},
           Case{"blanks at the end of Q stay", "=?utf-8?Q?a_?= b", "a  b"},
           Case{"unknown charset shows what it can", "=?x-nothing?Q?a=80b?=",
                "a\xE2\x82\xAC"
                "b"},
           Case{"a line end within is a blank", "=?utf-8?Q?a=0D=0AB:_c?=", "a  B: c"},
           // broken words stay
           Case{"no end", "=?utf-8?Q?a", "=?utf-8?Q?a"},
           Case{"no text", "=?utf-8?Q", "=?utf-8?Q"},
           Case{"unknown encoding", "=?utf-8?X?a?=", "=?utf-8?X?a?="},
           Case{"no charset", "=??Q?a?=", "=??Q?a?="},
           Case{"question mark in B", "=?utf-8?B?YQ?YQ==?=", "=?utf-8?B?YQ?YQ==?="},
           Case{"broken, then good", "=?utf-8? =?utf-8?Q?a?=", "=?utf-8? a"},
           // raw bytes
           Case{"raw UTF-8", "점심", "점심"},
           Case{"raw Latin-1", "caf\xE9", "café"},
           Case{"folds", "a\r\n b\r\n\tc", "a b\tc"},
       }) {
    EXPECT_EQ(decode_header_text(c.input), c.want) << c.name;
  }
  EXPECT_EQ(decode_header_text("\xC1\xA1\xBD\xC9", "euc-kr"), "점심");
}

TEST(EncodedWord, ManyBeginningsAndOneEndAreReadOnce) {
  std::string words;
  for (int i = 0; i < 200'000; ++i) words += "=?a?q?";
  EXPECT_FALSE(decode_header_text(words).empty());
  EXPECT_FALSE(decode_header_text(words + "?=").empty());
  std::string b;
  for (int i = 0; i < 200'000; ++i) b += "=?a?b?";
  EXPECT_EQ(decode_header_text(b + "?=").size(), b.size() - 6) << "only the last is a word, an empty one";
}

TEST(EncodedWord, EncodesWhatDecodesToTheSame) {
  for (const std::string_view text :
       {"점심", "a", "", "Grüße aus Köln, und noch ein wenig mehr Text, damit es mehr als ein Wort braucht",
        "점심은 무엇을 드시겠어요? 김치찌개, 된장찌개, 비빔밥, 냉면, 불고기, 그리고 떡볶이가 있습니다.",
        "=?utf-8?Q?x?=", "a_b=c?d", "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀"}) {
    for (const auto place : {EncodedWordPlace::kText, EncodedWordPlace::kPhrase}) {
      for (const std::size_t column : {0u, 9u, 40u, 70u, 200u}) {
        const std::string encoded = encode_words(text, place, column);
        EXPECT_TRUE(is_ascii(encoded));
        EXPECT_EQ(decode_header_text(encoded), text);
        std::string_view rest = encoded;
        while (!rest.empty()) {
          const std::string_view word = rest.substr(0, std::min(rest.find(' '), rest.size()));
          EXPECT_LE(word.size(), kMaxEncodedWord);
          // Each word is whole characters (RFC 2047 §5).
          EXPECT_TRUE(is_utf8(decode_header_text(word)));
          EXPECT_EQ(decode_header_text(word).find("\xEF\xBF\xBD"), std::string::npos);
          rest.remove_prefix(std::min(word.size() + 1, rest.size()));
        }
      }
    }
  }
  EXPECT_TRUE(encode_words("Köln am Rhein", EncodedWordPlace::kText).starts_with("=?UTF-8?Q?"));
  EXPECT_TRUE(encode_words("점심", EncodedWordPlace::kText).starts_with("=?UTF-8?B?"));
}

TEST(EncodedWord, TextThatLooksEncodedNeedsEncoding) {
  EXPECT_FALSE(needs_encoding("plain, even with = and ?"));
  EXPECT_TRUE(needs_encoding("=?utf-8?Q?x?="));
  EXPECT_TRUE(needs_encoding("점심"));
  EXPECT_TRUE(needs_encoding("a\nb"));
}

}  // namespace
}  // namespace pabal::message
