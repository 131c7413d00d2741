// The mail system as an SMTP, submission or LMTP session sees it: who may send, to whom, and the letter
// itself, on its way from the wire to the door. One a connection, on its loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "account/authenticator.h"
#include "base/log.h"
#include "base/rate_limit.h"
#include "delivery/door.h"
#include "delivery/router.h"
#include "delivery/sent_again.h"
#include "delivery/wire_log.h"
#include "journey/journal.h"
#include "net/connection.h"
#include "smtp/server_handler.h"
#include "store/engine.h"

namespace pabal::delivery {

/// What all sessions share; outlives them.
struct SmtpServices {
  store::Engine& engine;
  journey::Journal& journal;
  account::Authenticator& authenticator;
  Router& router;
  Door& door;
  SentAgain& sent_again;
  RateLimiter& letters_by_network;
  RateLimiter& recipients_by_account;
  const Clock& clock;
  Random& random;
  std::string host_name;
};

class SmtpHandler final : public smtp::ServerHandler {
 public:
  SmtpHandler(SmtpServices& services, Logger log) : services_(services), log_(std::move(log)) {}

  net::Task<smtp::Reply> connected(const smtp::SessionFacts& facts) override;
  net::Task<smtp::Reply> greeted(const smtp::SessionFacts& facts) override;
  std::unique_ptr<smtp::LoginExchange> begin_login(const smtp::SessionFacts& facts,
                                                   std::string_view mechanism) override;
  net::Task<smtp::Reply> mail(const smtp::SessionFacts& facts, const smtp::MailCommand& command) override;
  net::Task<smtp::Reply> rcpt(const smtp::SessionFacts& facts, const smtp::RcptCommand& command) override;
  net::Task<std::expected<std::unique_ptr<smtp::LetterSink>, smtp::Reply>> begin_letter(
      const smtp::SessionFacts& facts, smtp::LetterRequest request) override;
  void reset() override;
  void answer_heard() override;

  /// What the session is told to write its dialogue to.
  smtp::Dialogue& dialogue() { return wire_; }
  /// Whose TLS channel a login may be bound to (SCRAM-…-PLUS); outlives the handler.
  void set_connection(net::Connection& connection) { connection_ = &connection; }
  /// Whose port it is: a login that names no domain is of it.
  void set_domain(std::optional<account::DomainName> domain) { domain_ = std::move(domain); }

 private:
  net::Task<smtp::Reply> judge_sender(const smtp::SessionFacts& facts, const smtp::MailCommand& command);
  smtp::Reply refuse(smtp::Reply reply, std::string_view address);
  smtp::Reply refuse_recipient(smtp::Reply reply, const account::Address& recipient);

  SmtpServices& services_;
  const Logger log_;
  net::Connection* connection_ = nullptr;
  std::optional<account::DomainName> domain_;
  std::optional<account::Login> login_;
  WireLog wire_{services_.clock};

  // The transaction.
  std::optional<smtp::MailCommand> mail_;
  std::vector<Route> recipients_;
  Refusals refusals_;
  std::optional<journey::ResendToken>
      last_letter_;  ///< by what the last one is known, until its answer was heard
};

}  // namespace pabal::delivery
