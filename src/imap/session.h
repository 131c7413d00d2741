// The server's side of IMAP4rev1 and rev2 (RFC 3501, RFC 9051): one call serves one connection from greeting
// to close. Straight-line coroutine on the connection's loop; commands run one after the other, however many
// the client sends ahead. Waits for the client under the deadlines of the options, and for mailboxes as long
// as that takes.
//
// A session holds no letter: bytes go from the store to the connection and back in pieces. One that idles
// holds no buffer and no table of its folder either, only its place in the account's log.
//
// When its task is cancelled (the server drains) it says BYE and closes.
#pragma once

#include <cstdint>
#include <string>

#include "imap/options.h"
#include "net/connection.h"
#include "net/task.h"

namespace pabal::imap {

/// How a session ended, for the log.
struct SessionSummary {
  enum class End : std::uint8_t {
    kLogout,
    kPeerClosed,  ///< without LOGOUT, or the connection broke
    kTimedOut,
    kCancelled,
    kThrownOut,  ///< we had enough: too many errors, broken framing
  };
  End end = End::kPeerClosed;
  std::string detail;
  std::string login;  ///< empty: nobody logged in
  std::uint64_t commands = 0;
  std::uint64_t errors = 0;
};

/// All parameters outlive the task.
net::Task<SessionSummary> serve_imap(net::Connection& connection, ImapServices& services,
                                     const ImapOptions& options);

}  // namespace pabal::imap
