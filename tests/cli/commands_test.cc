// The commands without a server and with one: the same words, the same answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/program.h"

namespace pabal::cli_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Commands : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!GetParam()) return;
    server_.emplace(std::vector<std::string>{"--data", data_});
    ASSERT_TRUE(server_->wait_until_ready()) << server_->log();
  }
  Outcome pabal(std::vector<std::string> args, const std::string& input = "") const {
    args.insert(args.begin(), {"--data", data_});
    return run(args, input);
  }
  void expect_done(const Outcome& outcome) const {
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, IsEmpty());
  }

  TemporaryDirectory directory_;
  std::string data_ = directory_ / "data";
  std::optional<ServerProcess> server_;
};

INSTANTIATE_TEST_SUITE_P(ByItselfAndThroughTheServer, Commands, testing::Bool(),
                         [](const auto& each) { return each.param ? "WithServer" : "WithoutServer"; });

TEST_P(Commands, DomainsAccountsAndAliases) {
  expect_done(pabal({"domain", "add", "example.org"}));
  expect_done(pabal({"account", "add", "bob@example.org", "--name", "Bob", "--generate"}));
  expect_done(pabal({"account", "address", "add", "bob@example.org", "robert@example.org"}));
  expect_done(pabal({"alias", "add", "sales@example.org", "bob@example.org", "carol@example.net"}));
  expect_done(pabal({"group", "add", "team@example.org", "bob@example.org", "--posting", "accounts"}));

  const Json accounts = json_of(pabal({"account", "list", "--json"}));
  ASSERT_TRUE(accounts.as_array());
  ASSERT_EQ(accounts.as_array()->size(), 1u);
  const Json& bob = accounts.as_array()->front();
  EXPECT_EQ(*bob.find("address")->as_text(), "bob@example.org");
  EXPECT_EQ(*bob.find("name")->as_text(), "Bob");
  EXPECT_EQ(bob.find("addresses")->as_array()->size(), 2u);

  EXPECT_THAT(pabal({"alias", "list"}).out,
              HasSubstr("sales@example.org  bob@example.org, carol@example.net"));
  EXPECT_THAT(pabal({"group", "show", "team@example.org"}).out, HasSubstr("accounts"));

  expect_done(pabal({"group", "remove", "team@example.org"}));
  expect_done(pabal({"alias", "remove", "sales@example.org"}));
  expect_done(pabal({"account", "remove", "bob@example.org"}));
  expect_done(pabal({"domain", "remove", "example.org"}));
  EXPECT_EQ(json_of(pabal({"domain", "list", "--json"})), Json::array());
}

TEST_P(Commands, NamesInAnyScript) {
  expect_done(pabal({"domain", "add", "한국.kr"}));
  expect_done(pabal({"account", "add", "홍길동@한국.kr", "--generate"}));
  EXPECT_THAT(pabal({"account", "list"}).out, HasSubstr("홍길동@한국.kr"));
  const Json domain = json_of(pabal({"domain", "show", "xn--3e0b707e.kr", "--json"}));
  EXPECT_EQ(*domain.find("name")->as_text(), "한국.kr");
}

TEST_P(Commands, Passwords) {
  expect_done(pabal({"domain", "add", "example.org"}));
  // A generated one is shown, one that was given is not.
  const Json made = json_of(pabal({"account", "add", "bob@example.org", "--generate", "--json"}));
  ASSERT_TRUE(made.find("password"));
  EXPECT_GE(made.find("password")->as_text()->size(), 20u);
  const Outcome set =
      pabal({"account", "passwd", "bob@example.org", "--password-stdin", "--json"}, "a long enough secret\n");
  expect_done(set);
  EXPECT_THAT(set.out, Not(HasSubstr("secret")));
  // There is no terminal to ask on.
  EXPECT_EQ(pabal({"account", "passwd", "bob@example.org"}).exit_code, 2);
  // Rules hold, and an account that could not get its password is not there.
  EXPECT_EQ(pabal({"account", "add", "eve@example.org", "--password-stdin"}, "short\n").exit_code, 1);
  EXPECT_EQ(pabal({"account", "show", "eve@example.org"}).exit_code, 1);
  // Never as an argument.
  EXPECT_EQ(pabal({"account", "passwd", "bob@example.org", "--password", "secret"}).exit_code, 2);
  if (server_) EXPECT_THAT(server_->log(), Not(HasSubstr("secret")));
}

TEST_P(Commands, AppPasswords) {
  expect_done(pabal({"domain", "add", "example.org"}));
  expect_done(pabal({"account", "add", "bob@example.org", "--no-password"}));
  const Json made = json_of(
      pabal({"account", "app-password", "add", "bob@example.org", "phone", "--protocol", "imap", "--json"}));
  ASSERT_TRUE(made.find("password"));
  const Json list = json_of(pabal({"account", "app-password", "list", "bob@example.org", "--json"}));
  ASSERT_EQ(list.as_array()->size(), 1u);
  const Json& phone = list.as_array()->front();
  EXPECT_EQ(*phone.find("name")->as_text(), "phone");
  EXPECT_FALSE(phone.find("password"));
  const std::string id = std::to_string(*phone.find("id")->as_number());
  expect_done(pabal({"account", "app-password", "revoke", "bob@example.org", id}));
  EXPECT_EQ(json_of(pabal({"account", "app-password", "list", "bob@example.org", "--json"})), Json::array());
}

TEST_P(Commands, QuotasAndStates) {
  expect_done(pabal({"domain", "add", "example.org", "--default-quota", "1GiB"}));
  expect_done(pabal({"account", "add", "bob@example.org", "--generate"}));
  const auto quota = [&](const std::string& field) {
    const Json bob = json_of(pabal({"account", "show", "bob@example.org", "--json"}));
    const Json* value = bob.find(field);
    return value ? value->to_text() : "absent";
  };
  EXPECT_EQ(quota("quota"), "absent");
  EXPECT_EQ(quota("effective_quota"), "1073741824");
  expect_done(pabal({"account", "quota", "bob@example.org", "2 GiB"}));
  EXPECT_EQ(quota("effective_quota"), "2147483648");
  expect_done(pabal({"account", "quota", "bob@example.org", "unlimited"}));
  EXPECT_EQ(quota("effective_quota"), "null");
  expect_done(pabal({"account", "quota", "bob@example.org", "default"}));
  EXPECT_EQ(quota("effective_quota"), "1073741824");

  expect_done(pabal({"account", "disable", "bob@example.org", "--reason", "moved away"}));
  EXPECT_THAT(pabal({"account", "show", "bob@example.org"}).out, HasSubstr("moved away"));
  expect_done(pabal({"account", "enable", "bob@example.org"}));
  EXPECT_EQ(quota("enabled"), "true");
}

TEST_P(Commands, RefusalsSayWhatToDo) {
  struct Case {
    const char* name;
    std::vector<std::string> args;
    int exit_code;
    const char* words;
  };
  expect_done(pabal({"domain", "add", "example.org"}));
  expect_done(pabal({"account", "add", "bob@example.org", "--generate"}));
  const Case cases[] = {
      {"an unknown domain", {"account", "add", "a@b.example", "--generate"}, 1, "pabal domain add b.example"},
      {"taken", {"account", "add", "bob@example.org", "--generate"}, 1, "bob@example.org"},
      {"taken domain", {"domain", "add", "EXAMPLE.org"}, 1, "example.org"},
      {"not an address", {"account", "add", "bob", "--generate"}, 1, "bob"},
      {"unknown account", {"account", "show", "eve@example.org"}, 1, "pabal account list"},
      {"a domain in use", {"domain", "remove", "example.org"}, 1, "example.org"},
      {"not a size", {"account", "quota", "bob@example.org", "much"}, 1, "unlimited"},
      {"no such command", {"account", "destroy"}, 2, "there is no command 'destroy'"},
      {"no such option", {"account", "list", "--all"}, 2, "--all"},
      {"too few", {"account", "add"}, 2, "pabal account add --help"},
      {"too many", {"account", "show", "bob@example.org", "eve@example.org"}, 2, "eve@example.org"},
      {"not a choice", {"group", "add", "g@example.org", "bob@example.org", "--posting", "x"}, 2, "anyone"},
      {"bad bytes", {"account", "show", "\xff@example.org"}, 2, "UTF-8"},
      {"a terminal's escape", {"account", "show", "\x1b[2J@example.org"}, 1, "?[2J"},
  };
  for (const Case& each : cases) {
    const Outcome outcome = pabal(each.args);
    EXPECT_EQ(outcome.exit_code, each.exit_code) << each.name << ": " << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(each.words)) << each.name;
    EXPECT_THAT(outcome.err, Not(HasSubstr("\x1b"))) << each.name;
    EXPECT_THAT(outcome.out, IsEmpty()) << each.name;
  }
  const Outcome refused = pabal({"account", "show", "eve@example.org", "--json"});
  const auto error = Json::parse(refused.err.substr(0, refused.err.find('\n')));
  ASSERT_TRUE(error) << refused.err;
  EXPECT_EQ(*error->find("error")->find("kind")->as_text(), "refuse");
}

TEST_P(Commands, BackupAndRestore) {
  expect_done(pabal({"domain", "add", "example.org"}));
  expect_done(pabal({"account", "add", "bob@example.org", "--generate"}));
  const std::string backup = directory_ / "backup";
  expect_done(pabal({"backup", backup}));
  const std::string then = pabal({"account", "list", "--json"}).out;
  expect_done(pabal({"account", "add", "later@example.org", "--generate"}));

  EXPECT_EQ(pabal({"backup", backup}).exit_code, 1) << "a backup is never written over";
  expect_done(run({"store", "check", "--backup", backup, "--data", data_}));
  const std::string restored = directory_ / "restored";
  expect_done(run({"--data", restored, "restore", backup}));
  EXPECT_EQ(run({"--data", restored, "account", "list", "--json"}).out, then);
  expect_done(run({"--data", restored, "store", "check"}));
  EXPECT_EQ(run({"--data", restored, "restore", backup}).exit_code, 1) << "a store is never written over";
  EXPECT_EQ(run({"--data", directory_ / "other", "restore", directory_.path().string()}).exit_code, 1);
}

TEST(Program, ChecksItsConfiguration) {
  const TemporaryDirectory directory;
  const std::string good = directory.write("good.toml", "[log]\nlevel = \"debug\"\n");
  const std::string bad =
      directory.write("bad.toml", "[log]\nlevle = \"debug\"\n\n[server]\nloops = \"many\"\n");
  EXPECT_EQ(run({"config", "check", "--config", good}).exit_code, 0);
  const Outcome faults = run({"config", "check", "--config", bad});
  EXPECT_EQ(faults.exit_code, 78);
  EXPECT_THAT(faults.err, HasSubstr("bad.toml:2:"));
  EXPECT_THAT(faults.err, HasSubstr("log.levle"));
  EXPECT_THAT(faults.err, HasSubstr("bad.toml:5:"));
  EXPECT_THAT(faults.err, HasSubstr("server.loops"));
  EXPECT_EQ(run({"serve", "--config", bad, "--data", directory / "data"}).exit_code, 78);
  EXPECT_EQ(run({"config", "check", "--config", directory / "absent.toml"}).exit_code, 78);
  EXPECT_THAT(run({"config", "show", "--config", good}).out, HasSubstr("debug"));
  EXPECT_THAT(run({"config", "reference"}).out, HasSubstr("data_dir"));
}

TEST(Program, HelpAndVersion) {
  const Outcome help = run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* word : {"serve", "domain", "account", "backup", "restore"})
    EXPECT_THAT(help.out, HasSubstr(word));
  EXPECT_THAT(run({"account", "add", "--help"}).out, HasSubstr("Example:"));
  EXPECT_THAT(run({"--version"}).out, testing::MatchesRegex("pabal [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  EXPECT_EQ(run({}).exit_code, 2);
}

TEST(Program, CompletesItsOwnCommands) {
  const auto complete = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"complete-words", "--"});
    return run(words).out;
  };
  EXPECT_EQ(complete({"acc"}), "account\n");
  EXPECT_EQ(complete({"account", "app-password", ""}), "add\nlist\nrevoke\n");
  EXPECT_THAT(complete({"account", "add", "--g"}), HasSubstr("--generate"));
  EXPECT_EQ(complete({"group", "add", "--posting", "a"}), "anyone\naccounts\n");
  EXPECT_EQ(complete({"completion", "b"}), "bash\n");
  EXPECT_EQ(complete({"backup", ""}), ":files\n");
  EXPECT_EQ(complete({"--data", "x"}), ":files\n");
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Outcome script = run({"completion", shell});
    EXPECT_EQ(script.exit_code, 0);
    EXPECT_THAT(script.out, HasSubstr("complete-words"));
  }
  EXPECT_EQ(run({"completion", "tcsh"}).exit_code, 2);
}

}  // namespace
}  // namespace pabal::cli_test
