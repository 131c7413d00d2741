#include "mailbox/flags.h"

#include <gtest/gtest.h>

namespace pabal::mailbox {
namespace {

TEST(Flags, AreEditedAsStoreSays) {
  const Flags both = with(kSeen, kDraft);
  EXPECT_EQ(edit(kSeen, FlagEdit::kAdd, kDraft), both);
  EXPECT_EQ(edit(both, FlagEdit::kRemove, kDraft), kSeen);
  EXPECT_EQ(edit(both, FlagEdit::kReplace, kDeleted), kDeleted);
}

TEST(KeywordTable, HasNoCaseAndKeepsTheFirstSpelling) {
  KeywordTable table;
  const auto flags = table.find_or_add({.system = kSeen, .keywords = {"$Forwarded", "Later"}});
  ASSERT_TRUE(flags);
  EXPECT_EQ(flags->value(), 1U | 32U | 64U);
  EXPECT_EQ(*table.find_or_add({.system = {}, .keywords = {"$FORWARDED"}}), Flags(32));
  EXPECT_EQ(table.names(), (std::vector<std::string>{"$Forwarded", "Later"}));
  EXPECT_EQ(table.find({.system = kDraft, .keywords = {"later", "never"}}).value(), 16U | 64U);
  EXPECT_FALSE(table.find_keyword("never"));
  EXPECT_EQ(table.names_of(*flags), (FlagNames{.system = kSeen, .keywords = {"$Forwarded", "Later"}}));
}

TEST(KeywordTable, TakesAllOrNone) {
  KeywordTable table;
  FlagNames many;
  for (std::size_t i = 0; i <= kMaxKeywords; ++i) many.keywords.push_back("k" + std::to_string(i));
  const auto refused = table.find_or_add(many);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kOverLimit);
  EXPECT_TRUE(table.names().empty());
  many.keywords.pop_back();
  const auto taken = table.find_or_add(many);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->value(), ~std::uint64_t{31});
  EXPECT_FALSE(table.find_or_add({.system = {}, .keywords = {"one more"}}));
  EXPECT_FALSE(KeywordTable().find_or_add({.system = {}, .keywords = {std::string(101, 'k')}}));
}

}  // namespace
}  // namespace pabal::mailbox
