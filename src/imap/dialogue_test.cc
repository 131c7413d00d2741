// Plays tests/dialogue/imap: see the README there for the words that only these dialogues use.
#include <gtest/gtest.h>

#include "dialogue/player.h"
#include "imap/testing.h"

namespace pabal::imap {
namespace {

class ImapDialogues : public testing::TestWithParam<std::filesystem::path> {
 protected:
  void log_in(const std::string& who) {
    player_.expect("* OK ...");
    player_.send(fmt::format("L LOGIN {}@hamburger.edu {}\r\n", who, who == "alice" ? "pancake" : "hungry"));
    player_.expect("L OK ...");
  }
  void select(const std::string& folder) {
    player_.send(fmt::format("S SELECT {}\r\n", folder));
    player_.expect_up_to("S OK ...", "* ...");
  }
  void bring(const std::string& text) {
    const std::size_t space = text.find(' ');
    const std::size_t bar = text.find('|');
    const std::string letter = fmt::format(
        "From: Alice <alice@crepes.fr>\r\nTo: bob@hamburger.edu\r\nSubject: {}\r\n"
        "Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <{}@crepes.fr>\r\n\r\n{}\r\n",
        text.substr(space + 1, bar - space - 1), ++letters_, text.substr(bar + 1));
    player_.send(fmt::format("A APPEND {} {{{}+}}\r\n{}\r\n", text.substr(0, space), letter.size(), letter));
    player_.expect_up_to("A OK ...", "* ...");
  }

  int letters_ = 0;
  TestServer server_;
  dialogue::Player player_{
      server_.sim,
      [this](auto connection) { return server_.serve(std::move(connection)); },
      {
          {"login", [this](const auto& who) { log_in(who); }},
          {"select", [this](const auto& folder) { select(folder); }},
          {"letter", [this](const auto& text) { bring(text); }},
      },
      {
          {"small letters", [this] { server_.options.max_letter_bytes = 100; }},
          {"small commands",
           [this] {
             server_.options.after_login = {.max_line_bytes = 200,
                                            .max_literal_bytes = 50,
                                            .max_command_bytes = 300,
                                            .max_dropped_bytes = 1000};
           }},
          {"few letters", [&] { server_.options.max_letters_of_command = 2; }},
          {"notes of the server",
           [this] {
             server_.options.admin_uri = "mailto:postmaster@hamburger.edu";
             server_.options.comment = "Fresh every day";
           }},
          {"peer elsewhere", [this] { player_.set_peer(*net::Endpoint::parse("192.0.2.1:40000")); }},
      }};
};

TEST_P(ImapDialogues, GoAsWritten) { player_.play(GetParam()); }
TEST_P(ImapDialogues, GoAsWrittenByteByByte) { player_.play_byte_by_byte(GetParam()); }

INSTANTIATE_TEST_SUITE_P(, ImapDialogues, testing::ValuesIn(dialogue::scripts_in("imap")),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace pabal::imap
