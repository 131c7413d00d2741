#include "smtp/account_login.h"

namespace pabal::smtp {
namespace {

class AccountLogin final : public LoginExchange {
 public:
  AccountLogin(std::expected<account::LoginExchange, account::LoginRefused> exchange,
               std::optional<account::Login>& who)
      : exchange_(std::move(exchange)), who_(who) {}

  net::Task<LoginStep> start(std::optional<std::string> initial_response) override {
    if (!exchange_) co_return LoginRefused{reply_for(exchange_.error())};
    co_return taken(co_await exchange_->start(std::move(initial_response)));
  }
  net::Task<LoginStep> step(std::string response) override {
    co_return taken(co_await exchange_->step(std::move(response)));
  }

 private:
  LoginStep taken(account::LoginExchange::Step step) {
    if (auto* challenge = std::get_if<account::SaslChallenge>(&step))
      return LoginChallenge{std::move(challenge->text)};
    if (auto* login = std::get_if<account::Login>(&step)) {
      who_ = *std::move(login);
      return LoginAccepted{who_->address.to_string()};
    }
    return LoginRefused{reply_for(std::get<account::LoginRefused>(step))};
  }

  std::expected<account::LoginExchange, account::LoginRefused> exchange_;
  std::optional<account::Login>& who_;
};

}  // namespace

std::unique_ptr<LoginExchange> begin_account_login(account::Authenticator& authenticator,
                                                   std::string_view mechanism, const SessionFacts& facts,
                                                   std::optional<account::Login>& who,
                                                   std::vector<account::ChannelBinding> bindings,
                                                   std::optional<account::DomainName> domain) {
  const account::ClientInfo client{
      .protocol = account::Protocol::kSubmission,
      .peer = facts.peer,
      .tls = facts.tls.has_value(),
      .bindings = std::move(bindings),
      .domain = std::move(domain),
  };
  return std::make_unique<AccountLogin>(authenticator.begin(mechanism, client), who);
}

Reply reply_for(const account::LoginRefused& refused) {
  using enum account::LoginRefused::Why;
  switch (refused.why) {
    case kWrong:
      return {535, status::kBadCredentials, refused.text};
    case kMalformed:
      return {501, status::kBadSyntax, refused.text};
    case kNotOffered:
      return {504, status::kBadArguments, refused.text};
    case kNeedsTls:
      return {538, EnhancedCode{5, 7, 11}, refused.text};
    case kDisabled:
      return {535, EnhancedCode{5, 7, 13}, refused.text};
    case kNotAllowed:
      return {535, status::kNotAllowed, refused.text};
    case kThrottled:
    case kBusy:
      return {454, status::kLoginTryLater, refused.text};
  }
  return {454, status::kLoginTryLater, refused.text};
}

}  // namespace pabal::smtp
