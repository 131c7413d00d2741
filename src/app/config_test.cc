#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/place.h"

namespace pabal::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const ConfigSchema& schema() {
  static const ConfigSchema instance({"smtp", "imap"});
  return instance;
}

std::string faults_of(std::string_view text) {
  const auto parsed = schema().parse(text, "/etc/pabal.toml");
  return parsed ? "none" : to_string(parsed.error());
}

LoadedConfig parsed(std::string_view text) {
  auto result = schema().parse(text, "/etc/pabal/pabal.toml");
  if (!result) {
    ADD_FAILURE() << to_string(result.error());
    return schema().defaults();
  }
  return *std::move(result);
}

TEST(Config, AnEmptyFileIsAWorkingConfiguration) {
  for (const std::string_view text : {"", "\n# nothing\n", "[log]\n"}) {
    const Config config = parsed(text).values;
    EXPECT_EQ(config.server.data_dir, "/var/lib/pabal");
    EXPECT_EQ(config.admin_socket(), "/var/lib/pabal/control.sock");
    EXPECT_EQ(config.log.level, LogLevel::kInfo);
    EXPECT_EQ(config.store.cache, 64u << 20);
    EXPECT_EQ(config.account.password.proven_lifetime, std::chrono::minutes(5));
    EXPECT_THAT(config.listener, IsEmpty());
    EXPECT_THAT(schema().diff(config, schema().defaults().values), IsEmpty());
  }
}

TEST(Config, ReadsEveryTypeOfValue) {
  const Config config = parsed(R"(
log.level = "debug"
[server]
hostname = "Mail.Example.ORG"
data_dir = "data/here"
loops = 4
drain_timeout = "1m30s"
[store]
cache = "1 GiB"
[account.scram]
enabled = false
[dns]
forwarders = ["127.0.0.1:53", "[::1]:5353"]
[[tls.certificate]]
cert_file = "/etc/ssl/mail.pem"
[[listener]]
name = "mx"
protocol = "smtp"
address = ["0.0.0.0:25", "[::]:25", "unix:/run/pabal/mx"]
proxy_protocol = ["192.0.2.0/24", "2001:db8::/32"]
[[listener]]
name = "imaps"
protocol = "imap"
address = ["[::]:993"]
tls = "implicit"
)")
                            .values;
  EXPECT_EQ(config.server.hostname, "mail.example.org");
  EXPECT_EQ(config.server.data_dir, "/etc/pabal/data/here");
  EXPECT_EQ(config.server.loops, 4u);
  EXPECT_EQ(config.server.drain_timeout, std::chrono::seconds(90));
  EXPECT_EQ(config.log.level, LogLevel::kDebug);
  EXPECT_EQ(config.store.cache, 1u << 30);
  EXPECT_FALSE(config.account.scram.enabled);
  ASSERT_EQ(config.dns.forwarders.size(), 2u);
  EXPECT_EQ(config.dns.forwarders[1].to_string(), "[::1]:5353");
  ASSERT_EQ(config.tls.certificate.size(), 1u);
  EXPECT_EQ(config.tls.certificate[0].key_file, "");
  ASSERT_EQ(config.listener.size(), 2u);
  EXPECT_EQ(config.listener[0].tls, TlsMode::kStartTls);
  EXPECT_EQ(config.listener[0].address[2].to_string(), "unix:/run/pabal/mx");
  EXPECT_EQ(config.listener[0].proxy_protocol[1].to_string(), "2001:db8::/32");
  EXPECT_EQ(config.listener[1].tls, TlsMode::kImplicit);
}

TEST(Config, NamesPlaceKeyAndWhatIsAllowed) {
  struct Case {
    std::string_view name, text, want;
  };
  for (
      const Case& c : {
          Case{
              "a wrong type", "[log]\nlevel = 3",
              R"(:2:9: log.level: a whole number does not fit here; allowed is one of "debug", "info", "warning", "error")"},
          Case{"a wrong word", "log.level = \"loud\"",
               ":1:13: log.level: `loud` is not one of the choices; allowed is one of"},
          Case{"out of range", "[server]\nloops = 1000",
               ":2:9: server.loops: 1000 is out of range; allowed is a whole number from 0 to 256"},
          Case{"a negative number", "server.loops = -1", "-1 is out of range"},
          Case{"a fraction", "server.loops = 1.5", "a number with a fraction does not fit here"},
          Case{"a duration without a unit", "server.drain_timeout = \"30\"", "`30` has no unit"},
          Case{"a duration too long", "server.drain_timeout = \"2h\"",
               "`2h` is out of range; allowed is a duration from \"0s\" to \"1h\""},
          Case{"a date", "server.drain_timeout = 2026-01-01", "a date or time does not fit here"},
          Case{"a size without a unit", "store.cache = \"1000000000\"", "has no unit"},
          Case{"a decimal unit", "store.cache = \"64 MB\"", "`MB` is not a unit of size"},
          Case{"a host name", "server.hostname = \"a..b\"", "`a..b` is not a host name"},
          Case{"a host name that ends in a dot", "server.hostname = \"a.b.\"", "`a.b.` is not a host name"},
          Case{"a wildcard where none fits", "server.hostname = \"*.b\"", "`*.b` is not a host name"},
          Case{"an international host name", "server.hostname = \"\ud55c\uad6d.kr\"",
               "write an international name in its"},
          Case{"a list's second element", "[dns]\nforwarders = [\"127.0.0.1:53\", \"nowhere\"]",
               ":2:31: dns.forwarders: "},
          Case{"a resolver behind a Unix socket", "dns.forwarders = [\"unix:/x\"]",
               ":1:1: dns.forwarders: a resolver is"},
          Case{"not a list", "dns.forwarders = \"127.0.0.1:53\"",
               "a string does not fit here; allowed is a list, each"},
          Case{"a control character", "server.user = \"a\\nb\"", "the text has control characters"},
          Case{"NUL in a path", "log.file = \"a\\u0000b\"", "a path has no NUL in it"},
          Case{"an option for a section", "log = 3", ":1:1: log: this is a section: write [log]"},
          Case{"a table for an option", "[log.level]\nx = 1", "log.level: a table does not fit here"},
          Case{"a table for a list of tables", "[listener]\nname = \"a\"",
               ":1:2: listener: this is a list of tables: write [[listener]]"},
          Case{"an unknown option", "[log]\nlevle = \"info\"",
               ":2:1: log.levle: there is no such option; did you mean `log.level`?"},
          Case{"the right word in the wrong section", "[server]\nlevel = \"info\"",
               "did you mean `log.level`?"},
          Case{"an unknown section", "[sever]\nhostname = \"a\"", ":1:2: sever: there is no such option"},
          Case{"an unknown top word", "hostname = \"a\"", "did you mean `server.hostname`?"},
          Case{"nothing like it", "frobnicate = 1", "frobnicate: there is no such option\n"},
          Case{"an odd key", "\"a\\nb\" = 1", R"("a\u000ab": there is no such option)"},
          Case{"a column",
               "[[listener]]\nname = \"a\"\nprotocol = \"smtp\"\naddress = [\"[::]:25\"]\ntsl = \"none\"",
               ":5:1: listener[0].tsl: there is no such option; did you mean `tls`?"},
          Case{"missing columns", "[[listener]]\nname = \"a\"",
               R"(listener[0]: `protocol` is missing: one of "smtp", "imap")"},
          Case{"an empty list", "[[listener]]\naddress = []", "listener[0].address: the list is empty"},
          Case{"a protocol that is not served", "[[listener]]\nprotocol = \"gopher\"",
               "`gopher` is not one of the choices"},
          Case{"elements that are no tables", "listener = [1]",
               "listener[0]: each entry is a table of its own"},
          Case{"broken TOML", "[log\nlevel", ":1:5: "},
          Case{"a key twice", "log.level = \"info\"\nlog.level = \"info\"", ":2:"},
          Case{"bad UTF-8", "log.file = \"\xff\"", ":1:"},
          Case{"two that contradict", "account.throttle.first_delay = \"50s\"",
               ":1:1: account.throttle.first_delay: it is longer than `account.throttle.longest_delay`"},
      }) {
    const std::string faults = faults_of(c.text);
    EXPECT_THAT(faults, HasSubstr(c.want)) << c.name;
    EXPECT_TRUE(faults.starts_with("/etc/pabal.toml:")) << c.name << ": " << faults;
  }
}

TEST(Config, TellsEveryFaultInTheOrderOfTheFile) {
  const auto result =
      schema().parse("[server]\nloops = true\nuser = 5\n[log]\nlevle = 1\n[[listener]]\nname = 7\n", "x");
  ASSERT_FALSE(result);
  std::vector<std::string> keys;
  for (const ConfigFault& fault : result.error()) keys.push_back(fmt::format("{} {}", fault.line, fault.key));
  EXPECT_THAT(keys, ElementsAre("2 server.loops", "3 server.user", "5 log.levle", "6 listener[0]",
                                "6 listener[0]", "7 listener[0].name"));
}

TEST(Config, ListenersHaveNamesAndAddressesOfTheirOwn) {
  const std::string faults = faults_of(R"(
[[listener]]
name = "a"
protocol = "smtp"
address = ["[::]:25"]
[[listener]]
name = "a"
protocol = "imap"
address = ["[::]:143", "[0::0]:25"]
)");
  EXPECT_THAT(faults, HasSubstr(":7:1: listener[1].name: another listener is called `a` too"));
  EXPECT_THAT(faults, HasSubstr(":9:1: listener[1].address: `[::]:25` is listened on twice"));
}

TEST(Config, ListenersMayAllAskForAFreePort) {
  const auto loaded = schema().parse(R"(
[[listener]]
name = "a"
protocol = "smtp"
address = ["127.0.0.1:0"]
[[listener]]
name = "b"
protocol = "imap"
address = ["127.0.0.1:0"]
)",
                                     "x");
  EXPECT_TRUE(loaded);
}

TEST(Config, ManyFaultsAreCountedNotListed) {
  std::string text;
  for (std::size_t i = 0; i < kMaxConfigFaults + 20; ++i) text += fmt::format("x{} = 1\n", i);
  const auto result = schema().parse(text, "x");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().size(), kMaxConfigFaults + 1);
  EXPECT_EQ(result.error().back().message, "and 20 faults more");
}

TEST(Config, HugeOrDeepTextIsRefusedAndHarmless) {
  EXPECT_THAT(faults_of(std::string(kMaxConfigBytes + 1, '#')), HasSubstr("the file is longer than"));
  EXPECT_THAT(faults_of("x = " + std::string(100000, '[')), HasSubstr(":1:"));
  std::string deep = "a";
  for (int i = 0; i < 100000; ++i) deep += ".a";
  EXPECT_THAT(faults_of(deep + " = 1"), HasSubstr(":1:"));
  EXPECT_THAT(faults_of("[" + deep + "]"), HasSubstr(":1:"));
}

TEST(Config, AnyCutOfAFileGivesFaultsOrAConfiguration) {
  const std::string whole =
      "[server]\nloops = 4\nhostname = \"a.b\"\n[[listener]]\nname = \"\\u00e9\"\nprotocol = \"smtp\"\n";
  for (std::size_t size = 0; size <= whole.size(); ++size) faults_of(whole.substr(0, size));
}

TEST(Config, ShowsWhatIsInForceAndWhereItComesFrom) {
  const LoadedConfig config = parsed(
      "[log]\nlevel = \"debug\"\n[[listener]]\nname = \"mx \\\"1\\\"\"\nprotocol = \"smtp\"\naddress = "
      "[\"[::]:25\"]\n");
  const std::string shown = schema().show(config);
  EXPECT_THAT(
      shown,
      HasSubstr("[log]\nlevel = \"debug\"  # /etc/pabal/pabal.toml:2\nformat = \"text\"  # default\n"));
  EXPECT_THAT(shown, HasSubstr("[[listener]]\nname = \"mx \\\"1\\\"\"  # /etc/pabal/pabal.toml:4\n"));
  EXPECT_THAT(shown, HasSubstr("tls = \"starttls\"  # default\n"));
  EXPECT_THAT(schema().diff(config.values, parsed(shown).values), IsEmpty())
      << "what is shown reads back the same";
  for (const ConfigEntry& entry : schema().entries(config)) {
    EXPECT_EQ(entry.line, entry.name == "log.level"              ? 2u
                          : entry.name == "listener[0].name"     ? 4u
                          : entry.name == "listener[0].protocol" ? 5u
                          : entry.name == "listener[0].address"  ? 6u
                                                                 : 0u)
        << entry.name;
  }
}

TEST(Config, TellsWhatAReloadAppliesAndWhatWaitsForARestart) {
  const Config old = schema().defaults().values;
  const Config fresh =
      parsed("[log]\nlevel = \"error\"\n[server]\nloops = 2\n[[tls.certificate]]\ncert_file = \"/a\"\n")
          .values;
  std::vector<std::string> changes;
  for (const ConfigChange& change : schema().diff(old, fresh)) {
    changes.push_back(
        fmt::format("{}: {} -> {} ({})", change.name, change.from, change.to, to_string(change.apply)));
  }
  EXPECT_THAT(changes,
              ElementsAre("server.loops: 0 -> 2 (restart)", "log.level: \"info\" -> \"error\" (reload)",
                          "tls.certificate: [] -> [{cert_file = \"/a\", key_file = \"\"}] (reload)"));
}

TEST(Config, TheReferenceFileIsTheDefaults) {
  const std::string reference = schema().reference_toml();
  EXPECT_THAT(schema().diff(parsed(reference).values, schema().defaults().values), IsEmpty());
  // With every `#` before an option taken away it still is; lists of tables come last and need values.
  std::string opened;
  std::istringstream lines(reference.substr(0, reference.find("#[[")));
  for (std::string line; std::getline(lines, line);) {
    opened += (line.starts_with('#') && !line.starts_with("# ") ? line.substr(1) : line) + "\n";
  }
  const LoadedConfig config = parsed(opened);
  EXPECT_THAT(schema().diff(config.values, schema().defaults().values), IsEmpty());
  EXPECT_EQ(config.line_of.size(), schema().entries(config).size()) << "every option is in the reference";
}

TEST(Config, TheDocumentedReferenceIsTheSchemas) {
  const std::filesystem::path page = std::filesystem::path(PABAL_SOURCE_DIR) / "docs" / "configuration.md";
  std::ifstream file(page);
  const std::string documented{std::istreambuf_iterator<char>(file), {}};
  const std::string generated = ConfigSchema(protocols_served()).reference_markdown();
  if (documented == generated) return;
  FAIL() << "docs/configuration.md is not what the schema says: pabal config reference --markdown > "
            "docs/configuration.md";
}

TEST(Config, LoadsAFileAndSaysWhyNot) {
  std::string directory = (std::filesystem::temp_directory_path() / "pabal-config-XXXXXX").string();
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const std::filesystem::path file = std::filesystem::path(directory) / "pabal.toml";
  std::ofstream(file) << "[server]\ndata_dir = \"data\"\n";
  const auto loaded = schema().load(file);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->values.server.data_dir, std::filesystem::path(directory) / "data");
  const auto missing = schema().load(file.string() + "x");
  ASSERT_FALSE(missing);
  EXPECT_EQ(to_string(missing.error()),
            file.string() + "x: cannot read the configuration: No such file or directory\n");
  EXPECT_THAT(to_string(schema().load(directory).error()), HasSubstr("Is a directory"));
  EXPECT_THAT(to_string(schema().load("/dev/zero").error()), HasSubstr("the file is longer than"));
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace pabal::app
