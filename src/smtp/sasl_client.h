// The client's half of SASL, for a smart host that wants a login: SCRAM-SHA-256 (RFC 5802, RFC 7677), PLAIN
// (RFC 4616) and LOGIN. Pure, but for SCRAM's key derivation, which runs on the pool. One exchange, one
// object, one loop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "net/task.h"
#include "net/worker_pool.h"

namespace pabal::smtp {

class SaslClient {
 public:
  virtual ~SaslClient() = default;
  virtual std::string_view mechanism() const = 0;
  /// Nothing if the server speaks first.
  virtual std::optional<std::string> initial_response() = 0;
  /// kRefuse if the challenge makes no sense, or the server can't prove that it knows us.
  virtual net::Task<Result<std::string>> answer(std::string challenge) = 0;
  /// Whether the exchange may end in success now: SCRAM's server has proved itself (RFC 5802 §3).
  virtual bool complete() const = 0;
};

struct SaslClientOptions {
  std::string name;
  Secret password;
  bool password_may_be_sent = false;  ///< PLAIN and LOGIN: only over TLS
};

/// An iteration count above this is an attack on us, not a strong key (RFC 7677 §4 asks for 4096).
inline constexpr std::uint32_t kMaxScramIterations = 1'000'000;

/// The best mechanism of those offered; null if none will do. Without a pool SCRAM's keys are derived on
/// the loop. Random and pool must outlive the exchange.
std::unique_ptr<SaslClient> choose_sasl(const std::vector<std::string>& offered, SaslClientOptions options,
                                        Random& random, net::WorkerPool* pool);

}  // namespace pabal::smtp
