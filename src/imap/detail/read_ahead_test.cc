#include "imap/detail/read_ahead.h"

#include <gtest/gtest.h>

#include <numeric>

#include "mailbox/mailbox_testing.h"

namespace pabal::imap::detail {
namespace {

using Records = std::vector<std::optional<mailbox::LetterRecord>>;

class ReadAheadTest : public mailbox::MailboxFixture {
 protected:
  Records bring(const std::vector<std::string>& texts) {
    std::vector<mailbox::LetterId> ids;
    for (const auto& placed : append(texts).placed) ids.push_back(placed.letter);
    return must(mailboxes_->find_all(kBob, ids));
  }
  /// What is taken at these places.
  net::Task<std::vector<Result<std::string>>> take(const Records& records, std::vector<std::size_t> places,
                                                   std::uint64_t prefix_bytes) {
    const net::Context context = co_await net::current_context();
    ReadAhead ahead(*mailboxes_, *context.loop, context.cancel, records, prefix_bytes);
    std::vector<Result<std::string>> out;
    for (const std::size_t place : places) out.push_back(co_await ahead.take(place));
    co_await ahead.leave();
    co_return out;
  }
  std::vector<std::string> texts(std::size_t count, std::size_t size = 0) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < count; ++i)
      out.push_back(fmt::format("letter {}\r\n", i) + std::string(size, 'x'));
    return out;
  }
};

TEST_F(ReadAheadTest, GivesEachLetterInItsTurn) {
  const std::vector<std::string> letters = texts(50);
  const Records records = bring(letters);
  std::vector<std::size_t> places(letters.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  const auto got = run(take(records, places, 1000));
  for (std::size_t i = 0; i < letters.size(); ++i) EXPECT_EQ(got[i].value(), letters[i]);
}

TEST_F(ReadAheadTest, ReadsNoMoreThanTheFirstBytes) {
  const Records records = bring(texts(3));
  const auto got = run(take(records, {0, 1, 2}, 8));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(got[i].value(), fmt::format("letter {}", i));
}

TEST_F(ReadAheadTest, PassesOverWhatNobodyTakes) {
  const std::vector<std::string> letters = texts(40);
  Records records = bring(letters);
  records[5].reset();  // gone
  const auto got = run(take(records, {0, 4, 6, 39}, 1000));
  EXPECT_EQ(got[0].value(), letters[0]);
  EXPECT_EQ(got[1].value(), letters[4]);
  EXPECT_EQ(got[2].value(), letters[6]);
  EXPECT_EQ(got[3].value(), letters[39]);
}

TEST_F(ReadAheadTest, LettersLargerThanAllThatIsHeldComeOneByOne) {
  const std::vector<std::string> letters = texts(6, ReadAhead::kMaxBytes);
  const Records records = bring(letters);
  const auto got = run(take(records, {0, 1, 2, 3, 4, 5}, 2 * ReadAhead::kMaxBytes));
  for (std::size_t i = 0; i < letters.size(); ++i) EXPECT_EQ(got[i].value(), letters[i]);
}

TEST_F(ReadAheadTest, ALetterThatCantBeReadHoldsUpNobody) {
  const std::vector<std::string> letters = texts(3);
  Records records = bring(letters);
  records[1]->blob = store::BlobId();
  const auto got = run(take(records, {0, 1, 2}, 1000));
  EXPECT_EQ(got[0].value(), letters[0]);
  EXPECT_FALSE(got[1]);
  EXPECT_EQ(got[2].value(), letters[2]);
}

TEST_F(ReadAheadTest, MayBeLeftAtAnyTime) {
  const Records records = bring(texts(30));
  for (std::size_t taken = 0; taken < 30; ++taken) {
    std::vector<std::size_t> places(taken);
    std::iota(places.begin(), places.end(), std::size_t{0});
    EXPECT_EQ(run(take(records, places, 1000)).size(), taken);
  }
}

}  // namespace
}  // namespace pabal::imap::detail
