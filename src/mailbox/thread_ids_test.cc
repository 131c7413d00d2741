#include "mailbox/thread_ids.h"

#include "mailbox/mailbox_testing.h"
#include "message/letter.h"

namespace pabal::mailbox {
namespace {

struct Mail {
  std::string id;
  std::string subject = "Lunch";
  std::string references = {};
  std::string in_reply_to = {};
};

class ThreadsOfAccount : public MailboxFixture {
 protected:
  Arrival make(const Mail& mail) {
    std::string text = fmt::format("Subject: {}\r\n", mail.subject);
    if (!mail.id.empty()) text += fmt::format("Message-ID: <{}>\r\n", mail.id);
    if (!mail.references.empty()) text += fmt::format("References: {}\r\n", mail.references);
    if (!mail.in_reply_to.empty()) text += fmt::format("In-Reply-To: {}\r\n", mail.in_reply_to);
    text += "\r\ntext\r\n";
    Arrival arrival = must(make_arrival(text));
    arrival.facts = storable_facts(message::read_letter(text));
    return arrival;
  }
  LetterId bring(const Mail& mail) {
    AppendAll one;
    one.letters.push_back(make(mail));
    return change(std::move(one)).placed[0].letter;
  }
  LetterId thread_of(LetterId letter) { return must(mailboxes_->load_threads(kBob, {letter})).front(); }
  std::vector<LetterId> letters_of(LetterId thread) {
    return must(mailboxes_->load_thread_letters(kBob, thread));
  }
  std::size_t rows() {
    std::size_t count = 0;
    for (const char* prefix : {"thread/", "threadof/", "threadid/"})
      count +=
          must(engine_->scan(account::partition_of(kBob), store::KeyRange::with_prefix(prefix), {})).size();
    return count;
  }
};

TEST_F(ThreadsOfAccount, AnswersAreInTheThreadOfWhatTheyAnswer) {
  const LetterId first = bring({.id = "1@x"});
  const LetterId answer = bring({.id = "2@x", .subject = "Re: [list] lun ch", .in_reply_to = "<1@x>"});
  const LetterId later = bring({.id = "3@x", .subject = "RE: LUNCH", .references = "<1@x> <2@x>"});
  const LetterId other = bring({.id = "4@x"});
  EXPECT_EQ(thread_of(first), first);
  EXPECT_EQ(thread_of(answer), first);
  EXPECT_EQ(thread_of(later), first);
  EXPECT_EQ(thread_of(other), other);
  EXPECT_EQ(letters_of(first), (std::vector{first, answer, later}));
  EXPECT_EQ(letters_of(other), std::vector{other});
  reopen();
  EXPECT_EQ(must(mailboxes_->load_threads(kBob, {later, other, first, later})),
            (std::vector{first, other, first, first}));
}

TEST_F(ThreadsOfAccount, AnotherSubjectIsAnotherThread) {
  const LetterId first = bring({.id = "1@x"});
  const LetterId changed = bring({.id = "2@x", .subject = "Dinner", .in_reply_to = "<1@x>"});
  const LetterId answer = bring({.id = "3@x", .subject = "Re: dinner", .references = "<1@x> <2@x>"});
  EXPECT_EQ(thread_of(changed), changed);
  EXPECT_EQ(thread_of(answer), changed);
  EXPECT_EQ(letters_of(first), std::vector{first});
}

TEST_F(ThreadsOfAccount, AnswersMayComeFirstAndThreadsStayWhatTheyAre) {
  const LetterId answer = bring({.id = "2@x", .in_reply_to = "<1@x>"});
  EXPECT_EQ(thread_of(bring({.id = "1@x"})), answer);
  // Two who name the same third.
  EXPECT_EQ(thread_of(bring({.id = "5@x", .in_reply_to = "<1@x>"})), answer);
  // What joins two threads goes to the older.
  const LetterId other = bring({.id = "7@x"});
  EXPECT_EQ(thread_of(bring({.id = "8@x", .references = "<7@x> <2@x>"})), answer);
  EXPECT_EQ(thread_of(other), other);
}

TEST_F(ThreadsOfAccount, LettersThatNameNothingAreAlone) {
  const LetterId one = bring({.id = ""});
  const LetterId two = bring({.id = ""});
  EXPECT_EQ(thread_of(two), two);
  EXPECT_EQ(letters_of(one), std::vector{one});
  EXPECT_EQ(rows(), 0U);
}

TEST_F(ThreadsOfAccount, LettersOfOneCommitFindEachOther) {
  for (const std::size_t count : {std::size_t{3}, std::size_t{1200}}) {
    AppendAll all;
    for (std::size_t i = 0; i < count; ++i) {
      all.letters.push_back(make({.id = fmt::format("{}.{}@x", i, count),
                                  .references = i == 0 ? "" : fmt::format("<{}.{}@x>", i - 1, count)}));
    }
    const AppendedAll placed = change(std::move(all));
    const LetterId first = placed.placed.front().letter;
    EXPECT_EQ(letters_of(first).size(), count);
    std::vector<LetterId> letters;
    for (const Placed& each : placed.placed) letters.push_back(each.letter);
    EXPECT_EQ(must(mailboxes_->load_threads(kBob, letters)), std::vector(count, first));
    EXPECT_EQ(must(mailboxes_->load_threads(kBob, {letters.back(), LetterId(1'000'000)})),
              (std::vector{first, LetterId(1'000'000)}));
  }
}

TEST_F(ThreadsOfAccount, ACopyOfALetterIsInItsThreadAndAMoveToo) {
  const LetterId first = bring({.id = "1@x"});
  const LetterId again = bring({.id = "1@x"});
  EXPECT_EQ(thread_of(again), first);
}

TEST_F(ThreadsOfAccount, WhatIsDroppedStaysUntilAllOfItsThreadAre) {
  const LetterId first = bring({.id = "1@x"});
  const LetterId answer = bring({.id = "2@x", .references = "<0@x> <1@x>"});
  ThreadIds threads(*engine_, account::partition_of(kBob));
  ASSERT_TRUE(run(threads.forget(std::vector{first})));
  EXPECT_EQ(letters_of(first), std::vector{answer});
  const LetterId late = bring({.id = "3@x", .in_reply_to = "<1@x>"});
  EXPECT_EQ(thread_of(late), first);
  ASSERT_TRUE(run(threads.forget(std::vector{answer, late})));
  EXPECT_EQ(rows(), 0U);
  ASSERT_TRUE(run(threads.forget(std::vector{first, answer, late})));
  const LetterId anew = bring({.id = "4@x", .in_reply_to = "<1@x>"});
  EXPECT_EQ(thread_of(anew), anew);
}

TEST_F(ThreadsOfAccount, TheKeeperForgetsThreadsOfDroppedLetters) {
  bring({.id = "1@x"});
  bring({.id = "2@x", .in_reply_to = "<1@x>"});
  EXPECT_GT(rows(), 0U);
  change(Remove{.folder = kInbox, .uids = {}, .only_deleted = false});
  run(mailboxes_->keep_once());
  loop_.clock().advance(std::chrono::hours(1));
  run(mailboxes_->keep_once());
  EXPECT_EQ(rows(), 0U);
}

TEST(ThreadHashesOfALetter, AreBounded) {
  message::Envelope envelope;
  envelope.message_id = "<own@x>";
  envelope.in_reply_to = "<r@x> <s@x>";
  envelope.references.emplace();
  for (int i = 0; i < 100; ++i) *envelope.references += fmt::format("<{}@x> ", i);
  EXPECT_EQ(thread_hashes(envelope).size(), kMaxThreadHashes);
  envelope.in_reply_to = "<99@x>";
  EXPECT_EQ(thread_hashes(envelope).size(), kMaxThreadHashes - 1);
}

TEST(ThreadMembers, ComeBackAndAreRefusedWhenCut) {
  const ThreadMember member{.dropped = true, .first_named = {1, UINT64_MAX}};
  const std::string bytes = encode(member);
  EXPECT_EQ(decode_thread_member(bytes), member);
  for (std::size_t i = 0; i < bytes.size(); ++i) EXPECT_FALSE(decode_thread_member(bytes.substr(0, i)));
  EXPECT_FALSE(decode_thread_member(bytes + "x"));
}

}  // namespace
}  // namespace pabal::mailbox
