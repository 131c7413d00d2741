// The parameters of MAIL and RCPT as values: parsed by the server, formatted by the client.
// RFC 1870 SIZE, 6152 and 3030 BODY, 6531 SMTPUTF8, 3461 RET ENVID NOTIFY ORCPT, 4954 AUTH, 8689
// REQUIRETLS, 4865 HOLDFOR HOLDUNTIL. Pure; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "smtp/extensions.h"
#include "smtp/path.h"

namespace pabal::smtp {

enum class Body : std::uint8_t { kSevenBit, kEightBitMime, kBinaryMime };
/// What comes back in a bounce: the whole letter or its header (RFC 3461 §4.3).
enum class Ret : std::uint8_t { kFull, kHeaders };

inline constexpr std::size_t kMaxEnvidBytes = 100;              ///< RFC 3461 §4.4
inline constexpr std::size_t kMaxOriginalRecipientBytes = 500;  ///< RFC 3461 §4.2

/// HOLDFOR=seconds or HOLDUNTIL=time, as asked: a bounce repeats which (RFC 4865 §5.1.2).
using Hold = std::variant<std::chrono::seconds, WallTime>;

struct MailParameters {
  std::optional<std::uint64_t> size_bytes;
  std::optional<Body> body;
  bool smtputf8 = false;
  std::optional<Ret> ret;
  std::optional<std::string> envid;  ///< decoded
  /// AUTH=: who first submitted the letter, as the client says; empty for "<>" (RFC 4954 §5).
  std::optional<std::string> submitter;
  bool require_tls = false;
  std::optional<Hold> hold;

  bool operator==(const MailParameters&) const = default;
};

/// NOTIFY (RFC 3461 §4.1). None of the four is NEVER.
struct Notify {
  bool success = false;
  bool failure = false;
  bool delay = false;

  bool never() const { return !success && !failure && !delay; }
  bool operator==(const Notify&) const = default;
};

/// ORCPT: the address as its first sender wrote it, decoded (RFC 3461 §4.2, RFC 6533 §3).
struct OriginalRecipient {
  std::string type;  ///< rfc822, utf-8, ...
  std::string address;
  bool operator==(const OriginalRecipient&) const = default;
};

struct RcptParameters {
  std::optional<Notify> notify;
  std::optional<OriginalRecipient> original;
  bool operator==(const RcptParameters&) const = default;
};

struct MailCommand {
  Path reverse_path;
  MailParameters parameters;
};
struct RcptCommand {
  Path forward_path;
  RcptParameters parameters;
};

/// What stands after "MAIL" and "RCPT": "FROM:" or "TO:", the path, the parameters. A parameter of an
/// extension outside `offered` is unknown: 555 (RFC 5321 §4.1.1.11).
Parsed<MailCommand> parse_mail_command(std::string_view args, ExtensionSet offered, const Leniency& leniency);
Parsed<RcptCommand> parse_rcpt_command(std::string_view args, ExtensionSet offered, const Leniency& leniency);

/// The parameters, each with a space before it, as far as the peer offers their extensions. The caller
/// has seen to it that nothing is left out that must not be (client_session does).
std::string format_mail_parameters(const MailParameters& parameters, ExtensionSet offered);
std::string format_rcpt_parameters(const RcptParameters& parameters, ExtensionSet offered, bool smtputf8);

/// RFC 3339 in UTC, whole seconds: "2026-11-21T12:00:00Z".
std::string format_utc_time(WallTime time);

}  // namespace pabal::smtp
