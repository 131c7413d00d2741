// Who the client is: greeting and HELO (RFC 5321 §3.1, §4.1.1.1), STARTTLS (RFC 3207), AUTH (RFC 4954).
#include "base/ascii.h"
#include "base/encoding.h"
#include "net/tls.h"
#include "smtp/detail/server_core.h"

namespace pabal::smtp {

std::string protocol_word(const SessionFacts& facts, bool smtputf8) {
  const bool is_lmtp = facts.profile == Profile::kLmtp;
  if (!is_lmtp && !facts.extended) return "SMTP";
  std::string out = smtputf8 ? "UTF8" : is_lmtp ? "" : "E";  // UTF8SMTP, ESMTP, LMTP
  out += is_lmtp ? "LMTP" : "SMTP";
  if (facts.tls) out += 'S';
  if (!facts.login.empty()) out += 'A';
  return out;
}

namespace detail {

ServerSession::Step ServerSession::greet() {
  PABAL_CO_TRY(const bool talks_early, co_await hears_early_talker());
  if (talks_early) {
    throw_out("the client spoke before the greeting");
    co_return co_await say({554, EnhancedCode{5, 5, 0}, "Wait for the greeting"});
  }
  Reply reply = co_await handler_.connected(facts_);
  if (!reply.accepted()) {
    state_ = State::kTurnedAway;
    co_return co_await say(std::move(reply));
  }
  const bool is_lmtp = options_.profile == Profile::kLmtp;
  co_return co_await say({220, {}, options_.host_name + (is_lmtp ? " LMTP Pabal" : " ESMTP Pabal")});
}

net::Task<Result<bool>> ServerSession::hears_early_talker() {
  if (!options_.refuse_early_talkers) co_return false;
  if (talks_ahead()) co_return true;
  // The end is not talk: a client that left did nothing wrong.
  const auto bytes = co_await connection_.peek(soon(options_.greeting_delay));
  if (bytes) co_return true;
  if (bytes.error().kind == ErrorKind::kDeadline) co_return false;
  co_return std::unexpected(bytes.error());
}

ServerSession::Step ServerSession::helo(std::string_view args) {
  PABAL_CO_TRY(const bool known, co_await take_name(args, false));
  if (!known) co_return Result<void>();
  co_return co_await say(
      {250, {}, fmt::format("{} Hello {}, pleased to meet you", options_.host_name, facts_.helo.text)});
}

ServerSession::Step ServerSession::ehlo(std::string_view args) {
  PABAL_CO_TRY(const bool known, co_await take_name(args, true));
  if (!known) co_return Result<void>();
  co_return co_await say({250, {}, ehlo_text()});
}

/// False if the name was refused; that has been said.
net::Task<Result<bool>> ServerSession::take_name(std::string_view args, bool extended) {
  if (talks_ahead()) {
    PABAL_CO_TRY_VOID(co_await refuse_pipelining());
    co_return false;
  }
  auto name = parse_helo_name(args, options_.leniency);
  if (!name) {
    PABAL_CO_TRY_VOID(co_await refuse(std::move(name).error()));
    co_return false;
  }
  end_transaction();  // RFC 5321 §4.1.4: as if by RSET
  facts_.helo = *std::move(name);
  facts_.extended = extended;
  Reply reply = co_await handler_.greeted(facts_);
  if (!reply.accepted()) {
    state_ = State::kConnected;
    facts_.helo = {};
    PABAL_CO_TRY_VOID(co_await refuse(std::move(reply)));
    co_return false;
  }
  state_ = State::kGreeted;
  co_return true;
}

bool ServerSession::may_log_in() const {
  return !options_.login_mechanisms.empty() && (connection_.encrypted() || options_.login_without_tls);
}

ExtensionSet ServerSession::offers() const {
  ExtensionSet out = {Extension::kPipelining,   Extension::kSize,
                      Extension::kEightBitMime, Extension::kSmtpUtf8,
                      Extension::kChunking,     Extension::kBinaryMime,
                      Extension::kDsn,          Extension::kEnhancedStatusCodes,
                      Extension::kLimits};
  if (options_.tls != nullptr && !connection_.encrypted()) out.add(Extension::kStartTls);
  if (may_log_in()) out.add(Extension::kAuth);
  // RFC 8689 §2: only where the session itself is encrypted.
  if (options_.offer_require_tls && connection_.encrypted()) out.add(Extension::kRequireTls);
  const bool is_submission = options_.profile == Profile::kSubmission;
  if (is_submission && options_.max_hold.count() > 0) out.add(Extension::kFutureRelease);
  const auto* peer = connection_.peer().tcp();
  const auto is_peers = [&](const net::Network& network) { return network.contains(peer->address); };
  if (peer != nullptr && std::ranges::any_of(options_.xclient_networks, is_peers))
    out.add(Extension::kXclient);
  return out;
}

std::string ServerSession::ehlo_text() const {
  const ExtensionSet offered = offers();
  std::string out = fmt::format("{} Hello {}, pleased to meet you", options_.host_name, facts_.helo.text);
  const auto line = [&](Extension extension, std::string_view figures = {}) {
    if (!offered.has(extension)) return;
    out += fmt::format("\n{}{}{}", keyword_of(extension), figures.empty() ? "" : " ", figures);
  };
  line(Extension::kPipelining);
  line(Extension::kSize, std::to_string(options_.limits.max_letter_bytes));
  line(Extension::kEightBitMime);
  line(Extension::kSmtpUtf8);
  line(Extension::kChunking);
  line(Extension::kBinaryMime);
  line(Extension::kDsn);
  line(Extension::kEnhancedStatusCodes);
  line(Extension::kStartTls);
  line(Extension::kAuth, fmt::format("{}", fmt::join(options_.login_mechanisms, " ")));
  line(Extension::kRequireTls);
  if (offered.has(Extension::kFutureRelease)) {
    const auto latest =
        std::chrono::floor<std::chrono::seconds>(connection_.loop().clock().wall() + options_.max_hold);
    line(Extension::kFutureRelease, fmt::format("{} {}", options_.max_hold.count(), format_utc_time(latest)));
  }
  std::string limits = fmt::format("RCPTMAX={}", options_.limits.max_recipients);
  if (options_.limits.max_letters > 0) limits += fmt::format(" MAILMAX={}", options_.limits.max_letters);
  line(Extension::kLimits, limits);
  line(Extension::kXclient, "NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT");
  return out;
}

/// RFC 3207 §4.2: nothing that was learnt before the handshake counts.
void ServerSession::forget_client() {
  end_transaction();
  facts_.helo = {};
  facts_.extended = false;
  facts_.login.clear();
  state_ = State::kConnected;
}

ServerSession::Step ServerSession::start_tls(std::string_view) {
  if (connection_.encrypted()) {
    co_return co_await refuse({503, status::kBadSequence, "The connection is encrypted already"});
  }
  if (options_.tls == nullptr) {
    co_return co_await refuse({502, status::kBadSequence, "Encryption is not offered here"});
  }
  // What stands behind STARTTLS in clear was put there by somebody else, perhaps (CVE-2011-0411).
  if (talks_ahead()) co_return co_await refuse_pipelining();
  PABAL_CO_TRY_VOID(co_await say({220, status::kSuccess, "Ready for the handshake"}));
  PABAL_CO_TRY_VOID(co_await connection_.start_tls(*options_.tls, soon(options_.deadlines.tls)));
  forget_client();
  facts_.tls = connection_.stream().tls_facts();
  co_return Result<void>();
}

ServerSession::Step ServerSession::auth(std::string_view args) {
  if (options_.login_mechanisms.empty()) {
    co_return co_await refuse({502, status::kBadSequence, "Nobody logs in here"});
  }
  if (!may_log_in()) {
    co_return co_await refuse({538, EnhancedCode{5, 7, 11}, "Encrypt first: say STARTTLS"});
  }
  if (!facts_.login.empty()) {  // RFC 4954 §4
    co_return co_await refuse({503, status::kBadSequence, "You are logged in already"});
  }
  if (talks_ahead()) co_return co_await refuse_pipelining();

  const std::size_t space = args.find(' ');
  const std::string_view name = args.substr(0, space);
  const auto mechanism = std::ranges::find_if(
      options_.login_mechanisms, [&](const std::string& known) { return equals_ignoring_case(known, name); });
  if (mechanism == options_.login_mechanisms.end()) {
    co_return co_await refuse({504, status::kBadArguments, "That way of logging in is not offered"});
  }
  std::optional<std::string> initial;
  if (space != std::string_view::npos) {
    const std::string_view encoded = args.substr(space + 1);
    // RFC 4954 §4: "=" is an empty initial response, which is not the same as none.
    initial = encoded == "=" ? std::string() : from_base64(encoded);
    if (!initial) co_return co_await refuse({501, status::kBadSyntax, "That is not base64"});
  }
  co_return co_await exchange_login(handler_.begin_login(facts_, *mechanism), std::move(initial));
}

ServerSession::Step ServerSession::exchange_login(std::unique_ptr<LoginExchange> exchange,
                                                  std::optional<std::string> initial) {
  LoginStep step = co_await exchange->start(std::move(initial));
  while (auto* challenge = std::get_if<LoginChallenge>(&step)) {
    PABAL_CO_TRY(auto response, co_await ask_login(std::move(challenge->text)));
    if (!response) co_return Result<void>();
    step = co_await exchange->step(*std::move(response));
  }
  co_return co_await end_login(std::move(step));
}

/// The client's response; nothing if it made no sense or gave up, which has been said.
net::Task<Result<std::optional<std::string>>> ServerSession::ask_login(std::string challenge) {
  PABAL_CO_TRY_VOID(co_await say({334, {}, to_base64(challenge)}));
  const net::LineLimits limits{.max_bytes = kMaxLoginLineBytes};
  auto line = co_await connection_.read_line(limits, soon(options_.deadlines.login));
  std::optional<std::string> response;
  Reply refusal{501, status::kBadSyntax, "That is not base64"};
  if (line) {
    if (dialogue_ != nullptr) dialogue_->heard(*line == "*" ? *line : kBlanked);
    if (*line == "*") {  // RFC 4954 §4
      refusal = {501, status::kNotAllowed, "As you wish"};
    } else {
      response = from_base64(*line);
    }
  } else if (line.error().kind == ErrorKind::kOverLimit) {
    refusal = {500, status::kLoginLineTooLong, "That line is too long"};
  } else if (line.error().kind != ErrorKind::kRefuse) {
    co_return failure_of(std::move(line));
  }
  if (!response) PABAL_CO_TRY_VOID(co_await refuse(std::move(refusal)));
  co_return response;
}

ServerSession::Step ServerSession::end_login(LoginStep outcome) {
  if (auto* accepted = std::get_if<LoginAccepted>(&outcome)) {
    facts_.login = std::move(accepted->name);
    co_return co_await say({235, status::kLoginOk, "Welcome"});
  }
  PABAL_CO_TRY_VOID(co_await refuse(std::get<LoginRefused>(std::move(outcome)).reply));
  if (ending_ || ++login_failures_ < options_.limits.max_login_failures) co_return Result<void>();
  co_return co_await say({421, EnhancedCode{4, 7, 0}, "Too many logins failed"});
}

}  // namespace detail
}  // namespace pabal::smtp
