#include "mailbox/metadata.h"

#include "mailbox/mailbox_testing.h"

namespace pabal::mailbox {
namespace {

class MetadataOfAccount : public MailboxFixture {
 protected:
  Metadata metadata() { return {*engine_, kBob}; }
  std::optional<std::uint64_t> set(FolderId folder, MetadataEdits edits) {
    Metadata all = metadata();
    return must(all.set(folder, std::move(edits)));
  }
  ErrorKind refused_set(FolderId folder, MetadataEdits edits) {
    Metadata all = metadata();
    const auto result = run(all.set(folder, std::move(edits)));
    return result ? ErrorKind::kClose : result.error().kind;
  }
  MetadataEntries load(FolderId folder) {
    Metadata all = metadata();
    return must(all.load(folder));
  }
};

TEST_F(MetadataOfAccount, IsThereBeforeTheFirstLetter) {
  EXPECT_EQ(load(kInbox), MetadataEntries());
  EXPECT_EQ(set(kInbox, {{"/private/comment", "mine"}, {"/shared/comment", "ours"}}), 1U);
  EXPECT_EQ(set(kAccountMetadata, {{"/private/comment", "all"}}), 2U);
  EXPECT_EQ(load(kInbox), (MetadataEntries{{"/private/comment", "mine"}, {"/shared/comment", "ours"}}));
  EXPECT_EQ(load(kAccountMetadata), (MetadataEntries{{"/private/comment", "all"}}));
  append({"letter"});
  reopen();
  EXPECT_EQ(load(kInbox).size(), 2U);
}

TEST_F(MetadataOfAccount, EntriesAreReplacedAndRemoved) {
  set(kInbox, {{"/private/a", "1"}, {"/private/b", "2"}});
  EXPECT_EQ(set(kInbox, {{"/private/a", std::nullopt}, {"/private/b", "3"}, {"/private/c", ""}}), 2U);
  EXPECT_EQ(load(kInbox), (MetadataEntries{{"/private/b", "3"}, {"/private/c", ""}}));
  EXPECT_EQ(set(kInbox, {{"/private/a", std::nullopt}, {"/private/b", "3"}}), std::nullopt);
}

TEST_F(MetadataOfAccount, GoesWithItsFolderAndMovesWithIt) {
  change(CreateFolder{"Work"});
  const FolderId work = id_of("Work");
  set(work, {{"/private/comment", "busy"}});
  change(RenameFolder{work, "Play"});
  EXPECT_EQ(load(id_of("Play")).at("/private/comment"), "busy");
  change(DeleteFolder{work});
  EXPECT_EQ(load(work), MetadataEntries());
  EXPECT_EQ(refused_set(work, {{"/private/comment", "late"}}), ErrorKind::kRefuse);
  EXPECT_EQ(load(work), MetadataEntries());
}

TEST_F(MetadataOfAccount, IsBounded) {
  MetadataEdits many;
  for (std::size_t i = 0; i < kMaxMetadataEntriesOfFolder; ++i)
    many.emplace_back(fmt::format("/private/{}", i), "x");
  set(kInbox, many);
  EXPECT_EQ(refused_set(kInbox, {{"/private/more", "x"}}), ErrorKind::kOverLimit);
  EXPECT_EQ(load(kInbox).size(), kMaxMetadataEntriesOfFolder);
  set(kInbox, {{"/private/1", "y"}, {"/private/2", std::nullopt}, {"/private/more", "x"}});
  const std::string large(kMaxMetadataValueBytes, 'x');
  EXPECT_EQ(refused_set(
                kInbox,
                {{"/private/1", large}, {"/private/3", large}, {"/private/4", large}, {"/private/5", large}}),
            ErrorKind::kOverLimit);
  EXPECT_EQ(load(kInbox).at("/private/1"), "y");
}

TEST_F(MetadataOfAccount, WhatDeletedFoldersTookIsGivenBack) {
  const std::string large(kMaxMetadataValueBytes, 'x');
  for (std::size_t i = 0; i < kMaxMetadataBytes / large.size() / 2; ++i) {
    const FolderId made = change(CreateFolder{fmt::format("f{}", i)}).folder;
    set(made, {{"/private/1", large}, {"/private/2", large}, {"/private/3", large}});
    change(DeleteFolder{made});
  }
}

TEST_F(MetadataOfAccount, NewsAreTold) {
  Metadata all = metadata();
  EXPECT_EQ(must(all.changes_since(0)).last, 0U);
  set(kInbox, {{"/private/a", "1"}});
  set(kAccountMetadata, {{"/private/b", "1"}, {"/private/c", "1"}});
  const Metadata::News news = must(all.changes_since(1));
  EXPECT_EQ(news.last, 2U);
  EXPECT_EQ(news.changes,
            (std::vector<MetadataState::Change>{{kAccountMetadata, {"/private/b", "/private/c"}}}));
  EXPECT_TRUE(must(all.changes_since(2)).changes.empty());
  for (int i = 0; i < 200; ++i) set(kInbox, {{"/private/a", std::to_string(i)}});
  EXPECT_EQ(must(all.changes_since(0)).last, 202U);
  EXPECT_EQ(must(all.changes_since(0)).changes.size(), 100U);
}

TEST(MetadataRecords, ComeBackAndAreRefusedWhenCut) {
  const MetadataEntries entries = {{"/private/a", std::string("\0x", 2)}, {"/shared/b", ""}};
  const MetadataState state{.last = 7, .bytes = 300, .recent = {{FolderId(3), {"/private/a"}}}};
  const std::string one = encode(entries);
  const std::string other = encode(state);
  EXPECT_EQ(decode_metadata_entries(one), entries);
  EXPECT_EQ(decode_metadata_state(other), state);
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_FALSE(decode_metadata_entries(one.substr(0, i)));
  for (std::size_t i = 0; i < other.size(); ++i) EXPECT_FALSE(decode_metadata_state(other.substr(0, i)));
  EXPECT_FALSE(decode_metadata_entries(one + "x"));
  EXPECT_FALSE(decode_metadata_state(other + "x"));
}

}  // namespace
}  // namespace pabal::mailbox
