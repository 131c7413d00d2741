// Plays tests/dialogue/pop3: see the README there for the words that only these dialogues use.
#include <gtest/gtest.h>

#include "dialogue/player.h"
#include "journey/telling.h"
#include "pop3/testing.h"

namespace pabal::pop3 {
namespace {

class Pop3Dialogues : public testing::TestWithParam<std::filesystem::path> {
 protected:
  void log_in(const std::string& who) {
    player_.expect("+OK ...");
    player_.send(fmt::format("user {}\r\npass {}\r\n", who, who == "alice" ? "pancake" : "hungry"));
    player_.expect("+OK ...");
    player_.expect("+OK ...");
  }
  void expect_told(const std::string& sentence) {
    server_.sim.settle();
    ASSERT_FALSE(server_.journal.told.empty());
    EXPECT_EQ(journey::tell_sentence(server_.journal.told.front()), sentence);
    server_.journal.told.erase(server_.journal.told.begin());
  }
  void expect_folder(const std::string& rest) {
    const std::size_t space = rest.find(' ');
    EXPECT_EQ(server_.seen_elsewhere(rest.substr(0, space)), rest.substr(space + 1));
  }

  TestServer server_;
  dialogue::Player player_{
      server_.sim,
      [this](auto connection) { return server_.serve(std::move(connection)); },
      {
          {"login", [this](const auto& who) { log_in(who); }},
          {"letter", [this](const auto& bytes) { server_.bring(dialogue::unescaped(bytes)); }},
          {"elsewhere", [this](const auto& uid) { server_.remove(std::stoul(uid)); }},
          {"told", [this](const auto& sentence) { expect_told(sentence); }},
          {"folder", [this](const auto& rest) { expect_folder(rest); }},
      },
      {
          {"peer elsewhere", [this] { player_.set_peer(*net::Endpoint::parse("192.0.2.1:40000")); }},
          {"peer nearby", [this] { player_.set_peer(*net::Endpoint::parse("127.0.0.1:40001")); }},
          {"shared", [this] { server_.set_maildrops({.shared = true}); }},
          {"login delay", [this] { server_.set_maildrops({.login_delay = std::chrono::minutes(5)}); }},
          {"trash", [this] { server_.options.deletion = Deletion::kTrash; }},
          {"ignore", [this] { server_.options.deletion = Deletion::kIgnore; }},
          {"last 7 days", [this] { server_.options.last_days = std::chrono::days(7); }},
          {"folder Junk", [this] { server_.options.folder = "Junk"; }},
          {"folder Nowhere", [this] { server_.options.folder = "Nowhere"; }},
      }};
};

TEST_P(Pop3Dialogues, GoAsWritten) { player_.play(GetParam()); }
TEST_P(Pop3Dialogues, GoAsWrittenByteByByte) { player_.play_byte_by_byte(GetParam()); }

INSTANTIATE_TEST_SUITE_P(, Pop3Dialogues, testing::ValuesIn(dialogue::scripts_in("pop3")),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace pabal::pop3
