#include "smtp/extensions.h"

#include <gtest/gtest.h>

namespace pabal::smtp {
namespace {

TEST(EhloReply, GivesExtensionsAndTheirFigures) {
  const auto got = parse_ehlo_reply(
      "mx.example.org Hello\nPIPELINING\nsize 1048576\n8bitmime\nAUTH PLAIN login\nXNEW thing\n"
      "LIMITS MAILMAX=5 RCPTMAX=100 RCPTDOMAINMAX=1\nDSN");
  EXPECT_TRUE(got.offers(Extension::kPipelining));
  EXPECT_TRUE(got.offers(Extension::kSize));
  EXPECT_TRUE(got.offers(Extension::kEightBitMime));
  EXPECT_TRUE(got.offers(Extension::kDsn));
  EXPECT_FALSE(got.offers(Extension::kStartTls));
  EXPECT_EQ(got.max_letter_bytes, 1048576u);
  EXPECT_EQ(got.mechanisms, (std::vector<std::string>{"PLAIN", "LOGIN"}));
  EXPECT_EQ(got.max_letters, 5u);
  EXPECT_EQ(got.max_recipients, 100u);
  EXPECT_EQ(got.max_recipient_domains, 1u);
}

TEST(EhloReply, FirstLineIsNoExtension) {
  EXPECT_EQ(parse_ehlo_reply("PIPELINING").offered, ExtensionSet{});
  EXPECT_EQ(parse_ehlo_reply("").offered, ExtensionSet{});
}

TEST(EhloReply, PassesOverFiguresThatMakeNoSense) {
  for (const char* text : {"x\nSIZE", "x\nSIZE 0", "x\nSIZE many", "x\nSIZE 99999999999999999999999",
                           "x\nSIZE -1", "x\nSIZE 12x"}) {
    const auto got = parse_ehlo_reply(text);
    EXPECT_TRUE(got.offers(Extension::kSize)) << text;
    EXPECT_EQ(got.max_letter_bytes, std::nullopt) << text;
  }
  EXPECT_EQ(parse_ehlo_reply("x\nLIMITS RCPTMAX=0 MAILMAX= =3 RCPTMAX").max_recipients, std::nullopt);
}

TEST(EhloReply, ReadsTheOldFormOfAuth) {
  const auto got = parse_ehlo_reply("x\nAUTH LOGIN\nAUTH=LOGIN PLAIN");
  EXPECT_TRUE(got.offers(Extension::kAuth));
  EXPECT_EQ(got.mechanisms, (std::vector<std::string>{"LOGIN", "PLAIN"}));
}

TEST(EhloReply, BoundsTheMechanisms) {
  std::string text = "x\nAUTH";
  for (int i = 0; i < 1000; ++i) text += " M" + std::to_string(i);
  EXPECT_EQ(parse_ehlo_reply(text).mechanisms.size(), kMaxPeerMechanisms);
}

TEST(Extension, EveryOneHasAKeywordThatLeadsBack) {
  for (unsigned i = 0; i <= static_cast<unsigned>(Extension::kXclient); ++i) {
    const auto extension = static_cast<Extension>(i);
    EXPECT_EQ(find_extension(keyword_of(extension)), extension);
  }
}

}  // namespace
}  // namespace pabal::smtp
