#include "smtp/letter_codec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"

namespace pabal::smtp {
namespace {

struct Decoded {
  std::string letter;
  std::string rest;  // behind the end
  bool ended = false;
  bool bare = false;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(const std::vector<std::string>& pieces, BareLineEnds policy,
               Framing framing = Framing::kDotStuffed) {
  LetterDecoder decoder(framing, policy);
  Decoded out;
  for (const std::string& piece : pieces) {
    std::string_view input = piece;
    while (!input.empty() && !decoder.ended()) {
      const CodecStep step = decoder.next(input);
      out.letter += step.data;
      input.remove_prefix(step.consumed);
    }
    out.rest += input;
  }
  out.ended = decoder.ended();
  if (framing == Framing::kCounted) out.letter += decoder.finish();
  out.bare = decoder.saw_bare_line_end();
  return out;
}

/// Whole, cut in two at every byte, and byte by byte: always the same.
Decoded decode_in_every_way(const std::string& wire, BareLineEnds policy,
                            Framing framing = Framing::kDotStuffed) {
  const Decoded whole = decode({wire}, policy, framing);
  for (std::size_t cut = 1; cut < wire.size(); ++cut) {
    EXPECT_EQ(decode({wire.substr(0, cut), wire.substr(cut)}, policy, framing), whole)
        << wire << " cut at " << cut;
  }
  std::vector<std::string> bytes;
  for (const char c : wire) bytes.emplace_back(1, c);
  EXPECT_EQ(decode(bytes, policy, framing), whole) << wire;
  return whole;
}

struct Case {
  const char* name;
  std::string wire;
  std::string letter;
  std::string rest;
};

TEST(LetterDecoder, TakesDotsAwayAndFindsTheEnd) {
  const Case cases[] = {
      {"nothing", ".\r\n", "", ""},
      {"a line", "a\r\n.\r\n", "a\r\n", ""},
      {"more behind the end", "a\r\n.\r\nQUIT\r\n", "a\r\n", "QUIT\r\n"},
      {"a stuffed dot", "..\r\n.\r\n", ".\r\n", ""},
      {"a dot of a client that stuffs none", ".a\r\n.\r\n", "a\r\n", ""},
      {"dots inside a line stay", "a.b..\r\n.\r\n", "a.b..\r\n", ""},
      {"three dots", "...\r\n.\r\n", "..\r\n", ""},
      {"stuffed lines in a row", "..a\r\n..b\r\n..\r\n.\r\n", ".a\r\n.b\r\n.\r\n", ""},
      {"empty lines", "\r\n\r\n.\r\n", "\r\n\r\n", ""},
  };
  for (const Case& c : cases) {
    for (const auto policy : {BareLineEnds::kRefuse, BareLineEnds::kNormalise}) {
      EXPECT_EQ(decode_in_every_way(c.wire, policy), (Decoded{c.letter, c.rest, true, false})) << c.name;
    }
  }
}

TEST(LetterDecoder, NothingButCrLfDotCrLfEndsALetter) {
  const char* const tricks[] = {
      "\n.\n",          "\n.\r\n",   "\r\n.\n", "\r.\r",       "\r.\r\n",     "\r\n.\r",    "\n.\r",
      "\r\r\n.\r\r\n",  ".\n",       ".\r.",    "\r\n.\r\r\n", "\r\n.\0\r\n", "\r\n .\r\n", "\r\n. \r\n",
      "\r\n.\n\r\n.\r", "\r\n.\r\n",
  };
  for (std::size_t i = 0; i + 1 < std::size(tricks); ++i) {
    const std::string wire = std::string("a") + tricks[i] + "MAIL FROM:<evil@b.example>\r\n";
    for (const auto policy : {BareLineEnds::kRefuse, BareLineEnds::kNormalise}) {
      const Decoded got = decode_in_every_way(wire, policy);
      EXPECT_FALSE(got.ended) << i;
      EXPECT_EQ(got.rest, "") << i;
    }
  }
  EXPECT_TRUE(decode_in_every_way("a\r\n.\r\n", BareLineEnds::kRefuse).ended);
}

TEST(LetterDecoder, RefusesWhatStandsAlone) {
  for (const char* wire : {"a\nb\r\n.\r\n", "a\rb\r\n.\r\n", "a\r\r\n.\r\n", "\n\r\n.\r\n", ".\rb\r\n.\r\n",
                           ".\nb\r\n.\r\n", "a\n.\nb\r\n.\r\n", "\r\r\n.\r\n"}) {
    const Decoded got = decode_in_every_way(wire, BareLineEnds::kRefuse);
    EXPECT_TRUE(got.bare) << wire;
    EXPECT_TRUE(got.ended) << wire;
  }
}

TEST(LetterDecoder, NormalisesWhatStandsAlone) {
  const Case cases[] = {
      {"LF", "a\nb\r\n.\r\n", "a\r\nb\r\n", ""},
      {"LF LF", "a\n\nb\r\n.\r\n", "a\r\n\r\nb\r\n", ""},
      {"CR", "a\rb\r\n.\r\n", "a b\r\n", ""},
      {"CR CR LF", "Subject: x\r\r\n.\r\n", "Subject: x \r\n", ""},
      {"a dot behind LF is text", "a\n.\nb\r\n.\r\n", "a\r\n.\r\nb\r\n", ""},
      {"a dot behind LF is not stuffed either", "a\n..b\r\n.\r\n", "a\r\n..b\r\n", ""},
      {"dot LF", ".\nb\r\n.\r\n", "\r\nb\r\n", ""},
      {"dot CR", ".\rb\r\n.\r\n", " b\r\n", ""},
      {"first", "\n\r\n.\r\n", "\r\n\r\n", ""},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(decode_in_every_way(c.wire, BareLineEnds::kNormalise), (Decoded{c.letter, c.rest, true, true}))
        << c.name;
  }
}

TEST(LetterDecoder, CountedKnowsNoDots) {
  const std::string wire = "a\r\n.\r\n..b\r\n";
  EXPECT_EQ(decode_in_every_way(wire, BareLineEnds::kRefuse, Framing::kCounted),
            (Decoded{wire, "", false, false}));
  EXPECT_TRUE(decode_in_every_way("a\r", BareLineEnds::kRefuse, Framing::kCounted).bare);
  EXPECT_TRUE(decode_in_every_way("a\nb", BareLineEnds::kRefuse, Framing::kCounted).bare);
  const std::string binary("\0\r\n\r\n.\n\r\xff", 9);
  EXPECT_EQ(decode_in_every_way(binary, BareLineEnds::kAllow, Framing::kCounted),
            (Decoded{binary, "", false, false}));
}

std::string encode(const std::vector<std::string>& pieces, Framing framing, BareLineEnds policy) {
  LetterEncoder encoder(framing, policy);
  std::string out;
  for (const std::string& piece : pieces) {
    std::string_view input = piece;
    while (!input.empty()) {
      const CodecStep step = encoder.next(input);
      out += step.data;
      input.remove_prefix(step.consumed);
    }
  }
  return out += encoder.finish();
}

TEST(LetterEncoder, WritesWhatTheWireNeeds) {
  const Case cases[] = {
      {"nothing", "", ".\r\n", ""},
      {"a line", "a\r\n", "a\r\n.\r\n", ""},
      {"no last line end", "a", "a\r\n.\r\n", ""},
      {"dots", ".a\r\n..\r\nb.\r\n", "..a\r\n...\r\nb.\r\n.\r\n", ""},
      {"a dot alone", ".", "..\r\n.\r\n", ""},
      {"a dot behind bare LF", "a\n.\n", "a\r\n..\r\n.\r\n", ""},
      {"CR at the end", "a\r", "a\r\n.\r\n", ""},
      {"bare CR", "a\r.b\r\n", "a .b\r\n.\r\n", ""},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(encode({c.wire}, Framing::kDotStuffed, BareLineEnds::kNormalise), c.letter) << c.name;
  }
  EXPECT_EQ(encode({".a\r\nb"}, Framing::kCounted, BareLineEnds::kNormalise), ".a\r\nb\r\n");
  EXPECT_EQ(encode({".a\n\rb"}, Framing::kCounted, BareLineEnds::kAllow), ".a\n\rb");
}

/// Letters of nothing but the bytes that matter, cut anywhere.
TEST(LetterCodec, WhatIsEncodedDecodesToTheSameLetter) {
  SeededRandom random(5321);
  for (int round = 0; round < 20'000; ++round) {
    std::string letter;
    const std::size_t tokens = random.below(12);
    for (std::size_t i = 0; i < tokens; ++i)
      letter += std::vector<std::string>{".", "\r\n", "a", "..", "\r\n."}[random.below(5)];
    if (!letter.empty()) letter += "\r\n";
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < letter.size();) {
      const std::size_t size = 1 + random.below(4);
      pieces.push_back(letter.substr(at, size));
      at += size;
    }
    const std::string wire = encode(pieces, Framing::kDotStuffed, BareLineEnds::kNormalise);
    ASSERT_EQ(decode({wire + "QUIT"}, BareLineEnds::kRefuse), (Decoded{letter, "QUIT", true, false}))
        << letter;
    ASSERT_EQ(encode(pieces, Framing::kCounted, BareLineEnds::kNormalise), letter);
  }
}

/// Whatever a letter holds, the wire holds no bare CR or LF and one end.
TEST(LetterEncoder, NeverSendsWhatStandsAlone) {
  SeededRandom random(2822);
  for (int round = 0; round < 20'000; ++round) {
    std::string letter;
    const std::size_t size = random.below(12);
    for (std::size_t i = 0; i < size; ++i) letter += "\r\n.a"[random.below(4)];
    std::vector<std::string> bytes;
    for (const char c : letter) bytes.emplace_back(1, c);
    const std::string wire = encode({letter}, Framing::kDotStuffed, BareLineEnds::kNormalise);
    ASSERT_EQ(encode(bytes, Framing::kDotStuffed, BareLineEnds::kNormalise), wire);
    const Decoded got = decode({wire}, BareLineEnds::kRefuse);
    ASSERT_TRUE(got.ended);
    ASSERT_EQ(got.rest, "");
    ASSERT_FALSE(got.bare);
  }
}

}  // namespace
}  // namespace pabal::smtp
