// Passwords as text: what they must be, and how they are hashed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "account/address.h"
#include "base/result.h"
#include "base/secret.h"

namespace pabal::account {

inline constexpr std::size_t kMinPasswordCharacters = 8;  ///< NIST SP 800-63B §5.1.1.1
inline constexpr std::size_t kMaxPasswordBytes = 1024;    ///< a passphrase fits; a megabyte is an attack

/// RFC 8265 §4.2 OpaqueString: other spaces become spaces, NFC; kRefuse for empty, control characters,
/// unassigned code points, bad UTF-8 or over kMaxPasswordBytes. Both sides of a comparison go through it.
Result<Secret> prepare_password(std::string_view password);

/// Whether a person may choose it: long enough, not their address, not one that everybody tries first.
Result<void> check_password(std::string_view password, const Address& login);

/// A slow hash with its parameters and salt inside the stored text. Any thread; call it on a worker pool.
class PasswordHasher {
 public:
  virtual ~PasswordHasher() = default;
  virtual Result<std::string> hash(std::string_view password) const = 0;
  virtual Result<bool> verify(std::string_view stored, std::string_view password) const = 0;
  /// Whether it was made with other parameters than hash() uses now.
  virtual bool is_outdated(std::string_view stored) const = 0;
};

// OWASP's second choice for argon2id: 19 MiB and two passes, about 15 ms. A pool of n threads then needs n x
// 19 MiB. Raised here, old hashes are made anew at their owner's next login.
inline constexpr std::size_t kArgonMemoryBytes = 19 * 1024 * 1024;
inline constexpr std::uint64_t kArgonPasses = 2;

struct Argon2Options {
  std::size_t memory_bytes = kArgonMemoryBytes;
  std::uint64_t passes = kArgonPasses;
};
std::unique_ptr<PasswordHasher> make_argon2id_hasher(Argon2Options options = {});

}  // namespace pabal::account
