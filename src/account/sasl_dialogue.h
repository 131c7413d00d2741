// A SASL exchange on the wire as IMAP and POP3 have it (RFC 9051 §6.2.2, RFC 5034 §4): each challenge is a
// line of `+`, a space and base64, each response a line of base64, and `*` ends it.
//
// On the connection's loop. Waits for the client until the deadline, and as the exchange does.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "account/authenticator.h"
#include "base/result.h"
#include "net/connection.h"
#include "net/task.h"

namespace pabal::account {

/// The client ended the exchange, or said what is no response; nobody's guess was wrong.
struct SaslBrokenOff {
  std::string text;  ///< may be shown to the client
};
using SaslOutcome = std::variant<Login, LoginRefused, SaslBrokenOff>;

/// `initial_response` is decoded. A failure is the connection's. `patience`: for each response.
net::Task<Result<SaslOutcome>> speak_sasl(net::Connection& connection, LoginExchange& exchange,
                                          std::optional<std::string> initial_response,
                                          std::chrono::nanoseconds patience);

}  // namespace pabal::account
