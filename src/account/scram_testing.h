// A SCRAM client for tests.
#pragma once

#include <string>
#include <string_view>

#include "account/scram_keys.h"
#include "base/digest.h"
#include "base/encoding.h"

namespace pabal::account {

class ScramClient {
 public:
  ScramClient(std::string name, std::string password, std::string gs2_header = "n,,",
              std::string binding = "")
      : bare_("n=" + std::move(name) + ",r=" + std::string(kNonce)),
        password_(std::move(password)),
        gs2_header_(std::move(gs2_header)),
        binding_(std::move(binding)) {}

  static constexpr std::string_view kNonce = "rOprNGfwEbeRWgbNEkqO";

  std::string first() const { return gs2_header_ + bare_; }

  /// The client-final-message, and what the server must answer to it.
  std::string final(const std::string& server_first) {
    const auto field = [&](std::string_view name) {
      const std::size_t start = server_first.find(name) + name.size();
      return server_first.substr(start, server_first.find(',', start) - start);
    };
    const std::string salt = from_base64(field(",s=")).value_or("");
    const auto iterations = static_cast<std::uint32_t>(std::stoul(field(",i=")));
    const std::string without_proof = "c=" + to_base64(gs2_header_ + binding_) + ",r=" + field("r=");
    const std::string message = bare_ + "," + server_first + "," + without_proof;
    const Sha256::Digest salted = pbkdf2_sha256(password_, salt, iterations);
    const Sha256::Digest client_key = hmac_sha256(view(salted), "Client Key");
    const Sha256::Digest signature = hmac_sha256(view(Sha256::of(view(client_key))), message);
    std::string proof(signature.size(), '\0');
    for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(client_key[i] ^ signature[i]);
    server_final_ =
        "v=" + to_base64(view(hmac_sha256(view(hmac_sha256(view(salted), "Server Key")), message)));
    return without_proof + ",p=" + to_base64(proof);
  }
  const std::string& expected_server_final() const { return server_final_; }

 private:
  static std::string_view view(const Sha256::Digest& digest) { return {digest.data(), digest.size()}; }

  std::string bare_;
  std::string password_;
  std::string gs2_header_;
  std::string binding_;
  std::string server_final_;
};

}  // namespace pabal::account
