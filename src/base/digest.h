// Hashes, behind one door (OpenSSL's libcrypto, which uses the processor's own instructions).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pabal {

/// SHA-256 (FIPS 180-4) over a stream.
class Sha256 {
 public:
  using Digest = std::array<char, 32>;

  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view bytes);
  /// The digest of all that came; the object then starts anew.
  Digest finish();

  static Digest of(std::string_view bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// HMAC-SHA-256 (RFC 2104).
Sha256::Digest hmac_sha256(std::string_view key, std::string_view message);

/// PBKDF2 with HMAC-SHA-256 (RFC 8018 §5.2), 32 bytes: SCRAM's Hi() (RFC 5802 §2.2). Slow by design:
/// call it on a worker pool.
Sha256::Digest pbkdf2_sha256(std::string_view password, std::string_view salt, std::uint32_t iterations);

/// Compares secrets in a time that does not tell where they differ. Lengths are not secret.
bool equals_in_constant_time(std::string_view a, std::string_view b);

/// CRC-32C (RFC 3720 appendix B.4), as records on disk carry it; `seed` continues an earlier one.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

std::string to_hex(std::string_view bytes);

}  // namespace pabal
