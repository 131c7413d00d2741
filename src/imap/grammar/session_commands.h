// The arguments of the commands about the connection and the session: LOGIN, AUTHENTICATE, ENABLE, ID,
// COMPRESS (RFC 9051 §6.2, §6.3.1, RFC 2971, RFC 4959, RFC 4978). IDLE, NOOP, LOGOUT and others that take
// nothing: parse_no_arguments.
//
// Every function of this and the other *_command(s).h takes a cursor that stands right behind the command's
// name, reads to the command's end, and refuses what is left over. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/cursor.h"
#include "base/result.h"
#include "imap/grammar/tokens.h"

namespace pabal::imap {

/// RFC 2971 §3.3: field names of 30 bytes, values of 1024, 30 of them.
inline constexpr std::size_t kMaxIdFields = 30;
inline constexpr std::size_t kMaxIdFieldBytes = 30;
inline constexpr std::size_t kMaxIdValueBytes = 1024;
inline constexpr std::size_t kMaxCapabilities = 50;

Result<void> parse_no_arguments(Cursor& in, const Dialect& dialect);

/// login = "LOGIN" SP userid SP password. No refusal holds a byte of either.
struct LoginCommand {
  std::string user;
  std::string password;
};
Result<LoginCommand> parse_login(Cursor& in, const Dialect& dialect);

/// authenticate = "AUTHENTICATE" SP auth-type [SP initial-resp]. No refusal holds a byte of the response.
struct AuthenticateCommand {
  std::string mechanism;                        ///< upper case
  std::optional<std::string> initial_response;  ///< decoded; empty for "="
};
Result<AuthenticateCommand> parse_authenticate(Cursor& in, const Dialect& dialect);

/// enable = "ENABLE" 1*(SP capability). In upper case; unknown ones are the caller's to pass over.
struct EnableCommand {
  std::vector<std::string> capabilities;
};
Result<EnableCommand> parse_enable(Cursor& in, const Dialect& dialect);

/// id = "ID" SP id-params-list (RFC 2971 §4). Empty for NIL; names are lower case, a value may be NIL.
struct IdCommand {
  std::vector<std::pair<std::string, std::optional<std::string>>> fields;
};
Result<IdCommand> parse_id(Cursor& in, const Dialect& dialect);

/// compress = "COMPRESS" SP algorithm (RFC 4978 §4), in upper case.
Result<std::string> parse_compress(Cursor& in, const Dialect& dialect);

}  // namespace pabal::imap
