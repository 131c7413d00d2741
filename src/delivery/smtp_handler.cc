#include "delivery/smtp_handler.h"

#include <algorithm>
#include <utility>

#include "delivery/smtp_letter.h"
#include "smtp/account_login.h"

namespace pabal::delivery {

namespace {

using smtp::EnhancedCode;
using smtp::Profile;
using smtp::Reply;

Reply not_yours(const account::Address& address) {
  return {550, EnhancedCode{5, 7, 1}, fmt::format("You may not send as {}", address.to_string())};
}

// One household, host or customer (net::ConnectionLimitOptions).
std::string network_of(const net::Endpoint& peer) {
  const auto* tcp = peer.tcp();
  if (tcp == nullptr) return {};
  return net::Network::around(tcp->address, tcp->address.is_v4() ? 32 : 64).to_string();
}

}  // namespace

net::Task<Reply> SmtpHandler::connected(const smtp::SessionFacts&) { co_return Reply{220, {}, ""}; }

net::Task<Reply> SmtpHandler::greeted(const smtp::SessionFacts&) { co_return Reply{250, {}, ""}; }

std::unique_ptr<smtp::LoginExchange> SmtpHandler::begin_login(const smtp::SessionFacts& facts,
                                                              std::string_view mechanism) {
  std::vector<account::ChannelBinding> bindings;
  if (connection_ != nullptr) {
    bindings = account::client_info_of(connection_->stream(), account::Protocol::kSubmission).bindings;
  }
  return smtp::begin_account_login(services_.authenticator, mechanism, facts, login_, std::move(bindings),
                                   domain_);
}

net::Task<Reply> SmtpHandler::mail(const smtp::SessionFacts& facts, const smtp::MailCommand& command) {
  // A login ends with STARTTLS or XCLIENT; the session knows.
  if (facts.login.empty()) login_.reset();
  Reply verdict = co_await judge_sender(facts, command);
  if (!verdict.accepted()) {
    co_return refuse(std::move(verdict),
                     command.reverse_path.address ? command.reverse_path.address->to_string() : "<>");
  }
  reset();
  mail_ = command;
  co_return verdict;
}

net::Task<Reply> SmtpHandler::judge_sender(const smtp::SessionFacts& facts,
                                           const smtp::MailCommand& command) {
  if (!facts.peer.is_local() && !services_.letters_by_network.take(network_of(facts.peer))) {
    co_return Reply{450, EnhancedCode{4, 7, 1}, "Too many letters from your network; try again later"};
  }
  const auto& sender = command.reverse_path.address;
  if (login_ && sender) {
    const auto owns = co_await services_.router.owns(login_->account, *sender);
    if (!owns) {
      co_return Reply{451, smtp::status::kTrySystemLater,
                      "The sender can't be looked up now; try again later"};
    }
    if (!*owns) co_return not_yours(*sender);
  }
  co_return smtp::sender_ok(command.reverse_path);
}

net::Task<Reply> SmtpHandler::rcpt(const smtp::SessionFacts& facts, const smtp::RcptCommand& command) {
  const account::Address& address = *command.forward_path.address;
  if (login_ && !services_.recipients_by_account.take(login_->address.key())) {
    co_return refuse_recipient(
        {450, EnhancedCode{4, 7, 1}, "You have sent to too many recipients; try again later"}, address);
  }
  const auto account = login_ ? std::optional(login_->account) : std::nullopt;
  auto route = co_await services_.router.route(address, Origin::of(facts, false, account));
  if (!route) co_return refuse_recipient(std::move(route).error(), address);
  route->parameters = command.parameters;
  recipients_.push_back(*std::move(route));
  co_return smtp::recipient_ok(command.forward_path);
}

Reply SmtpHandler::refuse(Reply reply, std::string_view address) {
  log_.info("refused", {{"address", address}, {"reply", reply.to_string()}});
  return reply;
}

Reply SmtpHandler::refuse_recipient(Reply reply, const account::Address& recipient) {
  refusals_.add({recipient, reply, services_.clock.wall()});
  return refuse(std::move(reply), recipient.to_string());
}

net::Task<std::expected<std::unique_ptr<smtp::LetterSink>, Reply>> SmtpHandler::begin_letter(
    const smtp::SessionFacts& facts, smtp::LetterRequest) {
  Incoming letter;
  letter.id = services_.journal.new_id();
  const auto account = login_ ? std::optional(login_->account) : std::nullopt;
  letter.origin = Origin::of(facts, mail_->parameters.smtputf8, account);
  letter.sender = mail_->reverse_path.address;
  letter.parameters = mail_->parameters;
  letter.recipients = std::exchange(recipients_, {});
  letter.refusals = std::exchange(refusals_, {});
  co_return std::make_unique<SmtpLetter>(services_, log_, wire_, last_letter_, std::move(letter));
}

void SmtpHandler::reset() {
  mail_.reset();
  recipients_.clear();
  refusals_ = {};
}

void SmtpHandler::answer_heard() {
  if (last_letter_) services_.sent_again.answer_heard(*last_letter_);
  last_letter_.reset();
}

}  // namespace pabal::delivery
