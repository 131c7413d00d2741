#include "message/message_id.h"

#include <gtest/gtest.h>

namespace pabal::message {
namespace {

using Ids = std::vector<std::string>;

TEST(MessageIds, AreFoundAmongWhatElseStandsThere) {
  struct Case {
    std::string_view input;
    Ids want;
  };
  for (const Case& c : {
           Case{"", {}},
           Case{"<a@b>", {"a@b"}},
           Case{"<a@b> <c@d>", {"a@b", "c@d"}},
           Case{"<a@b><c@d>", {"a@b", "c@d"}},
           Case{"<a@b>,\r\n\t<c@d>", {"a@b", "c@d"}},
           Case{"<a@b> (comment <x@y>) <c@d>", {"a@b", "c@d"}},
           Case{"Your letter of Monday <a@b>", {"a@b"}},
           Case{"\"Bob <b@c>\" <a@b>", {"a@b"}},
           Case{"a@b c@d", {"a@b", "c@d"}},
           Case{"a@b", {"a@b"}},
           Case{"nothing here", {}},
           Case{"<a@\r\n b>", {"a@b"}},
           Case{"<a@b <c@d>", {"a@b", "c@d"}},
           Case{"<a@b", {"a@b"}},
           Case{"<>", {}},
           Case{"<no-at-sign>", {"no-at-sign"}},
           Case{"<\"a b\"@c>", {"\"ab\"@c"}},
       }) {
    EXPECT_EQ(parse_message_ids(c.input), c.want) << c.input;
  }
}

TEST(MessageIds, LongThreadsKeepBothEnds) {
  std::string references;
  for (int i = 0; i < 100'000; ++i) references += "<" + std::to_string(i) + "@x> ";
  const Ids ids = parse_message_ids(references);
  ASSERT_EQ(ids.size(), kMaxMessageIds);
  EXPECT_EQ(ids.front(), "0@x");
  EXPECT_EQ(ids.back(), "99999@x");
}

TEST(MessageIds, NewOnesDiffer) {
  SeededRandom random(1);
  const ManualClock clock;
  const std::string first = make_message_id(random, clock, "crepes.fr");
  EXPECT_TRUE(first.ends_with("@crepes.fr"));
  EXPECT_NE(first, make_message_id(random, clock, "crepes.fr"));
  EXPECT_EQ(parse_message_ids("<" + first + ">"), Ids{first});
}

}  // namespace
}  // namespace pabal::message
