#include "mailbox/mailboxes.h"

#include <gtest/gtest.h>

#include "mailbox/mailbox_testing.h"
#include "net/scope.h"
#include "net/testing.h"
#include "store/memory.h"

namespace pabal::mailbox {
namespace {

class MailboxesTest : public ::testing::Test {
 protected:
  net::Task<Result<Placed>> bring(std::string text, std::string token = {},
                                  account::QuotaLimit quota = account::QuotaLimit::unlimited()) {
    const auto writer = engine_->new_blob();
    PABAL_CO_TRY_VOID(co_await writer->write(text));
    PABAL_CO_TRY(store::StagedBlob staged, co_await writer->finish());
    Arrival arrival;
    arrival.letter = {.blob = staged.id,
                      .blob_bytes = staged.size_bytes,
                      .received = loop_.clock().wall(),
                      .journey = journal_.new_id(),
                      .recipient = "bob@hamburger.edu",
                      .preamble = preamble_};
    arrival.blob = std::move(staged);
    arrival.quota = quota;
    if (!token.empty()) arrival.token = journey::make_resend_token(token);
    arrival.entry.id = arrival.letter.journey;
    co_return co_await mailboxes_.append(kBob, std::move(arrival));
  }
  Result<Placed> append(std::string text, std::string token = {},
                        account::QuotaLimit quota = account::QuotaLimit::unlimited()) {
    return loop_.run_until_done(bring(std::move(text), std::move(token), quota));
  }
  LetterPage list() { return *loop_.run_until_done(mailboxes_.list(kBob, {}, 1000)); }

  static constexpr account::AccountId kBob{7};
  std::string preamble_ = "Return-Path: <alice@crepes.fr>\r\n";
  net::SimulatedLoop loop_;
  SilentJournal journal_;
  std::unique_ptr<store::Engine> engine_ = store::make_memory_engine();
  Mailboxes mailboxes_{*engine_, journal_, loop_.clock()};
};

TEST_F(MailboxesTest, LettersLieInTheOrderInWhichTheyCame) {
  const auto first = append("Do you like ketchup?\r\n");
  const auto second = append("How about pickles?\r\n");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->uid, Uid(1));
  EXPECT_EQ(second->uid, Uid(2));
  const LetterPage page = list();
  ASSERT_EQ(page.items.size(), 2U);
  EXPECT_EQ(page.items[1].id, second->letter);
  EXPECT_EQ(*loop_.run_until_done(mailboxes_.read(page.items[1].record, 0, 1000)),
            "Return-Path: <alice@crepes.fr>\r\nHow about pickles?\r\n");
  EXPECT_EQ(*loop_.run_until_done(mailboxes_.read(page.items[1].record, 29, 6)), ">\r\nHow");
  EXPECT_EQ(journal_.told, 2U);
}

TEST_F(MailboxesTest, CountersOutliveTheWriter) {
  ASSERT_TRUE(append("one"));
  const auto before = *loop_.run_until_done(mailboxes_.load_counters(kBob));
  Mailboxes later(*engine_, journal_, loop_.clock());
  EXPECT_EQ(loop_.run_until_done(later.load_counters(kBob)), before);
  EXPECT_EQ(before.letters, 1U);
  EXPECT_EQ(before.used_bytes, 35U);
  EXPECT_NE(before.last_uid_validity, 0U);
}

net::Task<void> bring_many(MailboxesTest&, std::function<net::Task<Result<Placed>>()> bring, int& failures) {
  const auto placed = co_await bring();
  failures += placed ? 0 : 1;
}

TEST_F(MailboxesTest, ManyAtOnceShareCommitsAndGetTheirOwnUids) {
  constexpr int kLetters = 600;
  int failures = 0;
  const auto all = [&]() -> net::Task<void> {
    net::Scope scope(loop_.loop());
    for (int i = 0; i < kLetters; ++i) {
      scope.spawn(bring_many(*this, [this, i] { return bring(fmt::format("letter {}", i)); }, failures));
    }
    co_await scope.join();
  };
  loop_.run_until_done(all());
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(list().items.size(), std::size_t{kLetters});
  const auto counters = *loop_.run_until_done(mailboxes_.load_counters(kBob));
  EXPECT_EQ(counters.last_letter, LetterId(kLetters));
  EXPECT_LT(counters.last_change.value(), std::uint64_t{kLetters});
}

TEST_F(MailboxesTest, TheSameLetterSentAgainIsNotStoredTwice) {
  ASSERT_TRUE(append("once", "token"));
  const auto again = append("once", "token");
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->known);
  EXPECT_EQ(list().items.size(), 1U);
  loop_.clock().advance(std::chrono::hours(49));
  EXPECT_FALSE(append("once", "token")->known);
}

TEST_F(MailboxesTest, AResentLetterDoesNotHoldUpTheOthersOfItsGroup) {
  ASSERT_TRUE(append("once", "token"));
  int failures = 0;
  const auto all = [&]() -> net::Task<void> {
    net::Scope scope(loop_.loop());
    scope.spawn(bring_many(*this, [this] { return bring("a"); }, failures));
    scope.spawn(bring_many(*this, [this] { return bring("once", "token"); }, failures));
    scope.spawn(bring_many(*this, [this] { return bring("b"); }, failures));
    co_await scope.join();
  };
  loop_.run_until_done(all());
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(list().items.size(), 3U);
}

TEST_F(MailboxesTest, SentTwiceAtOnceIsStoredOnce) {
  int failures = 0;
  const auto all = [&]() -> net::Task<void> {
    net::Scope scope(loop_.loop());
    for (int i = 0; i < 3; ++i) {
      scope.spawn(bring_many(*this, [this] { return bring("once", "token"); }, failures));
    }
    co_await scope.join();
  };
  loop_.run_until_done(all());
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(list().items.size(), 1U);
}

TEST_F(MailboxesTest, AnotherNodesLettersAreSeenAndNotOverwritten) {
  Mailboxes other(*engine_, journal_, loop_.clock());
  ASSERT_TRUE(append("ours"));
  Arrival arrival;
  const store::BlobId blob = list().items[0].record.blob;
  arrival.letter.blob = blob;
  arrival.letter.blob_bytes = 4;
  arrival.entry.id = journal_.new_id();
  const auto theirs = loop_.run_until_done(other.append(kBob, std::move(arrival)));
  ASSERT_TRUE(theirs);
  EXPECT_EQ(theirs->uid, Uid(2));
  EXPECT_EQ(append("ours again")->uid, Uid(3));
  EXPECT_EQ(list().items.size(), 3U);
}

TEST_F(MailboxesTest, AGroupThatIsMoreThanABatchHoldsIsStoredOneByOne) {
  preamble_ = std::string(200'000, 'x');
  int failures = 0;
  const auto all = [&]() -> net::Task<void> {
    net::Scope scope(loop_.loop());
    for (int i = 0; i < 30; ++i) {
      scope.spawn(bring_many(*this, [this, i] { return bring(fmt::format("letter {}", i)); }, failures));
    }
    co_await scope.join();
  };
  loop_.run_until_done(all());
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(loop_.run_until_done(mailboxes_.load_counters(kBob))->letters, 30U);
}

TEST_F(MailboxesTest, AFullMailboxRefusesWhatDoesNotFit) {
  const auto quota = account::QuotaLimit::of_bytes(50);
  ASSERT_TRUE(append("fits", {}, quota));
  const auto refused = append("this one does not fit any more", {}, quota);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kOverLimit);
  EXPECT_EQ(list().items.size(), 1U);
}

}  // namespace
}  // namespace pabal::mailbox
