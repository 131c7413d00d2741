// The server's side of POP3 (RFC 1939 with 2449, 2595, 5034 and 6856): one call serves one connection from
// greeting to close. Straight-line coroutine on the connection's loop; commands run one after the other,
// however many the client sends ahead. Waits for the client under the deadlines of the options, and for
// mailboxes as long as that takes.
//
// A session holds no letter: bytes go from the store to the connection in pieces. What the client deletes
// goes when it says QUIT, and only then.
//
// A session that ends for the server's sake (it drains, the client was silent too long, another client took
// the maildrop over) closes without a word, which a client could only take for the answer to its next
// command.
#pragma once

#include <cstdint>
#include <string>

#include "net/connection.h"
#include "net/task.h"
#include "pop3/options.h"

namespace pabal::pop3 {

/// How a session ended, for the log.
struct SessionSummary {
  enum class End : std::uint8_t {
    kQuit,
    kPeerClosed,  ///< without QUIT, or the connection broke
    kTimedOut,
    kCancelled,
    kTakenOver,
    kThrownOut,  ///< we had enough: too many errors, broken framing
  };
  End end = End::kPeerClosed;
  std::string detail;
  std::string login;  ///< empty: nobody logged in
  std::uint64_t commands = 0;
  std::uint64_t errors = 0;
  std::uint64_t fetched = 0;
  std::uint64_t deleted = 0;
};

/// All parameters outlive the task.
net::Task<SessionSummary> serve_pop3(net::Connection& connection, Pop3Services& services,
                                     const Pop3Options& options);

}  // namespace pabal::pop3
