#include "base/encoding.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace pabal {
namespace {

using Decoded = std::optional<std::string>;

TEST(Base64, WritesAndReadsTheVectorsOfTheStandard) {  // RFC 4648 §10
  struct Case {
    std::string_view bytes, text;
  };
  for (const Case& c : {
           Case{"", ""},
           Case{"f", "Zg=="},
           Case{"fo", "Zm8="},
           Case{"foo", "Zm9v"},
           Case{"foob", "Zm9vYg=="},
           Case{"fooba", "Zm9vYmE="},
           Case{"foobar", "Zm9vYmFy"},
       }) {
    EXPECT_EQ(to_base64(c.bytes), c.text);
    EXPECT_EQ(from_base64(c.text), Decoded(c.bytes)) << c.text;
    EXPECT_EQ(base64_size(c.bytes.size()), c.text.size());
  }
}

TEST(Base64, RefusesEveryOtherSpellingOfTheSameBytes) {
  struct Case {
    std::string_view name, input;
  };
  for (const Case& c : {
           Case{"no padding", "Zg"},
           Case{"too little padding", "Zg="},
           Case{"too much padding", "Zm9v===="},
           Case{"padding alone", "===="},
           Case{"three of padding", "Z==="},
           Case{"padding in the middle", "Zg==Zg=="},
           Case{"padding in a group", "Z=g="},
           Case{"bits that no byte carries, one byte", "Zh=="},
           Case{"bits that no byte carries, two bytes", "Zm9="},
           Case{"a line break", "Zm9v\r\n"},
           Case{"white space", "Zm9 "},
           Case{"the other alphabet", "-_-_"},
           Case{"NUL", std::string_view("Zm9\0", 4)},
           Case{"a byte over 127", "Zm9\xff"},
           Case{"one digit", "Z"},
       }) {
    EXPECT_EQ(from_base64(c.input), std::nullopt) << c.name;
  }
}

TEST(Base64Url, HasItsOwnAlphabetAndNoPadding) {
  EXPECT_EQ(to_base64("\xfb\xff\xfe"), "+//+");
  EXPECT_EQ(to_base64url("\xfb\xff\xfe"), "-__-");
  EXPECT_EQ(to_base64url("f"), "Zg");
  EXPECT_EQ(from_base64url("Zg"), Decoded("f"));
  EXPECT_EQ(from_base64url("Zg=="), std::nullopt);
  EXPECT_EQ(from_base64url("+//+"), std::nullopt);
  EXPECT_EQ(from_base64url("Zh"), std::nullopt);
  EXPECT_EQ(from_base64url("Z"), std::nullopt);
}

TEST(Base64, BringsBackAnyBytes) {
  SeededRandom random(1);
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string bytes = random.bytes(size);
    EXPECT_EQ(from_base64(to_base64(bytes)), Decoded(bytes)) << size;
    EXPECT_EQ(from_base64url(to_base64url(bytes)), Decoded(bytes)) << size;
    EXPECT_EQ(from_hex(to_hex(bytes)), Decoded(bytes)) << size;
  }
}

TEST(Hex, ReadsBothCasesAndNothingElse) {
  EXPECT_EQ(from_hex("00fFAb"), Decoded(std::string("\x00\xff\xab", 3)));
  EXPECT_EQ(from_hex(""), Decoded(""));
  for (const std::string_view input : {"0", "0g", "0x12", " 00", "g0", "-1"}) {
    EXPECT_EQ(from_hex(input), std::nullopt) << input;
  }
}

}  // namespace
}  // namespace pabal
