// The server's half of SASL (RFC 4422), apart from every protocol and from every wait: a mechanism takes the
// client's responses and says what comes next. Where it needs to know something, it asks with a step
// (SaslPasswordClaim, SaslKeysWanted) that account::Authenticator answers; so each mechanism is pure and can
// be fuzzed whole. base64 around the messages is the protocol's.
//
// The client speaks first in PLAIN and SCRAM (an empty challenge asks it to, if no initial response came),
// the server in LOGIN.
//
// A mechanism of another kind, such as OAUTHBEARER, is one more class and one more kind of claim.
// One exchange, one object, one loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "account/scram_keys.h"
#include "base/secret.h"

namespace pabal::account {

/// No response of an honest client is longer: name, password and nonces all have bounds below it.
inline constexpr std::size_t kMaxSaslResponseBytes = 4096;
inline constexpr std::size_t kMaxSaslNameBytes = 255;  ///< RFC 4616 §2, and more than any address of ours

enum class SaslName : std::uint8_t { kPlain, kLogin, kScramSha256, kScramSha256Plus };
std::string_view to_string(SaslName name);
/// By the registered name, in any case.
std::optional<SaslName> find_sasl(std::string_view name);

/// What ties an exchange to its TLS channel (RFC 5056).
struct ChannelBinding {
  std::string type;  ///< "tls-exporter" (RFC 9266) or "tls-server-end-point" (RFC 5929 §4)
  std::string data;
};

/// Send it, and hand the answer to step().
struct SaslChallenge {
  std::string text;
};
/// The client says that it is `name` with this password. The exchange is over; whoever asked judges it.
struct SaslPasswordClaim {
  std::string authzid;  ///< whom it wants to act as; empty for itself
  std::string name;
  Secret password;
};
/// Look up the keys of `name` and hand them to use_keys().
struct SaslKeysWanted {
  std::string name;
};
/// The client proved that it knows the password of `name`. The exchange is over.
struct SaslProven {
  std::string authzid;
  std::string name;
};
/// The exchange is over.
struct SaslFailed {
  enum class Why : std::uint8_t {
    kMalformed,  ///< not the mechanism's grammar (501 5.5.2 or BAD)
    kWrong,      ///< the proof does not fit
    kDowngrade,  ///< somebody between client and server tampers with what is offered (RFC 5802 §6)
  };
  Why why;
  std::string name;    ///< whom the client said to be, if it came so far
  std::string detail;  ///< for the log
};

using SaslStep = std::variant<SaslChallenge, SaslPasswordClaim, SaslKeysWanted, SaslProven, SaslFailed>;

class SaslMechanism {
 public:
  virtual ~SaslMechanism() = default;
  /// Once, with what came beside the mechanism's name. An empty initial response is not the same as none.
  virtual SaslStep start(std::optional<std::string_view> initial_response) = 0;
  virtual SaslStep step(std::string_view response) = 0;
  /// After SaslKeysWanted.
  virtual SaslStep use_keys(const ScramKeys& keys) = 0;
};

struct SaslOptions {
  std::vector<ChannelBinding> bindings;  ///< of this connection; empty without TLS
  bool plus_was_offered = false;         ///< whether the client saw SCRAM-SHA-256-PLUS in our list
  std::string server_nonce;              ///< fresh and unguessable: printable ASCII without a comma
};
/// Bytes from Random for a server nonce, before base64.
inline constexpr std::size_t kServerNonceBytes = 18;

std::unique_ptr<SaslMechanism> make_sasl(SaslName name, SaslOptions options);

}  // namespace pabal::account
