#include "account/scram_keys.h"

namespace pabal::account {
namespace {

std::string_view view(const Sha256::Digest& digest) { return {digest.data(), digest.size()}; }

}  // namespace

ScramKeys make_scram_keys(std::string_view password, std::string salt, std::uint32_t iterations) {
  const Sha256::Digest salted = pbkdf2_sha256(password, salt, iterations);
  return {
      .salt = std::move(salt),
      .iterations = iterations,
      .stored_key = Sha256::of(view(hmac_sha256(view(salted), "Client Key"))),
      .server_key = hmac_sha256(view(salted), "Server Key"),
  };
}

}  // namespace pabal::account
