// Plays tests/dialogue/smtp: see the README there for the words that only these dialogues use.
#include <gtest/gtest.h>

#include "dialogue/player.h"
#include "smtp/server_session.h"
#include "smtp/testing.h"

namespace pabal::smtp {
namespace {

class SmtpDialogues : public testing::TestWithParam<std::filesystem::path> {
 protected:
  static net::Task<void> serve(std::unique_ptr<net::Connection> connection, ServerOptions& options,
                               FakeMail& mail) {
    FakeHandler handler(mail);
    co_await serve_smtp(*connection, handler, options);
  }

  void set_profile(const std::string& name) {
    if (name == "mx") options_ = ServerOptions::mx("hamburger.edu");
    if (name == "submission") options_ = ServerOptions::submission("hamburger.edu");
    if (name == "lmtp") options_ = ServerOptions::lmtp("hamburger.edu");
  }
  void expect_letters(std::size_t count) {
    sim_.settle();
    ASSERT_EQ(mail_.letters.size(), count);
  }
  void expect_eq(const std::string& got, const std::string& want) { ASSERT_EQ(got, want); }
  const FakeLetter& last_letter() {
    static const FakeLetter kNone;
    return mail_.letters.empty() ? kNone : mail_.letters.back();
  }

  net::SimulatedLoop sim_;
  FakeMail mail_;
  ServerOptions options_ = ServerOptions::mx("hamburger.edu");
  dialogue::Player player_{
      sim_,
      [this](auto connection) { return serve(std::move(connection), options_, mail_); },
      {
          {"server", [this](const auto& name) { set_profile(name); }},
          {"peer", [this](const auto& text) { player_.set_peer(net::Endpoint::parse(text).value()); }},
          {"letters", [this](const auto& count) { expect_letters(std::stoul(count)); }},
          {"from", [this](const auto& want) { expect_eq(last_letter().from, want); }},
          {"to",
           [this](const auto& want) {
             expect_eq(fmt::format("{}", fmt::join(last_letter().to, " ")), want);
           }},
          {"by", [this](const auto& want) { expect_eq(last_letter().protocol, want); }},
          {"text", [this](const auto& want) { expect_eq(last_letter().text, dialogue::unescaped(want)); }},
      },
      {
          {"login_without_tls", [this] { options_.login_without_tls = true; }},
          {"normalise", [this] { options_.bare_line_ends = BareLineEnds::kNormalise; }},
          {"strict", [this] { options_.leniency = {false, false, false}; }},
          {"small letters", [this] { options_.limits.max_letter_bytes = 100; }},
          {"tiny overrun", [this] { options_.limits.max_overrun_bytes = 1000; }},
          {"two recipients", [this] { options_.limits.max_recipients = 2; }},
          {"one letter", [this] { options_.limits.max_letters = 1; }},
          {"tls_required", [this] { options_.tls_required = true; }},
          {"xclient", [this] { options_.xclient_networks = {*net::Network::parse("127.0.0.0/8")}; }},
          {"greeting_delay", [this] { options_.greeting_delay = std::chrono::seconds(5); }},
      }};
};

TEST_P(SmtpDialogues, GoAsWritten) { player_.play(GetParam()); }
TEST_P(SmtpDialogues, GoAsWrittenByteByByte) { player_.play_byte_by_byte(GetParam()); }

INSTANTIATE_TEST_SUITE_P(, SmtpDialogues, testing::ValuesIn(dialogue::scripts_in("smtp")),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace pabal::smtp
