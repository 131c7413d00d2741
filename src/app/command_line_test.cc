#include "app/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pabal::app {
namespace {

using testing::HasSubstr;

std::expected<Invocation, Printout> parse(std::vector<std::string> args) {
  return CommandLine(admin_methods()).parse(args);
}

TEST(CommandLine, MakesParameters) {
  struct Case {
    std::vector<std::string> args;
    std::string method;
    std::string params;
  };
  const Case cases[] = {
      {{"domain", "list"}, "domain.list", "{}"},
      {{"alias", "add", "a@b.c", "x@y.z", "v@w.x"},
       "alias.add",
       R"({"address":"a@b.c","targets":["x@y.z","v@w.x"]})"},
      {{"account", "app-password", "add", "a@b.c", "my phone", "--protocol", "imap", "--protocol", "web"},
       "account.app_password.add",
       R"({"address":"a@b.c","name":"my phone","protocol":["imap","web"]})"},
      {{"account", "app-password", "revoke", "a@b.c", "12"},
       "account.app_password.revoke",
       R"({"address":"a@b.c","id":12})"},
      {{"domain", "set", "b.c", "--enabled", "no", "--catch-all=x@b.c"},
       "domain.set",
       R"({"domain":"b.c","catch_all":"x@b.c","enabled":false})"},
      {{"account", "add", "a@b.c", "--generate"}, "account.add", R"({"address":"a@b.c","generate":true})"},
  };
  for (const Case& each : cases) {
    const auto invocation = parse(each.args);
    ASSERT_TRUE(invocation) << invocation.error().text;
    EXPECT_EQ(invocation->method, each.method);
    EXPECT_EQ(invocation->params.to_text(), each.params);
  }
}

TEST(CommandLine, GlobalOptionsStandAnywhere) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"--json", "--data", "/d", "account", "list"},
        {"account", "list", "--data", "/d", "--json"}}) {
    const auto invocation = parse(args);
    ASSERT_TRUE(invocation) << invocation.error().text;
    EXPECT_TRUE(invocation->global.json);
    EXPECT_EQ(invocation->global.data, "/d");
  }
}

TEST(CommandLine, PathsBecomeAbsolute) {
  const auto invocation = parse({"backup", "here/../there"});
  ASSERT_TRUE(invocation);
  EXPECT_EQ(*invocation->params.find("directory")->as_text(),
            (std::filesystem::current_path() / "there").string());
}

TEST(CommandLine, EveryCommandHasHelp) {
  for (const Method& method : admin_methods()) {
    std::vector<std::string> args;
    std::string word;
    for (const char c : std::string(method.name) + ".") {
      if (c == '.')
        args.push_back(std::exchange(word, ""));
      else
        word += c == '_' ? '-' : c;
    }
    args.emplace_back("--help");
    const auto help = parse(args);
    ASSERT_FALSE(help) << method.name;
    EXPECT_EQ(help.error().code, ExitCode::kOk) << method.name;
    EXPECT_THAT(help.error().text, HasSubstr(std::string(method.summary))) << method.name;
  }
}

TEST(CommandLine, EveryExampleIsRight) {
  for (const Method& method : admin_methods()) {
    std::vector<std::string> args;
    bool quoted = false;
    std::string word;
    for (const char c : std::string(method.example) + " ") {
      if (c == '"')
        quoted = !quoted;
      else if (c == ' ' && !quoted)
        args.push_back(std::exchange(word, ""));
      else
        word += c;
    }
    if (method.example.empty()) continue;
    const auto invocation = parse(args);
    ASSERT_TRUE(invocation) << method.example << invocation.error().text;
    EXPECT_EQ(invocation->method, method.name);
    EXPECT_TRUE(check_params(method, invocation->params)) << method.example;
  }
}

TEST(CommandLine, FaultsNameTheCommand) {
  const auto fault = parse({"account", "app-password", "revoke", "a@b.c", "twelve"});
  ASSERT_FALSE(fault);
  EXPECT_EQ(fault.error().code, ExitCode::kUsage);
  EXPECT_THAT(fault.error().text, HasSubstr("pabal account app-password revoke --help"));
}

}  // namespace
}  // namespace pabal::app
