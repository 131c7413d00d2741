#include "base/lz4.h"

#include <gtest/gtest.h>

namespace pabal {
namespace {

TEST(Lz4, GivesBackWhatItTook) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "the same line again and again\r\n";
  for (const std::string& bytes : {std::string(), std::string("x"), std::string(100, '\0'), text}) {
    const std::string packed = lz4_packed(bytes);
    std::string out = "before ";
    EXPECT_TRUE(append_lz4_unpacked(out, packed, bytes.size()));
    EXPECT_EQ(out, "before " + bytes);
  }
  EXPECT_LT(lz4_packed(text).size(), text.size() / 50);
}

TEST(Lz4, RefusesWhatItDidNotPack) {
  const std::string packed = lz4_packed("some words, some words, some words, some words");
  for (std::size_t size = 0; size < packed.size(); ++size) {
    std::string out = "before";
    EXPECT_FALSE(append_lz4_unpacked(out, std::string_view(packed).substr(0, size), 46)) << size;
    EXPECT_EQ(out, "before");
  }
  std::string out;
  EXPECT_FALSE(append_lz4_unpacked(out, packed, 45));
  EXPECT_FALSE(append_lz4_unpacked(out, packed, 47));
}

}  // namespace
}  // namespace pabal
