#include <gmock/gmock.h>

#include "mailbox/mailbox_testing.h"
#include "mailbox/upkeep.h"

namespace pabal::mailbox {
namespace {

using namespace std::chrono_literals;

class KeeperTest : public MailboxFixture {
 protected:
  KeeperTest() {
    options_.checkpoint_changes = 20;
    options_.keep_changes = 30;
    options_.keep_log = std::chrono::hours(1);
    reopen();
  }

  std::size_t keys(std::string_view prefix) {
    std::size_t count = 0;
    std::optional<store::KeyRange> range = store::KeyRange::with_prefix(prefix);
    while (range) {
      const auto page = must(engine_->scan(account::partition_of(kBob), *range, {}));
      count += page.size();
      range = page.next();
    }
    return count;
  }
  void keep() { run(mailboxes_->keep_once()); }
  void flip_flags(int times) {
    for (int i = 0; i < times; ++i) {
      change(SetFlags{kInbox,
                      uids(1 + static_cast<std::uint32_t>(i) % 3),
                      i % 2 == 0 ? FlagEdit::kAdd : FlagEdit::kRemove,
                      {kFlagged, {}}});
    }
  }
  ModSeq checkpoint() { return must(load_checkpoint(*engine_, account::partition_of(kBob))).at; }
  bool is_readable(LetterId id) { return must(mailboxes_->find(kBob, id)).has_value(); }
  void remove(FolderId folder, UidSet which) {
    change(Remove{.folder = folder, .uids = std::move(which), .only_deleted = false});
  }
};

TEST_F(KeeperTest, MakesPagesOfManyChanges) {
  fill(kInbox, 5);
  flip_flags(5);
  keep();
  EXPECT_EQ(keys("page/"), 0U);
  flip_flags(20);
  keep();
  EXPECT_EQ(keys("page/"), 1U);
  EXPECT_EQ(checkpoint(), must(mailboxes_->sync(kBob)));
  flip_flags(3);
  const auto rows = rows_of(table());
  reopen();
  EXPECT_EQ(rows_of(table()), rows);
}

TEST_F(KeeperTest, FindsWhatAnEarlierProcessLeft) {
  fill(kInbox, 5);
  flip_flags(15);
  reopen();
  flip_flags(10);
  keep();
  EXPECT_GT(checkpoint(), ModSeq(20));
}

TEST_F(KeeperTest, ForgetsTheOldestChanges) {
  fill(kInbox, 5);
  flip_flags(60);
  keep();
  EXPECT_GE(keys("log/"), 60U) << "they are young";
  loop_.clock().advance(2h);
  flip_flags(20);
  keep();
  EXPECT_LE(keys("log/"), 31U);
  EXPECT_GE(keys("log/"), 29U);
  const auto rows = rows_of(table());
  reopen();
  EXPECT_EQ(rows_of(table()), rows);

  // Who was away for longer is told of all that is not there.
  remove(kInbox, uids(2));
  const Vanished all = must(mailboxes_->vanished_since(kBob, kInbox, ModSeq(1)));
  EXPECT_FALSE(all.complete);
  EXPECT_EQ(all.uids, uids(2));
  EXPECT_EQ(run(mailboxes_->uids_at(kBob, kInbox, ModSeq(1))).error().kind, ErrorKind::kRefuse);
  EXPECT_TRUE(must(mailboxes_->vanished_since(kBob, kInbox, must(mailboxes_->sync(kBob)))).complete);
}

TEST_F(KeeperTest, ANodeThatSleptForLongReadsAnew) {
  const auto other = make_mailboxes();
  fill(kInbox, 5);
  must(other->open(kBob, kInbox));
  flip_flags(60);
  loop_.clock().advance(2h);
  flip_flags(20);
  keep();
  must(other->sync(kBob));
  EXPECT_EQ(rows_of(must(other->open(kBob, kInbox))), rows_of(table()));
}

TEST_F(KeeperTest, DropsRemovedLettersAfterTheGrace) {
  const AppendedAll letters = append({"one", "two"});
  must(mailboxes_->load_facts(kBob, {letters.placed[0].letter}));
  EXPECT_EQ(keys("facts/"), 1U);
  remove(kInbox, uids(1));
  keep();
  EXPECT_TRUE(is_readable(letters.placed[0].letter));
  loop_.clock().advance(11min);
  keep();
  EXPECT_FALSE(is_readable(letters.placed[0].letter));
  EXPECT_TRUE(is_readable(letters.placed[1].letter));
  EXPECT_EQ(keys("facts/"), 0U);
  EXPECT_EQ(must(engine_->sweep()).blobs_dropped, 1U);
}

TEST_F(KeeperTest, AnotherProcessDropsWhatThisOneLeft) {
  const AppendedAll letters = append({"one"});
  remove(kInbox, uids(1));
  keep();
  reopen();
  loop_.clock().advance(11min);
  keep();
  EXPECT_FALSE(is_readable(letters.placed[0].letter));
}

TEST_F(KeeperTest, ACopiedLetterGoesWithItsLastRow) {
  const LetterId letter = append({"one"}).placed[0].letter;
  const FolderId trash = id_of("Trash");
  const FolderId sent = id_of("Sent");
  change(Transfer{.from = kInbox, .uids = uids(1), .to = trash});
  remove(kInbox, uids(1));
  loop_.clock().advance(11min);
  keep();
  EXPECT_TRUE(is_readable(letter));
  change(Transfer{.from = trash, .uids = uids(1), .to = sent, .move = true});
  change(DeleteFolder{trash});
  loop_.clock().advance(11min);
  keep();
  EXPECT_TRUE(is_readable(letter));
  remove(sent, uids(1));
  keep();
  loop_.clock().advance(11min);
  keep();
  EXPECT_FALSE(is_readable(letter));
  EXPECT_EQ(must(engine_->sweep()).blobs_dropped, 1U);
}

TEST_F(KeeperTest, PagesOfADeletedFolderGo) {
  const FolderId work = change(CreateFolder{"Work"}).folder;
  fill(work, 3);
  fill(kInbox, 3);
  flip_flags(25);
  keep();
  EXPECT_EQ(keys("page/"), 2U);
  change(DeleteFolder{work});
  flip_flags(25);
  loop_.clock().advance(11min);
  keep();
  EXPECT_EQ(keys("page/"), 1U);
  EXPECT_EQ(keys("letter/"), 3U);
}

TEST_F(KeeperTest, WorksUntilItIsToldToStop) {
  net::Scope scope(loop_.loop());
  scope.spawn(mailboxes_->keep());
  append({"one"});
  remove(kInbox, uids(1));
  const auto wait = [&]() -> net::Task<void> {
    std::ignore = co_await net::sleep_until(loop_.loop().in(15min));
  };
  run(wait());
  EXPECT_EQ(keys("letter/"), 0U);
  scope.cancel();
  run(scope.join());
}

}  // namespace
}  // namespace pabal::mailbox
