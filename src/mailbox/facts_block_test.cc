#include "mailbox/facts_block.h"

#include <gtest/gtest.h>

#include "mailbox/facts_cache.h"
#include "message/letter.h"

namespace pabal::mailbox {
namespace {

using Letters = std::vector<std::pair<LetterId, message::FactsView>>;

std::string letter(std::uint64_t number) {
  return fmt::format(
      "From: Alice <alice{0}@crepes.fr>\r\nSubject: order {0}\r\nContent-Type: multipart/mixed; boundary=b{0}\r\n\r\n"
      "--b{0}\r\n\r\nHow about pickles?\r\n--b{0}\r\nContent-Type: message/rfc822\r\n\r\nSubject: in {0}\r\n\r\n\r\n"
      "--b{0}--\r\n",
      number);
}

class FactsBlockTest : public ::testing::Test {
 protected:
  void add(std::uint64_t number) {
    bytes_.push_back(
        std::make_unique<std::string>(message::encode_facts(message::read_letter(letter(number)))));
    letters_.emplace_back(LetterId(number), message::view_facts(*bytes_.back()).value());
  }

  std::vector<std::unique_ptr<std::string>> bytes_;
  Letters letters_;
};

TEST_F(FactsBlockTest, ShowsWhatItTook) {
  for (std::uint64_t number = 128; number < 256; number += number % 3 + 1) add(number);
  for (const FactsColumn column : kFactsColumns) {
    const FactsBlock block(column, letters_);
    const std::string all = block.unpacked();
    for (const auto& [id, facts] : letters_) {
      const auto place = block.find(id);
      ASSERT_TRUE(place) << id.value();
      message::FactsView shown;
      block.show(all, *place, shown);
      EXPECT_EQ(shown.envelope, column == FactsColumn::kEnvelopes ? facts.envelope : "");
      EXPECT_EQ(shown.preview, column == FactsColumn::kPreviews ? facts.preview : "");
      EXPECT_EQ(shown.structure, column == FactsColumn::kStructures ? facts.structure : "");
      EXPECT_EQ(shown.letters_within, column == FactsColumn::kStructures ? facts.letters_within : "");
      EXPECT_FALSE(shown.empty());
    }
    EXPECT_FALSE(block.find(LetterId(129)));  // 128, 131, 134, ..., 254
    EXPECT_FALSE(block.find(LetterId(255)));
  }
}

TEST_F(FactsBlockTest, TakesLessRoomThanTheFacts) {
  std::size_t bytes = 0;
  for (std::uint64_t number = 0; number < kFactsBlockLetters; ++number) {
    add(number);
    bytes += letters_.back().second.structure.size();
  }
  EXPECT_LT(FactsBlock(FactsColumn::kStructures, letters_).memory_bytes(), bytes / 2);
}

TEST_F(FactsBlockTest, TheCacheForgetsWhatWasUsedLongestAgo) {
  for (std::uint64_t number = 0; number < 20; ++number) add(number);
  const auto block = std::make_shared<const FactsBlock>(FactsColumn::kEnvelopes, letters_);
  FactsCache cache(block->memory_bytes() * 2);
  const auto place = [](std::uint64_t number) {
    return FactsCache::Place{account::AccountId(1), number, FactsColumn::kEnvelopes};
  };
  cache.put(place(1), block);
  cache.put(place(2), block);
  cache.put(place(2), block);  // once more counts once
  EXPECT_EQ(cache.memory_bytes(), block->memory_bytes() * 2);
  EXPECT_EQ(cache.find(place(1)), block);
  cache.put(place(3), block);
  EXPECT_TRUE(cache.find(place(1)));
  EXPECT_FALSE(cache.find(place(2)));
  EXPECT_TRUE(cache.find(place(3)));
  EXPECT_FALSE(cache.find({account::AccountId(2), 1, FactsColumn::kEnvelopes}));
  EXPECT_FALSE(cache.find({account::AccountId(1), 1, FactsColumn::kPreviews}));
  EXPECT_EQ(cache.memory_bytes(), block->memory_bytes() * 2);
}

}  // namespace
}  // namespace pabal::mailbox
