#include "mailbox/folder.h"

#include <gtest/gtest.h>

namespace pabal::mailbox {
namespace {

Folder folder(std::uint32_t id, std::uint32_t parent, std::string name, SpecialUse use = SpecialUse::kNone) {
  return {.id = FolderId(id), .parent = FolderId(parent), .name = std::move(name), .use = use};
}

FolderList sample() {
  return {ModSeq(9),
          {folder(4, 0, "Work-old"), folder(7, 3, "2026"), folder(1, 0, "INBOX"), folder(3, 0, "Work"),
           folder(8, 1, "Friends"), folder(2, 0, "Archive", SpecialUse::kArchive), folder(9, 7, "보고서")}};
}

TEST(FolderList, IsSortedAsPeopleExpectAndTheInboxIsFirst) {
  const FolderList list = sample();
  std::vector<std::string> paths;
  for (const Folder& each : list.all()) paths.push_back(list.path_of(each));
  EXPECT_EQ(paths, (std::vector<std::string>{"INBOX", "INBOX/Friends", "Archive", "Work", "Work/2026",
                                             "Work/2026/보고서", "Work-old"}));
  EXPECT_EQ(list.mod_seq(), ModSeq(9));
}

TEST(FolderList, IsFoundInBothWays) {
  const FolderList list = sample();
  const std::pair<std::string_view, std::uint32_t> cases[] = {
      {"INBOX", 1}, {"inbox", 1}, {"Inbox/Friends", 8},    {"INBOX/friends", 0}, {"Work", 3},
      {"work", 0},  {"Wor", 0},   {"Work/2026", 7},        {"Work-old", 4},      {"Work/", 0},
      {"", 0},      {"/Work", 0}, {"Work/2026/보고서", 9}, {"zzz", 0},           {"inboxes", 0},
  };
  for (const auto& [path, id] : cases) {
    const Folder* found = list.find_path(path);
    EXPECT_EQ(found != nullptr ? found->id.value() : 0, id) << path;
  }
  EXPECT_EQ(list.find(FolderId(7))->name, "2026");
  EXPECT_EQ(list.find(FolderId(5)), nullptr);
  EXPECT_EQ(list.find_use(SpecialUse::kArchive)->id, FolderId(2));
  EXPECT_EQ(list.find_use(SpecialUse::kTrash), nullptr);
  EXPECT_TRUE(list.has_children(FolderId(7)));
  EXPECT_FALSE(list.has_children(FolderId(9)));
}

TEST(FolderList, StandsDamage) {
  const FolderList list(
      ModSeq(1), {folder(2, 3, "a"), folder(3, 2, "b"), folder(4, 99, "orphan"), folder(5, 5, "self")});
  EXPECT_EQ(list.all().size(), 4U);
  EXPECT_NE(list.find_path("orphan"), nullptr);
  EXPECT_EQ(FolderList().find_path("INBOX"), nullptr);
}

TEST(FolderList, FindsEachOfTenThousand) {
  std::vector<Folder> many;
  for (std::uint32_t id = 1; id <= kMaxFolders; ++id) {
    many.push_back(folder(id, id > 100 ? 1 + id % 100 : 0, "folder " + std::to_string(id)));
  }
  const FolderList list(ModSeq(1), many);
  for (const Folder& each : list.all()) {
    ASSERT_EQ(list.find_path(list.path_of(each)), &each);
    ASSERT_EQ(list.find(each.id), &each);
  }
}

TEST(FolderName, IsNormalOrRefused) {
  const std::string decomposed = "\xe1\x84\x80\xe1\x85\xa1";  // 가 as two jamo
  const std::string deep = [] {
    std::string path = "a";
    for (std::size_t i = 1; i < kMaxFolderDepth; ++i) path += "/a";
    return path;
  }();
  const struct {
    std::string path;
    std::optional<std::string> want;
  } cases[] = {
      {"Work", "Work"},
      {"Work/2026", "Work/2026"},
      {"Work/", "Work"},
      {"inbox", "INBOX"},
      {"iNbOx/Friends", "INBOX/Friends"},
      {"inboxes", "inboxes"},
      {decomposed, "가"},
      {"cafe\xcc\x81", "caf\xc3\xa9"},
      {"일/보고서 2026", "일/보고서 2026"},
      {deep, deep},
      {std::string(255, 'x'), std::string(255, 'x')},
      {"100% *new*", "100% *new*"},
      {"", std::nullopt},
      {"/", std::nullopt},
      {"/Work", std::nullopt},
      {"Work//2026", std::nullopt},
      {"Work/inbox", std::nullopt},
      {deep + "/a", std::nullopt},
      {std::string(256, 'x'), std::nullopt},
      {std::string(100'000, 'x'), std::nullopt},
      {"tab\there", std::nullopt},
      {std::string("nul\0", 4), std::nullopt},
      {"c1\xc2\x85", std::nullopt},
      {"line\xe2\x80\xa8", std::nullopt},
      {"latin1 \xe9", std::nullopt},
  };
  for (const auto& [path, want] : cases) {
    const auto normal = normalize_path(path);
    EXPECT_EQ(normal ? std::optional(*normal) : std::nullopt, want) << path.substr(0, 80);
    if (!normal) {
      EXPECT_EQ(normal.error().kind, ErrorKind::kRefuse);
    }
  }
  EXPECT_FALSE(normalize_folder_name("a/b", true));
  EXPECT_EQ(*normalize_folder_name("b", false), "b");
}

}  // namespace
}  // namespace pabal::mailbox
