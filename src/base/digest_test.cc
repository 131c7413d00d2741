#include "base/digest.h"

#include <gtest/gtest.h>

namespace pabal {
namespace {

std::string hex(const Sha256::Digest& digest) { return to_hex({digest.data(), digest.size()}); }

TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(hex(Sha256::of("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 stream;
  stream.update("a");
  stream.update("");
  stream.update("bc");
  EXPECT_EQ(stream.finish(), Sha256::of("abc"));
  EXPECT_EQ(stream.finish(), Sha256::of(""));
}

TEST(HmacSha256, Rfc4231Case2) {
  EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  // A key as long as a block, and a longer one (RFC 4231 §4.7).
  EXPECT_EQ(hex(hmac_sha256(std::string(64, 'k'), "")),
            "83026a325aaee70e36cfe607536aa1054104ad1077c36134810d4ccded1ccd3b");
  EXPECT_EQ(
      hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Pbkdf2Sha256, KnownAnswer) {
  EXPECT_EQ(hex(pbkdf2_sha256("password", "salt", 4096)),
            "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a");
}

TEST(Crc32c, KnownAnswersAndContinuation) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);  // RFC 3720 appendix B.4's polynomial
  EXPECT_EQ(crc32c("456789", crc32c("123")), 0xe3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
}

TEST(EqualsInConstantTime, ComparesWhole) {
  EXPECT_TRUE(equals_in_constant_time("same", "same"));
  EXPECT_FALSE(equals_in_constant_time("same", "sama"));
  EXPECT_FALSE(equals_in_constant_time("same", "same2"));
  EXPECT_TRUE(equals_in_constant_time("", ""));
}

}  // namespace
}  // namespace pabal
