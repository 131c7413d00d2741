// How somebody comes in: STARTTLS, LOGIN, AUTHENTICATE (RFC 9051 §6.2). Throttling and the same words for
// every wrong guess are the authenticator's.
#include "account/sasl_dialogue.h"
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
  auto client = account::client_info_of(session.connection().stream(), account::Protocol::kImap);
  client.domain = session.options().domain;
  return client;
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
  // A password binds nothing.
  const net::Stream& stream = session.connection().stream();
  account::ClientInfo client{
      .protocol = account::Protocol::kImap, .peer = stream.peer(), .tls = stream.encrypted()};
  auto login = co_await session.services().authenticator.login(std::move(client), std::move(command->user),
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
  PABAL_CO_TRY(auto outcome, co_await account::speak_sasl(session.connection(), *exchange,
                                                          std::move(command->initial_response),
                                                          session.options().deadlines.greeted));
  if (auto* const login = std::get_if<account::Login>(&outcome))
    co_return come_in(session, std::move(*login));
  if (auto* const broken = std::get_if<account::SaslBrokenOff>(&outcome)) co_return bad(broken->text);
  co_return stay_out(session, std::get<account::LoginRefused>(outcome));
}

}  // namespace pabal::imap::detail
