// A mail system that exists only in memory, for the tests of sessions on both sides: it has a few people,
// and addresses whose very names say what happens to them.
//
//     RCPT TO    nobody@ 550   full@ 452   late@ accepted, but 452 when the letter is there   bye@ 421
//                any domain but hamburger.edu and 한국.kr: 550 5.7.1, unless logged in
//     MAIL FROM  refused@ 550   noroom@ 452 when the letter begins
//     a letter   with "X-Refuse-At-End" 554, with "X-Break-Store" a write that fails
//     a peer     192.0.2.66 is turned away
//     login      alice@crepes.fr, password hungry
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "account/sasl.h"
#include "account/scram_keys.h"
#include "smtp/dialogue.h"
#include "smtp/server_handler.h"

namespace pabal::smtp {

struct FakeLetter {
  std::string from;
  std::vector<std::string> to;
  std::string text;
  std::string protocol;
  MailParameters mail;
  std::vector<RcptParameters> rcpt;
};

struct FakeMail {
  std::vector<FakeLetter> letters;
  std::size_t begun = 0;
  std::size_t given_up = 0;
  std::size_t resets = 0;
  std::size_t answers_heard = 0;
  bool keeps_letters = true;  ///< false: for benchmarks
};

class FakeLogin final : public LoginExchange {
 public:
  static constexpr const char* kName = "alice@crepes.fr";
  static constexpr const char* kPassword = "hungry";

  explicit FakeLogin(account::SaslName mechanism)
      : sasl_(account::make_sasl(mechanism,
                                 {.bindings = {}, .plus_was_offered = false, .server_nonce = "nonce"})) {}

  net::Task<LoginStep> start(std::optional<std::string> initial) override {
    co_return judge(initial ? sasl_->start(*initial) : sasl_->start(std::nullopt));
  }
  net::Task<LoginStep> step(std::string response) override { co_return judge(sasl_->step(response)); }

 private:
  LoginStep judge(account::SaslStep step) {
    if (auto* challenge = std::get_if<account::SaslChallenge>(&step)) return LoginChallenge{challenge->text};
    if (auto* claim = std::get_if<account::SaslPasswordClaim>(&step)) {
      if (claim->name == kName && claim->password.equals(kPassword)) return LoginAccepted{claim->name};
    }
    if (auto* wanted = std::get_if<account::SaslKeysWanted>(&step)) {
      return judge(
          sasl_->use_keys(account::make_scram_keys(wanted->name == kName ? kPassword : "?", "salt", 4096)));
    }
    if (auto* proven = std::get_if<account::SaslProven>(&step)) return LoginAccepted{proven->name};
    return LoginRefused{{535, status::kBadCredentials, "Name or password is wrong"}};
  }

  std::unique_ptr<account::SaslMechanism> sasl_;
};

class FakeHandler final : public ServerHandler {
 public:
  explicit FakeHandler(FakeMail& mail) : mail_(mail) {}

  net::Task<Reply> connected(const SessionFacts& facts) override {
    const auto* tcp = facts.peer.tcp();
    if (tcp != nullptr && tcp->address.to_string() == "192.0.2.66") {
      co_return Reply{554, EnhancedCode{5, 7, 1}, "No mail from you"};
    }
    co_return Reply{220, {}, ""};
  }
  net::Task<Reply> greeted(const SessionFacts& facts) override {
    if (facts.helo.text == "refused.example") co_return Reply{550, EnhancedCode{5, 7, 1}, "Not you"};
    co_return Reply{250, {}, ""};
  }
  std::unique_ptr<LoginExchange> begin_login(const SessionFacts&, std::string_view mechanism) override {
    return std::make_unique<FakeLogin>(account::find_sasl(mechanism).value_or(account::SaslName::kPlain));
  }
  net::Task<Reply> mail(const SessionFacts&, const MailCommand& command) override {
    const auto& address = command.reverse_path.address;
    if (address && address->local_part() == "refused")
      co_return Reply{550, EnhancedCode{5, 7, 1}, "Not from there"};
    letter_ = {};
    letter_.from = address ? address->to_string() : "";
    letter_.mail = command.parameters;
    co_return sender_ok(command.reverse_path);
  }
  net::Task<Reply> rcpt(const SessionFacts& facts, const RcptCommand& command) override {
    const account::Address& address = *command.forward_path.address;
    const std::string domain = address.domain().ascii();
    if (facts.login.empty() && domain != "hamburger.edu" && domain != "xn--3e0b707e.kr") {
      co_return Reply{550, EnhancedCode{5, 7, 1}, "We do not relay"};
    }
    static const std::map<std::string, Reply> kRefused = {
        {"nobody", {550, EnhancedCode{5, 1, 1}, "No such person here"}},
        {"full", {452, EnhancedCode{4, 2, 2}, "The mailbox is full"}},
        {"bye", {421, EnhancedCode{4, 3, 2}, "Going away"}},
    };
    if (const auto refused = kRefused.find(address.local_part()); refused != kRefused.end())
      co_return refused->second;
    letter_.to.push_back(address.to_string());
    letter_.rcpt.push_back(command.parameters);
    co_return recipient_ok(command.forward_path);
  }
  net::Task<std::expected<std::unique_ptr<LetterSink>, Reply>> begin_letter(const SessionFacts& facts,
                                                                            LetterRequest) override {
    if (letter_.from.starts_with("noroom@"))
      co_return std::unexpected(Reply{452, EnhancedCode{4, 3, 1}, "No room"});
    letter_.protocol = protocol_word(facts, letter_.mail.smtputf8);
    ++mail_.begun;
    co_return std::make_unique<Sink>(mail_, letter_);
  }
  void reset() override {
    ++mail_.resets;
    letter_ = {};
  }
  void answer_heard() override { ++mail_.answers_heard; }

 private:
  class Sink final : public LetterSink {
   public:
    Sink(FakeMail& mail, const FakeLetter& letter) : mail_(mail), letter_(letter) {}
    ~Sink() override { mail_.given_up += finished_ ? 0 : 1; }
    net::Task<Result<void>> write(std::string_view bytes) override {
      if (mail_.keeps_letters) letter_.text += bytes;
      if (letter_.text.find("X-Break-Store") != std::string::npos) {
        co_return fail(ErrorKind::kRetryLater, "the disk is full");
      }
      co_return Result<void>();
    }
    net::Task<LetterVerdict> finish() override {
      finished_ = true;
      LetterVerdict out{{250, status::kLetterOk, "Message accepted for delivery"}, {}};
      if (letter_.text.find("X-Refuse-At-End") != std::string::npos) {
        out.reply = {554, EnhancedCode{5, 7, 1}, "We don't like what it says"};
        co_return out;
      }
      for (const std::string& to : letter_.to) {
        out.per_recipient.push_back(
            to.starts_with("late@") ? Reply{452, EnhancedCode{4, 2, 2}, "The mailbox is full"} : out.reply);
      }
      if (mail_.keeps_letters) mail_.letters.push_back(std::move(letter_));
      co_return out;
    }

   private:
    FakeMail& mail_;
    FakeLetter letter_;
    bool finished_ = false;
  };

  FakeMail& mail_;
  FakeLetter letter_;
};

/// Keeps what was said, as "C: ..." and "S: ..." of the side that holds it.
class DialogueLog final : public Dialogue {
 public:
  explicit DialogueLog(char own, char peer) : own_(own), peer_(peer) {}
  void heard(std::string_view line) override { text += fmt::format("{}: {}\n", peer_, line); }
  void said(std::string_view line) override { text += fmt::format("{}: {}\n", own_, line); }
  void letter_heard(std::uint64_t size) override { text += fmt::format("{}: ({} bytes)\n", peer_, size); }
  void letter_said(std::uint64_t size) override { text += fmt::format("{}: ({} bytes)\n", own_, size); }
  std::string text;

 private:
  char own_;
  char peer_;
};

}  // namespace pabal::smtp
