#include "mailbox/search/postings.h"

#include <gtest/gtest.h>

#include <random>

#include "mailbox/search/index_records.h"
#include "message/casemap.h"

namespace pabal::mailbox::search {
namespace {

std::vector<Gram> grams_of(std::string_view text) {
  std::vector<Gram> grams;
  GramReader reader;
  const auto emit = [&](Gram gram) { grams.push_back(gram); };
  reader.feed(text, emit);
  reader.end(emit);
  return grams;
}

TEST(Grams, AreFourLettersThreeSignsTwoWideOnes) {
  EXPECT_EQ(grams_of("INTER"), (std::vector<Gram>{pack('I', 'N', 'T', 'E'), pack('N', 'T', 'E', 'R'),
                                                  pack('T', 'E', 'R'), pack('E', 'R')}));
  EXPECT_EQ(grams_of("A@BC"), (std::vector<Gram>{pack('A', '@', 'B'), pack('@', 'B', 'C'), pack('B', 'C')}));
  EXPECT_EQ(grams_of("번역 X"), (std::vector<Gram>{pack(u'번', u'역'), pack(u'역', 0)}));
  EXPECT_EQ(grams_of("AB번"), (std::vector<Gram>{pack('A', 'B'), pack('B', u'번'), pack(u'번', 0)}));
  EXPECT_EQ(grams_of(" \r\n A"), std::vector<Gram>{});
}

TEST(Grams, OfATextThatHasTheNeedleMeetAllOfItsTerms) {
  std::mt19937_64 random(3);
  const std::u16string alphabet = u"AB9@ \n번역日é";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    std::vector<std::size_t> starts;
    const std::size_t size = 1 + random() % 14;
    for (std::size_t i = 0; i < size; ++i) {
      starts.push_back(text.size());
      text += message::fold_case([&] {
        const char16_t c = alphabet[random() % alphabet.size()];
        std::string out;
        if (c < 0x80) {
          out.push_back(static_cast<char>(c));
        } else if (c < 0x800) {
          out = {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
        } else {
          out = {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
                 static_cast<char>(0x80 | (c & 63))};
        }
        return out;
      }());
    }
    starts.push_back(text.size());
    const std::size_t begin = random() % size;
    const std::size_t end = begin + 1 + random() % (size - begin);
    const std::string needle = text.substr(starts[begin], starts[end] - starts[begin]);
    const std::vector<Gram> grams = grams_of(text);
    for (const Term& term : terms_of(needle)) {
      ASSERT_TRUE(std::ranges::any_of(grams, [&](Gram g) { return g >= term.first && g <= term.last; }))
          << "text '" << text << "' needle '" << needle << "'";
    }
  }
}

TEST(Grams, OfShortNeedlesAreRanges) {
  EXPECT_TRUE(terms_of("A").empty());
  EXPECT_TRUE(terms_of("").empty());
  EXPECT_EQ(terms_of("AB"), (std::vector<Term>{{pack('A', 'B'), pack('A', 'B', 0xFFFF, 0xFFFF)}}));
  EXPECT_EQ(terms_of("ABC"), (std::vector<Term>{{pack('A', 'B', 'C'), pack('A', 'B', 'C', 0xFFFF)}}));
  EXPECT_EQ(terms_of("번"), (std::vector<Term>{{pack(u'번', 0), pack(u'번', 0xFFFF, 0xFFFF, 0xFFFF)}}));
  EXPECT_EQ(terms_of("INTERNATIONALIZATIONANDMORE").size(), kMaxTerms);
}

TEST(Postings, ComeBackAsTheyWentWhateverTheirDensity) {
  std::mt19937_64 random(1);
  for (const Block universe : {1U, 2U, 7U, 64U, 1000U, 12'500U}) {
    for (const unsigned percent : {1U, 5U, 30U, 50U, 51U, 90U, 99U, 100U}) {
      std::vector<Block> blocks;
      for (Block i = 0; i < universe; ++i) {
        if (random() % 100 < percent) blocks.push_back(i);
      }
      if (blocks.empty()) blocks.push_back(universe - 1);
      ChunkWriter writer(universe);
      writer.add(1, blocks);
      const auto chunks = writer.finish();
      ASSERT_EQ(chunks.size(), 1U);
      ChunkReader reader(chunks[0].bytes);
      const auto posting = reader.next();
      ASSERT_TRUE(posting);
      std::vector<Block> back;
      ASSERT_TRUE(posting->decode(universe, 100, back));
      for (Block& block : back) block -= 100;
      EXPECT_EQ(back, blocks) << universe << " " << percent;
      EXPECT_FALSE(reader.next());
      EXPECT_FALSE(reader.damaged());
    }
  }
}

TEST(Postings, ThatAreCutOrChangedAreNeverBelieved) {
  ChunkWriter writer(100);
  writer.add(5, std::vector<Block>{1, 50, 99});
  writer.add(9, std::vector<Block>{0});
  const std::string chunk = writer.finish()[0].bytes;
  std::mt19937_64 random(2);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = chunk.substr(0, random() % (chunk.size() + 1));
    for (int i = 0; i < 2 && !bytes.empty(); ++i)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    ChunkReader reader(bytes);
    while (const auto posting = reader.next()) {
      std::vector<Block> blocks;
      if (!posting->decode(100, 0, blocks)) continue;
      for (const Block block : blocks) ASSERT_LT(block, 100U);
    }
  }
}

TEST(IndexRecords, ComeBackAsTheyWentAndAreRefusedWhenCut) {
  const IndexState state{
      .through = LetterId(900),
      .next_segment = 9,
      .segments = {{3, LetterId(1), LetterId(512), {4, 70}}, {7, LetterId(513), LetterId(900), {0, 1}}},
      .leftovers = {5, 6}};
  const std::string bytes = encode(state);
  EXPECT_EQ(decode_index_state(bytes), state);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_index_state(bytes.substr(0, size)));
  EXPECT_FALSE(decode_index_state(bytes + "x"));
  const std::vector<Gram> directory = {1, 9, Gram{1} << 63};
  EXPECT_EQ(decode_directory(encode_directory(directory)), directory);
}

}  // namespace
}  // namespace pabal::mailbox::search
