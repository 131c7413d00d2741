#include "queue/letter_source.h"

#include <gtest/gtest.h>

#include "base/ascii.h"
#include "net/testing.h"
#include "queue/written_letter.h"
#include "store/memory.h"

namespace pabal::queue {
namespace {

class LetterSourceTest : public testing::Test {
 protected:
  void write(std::string_view text) { ASSERT_TRUE(sim.run_until_done(write_letter(*store, text, letter))); }
  Result<std::string> read(smtp::LetterSource& source) {
    const auto all = [&]() -> net::Task<Result<std::string>> {
      std::string out;
      for (;;) {
        PABAL_CO_TRY(const std::string_view piece, co_await source.next());
        if (piece.empty()) co_return out;
        largest = std::max(largest, piece.size());
        out += piece;
      }
    };
    return sim.run_until_done(all());
  }

  net::SimulatedLoop sim;
  std::unique_ptr<store::Engine> store = store::make_memory_engine();
  Letter letter;
  std::size_t largest = 0;
};

TEST_F(LetterSourceTest, PreambleThenBlobInPieces) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kLetterPieceBytes - 1, kLetterPieceBytes,
                                 kLetterPieceBytes + 1, 5 * kLetterPieceBytes}) {
    for (const char* preamble : {"", "Received: here\r\n"}) {
      letter.preamble = preamble;
      write(std::string(size, 'x'));
      StoredLetter source(*store, letter);
      const auto text = read(source);
      ASSERT_TRUE(text) << text.error().detail;
      EXPECT_TRUE(*text == preamble + std::string(size, 'x')) << size;
      EXPECT_EQ(text->size(), letter.size_bytes());
      EXPECT_EQ(*read(source), "");  // and stays at the end
    }
  }
  EXPECT_EQ(largest, kLetterPieceBytes);
}

TEST_F(LetterSourceTest, SaysThatTheTroubleIsOurs) {
  write("hello");
  letter.blob_bytes = 99;
  StoredLetter too_short(*store, letter);
  EXPECT_EQ(read(too_short).error().kind, ErrorKind::kCorrupt);
  EXPECT_TRUE(too_short.trouble());
  letter.blob = store::BlobId::of("somewhere else");
  StoredLetter absent(*store, letter);
  EXPECT_FALSE(read(absent));
  EXPECT_TRUE(absent.trouble());
}

TEST_F(LetterSourceTest, LooksIntoPreambleAndBlobAsOneLetter) {
  letter.preamble = "Received: here\r\n";
  write("dkim-signature : v=1\r\nSubject: x\r\n\r\nCaf\xc3\xa9\r\n");
  const auto insight = sim.run_until_done(look_into(*store, letter));
  ASSERT_TRUE(insight);
  EXPECT_TRUE(insight->dkim_signed);
  EXPECT_TRUE(insight->plan.needed);
  EXPECT_FALSE(insight->plan.header_8bit);
  EXPECT_EQ(insight->structure.size, letter.size_bytes());

  StoredLetter original(*store, letter);
  ConvertedLetter converted(original, insight->structure);
  const auto text = read(converted);
  ASSERT_TRUE(text);
  EXPECT_TRUE(text->starts_with("Received: here\r\n"));
  EXPECT_TRUE(is_ascii(*text)) << *text;
}

TEST_F(LetterSourceTest, ASignatureOfAnInnerLetterIsNotOurs) {
  write("Content-Type: message/rfc822\r\nX-DKIM-Signature: no\r\n\r\nDKIM-Signature: v=1\r\n\r\nhello\r\n");
  EXPECT_FALSE(sim.run_until_done(look_into(*store, letter))->dkim_signed);
}

TEST_F(LetterSourceTest, AHugeLetterIsNotReadTwice) {
  letter.blob_bytes = kMaxConvertedBytes + 1;
  EXPECT_EQ(sim.run_until_done(look_into(*store, letter)).error().kind, ErrorKind::kRefuse);
}

}  // namespace
}  // namespace pabal::queue
