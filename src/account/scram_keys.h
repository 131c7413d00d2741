// What a server keeps so that SCRAM-SHA-256 works (RFC 5802 §3, RFC 7677): never the password.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace pabal::account {

// RFC 7677 §4 asks for at least 4096. Whoever steals the directory attacks these keys rather than argon2id,
// so they cost more; 65,536 is about 30 ms on a phone, once, since clients keep the result. More is refused
// by every client that stands on Cyrus SASL (2.1.28: "iteration-count is too big"), Postfix among them.
inline constexpr std::uint32_t kMinScramIterations = 4096;
inline constexpr std::uint32_t kScramIterations = 65'536;
inline constexpr std::size_t kScramSaltBytes = 16;

struct ScramKeys {
  std::string salt;
  std::uint32_t iterations = 0;
  Sha256::Digest stored_key{};
  Sha256::Digest server_key{};

  bool operator==(const ScramKeys&) const = default;
};

/// Slow by design: call it on a worker pool. `password` is prepared already (prepare_password).
ScramKeys make_scram_keys(std::string_view password, std::string salt, std::uint32_t iterations);

}  // namespace pabal::account
