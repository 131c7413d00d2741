#include <gmock/gmock.h>

#include "mailbox/mailbox_testing.h"

namespace pabal::mailbox {
namespace {

class ChangeLetters : public MailboxFixture {
 protected:
  /// What is in memory is what is stored, and counts are those of the rows.
  void check(FolderId id) {
    const Table now = table(id);
    const Folders folders = must(mailboxes_->folders(kBob));
    const Folder before = *folders->find(id);
    reopen();
    EXPECT_EQ(rows_of(table(id)), rows_of(now));
    const Folder& stored = *must(mailboxes_->folders(kBob))->find(id);
    EXPECT_EQ(stored, before);
    Folder counted = stored;
    counted.letters = counted.unseen = counted.deleted = 0;
    counted.bytes = counted.deleted_bytes = 0;
    now->for_each([&](std::size_t, const Row& row) {
      counted.letters += 1;
      counted.unseen += has(row.flags, kSeen) ? 0 : 1;
      counted.bytes += row.size_bytes;
      if (!has(row.flags, kDeleted)) return;
      counted.deleted += 1;
      counted.deleted_bytes += row.size_bytes;
    });
    EXPECT_EQ(stored, counted);
  }
};

TEST_F(ChangeLetters, TheInboxIsThereBeforeTheFirstLetter) {
  EXPECT_TRUE(table()->empty());
  EXPECT_NE(folder("INBOX").uid_validity, 0U);
  EXPECT_TRUE(folder("inbox").subscribed);
  EXPECT_EQ(folder("Sent").use, SpecialUse::kSent);
  EXPECT_EQ(must(mailboxes_->sync(kBob)), ModSeq(0));
  const std::uint32_t validity = folder("INBOX").uid_validity;
  EXPECT_EQ(append({"first"}).uid_validity, validity);
  check(kInbox);
  EXPECT_EQ(folder("INBOX").uid_validity, validity);
}

TEST_F(ChangeLetters, LettersComeIntoAFolderThatNobodyLooksAt) {
  append({"one", "two"});
  EXPECT_EQ(mailboxes_->find_open(kBob, kInbox), nullptr);
  EXPECT_EQ(folder("INBOX").letters, 2U);
  EXPECT_EQ(table()->size(), 2U);
  append({"three"});
  EXPECT_EQ(mailboxes_->find_open(kBob, kInbox)->size(), 3U);
  check(kInbox);
}

TEST_F(ChangeLetters, AppendedLettersHaveTheirFlags) {
  const AppendedAll appended =
      append({"one", "two"}, id_of("Drafts"), {.system = kDraft, .keywords = {"Later", "$MDNSent"}});
  EXPECT_EQ(appended.placed.at(1).uid, Uid(2));
  const Folder drafts = folder("Drafts");
  EXPECT_EQ(drafts.keywords.names_of((*table(drafts.id))[1].flags),
            (FlagNames{.system = kDraft, .keywords = {"Later", "$MDNSent"}}));
  check(drafts.id);
}

TEST_F(ChangeLetters, ManyLettersComeAllOrNone) {
  AppendAll all;
  for (int i = 0; i < 3; ++i) all.letters.push_back(must(make_arrival("text")));
  all.letters.front().quota = account::QuotaLimit::of_bytes(11);
  EXPECT_EQ(refused(std::move(all)).kind, ErrorKind::kOverLimit);
  EXPECT_TRUE(table()->empty());
  EXPECT_EQ(refused(AppendAll{{must(make_arrival("x", FolderId(99)))}}).kind, ErrorKind::kRefuse);
}

TEST_F(ChangeLetters, MoreLettersThanABatchHoldsComeAllOrNone) {
  std::vector<std::string> texts;
  for (int i = 0; i < 3'000; ++i) texts.push_back(fmt::format("letter {}", i));
  append({"one"}, kInbox, {.system = {}, .keywords = {"A"}});
  const AppendedAll placed = append(texts, kInbox, {.system = kSeen, .keywords = {"B"}});
  ASSERT_EQ(placed.placed.size(), texts.size());
  EXPECT_EQ(placed.placed.back().uid, Uid(3'001));
  EXPECT_EQ(table()->size(), 3'001U);
  EXPECT_EQ(folder("INBOX").keywords.names_of((*table())[3'000].flags),
            (FlagNames{.system = kSeen, .keywords = {"B"}}));
  check(kInbox);
  // Their ids were noted as unused, which they are not.
  loop_.clock().advance(std::chrono::hours(1));
  run(mailboxes_->keep_once());
  const auto last = must(mailboxes_->find(kBob, placed.placed.back().letter));
  ASSERT_TRUE(last);
  EXPECT_EQ(must(mailboxes_->read(*last, 0, 100)), "letter 2999");

  AppendAll too_many;
  for (int i = 0; i < 600; ++i) too_many.letters.push_back(must(make_arrival("x", FolderId(99))));
  EXPECT_EQ(refused(std::move(too_many)).kind, ErrorKind::kRefuse);
}

TEST_F(ChangeLetters, WhatACrashLeftOfManyLettersIsSwept) {
  // A disk that is full after the first batch of letters is as good as a crash.
  AppendAll many;
  for (int i = 0; i < 1'200; ++i) many.letters.push_back(must(make_arrival(fmt::format("letter {}", i))));
  many.letters.back().letter.blob = store::BlobId::of("not stored");
  many.letters.back().blob.reset();
  EXPECT_FALSE(run(mailboxes_->change(kBob, std::move(many))));
  EXPECT_TRUE(table()->empty());
  EXPECT_EQ(must(mailboxes_->list(kBob, {}, 10'000)).items.size(), 1'000U);
  run(mailboxes_->keep_once());
  loop_.clock().advance(std::chrono::minutes(11));
  run(mailboxes_->keep_once());
  EXPECT_TRUE(must(mailboxes_->list(kBob, {}, 10'000)).items.empty());
  EXPECT_EQ(must(engine_->sweep()).blobs_dropped, 1'000U);
}

TEST_F(ChangeLetters, FlagsAreAddedRemovedAndReplaced) {
  fill(kInbox, 5);
  const ModSeq before = must(mailboxes_->sync(kBob));
  FlagsSet set = change(SetFlags{kInbox, uids(2, 9), FlagEdit::kAdd, {kSeen, {"Later"}}});
  EXPECT_EQ(set.changed, uids(2, 5));
  EXPECT_EQ(set.mod_seq, ModSeq(before.value() + 1));
  EXPECT_EQ((*table())[1].mod_seq, set.mod_seq);
  EXPECT_EQ((*table())[0].mod_seq, before);
  EXPECT_EQ(folder("INBOX").unseen, 1U);
  check(kInbox);
  set = change(SetFlags{kInbox, uids(1, 5), FlagEdit::kAdd, {kSeen, {}}});
  EXPECT_EQ(set.changed, uids(1));
  set = change(SetFlags{kInbox, uids(1, 3), FlagEdit::kRemove, {kSeen, {"Later"}}});
  EXPECT_EQ(set.changed, uids(1, 3));
  set = change(SetFlags{kInbox, uids(5), FlagEdit::kReplace, {kFlagged, {}}});
  EXPECT_EQ((*table())[4].flags, kFlagged);
  check(kInbox);
}

TEST_F(ChangeLetters, WhatChangesNothingIsNotStored) {
  fill(kInbox, 2);
  const ModSeq before = must(mailboxes_->sync(kBob));
  const Table old = table();
  EXPECT_EQ(change(SetFlags{kInbox, uids(1, 2), FlagEdit::kRemove, {kSeen, {"Nobody"}}}).mod_seq, before);
  EXPECT_TRUE(change(Remove{kInbox}).gone.empty());
  EXPECT_TRUE(change(Transfer{.from = kInbox, .uids = uids(7), .to = id_of("Trash")}).source.empty());
  EXPECT_EQ(must(mailboxes_->sync(kBob)), before);
  EXPECT_EQ(table(), old);
}

TEST_F(ChangeLetters, RowsThatChangedMeanwhileAreLeftAlone) {
  fill(kInbox, 3);
  const ModSeq known = must(mailboxes_->sync(kBob));
  change(SetFlags{kInbox, uids(2), FlagEdit::kAdd, {kFlagged, {}}});
  const FlagsSet set = change(SetFlags{kInbox, uids(1, 3), FlagEdit::kAdd, {kSeen, {}}, known});
  EXPECT_EQ(set.stale, uids(2));
  UidSet both = uids(1);
  both.add(Uid(3));
  EXPECT_EQ(set.changed, both);
}

TEST_F(ChangeLetters, KeywordsHaveABound) {
  fill(kInbox, 1);
  FlagNames many;
  for (std::size_t i = 0; i <= kMaxKeywords; ++i) many.keywords.push_back(fmt::format("k{}", i));
  EXPECT_EQ(refused(SetFlags{kInbox, uids(1), FlagEdit::kAdd, many}).kind, ErrorKind::kOverLimit);
  EXPECT_TRUE(folder("INBOX").keywords.names().empty());
}

TEST_F(ChangeLetters, DeletedLettersGo) {
  fill(kInbox, 10);
  change(SetFlags{kInbox, uids(3, 6), FlagEdit::kAdd, {kDeleted, {}}});
  EXPECT_EQ(folder("INBOX").deleted, 4U);
  EXPECT_EQ(change(Remove{.folder = kInbox, .uids = uids(5, 10)}).gone, uids(5, 6));
  check(kInbox);
  EXPECT_EQ(change(Remove{kInbox}).gone, uids(3, 4));
  EXPECT_EQ(change(Remove{.folder = kInbox, .uids = uids(1, 2), .only_deleted = false}).gone, uids(1, 2));
  check(kInbox);
  EXPECT_EQ(table()->size(), 4U);
  EXPECT_EQ(must(mailboxes_->load_counters(kBob)).letters, 4U);
}

TEST_F(ChangeLetters, ACopyIsTheSameLetter) {
  append({"one", "two"}, kInbox, {.system = kSeen, .keywords = {"A", "B"}});
  const FolderId archive = id_of("Archive");
  append({"other"}, archive, {.system = {}, .keywords = {"B"}});
  loop_.clock().advance(std::chrono::hours(1));
  const Transferred copied = change(Transfer{.from = kInbox, .uids = uids(1, 5), .to = archive});
  EXPECT_EQ(copied.source, uids(1, 2));
  EXPECT_EQ(copied.target, uids(2, 3));
  EXPECT_EQ(copied.uid_validity, folder("Archive").uid_validity);
  const Row here = (*table())[0];
  const Row there = (*table(archive))[1];
  EXPECT_EQ(there.letter, here.letter);
  EXPECT_EQ(there.received, here.received);
  EXPECT_GT(there.saved, here.saved);
  EXPECT_TRUE(here.shared && there.shared);
  EXPECT_EQ(folder("Archive").keywords.names_of(there.flags),
            (FlagNames{.system = kSeen, .keywords = {"B", "A"}}));
  EXPECT_EQ(must(mailboxes_->load_counters(kBob)).letters, 5U);
  check(kInbox);
  check(archive);
}

TEST_F(ChangeLetters, AMoveTakesAwayAndBringsInOneChange) {
  fill(kInbox, 6);
  const FolderId trash = id_of("Trash");
  const ModSeq before = must(mailboxes_->sync(kBob));
  const Transferred moved = change(Transfer{.from = kInbox,
                                            .uids = uids(2, 4),
                                            .to = trash,
                                            .move = true,
                                            .quota = account::QuotaLimit::of_bytes(1)});
  EXPECT_EQ(moved.mod_seq, ModSeq(before.value() + 1));
  EXPECT_EQ(table()->size(), 3U);
  EXPECT_EQ(table(trash)->size(), 3U);
  EXPECT_FALSE((*table(trash))[0].shared);
  check(kInbox);
  check(trash);
  change(Transfer{.from = kInbox, .uids = uids(1, 100), .to = kInbox, .move = true});
  EXPECT_EQ(table()->uids(), uids(7, 9));
  check(kInbox);
}

TEST_F(ChangeLetters, AReplacementComesAndGoesInOneChange) {
  fill(kInbox, 3);
  const FolderId drafts = id_of("Drafts");
  const auto replace = [&](FolderId target) {
    return Replace{.arrival = must(make_arrival("new", target)), .folder = kInbox, .uid = Uid(2)};
  };
  const ModSeq before = must(mailboxes_->sync(kBob));
  const AppendedAll replaced = change(replace(kInbox));
  ASSERT_EQ(replaced.placed.size(), 1U);
  EXPECT_EQ(replaced.placed[0].uid, Uid(4));
  EXPECT_EQ(replaced.mod_seq, ModSeq(before.value() + 1));
  EXPECT_FALSE(table()->find(Uid(2)));
  check(kInbox);
  // It is gone, and nothing comes in its place.
  EXPECT_EQ(refused(replace(kInbox)).kind, ErrorKind::kRefuse);
  EXPECT_EQ(must(mailboxes_->sync(kBob)), replaced.mod_seq);
  Replace elsewhere = replace(drafts);
  elsewhere.uid = Uid(3);
  EXPECT_EQ(change(std::move(elsewhere)).placed[0].uid, Uid(1));
  check(kInbox);
  check(drafts);
}

TEST_F(ChangeLetters, AReplacementCountsForTheQuotaByWhatIsGained) {
  append({"12345678"});
  const auto replace = [&](std::string text) {
    Arrival arrival = must(make_arrival(std::move(text)));
    arrival.quota = account::QuotaLimit::of_bytes(10);
    return Replace{.arrival = std::move(arrival), .folder = kInbox, .uid = Uid(1)};
  };
  EXPECT_EQ(refused(replace("12345678901")).kind, ErrorKind::kOverLimit);
  EXPECT_EQ(table()->uids(), uids(1));
  EXPECT_EQ(change(replace("1234567890")).placed[0].uid, Uid(2));
}

TEST_F(ChangeLetters, ACopyCountsForTheQuota) {
  append({"12345678"});
  EXPECT_EQ(refused(Transfer{.from = kInbox,
                             .uids = uids(1),
                             .to = id_of("Trash"),
                             .move = false,
                             .quota = account::QuotaLimit::of_bytes(15)})
                .kind,
            ErrorKind::kOverLimit);
}

TEST_F(ChangeLetters, WhatWasUsedLongestAgoIsForgotten) {
  options_.cache_bytes = 20'000;
  reopen();
  fill(kInbox, 100);
  table();
  EXPECT_NE(mailboxes_->find_open(kBob, kInbox), nullptr);
  for (std::uint64_t other = 100; other < 110; ++other) {
    must(mailboxes_->open(account::AccountId(other), kInbox));
  }
  EXPECT_EQ(mailboxes_->find_open(kBob, kInbox), nullptr);
  EXPECT_EQ(table()->size(), 100U);
}

TEST_F(ChangeLetters, AnotherNodeSeesTheSame) {
  fill(kInbox, 10);
  const auto other = make_mailboxes();
  const auto seen_there = [&] {
    must(other->sync(kBob));
    return must(other->open(kBob, kInbox));
  };
  EXPECT_EQ(rows_of(seen_there()), rows_of(table()));
  change(SetFlags{kInbox, uids(2, 9), FlagEdit::kAdd, {kDeleted, {"Later"}}});
  change(Remove{.folder = kInbox, .uids = uids(4, 5)});
  fill(kInbox, 3);
  EXPECT_EQ(rows_of(seen_there()), rows_of(table()));
  EXPECT_EQ(*must(other->folders(kBob))->find(kInbox), folder("INBOX"));
  must(other->change(kBob, SetFlags{kInbox, uids(1), FlagEdit::kAdd, {kFlagged, {}}}));
  // Both write without having heard of each other.
  change(SetFlags{kInbox, uids(1), FlagEdit::kAdd, {kSeen, {}}});
  EXPECT_EQ(rows_of(seen_there()), rows_of(table()));
  EXPECT_EQ((*table())[0].flags, with(kFlagged, kSeen));
}

TEST_F(ChangeLetters, FlagsThatMayNotChangeStayAsTheyAre) {
  append({"one"}, kInbox, {.system = kDeleted, .keywords = {"Later"}});
  const auto flags = [&] { return folder("INBOX").keywords.names_of((*table())[0].flags); };
  const auto set = [&](FlagEdit how, FlagNames names) {
    change(SetFlags{.folder = kInbox,
                    .uids = uids(1),
                    .how = how,
                    .flags = std::move(names),
                    .changeable = with(kSeen, kFlagged)});
  };
  set(FlagEdit::kReplace, {.system = with(kSeen, kAnswered), .keywords = {"Work"}});
  EXPECT_EQ(flags(), (FlagNames{.system = with(kSeen, kDeleted), .keywords = {"Later"}}));
  set(FlagEdit::kReplace, {.system = kFlagged});
  EXPECT_EQ(flags(), (FlagNames{.system = with(kFlagged, kDeleted), .keywords = {"Later"}}));
  set(FlagEdit::kRemove, {.system = with(kFlagged, kDeleted), .keywords = {"Later"}});
  EXPECT_EQ(flags(), (FlagNames{.system = kDeleted, .keywords = {"Later"}}));
  EXPECT_EQ(folder("INBOX").keywords.names().size(), 1U);
  check(kInbox);
}

TEST_F(ChangeLetters, ACopyKeepsTheFlagsThatItMay) {
  append({"one"}, kInbox, {.system = with(kSeen, kDeleted), .keywords = {"Later"}});
  const FolderId sent = id_of("Sent");
  change(Transfer{.from = kInbox, .uids = uids(1), .to = sent, .kept = kSeen});
  EXPECT_EQ((*table(sent))[0].flags, kSeen);
  EXPECT_TRUE(folder("Sent").keywords.names().empty());
  check(sent);
}

TEST_F(ChangeLetters, WhatIsToldOfLettersGoesWithTheirRemoval) {
  append({"one\r\n", "two\r\n"});
  const std::size_t told = journal_.told;
  const auto entry = [&] {
    return journey::Entry{.id = journal_.new_id(), .events = {{.stage = journey::Stage::kDeleted}}};
  };
  change(Remove{.folder = kInbox, .uids = uids(1), .only_deleted = false, .entries = {entry()}});
  change(Transfer{.from = kInbox, .uids = uids(2), .to = id_of("Trash"), .move = true, .entries = {entry()}});
  EXPECT_EQ(journal_.told, told + 2);
  // Nothing was done, and nothing is told.
  change(Remove{.folder = kInbox, .uids = uids(1), .only_deleted = false, .entries = {entry()}});
  EXPECT_EQ(journal_.told, told + 2);
}

}  // namespace
}  // namespace pabal::mailbox
