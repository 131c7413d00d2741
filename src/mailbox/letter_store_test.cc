#include "mailbox/letter_store.h"

#include <gtest/gtest.h>

#include <random>

#include "mailbox/mailbox_testing.h"
#include "message/letter.h"

namespace pabal::mailbox {
namespace {

constexpr FactsWanted kEnvelopesAlone{.structures = false, .previews = false};

class LetterStoreTest : public MailboxFixture {
 protected:
  static std::string text(std::size_t number) {
    return fmt::format("From: alice{0}@crepes.fr\r\nSubject: order {0}\r\n\r\nHow about {0} pickles?\r\n",
                       number);
  }
  /// So many letters more.
  void bring(std::size_t count) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t number = texts_.size();
      texts_.push_back(text(number));
      texts.push_back(texts_.back());
    }
    for (const Placed& placed : append(texts).placed) ids_.push_back(placed.letter);
  }
  std::vector<LetterId> all() const { return ids_; }

  void expect_right(const FactsPage& page, const std::vector<LetterId>& asked, FactsWanted columns = {}) {
    ASSERT_EQ(page.size(), asked.size());
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const auto number = static_cast<std::size_t>(std::ranges::find(ids_, asked[i]) - ids_.begin());
      ASSERT_LT(number, ids_.size());
      const message::LetterFacts want = message::read_letter(texts_[number]);
      ASSERT_FALSE(page[i].empty()) << number;
      if (columns.envelopes) EXPECT_EQ(message::decode_envelope(page[i].envelope).value(), want.envelope);
      if (columns.structures) EXPECT_EQ(message::decode_structure(page[i].structure).value(), want.structure);
      if (columns.previews) EXPECT_EQ(page[i].preview, want.preview);
    }
  }
  FactsPage load(const std::vector<LetterId>& ids, FactsWanted columns = {}) {
    return must(mailboxes_->load_facts(kBob, ids, columns));
  }

  std::vector<std::string> texts_;
  std::vector<LetterId> ids_;
};

TEST_F(LetterStoreTest, GivesTheFactsOfEachLetter) {
  bring(300);
  std::vector<LetterId> backwards(ids_.rbegin(), ids_.rend());
  for (int again = 0; again < 2; ++again) {
    expect_right(load(all()), all());
    expect_right(load(backwards), backwards);
    expect_right(load({ids_[7], ids_[7], ids_[299], ids_[0]}), {ids_[7], ids_[7], ids_[299], ids_[0]});
  }
}

// Facts are taken away behind the mailbox's back: what was asked for once is known.
TEST_F(LetterStoreTest, RemembersWhatWasAskedFor) {
  bring(300);
  load(all());  // makes them
  load(all(), kEnvelopesAlone);
  store::Batch batch(account::partition_of(kBob));
  for (const LetterId id : ids_) {
    batch.erase(facts_key(id));
    batch.erase(letter_key(id));
  }
  must(engine_->commit(std::move(batch)));
  expect_right(load(all(), kEnvelopesAlone), all(), kEnvelopesAlone);
  EXPECT_TRUE(load({ids_[100]})[0].empty());  // previews and structures were not asked for in blocks
}

TEST_F(LetterStoreTest, LettersThatCameLaterAreThereToo) {
  bring(40);
  load(all());
  load(all());
  for (const std::size_t more : {1, 3, 20, 100, 90}) {
    bring(more);
    expect_right(load(all()), all());
    expect_right(load(all()), all());
  }
}

TEST_F(LetterStoreTest, NothingIsKnownOfLettersThatAreGone) {
  bring(60);
  load(all());
  std::vector<LetterId> asked = all();
  asked.insert(asked.begin() + 10, LetterId(1'000'000));
  asked.push_back(LetterId(2'000'000));
  const FactsPage page = load(asked);
  EXPECT_TRUE(page[10].empty());
  EXPECT_TRUE(page[61].empty());
  EXPECT_FALSE(page[11].empty());
}

TEST_F(LetterStoreTest, FactsThatCantBeReadAreMadeAnew) {
  bring(60);
  load(all());
  store::Batch batch(account::partition_of(kBob));
  batch.put(facts_key(ids_[5]), "?");
  batch.put(facts_key(ids_[50]), "");
  must(engine_->commit(std::move(batch)));
  reopen();
  expect_right(load(all()), all());
  expect_right(load({ids_[5]}), {ids_[5]});
  EXPECT_TRUE(
      message::decode_facts(must(engine_->get_one(account::partition_of(kBob), facts_key(ids_[5])))->bytes));
}

// Whatever is asked for in whatever order, with a cache that holds some blocks, the answers are those of the
// letters.
TEST_F(LetterStoreTest, AnswersAreTheLettersOwn) {
  options_.cache_bytes = 40'000;
  reopen();
  std::mt19937 dice(7);
  const auto roll = [&](std::size_t below) { return dice() % below; };
  for (int round = 0; round < 60; ++round) {
    bring(roll(40) + 1);
    std::vector<LetterId> asked;
    const std::size_t begin = roll(ids_.size());
    const std::size_t step = roll(4) + 1;
    for (std::size_t i = begin; i < ids_.size(); i += step) asked.push_back(ids_[i]);
    if (roll(3) == 0) std::ranges::shuffle(asked, dice);
    const FactsWanted columns{.envelopes = roll(2) == 0, .structures = roll(2) == 0, .previews = true};
    expect_right(load(asked, columns), asked, columns);
    if (round % 20 == 10) reopen();
  }
}

}  // namespace
}  // namespace pabal::mailbox
