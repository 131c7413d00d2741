// The server's side of SMTP (RFC 5321), submission (RFC 6409) and LMTP (RFC 2033): one call serves one
// connection from greeting to close. Straight-line coroutine on the connection's loop; waits for the client
// under the deadlines of the options, and for the handler as long as that takes.
//
// A session holds no letter: bytes go from the connection's buffer to the handler's sink. Replies to
// pipelined commands leave together when the session next waits for the client (RFC 2920 §3.2).
//
// When its task is cancelled (the server drains) it says 421 and closes.
#pragma once

#include <cstdint>
#include <string>

#include "net/connection.h"
#include "net/task.h"
#include "smtp/dialogue.h"
#include "smtp/server_handler.h"
#include "smtp/server_options.h"

namespace pabal::smtp {

/// How a session ended, for the log.
struct SessionSummary {
  enum class End : std::uint8_t {
    kQuit,
    kPeerClosed,  ///< without QUIT, or the connection broke
    kTimedOut,
    kCancelled,
    kThrownOut,  ///< we had enough: too many errors, broken framing, an early talker
  };
  End end = End::kPeerClosed;
  std::string detail;
  std::uint64_t commands = 0;
  std::uint64_t errors = 0;
  std::uint64_t letters = 0;  ///< accepted
};

/// All parameters outlive the task; `dialogue` may be null.
net::Task<SessionSummary> serve_smtp(net::Connection& connection, ServerHandler& handler,
                                     const ServerOptions& options, Dialogue* dialogue = nullptr);

}  // namespace pabal::smtp
