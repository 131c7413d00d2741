// What an operator decides about a listener's SMTP sessions, and the bounds that keep one session from
// costing more than it should. Values; one set serves all connections of a listener.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/endpoint.h"
#include "smtp/letter_codec.h"
#include "smtp/path.h"
#include "smtp/server_handler.h"

namespace pabal::net {
class TlsServer;
}

namespace pabal::smtp {

/// A command line. RFC 5321 §4.5.3.1.4 says 512; extensions add: ORCPT 500, AUTH= 500, ENVID and RET 109,
/// NOTIFY 28, SIZE 26, UTF-8 paths more (RFC 3461 §4, RFC 4954 §3, RFC 6531 §3.4).
inline constexpr std::size_t kMaxCommandBytes = 2048;
/// RFC 4954 §4: AUTH lines are longer.
inline constexpr std::size_t kMaxLoginLineBytes = 12288;

struct ServerLimits {
  std::uint64_t max_letter_bytes = 50 * 1024 * 1024;
  /// A letter beyond max_letter_bytes is read to its end, so that its rest never becomes commands; when it
  /// is this much beyond, the connection is closed instead.
  std::uint64_t max_overrun_bytes = 64 * 1024 * 1024;
  std::size_t max_recipients = 1000;  ///< a letter; RFC 5321 §4.5.3.1.8 asks for 100 at least
  std::size_t max_letters = 0;        ///< a connection; 0: no limit
  std::size_t max_errors = 20;        ///< commands that made no sense, then 421
  std::size_t max_login_failures = 3;
  /// Commands that bring no letter further (NOOP, RSET, VRFY, a MAIL given up), since the last letter.
  std::size_t max_idle_commands = 100;
  /// Who guesses at addresses waits `harvest_delay` for each answer after this many wrong ones.
  std::size_t harvest_threshold = 5;
  std::chrono::milliseconds harvest_delay{1000};
};

struct ServerDeadlines {
  std::chrono::seconds command{300};  ///< RFC 5321 §4.5.3.2.7: at least five minutes
  std::chrono::seconds data{300};     ///< until more of a letter comes
  std::chrono::seconds letter{7200};  ///< for a letter as a whole, however steadily it drips
  std::chrono::seconds reply{300};    ///< until the client takes what we say
  std::chrono::seconds login{120};    ///< for each line of an AUTH exchange
  std::chrono::seconds tls{60};       ///< the handshake
  std::chrono::seconds farewell{10};  ///< to send a last word before closing
};

struct ServerOptions {
  std::string host_name = "localhost";
  Profile profile = Profile::kMx;
  Leniency leniency;
  BareLineEnds bare_line_ends = BareLineEnds::kRefuse;
  ServerLimits limits;
  ServerDeadlines deadlines;

  /// STARTTLS is offered if there is one. Must outlive the sessions.
  net::TlsServer* tls = nullptr;
  bool tls_required = false;  ///< MAIL only over TLS (RFC 3207 §4: never on a public MX)

  std::vector<std::string> login_mechanisms;  ///< none: no AUTH
  bool login_required = false;                ///< MAIL only after AUTH
  bool login_without_tls = false;             ///< only for loopback or a lab: passwords travel in clear

  /// A client that speaks before the greeting is no mail server (RFC 5321 §3.1); how long we listen for
  /// that. It delays every greeting.
  bool refuse_early_talkers = true;
  std::chrono::milliseconds greeting_delay{0};

  bool offer_require_tls = true;  ///< RFC 8689; over TLS only
  /// FUTURERELEASE, for submission alone (RFC 4865 §4.2): how far ahead. 0: not offered.
  std::chrono::seconds max_hold{0};

  /// Who may say XCLIENT: proxies and content filters of our own.
  std::vector<net::Network> xclient_networks;

  static ServerOptions mx(std::string host_name);
  static ServerOptions submission(std::string host_name);
  static ServerOptions lmtp(std::string host_name);
};

}  // namespace pabal::smtp
