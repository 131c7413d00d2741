#include "base/digest.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"

namespace pabal {

namespace {

const unsigned char* as_octets(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* as_octets(Sha256::Digest& digest) { return reinterpret_cast<unsigned char*>(digest.data()); }

// OpenSSL would look the algorithm up by its name at every use, under locks; for a short text that takes
// several times as long as the hashing.
const EVP_MD* sha256() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  PABAL_CHECK(algorithm != nullptr);
  return algorithm;
}

}  // namespace

struct Sha256::State {
  State() : context(EVP_MD_CTX_new()) {
    PABAL_CHECK(context != nullptr);
    restart();
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void restart() { PABAL_CHECK(EVP_DigestInit_ex(context, sha256(), nullptr) == 1); }

  EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  PABAL_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Sha256::Digest Sha256::finish() {
  Digest digest;
  PABAL_CHECK(EVP_DigestFinal_ex(state_->context, as_octets(digest), nullptr) == 1);
  state_->restart();
  return digest;
}

Sha256::Digest Sha256::of(std::string_view bytes) {
  Digest digest;
  PABAL_CHECK(EVP_Digest(bytes.data(), bytes.size(), as_octets(digest), nullptr, sha256(), nullptr) == 1);
  return digest;
}

// RFC 2104 §2 by hand: OpenSSL 3 spends four times as long on finding its HMAC as on a short text.
Sha256::Digest hmac_sha256(std::string_view key, std::string_view message) {
  std::array<char, 64> block{};  // SHA-256's
  if (key.size() > block.size()) {
    const Sha256::Digest shorter = Sha256::of(key);
    std::ranges::copy(shorter, block.begin());
  } else {
    std::ranges::copy(key, block.begin());
  }
  const auto padded = [&](char pad) {
    std::array<char, 64> out = block;
    for (char& c : out) c = static_cast<char>(c ^ pad);
    return out;
  };
  std::array<char, 64> inner_key = padded(0x36), outer_key = padded(0x5c);
  Sha256 hash;
  hash.update({inner_key.data(), inner_key.size()});
  hash.update(message);
  const Sha256::Digest inner = hash.finish();
  hash.update({outer_key.data(), outer_key.size()});
  hash.update({inner.data(), inner.size()});
  for (auto* secret : {&block, &inner_key, &outer_key}) OPENSSL_cleanse(secret->data(), secret->size());
  return hash.finish();
}

Sha256::Digest pbkdf2_sha256(std::string_view password, std::string_view salt, std::uint32_t iterations) {
  Sha256::Digest digest;
  PABAL_CHECK(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), as_octets(salt),
                                static_cast<int>(salt.size()), static_cast<int>(iterations), sha256(),
                                static_cast<int>(digest.size()), as_octets(digest)) == 1);
  return digest;
}

bool equals_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

namespace {

constexpr std::array<std::uint32_t, 256> make_crc32c_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0);
    table[i] = crc;
  }
  return table;
}

constexpr auto kCrc32cTable = make_crc32c_table();

std::uint32_t crc32c_portable(std::uint32_t crc, std::string_view bytes) {
  for (const char c : bytes) crc = (crc >> 8) ^ kCrc32cTable[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_sse42(std::uint32_t crc, std::string_view bytes) {
  std::uint64_t wide = crc;
  while (bytes.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    wide = _mm_crc32_u64(wide, word);
    bytes.remove_prefix(sizeof word);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (const char c : bytes) crc = _mm_crc32_u8(crc, static_cast<unsigned char>(c));
  return crc;
}
#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed) {
#if defined(__x86_64__)
  static const bool have_sse42 = __builtin_cpu_supports("sse4.2");
  if (have_sse42) return ~crc32c_sse42(~seed, bytes);
#endif
  return ~crc32c_portable(~seed, bytes);
}

std::string to_hex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(kDigits[static_cast<unsigned char>(c) & 0xf]);
  }
  return out;
}

}  // namespace pabal
