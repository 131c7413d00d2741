// How somebody comes in: STARTTLS, LOGIN, AUTHENTICATE (RFC 9051 §6.2). Throttling and the same words for
// every wrong guess are the authenticator's.
#include "base/encoding.h"
#include "imap/commands/families.h"
#include "imap/grammar/session_commands.h"
#include "net/tls.h"

namespace pabal::imap::detail {
namespace {

/// RFC 5530 §3.
Reply reply_for(const account::LoginRefused& refused) {
  using enum account::LoginRefused::Why;
  switch (refused.why) {
    case kWrong:
      return no("AUTHENTICATIONFAILED", refused.text);
    case kMalformed:
      return bad(refused.text);
    case kNotOffered:
      return no("CANNOT", refused.text);
    case kNeedsTls:
      return no("PRIVACYREQUIRED", refused.text);
    case kDisabled:
      return no("CONTACTADMIN", refused.text);
    case kNotAllowed:
      return no("AUTHORIZATIONFAILED", refused.text);
    case kThrottled:
    case kBusy:
      return no("UNAVAILABLE", refused.text);
  }
  return no("UNAVAILABLE", refused.text);
}

Reply come_in(Session& session, account::Login login) {
  if (auto admitted = session.log_in(login.account, login.address.to_string()); !admitted)
    return no("LIMIT", admitted.error().detail);
  return {Reply::Status::kOk, "CAPABILITY " + capabilities(session), "Welcome"};
}

Reply stay_out(Session& session, const account::LoginRefused& refused) {
  if (++session.login_failures() >= session.options().max_login_failures) {
    session.out() += "* BYE Too many logins failed\r\n";
    session.end(SessionSummary::End::kThrownOut, "too many logins failed");
  }
  return reply_for(refused);
}

account::ClientInfo client_of(Session& session) {
  return account::client_info_of(session.connection().stream(), account::Protocol::kImap);
}

/// The client's response to a challenge; nothing if it gave up or made no sense: `refusal` says so.
net::Task<Result<std::optional<std::string>>> ask(Session& session, std::string challenge, Reply& refusal) {
  net::Connection& connection = session.connection();
  const net::Deadline deadline = session.in(session.options().deadlines.greeted);
  const std::string line = fmt::format("+ {}\r\n", to_base64(challenge));
  PABAL_CO_TRY_VOID(co_await connection.write(line, deadline));
  const net::LineLimits limits{
      .max_bytes = 2 * account::kMaxSaslResponseBytes, .accept_bare_lf = true, .accept_bare_cr = true};
  const auto response = co_await connection.read_line(limits, deadline);
  if (!response && response.error().kind == ErrorKind::kOverLimit) {
    refusal = bad("That is too long for a response");
    co_return std::nullopt;
  }
  if (!response) co_return std::unexpected(response.error());
  refusal = bad(*response == "*" ? "As you wish" : "That is not base64");
  co_return from_base64(*response);
}

}  // namespace

Answer run_starttls(Session& session, Request request) {
  Cursor in = request.arguments();
  if (auto read = parse_no_arguments(in, session.dialect()); !read) co_return bad(read.error().detail);
  net::Connection& connection = session.connection();
  if (connection.encrypted()) co_return bad("The connection is encrypted already");
  if (session.options().tls == nullptr) co_return bad("Encryption is not offered here");
  // What stands behind STARTTLS in clear was put there by somebody else, perhaps (CVE-2011-0411):
  // start_tls closes the connection then.
  PABAL_CO_TRY_VOID(co_await session.say_now(request.tag, ok("Ready for the handshake")));
  PABAL_CO_TRY_VOID(
      co_await connection.start_tls(*session.options().tls, session.in(session.options().deadlines.tls)));
  co_return Reply{Reply::Status::kSaid, {}, {}};
}

Answer run_login(Session& session, Request request) {
  Cursor in = request.arguments();
  auto command = parse_login(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  auto login = co_await session.services().authenticator.login(client_of(session), std::move(command->user),
                                                               Secret::taken_from(command->password));
  if (!login) co_return stay_out(session, login.error());
  co_return come_in(session, *std::move(login));
}

Answer run_authenticate(Session& session, Request request) {
  Cursor in = request.arguments();
  auto command = parse_authenticate(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  auto exchange = session.services().authenticator.begin(command->mechanism, client_of(session));
  if (!exchange) co_return stay_out(session, exchange.error());
  auto step = co_await exchange->start(std::move(command->initial_response));
  while (auto* challenge = std::get_if<account::SaslChallenge>(&step)) {
    Reply refusal;
    PABAL_CO_TRY(auto response, co_await ask(session, std::move(challenge->text), refusal));
    if (!response) co_return refusal;
    step = co_await exchange->step(*std::move(response));
  }
  if (auto* login = std::get_if<account::Login>(&step)) co_return come_in(session, std::move(*login));
  co_return stay_out(session, std::get<account::LoginRefused>(step));
}

}  // namespace pabal::imap::detail
