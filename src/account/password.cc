#include "account/password.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "account/detail/unicode.h"
#include "base/ascii.h"
#include "base/check.h"

namespace pabal::account {
namespace {

// What is tried first against every account of every server, in lower case. A longer list belongs in a file
// of the operator's; these are the ones that a throttled guesser would reach.
constexpr std::array<std::string_view, 40> kCommonest = {
    "12345678", "123456789",  "1234567890", "password",     "password1",  "password12", "password123",
    "passw0rd", "p@ssw0rd",   "p@ssword",   "qwertyui",     "qwertyuiop", "qwerty123",  "qwerty12",
    "1q2w3e4r", "1q2w3e4r5t", "1qaz2wsx",   "1qaz2wsx3edc", "q1w2e3r4",   "iloveyou",   "iloveyou1",
    "sunshine", "princess",   "football",   "baseball",     "superman",   "trustno1",   "whatever",
    "welcome1", "welcome123", "letmein1",   "changeme",     "changeme1",  "abcd1234",   "abc12345",
    "a1b2c3d4", "11111111",   "00000000",   "88888888",     "asdfghjkl",
};

bool is_one_character_repeated(std::string_view text) {
  return text.find_first_not_of(text.front()) == std::string_view::npos;
}

class Argon2idHasher final : public PasswordHasher {
 public:
  explicit Argon2idHasher(Argon2Options options) : options_(options) {
    PABAL_CHECK(sodium_init() >= 0);  // any number of times, from any thread
  }

  Result<std::string> hash(std::string_view password) const override {
    std::array<char, crypto_pwhash_argon2id_STRBYTES> out{};
    if (crypto_pwhash_argon2id_str(out.data(), password.data(), password.size(), options_.passes,
                                   options_.memory_bytes) != 0) {
      return fail(ErrorKind::kRetryLater, "no memory for a password hash");
    }
    return std::string(out.data());
  }

  Result<bool> verify(std::string_view stored, std::string_view password) const override {
    const auto text = terminated(stored);
    if (!text) return fail(ErrorKind::kCorrupt, "a stored password hash is too long");
    errno = 0;
    if (crypto_pwhash_argon2id_str_verify(text->data(), password.data(), password.size()) == 0) return true;
    if (errno == ENOMEM) return fail(ErrorKind::kRetryLater, "no memory for a password hash");
    return false;
  }

  bool is_outdated(std::string_view stored) const override {
    const auto text = terminated(stored);
    return !text ||
           crypto_pwhash_argon2id_str_needs_rehash(text->data(), options_.passes, options_.memory_bytes) != 0;
  }

 private:
  using Text = std::array<char, crypto_pwhash_argon2id_STRBYTES>;

  static std::optional<Text> terminated(std::string_view stored) {
    Text text{};
    if (stored.size() >= text.size()) return {};
    std::ranges::copy(stored, text.begin());
    return text;
  }

  const Argon2Options options_;
};

Secret fold(std::string_view text) {
  auto folded = detail::to_fold(text);
  return folded ? Secret::taken_from(*folded) : Secret(text);
}

}  // namespace

Result<Secret> prepare_password(std::string_view password) {
  if (password.empty()) return fail(ErrorKind::kRefuse, "the password is empty");
  if (password.size() > kMaxPasswordBytes) {
    return fail(ErrorKind::kRefuse, "the password is longer than {} bytes", kMaxPasswordBytes);
  }
  if (is_ascii(password)) {
    if (std::ranges::any_of(password, is_control)) {
      return fail(ErrorKind::kRefuse, "the password holds control characters");
    }
    return Secret(password);
  }
  std::string spaced = detail::map_spaces(password);
  auto composed = detail::to_nfc(spaced);
  wipe(spaced);
  if (!composed || !detail::is_freeform(*composed)) {
    if (composed) wipe(*composed);
    return fail(ErrorKind::kRefuse, "the password holds control characters, or bytes that are no text");
  }
  return Secret::taken_from(*composed);
}

Result<void> check_password(std::string_view password, const Address& login) {
  PABAL_TRY(const auto secret, prepare_password(password));
  const std::string_view prepared = secret.reveal();
  if (detail::count_characters(prepared) < kMinPasswordCharacters) {
    return fail(ErrorKind::kRefuse, "the password is too short: use at least {} characters",
                kMinPasswordCharacters);
  }
  const Secret guess = fold(prepared);
  const std::string_view folded = guess.reveal();
  if (folded == login.key() || folded == login.local_key() || folded == login.domain().ascii()) {
    return fail(ErrorKind::kRefuse, "the password is the address, or a part of it: anybody would try that");
  }
  if (std::ranges::find(kCommonest, folded) != kCommonest.end() || is_one_character_repeated(folded)) {
    return fail(ErrorKind::kRefuse, "the password is one of those that everybody tries first");
  }
  return {};
}

std::unique_ptr<PasswordHasher> make_argon2id_hasher(Argon2Options options) {
  return std::make_unique<Argon2idHasher>(options);
}

}  // namespace pabal::account
