#include "smtp/client_session.h"

#include "base/encoding.h"

namespace pabal::smtp {

using Expected = std::expected<void, Failure>;

ClientSession::ClientSession(net::Connection& connection, ClientOptions options)
    : connection_(connection), options_(std::move(options)) {}

net::Task<Result<void>> ClientSession::say(std::string line, std::string_view shown) {
  if (options_.dialogue != nullptr) options_.dialogue->said(shown.empty() ? line : shown);
  line += "\r\n";
  co_return co_await connection_.write(line, in(options_.deadlines.command));
}

net::Task<Result<Reply>> ClientSession::hear(net::Deadline deadline) {
  // Some servers end replies with LF alone; nothing can be smuggled in here, since we act on no bytes of it.
  const net::LineLimits limits{
      .max_bytes = kMaxPeerReplyLineBytes, .accept_bare_lf = true, .accept_bare_cr = true};
  ReplyParser parser;
  for (bool whole = false; !whole;) {
    PABAL_CO_TRY(const std::string_view line, co_await connection_.read_line(limits, deadline));
    if (options_.dialogue != nullptr) options_.dialogue->heard(line);
    PABAL_CO_TRY(whole, parser.add_line(line));
  }
  Reply reply = parser.take();
  if (reply.closes()) usable_ = false;
  co_return reply;
}

/// The connection is of no more use.
Failure ClientSession::broke(Stage stage, const Error& error) {
  usable_ = false;
  connection_.close();
  return classify(stage, error);
}

/// A command and its reply; a refusal is not a failure yet.
ClientSession::Attempt<Reply> ClientSession::ask(Stage stage, std::string line, std::chrono::seconds patience,
                                                 std::string_view shown) {
  if (auto said = co_await say(std::move(line), shown); !said) {
    co_return std::unexpected(broke(stage, said.error()));
  }
  auto reply = co_await hear(in(patience));
  if (!reply) co_return std::unexpected(broke(stage, reply.error()));
  co_return *std::move(reply);
}

ClientSession::Attempt<void> ClientSession::open() {
  PABAL_CO_TRY_VOID(co_await greet());
  PABAL_CO_TRY_VOID(co_await hello());
  const bool wants_tls = options_.tls != nullptr && options_.tls_policy != ClientTls::kNever;
  if (!wants_tls || connection_.encrypted()) co_return Expected();
  if (extensions_.offers(Extension::kStartTls)) co_return co_await encrypt();
  if (options_.tls_policy == ClientTls::kOpportunistic) co_return Expected();
  co_return std::unexpected(
      classify(Stage::kStartTls, Error{ErrorKind::kRefuse, "encryption is not offered"}));
}

ClientSession::Attempt<void> ClientSession::greet() {
  auto reply = co_await hear(in(options_.deadlines.greeting));
  if (!reply) co_return std::unexpected(broke(Stage::kGreeting, reply.error()));
  greeting_ = *reply;
  if (greeting_.code != 220) co_return std::unexpected(classify(Stage::kGreeting, greeting_));
  co_return Expected();
}

ClientSession::Attempt<void> ClientSession::hello() {
  extensions_ = {};
  const std::string verb = options_.lmtp ? "LHLO " : "EHLO ";
  const auto patience = options_.deadlines.command;
  PABAL_CO_TRY(Reply reply, co_await ask(Stage::kHello, verb + options_.host_name, patience));
  if (reply.code == 250) {
    extensions_ = parse_ehlo_reply(reply.text);
    co_return Expected();
  }
  // RFC 5321 §3.2: a server that does not know EHLO may know HELO.
  if (reply.refused_for_good() && !options_.lmtp && usable_) {
    PABAL_CO_TRY(reply, co_await ask(Stage::kHello, "HELO " + options_.host_name, patience));
    if (reply.code == 250) co_return Expected();
  }
  co_return std::unexpected(classify(Stage::kHello, std::move(reply)));
}

ClientSession::Attempt<void> ClientSession::encrypt() {
  PABAL_CO_TRY(Reply reply, co_await ask(Stage::kStartTls, "STARTTLS", options_.deadlines.command));
  if (reply.code != 220) {
    if (options_.tls_policy == ClientTls::kOpportunistic && usable_) co_return Expected();
    co_return std::unexpected(classify(Stage::kStartTls, std::move(reply)));
  }
  const auto shaken =
      co_await connection_.start_tls(*options_.tls, options_.tls_options, in(options_.deadlines.tls));
  if (!shaken) {
    Failure failure = broke(Stage::kStartTls, shaken.error());
    failure.retry_in_clear = options_.tls_policy == ClientTls::kOpportunistic;
    co_return std::unexpected(std::move(failure));
  }
  co_return co_await hello();  // RFC 3207 §4.2: what was learnt in clear does not count
}

ClientSession::Attempt<void> ClientSession::log_in(SaslClientOptions credentials, Random& random,
                                                   net::WorkerPool* pool) {
  credentials.password_may_be_sent |= connection_.encrypted();
  const auto sasl = choose_sasl(extensions_.mechanisms, std::move(credentials), random, pool);
  if (!sasl) {
    co_return std::unexpected(
        classify(Stage::kLogin, Error{ErrorKind::kRefuse, "no way to log in that is offered will do"}));
  }
  co_return co_await exchange_login(*sasl);
}

ClientSession::Attempt<void> ClientSession::exchange_login(SaslClient& sasl) {
  const auto patience = options_.deadlines.command;
  std::string line = fmt::format("AUTH {}", sasl.mechanism());
  const std::string shown = fmt::format("{} {}", line, kBlanked);
  if (const auto initial = sasl.initial_response())
    line += " " + (initial->empty() ? "=" : to_base64(*initial));
  PABAL_CO_TRY(Reply reply, co_await ask(Stage::kLogin, std::move(line), patience, shown));
  while (reply.code == 334) {
    // What a server writes there for nothing at all differs; only SCRAM reads it, and it reads strictly.
    const auto challenge = from_base64(reply.text);
    auto answer = co_await sasl.answer(challenge.value_or(std::string()));
    const bool gives_up = !answer.has_value();
    std::string response = gives_up ? "*" : to_base64(*answer);
    PABAL_CO_TRY(reply,
                 co_await ask(Stage::kLogin, std::move(response), patience, gives_up ? "*" : kBlanked));
    if (gives_up) co_return std::unexpected(classify(Stage::kLogin, answer.error()));
  }
  if (reply.code != 235) co_return std::unexpected(classify(Stage::kLogin, std::move(reply)));
  if (!sasl.complete()) {
    co_return std::unexpected(classify(
        Stage::kLogin, Error{ErrorKind::kRefuse, "the server did not prove that it knows our password"}));
  }
  co_return Expected();
}

ClientSession::Attempt<void> ClientSession::probe() {
  PABAL_CO_TRY(Reply reply, co_await ask(Stage::kMail, "NOOP", options_.deadlines.command));
  if (!usable_) co_return std::unexpected(classify(Stage::kMail, std::move(reply)));
  co_return Expected();
}

net::Task<void> ClientSession::quit() {
  const net::Deadline deadline = in(options_.deadlines.quit);
  if (usable_ && co_await say("QUIT")) std::ignore = co_await hear(deadline);
  usable_ = false;
  std::ignore = co_await connection_.flush(deadline);
  connection_.close();
}

std::optional<Obstacle> ClientSession::find_obstacle(const ClientEnvelope& envelope) const {
  const MailParameters& parameters = envelope.parameters;
  const auto lacks = [&](Extension extension) { return !extensions_.offers(extension); };
  const auto is_utf8 = [](const ClientRecipient& to) { return to.address.needs_smtputf8(); };
  const bool needs_utf8 = parameters.smtputf8 || (envelope.from && envelope.from->needs_smtputf8()) ||
                          std::ranges::any_of(envelope.to, is_utf8);
  if (needs_utf8 && lacks(Extension::kSmtpUtf8)) return Obstacle::kNoSmtpUtf8;
  if (parameters.require_tls && envelope.from &&
      (!connection_.encrypted() || lacks(Extension::kRequireTls))) {
    return Obstacle::kNoRequireTls;
  }
  if (parameters.size_bytes > extensions_.max_letter_bytes.value_or(UINT64_MAX)) return Obstacle::kTooBig;
  if (parameters.hold && lacks(Extension::kFutureRelease)) return Obstacle::kNoHold;
  if (parameters.body == Body::kBinaryMime &&
      (lacks(Extension::kBinaryMime) || lacks(Extension::kChunking))) {
    return Obstacle::kNoBinaryMime;
  }
  if (parameters.body == Body::kEightBitMime && lacks(Extension::kEightBitMime))
    return Obstacle::kNoEightBitMime;
  return {};
}

Failure failure_for(Obstacle obstacle) {
  const auto message = [](EnhancedCode code, std::string_view detail) {
    return Failure{
        Stage::kMail, FailureScope::kMessage, Permanence::kPermanent, {0, code, {}}, std::string(detail)};
  };
  switch (obstacle) {
    case Obstacle::kNoEightBitMime:
      return message(status::kConversionNeeded, "the next server takes only 7-bit letters");
    case Obstacle::kNoBinaryMime:
      return message(status::kConversionNeeded, "the next server takes no binary letters");
    case Obstacle::kNoSmtpUtf8:
      return message(status::kNonAsciiAddress, "the next server knows only addresses in ASCII");
    case Obstacle::kTooBig:
      return message(status::kLetterTooBig, "the letter is too big for the next server");
    case Obstacle::kNoRequireTls:
      return message(status::kRequireTlsNeeded, "the next server can't promise to keep the letter encrypted");
    case Obstacle::kNoHold:
      return message(status::kBadArguments, "the next server can't hold letters back");
  }
  return {};
}

}  // namespace pabal::smtp
