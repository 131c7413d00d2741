#include "app/admin.h"

#include <gmock/gmock.h>

#include <set>

#include "app/testing.h"

namespace pabal::app {
namespace {

using testing::HasSubstr;

TEST(AdminTable, IsWhole) {
  std::set<std::string_view> names;
  for (const Method& method : admin_methods()) {
    EXPECT_TRUE(names.insert(method.name).second) << method.name << " comes twice";
    EXPECT_NE(method.handler, nullptr) << method.name;
    EXPECT_FALSE(method.summary.empty()) << method.name;
    for (std::size_t dot = method.name.find('.'); dot != std::string_view::npos;
         dot = method.name.find('.', dot + 1))
      EXPECT_FALSE(admin_group_summary(method.name.substr(0, dot)).empty()) << method.name;
    for (const Param& param : method.params)
      EXPECT_FALSE(param.doc.empty()) << method.name << " " << param.name;
    // Optional arguments would make the meaning of a word depend on how many there are.
    const bool lists_last = std::ranges::count_if(method.params, [](const Param& param) {
                              return param.need == Need::kRequired && param.type == ParamType::kAddresses;
                            }) <= 1;
    EXPECT_TRUE(lists_last) << method.name;
  }
}

TEST_F(AdminTest, ChecksParameters) {
  struct Case {
    const char* name;
    const char* method;
    Json params;
    const char* words;
  };
  const Case cases[] = {
      {"unknown method", "domain.explode", Json(), "domain.explode"},
      {"missing", "domain.add", Json(), "domain is missing"},
      {"not an object", "domain.add", Json(7), "object"},
      {"unknown parameter", "domain.list", Json::object({{"x", 1}}), "'x'"},
      {"wrong type", "domain.add", Json::object({{"domain", 7}}), "must be a domain"},
      {"a null", "domain.add", Json::object({{"domain", Json()}}), "must be a domain"},
      {"a list of others", "alias.add",
       Json::object({{"address", "a@b.c"}, {"targets", Json(Json::Array{1})}}), "list"},
      {"negative size", "account.quota", Json::object({{"address", "a@b.c"}, {"quota", -1}}), "size"},
      {"not a choice", "group.set", Json::object({{"address", "a@b.c"}, {"posting", "x"}}), "anyone"},
      {"not an address", "account.show", Json::object({{"address", "bob"}}), "bob"},
  };
  for (const Case& each : cases) {
    const auto result = call(each.method, each.params);
    ASSERT_FALSE(result) << each.name;
    EXPECT_EQ(result.error().kind, ErrorKind::kRefuse) << each.name;
    EXPECT_THAT(result.error().detail, HasSubstr(each.words)) << each.name;
  }
}

TEST_F(AdminTest, ListsComeItemByItem) {
  ASSERT_TRUE(call("domain.add", Json::object({{"domain", "example.org"}})));
  for (int i = 0; i < 3; ++i) {
    const std::string address = fmt::format("a{}@example.org", i);
    ASSERT_TRUE(call("account.add", Json::object({{"address", address}, {"no_password", true}})));
  }
  const auto result = call("account.list", Json());
  ASSERT_TRUE(result);
  EXPECT_EQ(*result->find("count")->as_number(), 3);
  EXPECT_EQ(reply.items.size(), 3u);
}

TEST_F(AdminTest, AnAccountWithABadPasswordIsNotAdded) {
  ASSERT_TRUE(call("domain.add", Json::object({{"domain", "example.org"}})));
  const Json bob = Json::object({{"address", "bob@example.org"}, {"password", "short"}});
  EXPECT_FALSE(call("account.add", bob));
  EXPECT_FALSE(call("account.show", Json::object({{"address", "bob@example.org"}})));
  // Two ways at once are none.
  Json both = bob;
  both.set("generate", true);
  EXPECT_FALSE(call("account.add", both));
}

TEST_F(AdminTest, AGivenPasswordIsNotSentBack) {
  ASSERT_TRUE(call("domain.add", Json::object({{"domain", "example.org"}})));
  const auto added =
      call("account.add", Json::object({{"address", "bob@example.org"}, {"password", "quite a long one"}}));
  ASSERT_TRUE(added) << added.error().detail;
  EXPECT_EQ(added->find("password"), nullptr);
  const auto generated =
      call("account.passwd", Json::object({{"address", "bob@example.org"}, {"generate", true}}));
  ASSERT_TRUE(generated);
  EXPECT_EQ(generated->find("password")->as_text()->size(), 23u);
}

TEST_F(AdminTest, WhatOnlyAServerKnowsIsRefusedWithoutOne) {
  for (const char* method : {"status", "metrics", "reload"}) EXPECT_FALSE(call(method, Json())) << method;
}

}  // namespace
}  // namespace pabal::app
