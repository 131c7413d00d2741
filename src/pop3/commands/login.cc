// How somebody comes in: USER and PASS (RFC 1939 §7), AUTH (RFC 5034), STLS (RFC 2595 §4), UTF8 (RFC 6856).
// Throttling and the same words for every wrong guess are the authenticator's.
#include "account/sasl_dialogue.h"
#include "base/utf8.h"
#include "net/tls.h"
#include "pop3/commands/families.h"
#include "pop3/grammar/command.h"

namespace pabal::pop3::detail {
namespace {

constexpr std::string_view kEncryptFirst = "Turn on encryption before you log in: STLS, or the port for TLS";

/// RFC 3206 §4, §5.
Reply reply_for(const account::LoginRefused& refused) {
  using enum account::LoginRefused::Why;
  switch (refused.why) {
    case kWrong:
    case kNotAllowed:
      return err("AUTH", refused.text);
    case kMalformed:
      return bad(refused.text);
    case kNotOffered:
      return err("", refused.text);
    case kNeedsTls:
      return err("", kEncryptFirst);
    case kDisabled:
      return err("SYS/PERM", refused.text);
    case kThrottled:
    case kBusy:
      return err("SYS/TEMP", refused.text);
  }
  return err("SYS/TEMP", refused.text);
}

Reply stay_out(Session& session, const account::LoginRefused& refused) {
  Reply reply = reply_for(refused);
  if (++session.login_failures() >= session.options().max_login_failures) {
    reply.text += "; that was one too many, goodbye";
    session.end(SessionSummary::End::kThrownOut, "too many logins failed");
  }
  return reply;
}

bool may_log_in(Session& session) {
  return !session.services().authenticator.mechanisms(session.client()).empty();
}

}  // namespace

// Whether there is such a user is told by PASS, and not even there.
Answer run_user(Session& session, std::string_view rest) {
  if (!may_log_in(session)) co_return err("", kEncryptFirst);
  while (rest.ends_with(' ')) rest.remove_suffix(1);
  if (rest.empty() || rest.size() > account::kMaxSaslNameBytes)
    co_return bad("USER wants a name: USER bob@example.org");
  if (!is_utf8(rest)) co_return bad("A name is written in UTF-8");  // RFC 6856 §2.2
  session.user() = rest;
  co_return ok("And the password?");
}

Answer run_pass(Session& session, std::string_view rest) {
  if (session.user().empty()) co_return bad("USER comes first");
  if (rest.empty()) co_return bad("PASS wants the password");
  if (!is_utf8(rest)) co_return bad("A password is written in UTF-8");
  auto login = co_await session.services().authenticator.login(
      session.client(), std::exchange(session.user(), {}), Secret(rest));
  if (!login) co_return stay_out(session, login.error());
  co_return co_await session.log_in(*std::move(login));
}

Answer run_apop(Session&, std::string_view) {
  co_return err("",
                "APOP works only where passwords are stored so that they can be read, and here they are not; "
                "use AUTH SCRAM-SHA-256, or USER and PASS over TLS");
}

Answer run_auth(Session& session, std::string_view rest) {
  auto command = parse_auth(rest);
  if (!command) co_return bad(command.error().detail);
  auto& authenticator = session.services().authenticator;
  if (command->mechanism.empty()) {
    if (!may_log_in(session)) co_return err("", kEncryptFirst);
    session.out() += "+OK Ways to log in:\r\n";
    for (const account::SaslName name : authenticator.mechanisms(session.client()))
      fmt::format_to(std::back_inserter(session.out()), "{}\r\n", account::to_string(name));
    session.out() += ".\r\n";
    co_return said();
  }
  auto exchange = authenticator.begin(command->mechanism, session.client());
  if (!exchange) co_return stay_out(session, exchange.error());
  // What the client sent ahead is answered first.
  PABAL_CO_TRY_VOID(co_await session.send_out());
  PABAL_CO_TRY(auto outcome, co_await account::speak_sasl(session.connection(), *exchange,
                                                          std::move(command->initial_response),
                                                          session.options().deadlines.greeted));
  if (auto* const broken = std::get_if<account::SaslBrokenOff>(&outcome)) co_return bad(broken->text);
  if (auto* const refused = std::get_if<account::LoginRefused>(&outcome))
    co_return stay_out(session, *refused);
  co_return co_await session.log_in(std::get<account::Login>(std::move(outcome)));
}

Answer run_stls(Session& session, std::string_view rest) {
  if (auto read = parse_nothing(rest); !read) co_return bad(read.error().detail);
  net::Connection& connection = session.connection();
  if (connection.encrypted()) co_return bad("The connection is encrypted already");
  if (session.options().tls == nullptr) co_return bad("Encryption is not offered here");
  if (session.utf8()) co_return bad("STLS comes before UTF8");  // RFC 6856 §2.1
  // What stands behind STLS in clear was put there by somebody else, perhaps (CVE-2011-0411): start_tls
  // closes the connection then. What was said in clear is forgotten (RFC 2595 §4).
  PABAL_CO_TRY_VOID(co_await session.say_now(ok("Ready for the handshake")));
  PABAL_CO_TRY_VOID(
      co_await connection.start_tls(*session.options().tls, session.in(session.options().deadlines.tls)));
  session.user().clear();
  co_return said();
}

Answer run_utf8(Session& session, std::string_view rest) {
  if (auto read = parse_nothing(rest); !read) co_return bad(read.error().detail);
  session.utf8() = true;
  co_return ok("UTF-8 it is");
}

}  // namespace pabal::pop3::detail
