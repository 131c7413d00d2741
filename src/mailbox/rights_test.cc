#include "mailbox/rights.h"

#include <gtest/gtest.h>

namespace pabal::mailbox {
namespace {

using account::AccountId;

Rights rights(std::string_view letters) { return *Rights::parse(letters); }

TEST(Rights, AreWrittenWithTheOldOnes) {
  const struct {
    std::string_view input;
    std::string_view want;
  } cases[] = {
      {"", ""},
      {"lrs", "lrs"},
      {"arl", "lra"},
      {"ll", "l"},
      {"d", "ted"},
      {"e", "ed"},
      {"c", "kxc"},
      {"x", "xc"},
      {"cd", "kxtecd"},
      {"p", "p"},
      {"lrswipkxteacd", "lrswipkxteacd"},
  };
  for (const auto& each : cases) EXPECT_EQ(rights(each.input).to_string(), each.want) << each.input;
  EXPECT_EQ(rights("lrswipkxtea"), Rights::all());
}

TEST(Rights, UnknownLettersAreRefused) {
  for (const char* letters : {"lrq", "R", "0", "l r", "+l"}) EXPECT_FALSE(Rights::parse(letters)) << letters;
}

TEST(Rights, DecideWhichFlagsChange) {
  const Flags keyword(std::uint64_t{1} << kSystemFlags);
  EXPECT_EQ(changeable_flags(rights("lri")), Flags());
  EXPECT_EQ(changeable_flags(rights("s")), kSeen);
  EXPECT_EQ(changeable_flags(rights("st")), with(kSeen, kDeleted));
  EXPECT_TRUE(has(changeable_flags(rights("w")), with(keyword, with(kFlagged, kDraft))));
  EXPECT_FALSE(has(changeable_flags(rights("w")), kSeen));
  EXPECT_FALSE(has(changeable_flags(rights("w")), kDeleted));
  EXPECT_EQ(changeable_flags(Rights::all()), kAllFlags);
}

TEST(Acl, RightsAddUpAndNegativeOnesTakeAway) {
  Acl acl;
  ASSERT_TRUE(acl.set({.who = kAnyone, .rights = rights("lr")}));
  ASSERT_TRUE(acl.set({.who = AccountId(2), .rights = rights("sw")}));
  ASSERT_TRUE(acl.set({.who = AccountId(2), .negative = true, .rights = rights("w")}));
  ASSERT_TRUE(acl.set({.who = AccountId(3), .negative = true, .rights = rights("lrswipkxtea")}));
  EXPECT_EQ(acl.rights_of(AccountId(1)), rights("lr"));
  EXPECT_EQ(acl.rights_of(AccountId(2)), rights("lrs"));
  EXPECT_EQ(acl.rights_of(AccountId(3)), Rights());
  EXPECT_EQ(acl.find(AccountId(2), false), rights("sw"));
}

TEST(Acl, AnEntryWithoutRightsIsGone) {
  Acl acl;
  ASSERT_TRUE(acl.set({.who = AccountId(2), .rights = rights("lr")}));
  ASSERT_TRUE(acl.set({.who = AccountId(2), .rights = {}}));
  EXPECT_EQ(acl, Acl());
}

TEST(Acl, IsBounded) {
  Acl acl;
  for (std::size_t i = 1; i <= kMaxAclEntries; ++i)
    ASSERT_TRUE(acl.set({.who = AccountId(i), .rights = rights("l")}));
  const auto more = acl.set({.who = AccountId(kMaxAclEntries + 1), .rights = rights("l")});
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().kind, ErrorKind::kOverLimit);
  EXPECT_TRUE(acl.set({.who = AccountId(1), .rights = rights("lr")}));
}

}  // namespace
}  // namespace pabal::mailbox
