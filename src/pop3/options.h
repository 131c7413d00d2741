// What a POP3 session works with, and how it is set up. Plain structs; they outlive the sessions.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "account/authenticator.h"
#include "account/connections.h"
#include "base/clock.h"
#include "base/log.h"
#include "journey/journal.h"
#include "mailbox/mailboxes.h"
#include "pop3/deletion.h"
#include "pop3/maildrops.h"
#include "store/engine.h"

namespace pabal::net {
class TlsServer;
}

namespace pabal::pop3 {

struct Pop3Services {
  account::Authenticator& authenticator;
  mailbox::Mailboxes& mailboxes;
  store::Engine& engine;
  journey::Journal& journal;
  account::Connections& connections;
  Maildrops& maildrops;
  const Clock& clock;
  Logger log = {};
};

struct Pop3Options {
  std::string host_name = "localhost";
  net::TlsServer* tls = nullptr;                   ///< for STLS; null: not offered
  std::optional<account::DomainName> domain = {};  ///< the port is its own: `user bob` is of it

  std::string folder = "INBOX";
  Deletion deletion = Deletion::kRemove;
  std::chrono::days last_days{0};  ///< older letters are not shown; 0: all are
  /// Of older ones nothing is told in journeys, which have forgotten how they came.
  std::chrono::hours journeys_kept{7 * 24};

  std::size_t max_login_failures = 5;
  // Commands in a row that make no sense.
  std::size_t max_errors_before_login = 10;
  std::size_t max_errors = 50;

  struct Deadlines {
    std::chrono::seconds greeted{180};   ///< a client that has not logged in may be silent for so long
    std::chrono::seconds idle{10 * 60};  ///< RFC 1939 §3: at least ten minutes
    std::chrono::seconds reply{300};     ///< for a client that does not read what we say
    std::chrono::seconds tls{60};
    std::chrono::seconds farewell{5};
  } deadlines;
};

}  // namespace pabal::pop3
