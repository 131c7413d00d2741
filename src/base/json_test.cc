#include "base/json.h"

#include <gtest/gtest.h>

namespace pabal {
namespace {

TEST(Json, KeepsWhatItReads) {
  const std::string text = R"({"z":1,"a":[true,null,-7,"x\ny",2.5E0],"m":{"한":"국"}})";
  const auto json = Json::parse(text);
  ASSERT_TRUE(json) << json.error().detail;
  EXPECT_EQ(json->to_text(), text);
  EXPECT_EQ(*json->find("z")->as_number(), 1);
  EXPECT_EQ(*json->find("m")->find("한")->as_text(), "국");
  EXPECT_EQ(json->find("absent"), nullptr);
  EXPECT_EQ(Json(7).find("z"), nullptr);
}

TEST(Json, RefusesWhatIsNone) {
  const std::string cases[] = {"",
                               "{",
                               "{}x",
                               "[1,]",
                               "nul",
                               "{\"a\":}",
                               "'a'",
                               "\"\x01\"",
                               "\"\xff\"",
                               "01",
                               "[1] [2]",
                               "NaN",
                               "18446744073709551615",
                               std::string(kMaxJsonDepth + 1, '['),
                               std::string(100'000, '[')};
  for (const std::string& text : cases) {
    const auto json = Json::parse(text);
    ASSERT_FALSE(json) << text.substr(0, 40);
    EXPECT_EQ(json.error().kind, ErrorKind::kRefuse) << text.substr(0, 40);
  }
}

TEST(Json, IsTruncatedNowhere) {
  const std::string text = R"({"a":[1,2,{"b":"c"}],"d":null})";
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(Json::parse(text.substr(0, size))) << size;
}

TEST(Json, RefusesAMemberThatComesTwiceIfAsked) {
  const JsonLimits strict{.max_depth = 3, .unique_names = true};
  EXPECT_TRUE(Json::parse(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})", strict));
  EXPECT_FALSE(Json::parse(R"({"a":1,"b":2,"a":3})", strict));
  EXPECT_FALSE(Json::parse(R"([{"x":{"\u0061":1,"a":2}}])", strict));
  EXPECT_TRUE(Json::parse(R"({"a":1,"a":3})"));
  std::string many = "{";
  for (int i = 0; i < 1000; ++i) many += fmt::format("\"m{}\":{},", i, i);
  EXPECT_TRUE(Json::parse(many + "\"n\":0}", strict));
  EXPECT_FALSE(Json::parse(many + "\"m500\":0}", strict));
}

TEST(Json, GoesAsDeepAsItMay) {
  EXPECT_TRUE(Json::parse("[[[1]]]", {.max_depth = 3}));
  EXPECT_FALSE(Json::parse("[[[[1]]]]", {.max_depth = 3}));
}

TEST(Json, GrowsByMembersAndItems) {
  Json json;
  json.set("name", "x");
  json.set("name", "y");
  Json list;
  list.push(1);
  list.push(UINT64_MAX);
  json.set("list", list);
  EXPECT_EQ(json.to_text(), R"({"name":"y","list":[1,9223372036854775807]})");
}

}  // namespace
}  // namespace pabal
