#include <gmock/gmock.h>

#include "mailbox/mailbox_testing.h"

namespace pabal::mailbox {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

class ChangeFolders : public MailboxFixture {
 protected:
  /// What is in memory is what is stored.
  void check() {
    const Folders before = must(mailboxes_->folders(kBob));
    reopen();
    const Folders stored = must(mailboxes_->folders(kBob));
    EXPECT_TRUE(std::ranges::equal(before->all(), stored->all()));
  }
  FolderId create(std::string path, SpecialUse use = SpecialUse::kNone) {
    return change(CreateFolder{std::move(path), use}).folder;
  }
};

TEST_F(ChangeFolders, AnAccountBeginsWithWhatMailProgramsLookFor) {
  EXPECT_THAT(paths(), ElementsAre("INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"));
  EXPECT_EQ(folder("Junk").use, SpecialUse::kJunk);
}

TEST_F(ChangeFolders, AreMadeWithThoseAbove) {
  const FolderId made = create("Work/2026/Reports/");
  EXPECT_THAT(paths(), IsSupersetOf({"Work", "Work/2026", "Work/2026/Reports"}));
  EXPECT_EQ(folder("Work/2026/Reports").id, made);
  EXPECT_NE(folder("Work").uid_validity, folder("Work/2026").uid_validity);
  check();
  EXPECT_THAT(refused(CreateFolder{"Work/2026"}).detail, HasSubstr("already"));
  EXPECT_EQ(refused(CreateFolder{"Inbox"}).kind, ErrorKind::kRefuse);
  EXPECT_EQ(refused(CreateFolder{"a//b"}).kind, ErrorKind::kRefuse);
  EXPECT_EQ(refused(CreateFolder{"More Junk", SpecialUse::kJunk}).kind, ErrorKind::kRefuse);
  create("INBOX/Lists");
  check();
}

TEST_F(ChangeFolders, ADeletedOneComesBackAsAnother) {
  const FolderId first = create("Work");
  const std::uint32_t validity = folder("Work").uid_validity;
  fill(first, 3);
  change(DeleteFolder{first});
  EXPECT_THAT(paths(), Not(Contains("Work")));
  EXPECT_EQ(run(mailboxes_->open(kBob, first)).error().kind, ErrorKind::kRefuse);
  EXPECT_EQ(must(mailboxes_->load_counters(kBob)).letters, 0U);
  EXPECT_EQ(must(mailboxes_->load_counters(kBob)).used_bytes, 0U);
  check();
  const FolderId second = create("Work");
  EXPECT_NE(second, first);
  EXPECT_GT(folder("Work").uid_validity, validity);
  EXPECT_TRUE(table(second)->empty());
  EXPECT_EQ(refused(DeleteFolder{kInbox}).kind, ErrorKind::kRefuse);
  EXPECT_EQ(refused(DeleteFolder{first}).kind, ErrorKind::kRefuse);
}

TEST_F(ChangeFolders, ADeletedOneWithOthersBelowLeavesItsName) {
  const FolderId below = create("Work/2026");
  const FolderId work = id_of("Work");
  fill(work, 2);
  change(DeleteFolder{work});
  EXPECT_TRUE(folder("Work").placeholder);
  EXPECT_EQ(folder("Work/2026").id, below);
  EXPECT_EQ(refused(DeleteFolder{id_of("Work")}).kind, ErrorKind::kRefuse);
  EXPECT_EQ(refused(AppendAll{{must(make_arrival("x", id_of("Work")))}}).kind, ErrorKind::kRefuse);
  check();
  const FolderId again = create("Work");
  EXPECT_NE(again, work);
  EXPECT_FALSE(folder("Work").placeholder);
  check();
  change(DeleteFolder{again});
  change(DeleteFolder{below});
  EXPECT_THAT(paths(), Not(Contains("Work"))) << "nothing is below the name any more";
  check();
}

TEST_F(ChangeFolders, AreCalledOtherwiseWithAllBelow) {
  const FolderId below = create("Work/2026/Reports");
  const FolderId folder_2026 = id_of("Work/2026");
  fill(below, 2);
  change(RenameFolder{folder_2026, "Old/Years/2026"});
  EXPECT_EQ(folder("Old/Years/2026/Reports").id, below);
  EXPECT_EQ(table(below)->size(), 2U);
  EXPECT_THAT(paths(), Contains("Work"));
  check();
  EXPECT_EQ(refused(RenameFolder{folder_2026, "Old/Years/2026/Reports/Deep"}).kind, ErrorKind::kRefuse);
  EXPECT_EQ(refused(RenameFolder{folder_2026, "Work"}).kind, ErrorKind::kRefuse);
  EXPECT_EQ(refused(RenameFolder{folder_2026, "inbox"}).kind, ErrorKind::kRefuse);
  std::string deep = "1";
  for (std::size_t i = 2; i < kMaxFolderDepth; ++i) deep += "/1";
  EXPECT_EQ(refused(RenameFolder{folder_2026, deep + "/2"}).kind, ErrorKind::kRefuse);
}

TEST_F(ChangeFolders, RenamingTheInboxMovesItsLetters) {  // RFC 9051 §6.3.6
  append({"one", "two"}, kInbox, {.system = kSeen, .keywords = {"Later"}});
  create("INBOX/Lists");
  const FolderId made = change(RenameFolder{kInbox, "Old/Mail"}).folder;
  EXPECT_TRUE(table()->empty());
  EXPECT_EQ(table(made)->size(), 2U);
  EXPECT_EQ(folder("Old/Mail").keywords.names_of((*table(made))[0].flags),
            (FlagNames{.system = kSeen, .keywords = {"Later"}}));
  EXPECT_EQ(folder("INBOX").uid_next, Uid(3));
  EXPECT_THAT(paths(), Contains("INBOX/Lists"));
  check();
}

TEST_F(ChangeFolders, EachUseHasOneFolder) {
  const FolderId spam = create("Spam");
  change(SetSpecialUse{spam, SpecialUse::kJunk});
  EXPECT_EQ(folder("Junk").use, SpecialUse::kNone);
  EXPECT_EQ(folder("Spam").use, SpecialUse::kJunk);
  change(SetSubscribed{spam, true});
  EXPECT_TRUE(folder("Spam").subscribed);
  change(SetSubscribed{spam, false});
  check();
  EXPECT_FALSE(folder("Spam").subscribed);
}

TEST_F(ChangeFolders, TheFirstChangeOfAnAccountMayBeAboutOneOfItsFirstFolders) {
  change(DeleteFolder{id_of("Archive")});
  check();
  EXPECT_THAT(paths(), ElementsAre("INBOX", "Drafts", "Junk", "Sent", "Trash"));
}

TEST_F(ChangeFolders, AnotherNodeSeesThem) {
  const auto other = make_mailboxes();
  must(other->folders(kBob));
  create("Work/2026");
  change(DeleteFolder{id_of("Work")});
  must(other->sync(kBob));
  EXPECT_TRUE(std::ranges::equal(must(other->folders(kBob))->all(), must(mailboxes_->folders(kBob))->all()));
  EXPECT_FALSE(run(other->change(kBob, CreateFolder{"Work/2026"})));
  must(other->change(kBob, CreateFolder{"Work"}));
  change(CreateFolder{"Home"});
  EXPECT_THAT(paths(), IsSupersetOf({"Home", "Work", "Work/2026"}));
}

TEST_F(ChangeFolders, OthersRightsStayWithTheFolderAndGoToThoseMadeBelow) {
  const account::AccountId alice(2);
  const Rights rights = *Rights::parse("lrsk");
  const FolderId work = create("Work");
  change(SetAcl{.folder = work, .entry = {.who = alice, .rights = rights}});
  change(SetAcl{.folder = work, .entry = {.who = kAnyone, .negative = true, .rights = *Rights::parse("k")}});
  check();
  create("Work/2026/08");
  EXPECT_EQ(folder("Work/2026/08").acl.rights_of(alice), *Rights::parse("lrs"));
  change(SetAcl{
      .folder = work, .entry = {.who = alice, .rights = *Rights::parse("xrs")}, .how = SetAcl::How::kRemove});
  EXPECT_EQ(folder("Work").acl.rights_of(alice), *Rights::parse("l"));
  EXPECT_EQ(folder("Work/2026").acl.rights_of(alice), *Rights::parse("lrs"));
  change(RenameFolder{work, "Home"});
  change(DeleteFolder{id_of("Home/2026")});
  EXPECT_EQ(folder("Home/2026").acl, Acl());  // which is a name alone now
  EXPECT_EQ(folder("Home").acl.rights_of(alice), *Rights::parse("l"));
  create("Home/2026");
  EXPECT_EQ(folder("Home/2026").acl, folder("Home").acl);
  check();
}

TEST_F(ChangeFolders, NobodyHasAFolderWhereThoseOfOthersAreShown) {
  EXPECT_EQ(refused(CreateFolder{"Shared"}).kind, ErrorKind::kRefuse);
  EXPECT_EQ(refused(CreateFolder{"Shared/x"}).kind, ErrorKind::kRefuse);
  EXPECT_EQ(refused(RenameFolder{id_of("Sent"), "Shared/x"}).kind, ErrorKind::kRefuse);
  create("Work/Shared");
}

class FolderHistoryTest : public MailboxFixture {};

TEST_F(FolderHistoryTest, TellsWhatLeftSinceAChange) {
  fill(kInbox, 10);
  const ModSeq then = must(mailboxes_->sync(kBob));
  change(Remove{.folder = kInbox, .uids = uids(2, 3), .only_deleted = false});
  fill(kInbox, 5);
  change(Remove{.folder = kInbox, .uids = uids(9, 12), .only_deleted = false});
  UidSet gone = uids(2, 3);
  gone.add(uids(9, 10));
  const Vanished vanished = must(mailboxes_->vanished_since(kBob, kInbox, then));
  EXPECT_TRUE(vanished.complete);
  EXPECT_EQ(vanished.uids, gone);
  EXPECT_EQ(must(mailboxes_->uids_at(kBob, kInbox, then)), uids(1, 10));
  EXPECT_TRUE(must(mailboxes_->vanished_since(kBob, kInbox, must(mailboxes_->sync(kBob)))).uids.empty());
}

TEST_F(ChangeFolders, UidValidityOutlastsARestartBeforeTheFirstChange) {
  const std::uint32_t before = folder("INBOX").uid_validity;
  loop_.clock().advance(std::chrono::hours(24));
  reopen();
  EXPECT_EQ(folder("INBOX").uid_validity, before);
  append({"letter"});
  loop_.clock().advance(std::chrono::hours(24));
  reopen();
  EXPECT_EQ(folder("INBOX").uid_validity, before);
}

}  // namespace
}  // namespace pabal::mailbox
