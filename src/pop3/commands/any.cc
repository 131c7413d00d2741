// CAPA (RFC 2449) and LANG (RFC 6856 §3).
#include "base/ascii.h"
#include "pop3/commands/families.h"
#include "pop3/grammar/command.h"

namespace pabal::pop3::detail {

Answer run_capa(Session& session, std::string_view rest) {
  if (auto read = parse_nothing(rest); !read) co_return bad(read.error().detail);
  std::string& out = session.out();
  out += "+OK We speak\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\n";
  const auto mechanisms = session.services().authenticator.mechanisms(session.client());
  if (!mechanisms.empty()) {
    out += "USER\r\nSASL";
    for (const account::SaslName name : mechanisms) {
      out += ' ';
      out += account::to_string(name);
    }
    out += "\r\n";
  }
  const bool may_encrypt = session.state() == State::kAuthorization && session.options().tls != nullptr &&
                           !session.connection().encrypted();
  if (may_encrypt) out += "STLS\r\n";
  // RFC 2449 §6.7: as far as POP3 shows them, letters stay for so many days.
  if (const auto days = session.options().last_days.count(); days > 0) {
    fmt::format_to(std::back_inserter(out), "EXPIRE {}\r\n", days);
  } else {
    out += "EXPIRE NEVER\r\n";
  }
  fmt::format_to(std::back_inserter(out),
                 "LOGIN-DELAY {}\r\nUTF8 USER\r\nLANG\r\nIMPLEMENTATION Pabal\r\n.\r\n",
                 session.services().maildrops.options().login_delay.count());
  co_return said();
}

// We know one language, and say so. i-default is what RFC 2277 §4.5 wants for people of any.
Answer run_lang(Session& session, std::string_view rest) {
  const std::string language = to_lower(rest);
  if (language.empty()) {
    session.out() += "+OK Languages:\r\nen English\r\ni-default English\r\n.\r\n";
    co_return said();
  }
  if (language == "*" || language == "en" || language.starts_with("en-")) co_return ok("en English it is");
  if (language == "i-default") co_return ok("i-default English it is");
  co_return err("", "en We know no other language than English");
}

}  // namespace pabal::pop3::detail
