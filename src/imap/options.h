// What an IMAP session works with, and how it is set up. Plain structs; they outlive the sessions.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "account/authenticator.h"
#include "account/connections.h"
#include "account/directory.h"
#include "base/clock.h"
#include "base/log.h"
#include "imap/folder_keys.h"
#include "journey/journal.h"
#include "mailbox/mailboxes.h"
#include "mailbox/search/evaluate.h"
#include "net/worker_pool.h"
#include "store/engine.h"

namespace pabal::net {
class TlsServer;
}

namespace pabal::imap {

struct ImapServices {
  account::Authenticator& authenticator;
  account::Directory& directory;
  mailbox::Mailboxes& mailboxes;
  store::Engine& engine;
  journey::Journal& journal;
  account::Connections& connections;
  // Never null where people log in.
  mailbox::search::Evaluator* evaluator = nullptr;
  FolderKeyCache* keys = nullptr;
  net::WorkerPool* workers = nullptr;
  Logger log = {};
};

/// Bounds of one command. What a person's program sends is far below; what nobody knows yet gets less.
struct CommandLimits {
  std::size_t max_line_bytes = 64 * 1024;
  std::size_t max_literal_bytes = 64 * 1024;
  std::size_t max_command_bytes = 256 * 1024;  ///< lines and literals together; messages apart
  /// A literal that we don't want but that is on its way already (RFC 7888) is read away up to here; behind
  /// that the connection is closed.
  /// Letters too: one for a folder that is not there yet must not cost the connection.
  std::uint64_t max_dropped_bytes = 64 * 1024 * 1024;
};

struct ImapOptions {
  std::string host_name = "localhost";
  net::TlsServer* tls = nullptr;                   ///< for STARTTLS; null: not offered
  std::optional<account::DomainName> domain = {};  ///< the port is its own: who logs in as 'bob' is of it

  CommandLimits before_login{.max_line_bytes = 8 * 1024,
                             .max_literal_bytes = 4 * 1024,
                             .max_command_bytes = 16 * 1024,
                             .max_dropped_bytes = 64 * 1024};
  CommandLimits after_login;
  std::uint64_t max_letter_bytes = 50 * 1024 * 1024;  ///< of APPEND
  std::size_t max_letters_of_command = 0;             ///< MESSAGELIMIT (RFC 9738); 0: as many as there are
  /// What all clients are told of the server (METADATA, RFC 5464 §3.2.1.1); empty: nothing.
  std::string admin_uri;
  std::string comment;
  std::size_t max_login_failures = 5;
  // Commands in a row that make no sense.
  std::size_t max_errors_before_login = 10;
  std::size_t max_errors = 50;

  struct Deadlines {
    std::chrono::seconds greeted{180};         ///< a client that has not logged in may be silent for so long
    std::chrono::seconds idle{30 * 60};        ///< RFC 9051 §5.4: at least 30 minutes
    std::chrono::seconds command{300};         ///< for the rest of a command that was begun
    std::chrono::seconds letter{60 * 60};      ///< for an APPEND's letter as a whole
    std::chrono::seconds letter_silence{300};  ///< and between two pieces of it
    std::chrono::seconds reply{300};           ///< for a client that does not read what we say
    std::chrono::seconds tls{60};
    std::chrono::seconds farewell{5};
  } deadlines;
};

}  // namespace pabal::imap
