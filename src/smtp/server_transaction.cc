// MAIL, RCPT and RSET: RFC 5321 §4.1.1.2, §4.1.1.3, §4.1.1.5.
#include "base/ascii.h"
#include "smtp/detail/server_core.h"

namespace pabal::smtp {

Reply sender_ok(const Path& path) {
  return {250, status::kSenderOk, (path.address ? path.address->to_string() : "<>") + "... Sender ok"};
}

Reply recipient_ok(const Path& path) {
  return {250, status::kRecipientOk,
          (path.address ? path.address->to_string() : "Postmaster") + "... Recipient ok"};
}

namespace detail {

ServerSession::Step ServerSession::mail(std::string_view args) {
  auto command = parse_mail_command(args, offers(), options_.leniency);
  if (!command) co_return co_await refuse(std::move(command).error());
  if (auto reply = objection(*command)) co_return co_await refuse(*std::move(reply));

  Reply reply = co_await handler_.mail(facts_, *command);
  if (reply.refused_for_now()) co_return co_await say(std::move(reply));  // the client did nothing wrong
  if (!reply.accepted()) co_return co_await refuse(std::move(reply));
  state_ = State::kSender;
  mail_ = std::move(command->parameters);
  co_return co_await say(std::move(reply));
}

/// What the session itself has against a MAIL command of good grammar.
std::optional<Reply> ServerSession::objection(const MailCommand& command) const {
  const ServerLimits& limits = options_.limits;
  const MailParameters& parameters = command.parameters;
  if (limits.max_letters > 0 && facts_.letters >= limits.max_letters) {
    return Reply{421, EnhancedCode{4, 7, 0}, "That was enough on one connection; connect again"};
  }
  if (parameters.size_bytes > limits.max_letter_bytes) {
    return Reply{552, status::kLetterTooBig,
                 fmt::format("A letter may have {} bytes here", limits.max_letter_bytes)};
  }
  if (command.reverse_path.has_utf8 && !parameters.smtputf8) {  // RFC 6531 §3.5
    return Reply{550, status::kNonAsciiAddress, "Such an address takes the parameter SMTPUTF8"};
  }
  if (parameters.hold) {  // RFC 4865 §4.2, rules 7, 8 and 10
    const WallTime now = connection_.loop().clock().wall();
    const auto* span = std::get_if<std::chrono::seconds>(&*parameters.hold);
    const WallTime until = span != nullptr ? now + *span : std::get<WallTime>(*parameters.hold);
    if (until > now + options_.max_hold) {
      return Reply{501, status::kBadArguments,
                   fmt::format("A letter may be held for {} seconds here", options_.max_hold.count())};
    }
  }
  return {};
}

ServerSession::Step ServerSession::rcpt(std::string_view args) {
  if (recipients_ >= options_.limits.max_recipients) {  // RFC 5321 §4.5.3.1.10
    co_return co_await say(
        {452, status::kTooManyRecipients, "Too many recipients; send them the letter again"});
  }
  auto command = parse_rcpt_command(args, offers(), options_.leniency);
  if (!command) co_return co_await refuse(std::move(command).error());
  if (command->forward_path.has_utf8 && !mail_.smtputf8) {  // RFC 6531 §3.5
    co_return co_await refuse(
        {553, status::kNonAsciiAddress, "Such an address takes MAIL's parameter SMTPUTF8"});
  }
  if (!command->forward_path.address) {  // RFC 5321 §4.5.1
    auto postmaster = account::Address::parse("postmaster@" + options_.host_name);
    if (!postmaster) co_return co_await refuse({550, EnhancedCode{5, 1, 1}, "Name the postmaster's domain"});
    command->forward_path.address = *std::move(postmaster);
  }

  Reply reply = co_await handler_.rcpt(facts_, *command);
  if (reply.accepted()) {
    state_ = State::kRecipients;
    ++recipients_;
  } else if (reply.refused_for_good() && ++refused_recipients_ > options_.limits.harvest_threshold) {
    PABAL_CO_TRY_VOID(co_await net::sleep_until(soon(options_.limits.harvest_delay)));
  }
  co_return co_await say(std::move(reply));
}

ServerSession::Step ServerSession::rset(std::string_view) {
  end_transaction();
  co_return co_await say({250, status::kSuccess, "Forgotten"});
}

void ServerSession::end_transaction() {
  intake_.reset();
  mail_ = {};
  recipients_ = 0;
  if (state_ == State::kConnected || state_ == State::kTurnedAway || state_ == State::kGreeted) return;
  state_ = State::kGreeted;
  handler_.reset();
}

}  // namespace detail
}  // namespace pabal::smtp
