#include "account/sasl.h"

#include <array>
#include <utility>

#include "account/detail/scram.h"
#include "account/password.h"
#include "base/ascii.h"
#include "base/check.h"
#include "base/utf8.h"

namespace pabal::account {
namespace {

constexpr std::array<std::pair<SaslName, std::string_view>, 4> kNames = {{
    {SaslName::kPlain, "PLAIN"},
    {SaslName::kLogin, "LOGIN"},
    {SaslName::kScramSha256, "SCRAM-SHA-256"},
    {SaslName::kScramSha256Plus, "SCRAM-SHA-256-PLUS"},
}};

SaslFailed malformed(std::string detail) { return {SaslFailed::Why::kMalformed, "", std::move(detail)}; }

/// Text that no mechanism may cut short or hide something behind.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxSaslNameBytes && is_utf8(text) &&
         text.find('\0') == std::string_view::npos;
}
bool is_password(std::string_view text) {
  return !text.empty() && text.size() <= kMaxPasswordBytes && is_utf8(text) &&
         text.find('\0') == std::string_view::npos;
}

/// RFC 4616: [authzid] NUL authcid NUL passwd, in one message.
class Plain final : public SaslMechanism {
 public:
  SaslStep start(std::optional<std::string_view> initial_response) override {
    if (!initial_response) return SaslChallenge{};
    return step(*initial_response);
  }

  SaslStep step(std::string_view response) override {
    if (std::exchange(done_, true)) return malformed("PLAIN has one message");
    const std::size_t first = response.find('\0');
    if (first == std::string_view::npos) return malformed("PLAIN without a NUL");
    const std::size_t second = response.find('\0', first + 1);
    if (second == std::string_view::npos) return malformed("PLAIN with one NUL");
    const std::string_view authzid = response.substr(0, first);
    const std::string_view name = response.substr(first + 1, second - first - 1);
    const std::string_view password = response.substr(second + 1);
    if ((!authzid.empty() && !is_name(authzid)) || !is_name(name) || !is_password(password)) {
      return malformed("PLAIN with a part that is empty, too long, not UTF-8 or holds a NUL");
    }
    return SaslPasswordClaim{std::string(authzid), std::string(name), Secret(password)};
  }

  SaslStep use_keys(const ScramKeys&) override { return malformed("PLAIN has no keys"); }

 private:
  bool done_ = false;
};

/// No RFC; draft-murchison-sasl-login tells how clients use it. Outlook still does.
class Login final : public SaslMechanism {
 public:
  SaslStep start(std::optional<std::string_view> initial_response) override {
    if (!initial_response) return SaslChallenge{"Username:"};
    return step(*initial_response);
  }

  SaslStep step(std::string_view response) override {
    switch (std::exchange(state_, state_ == State::kName ? State::kPassword : State::kDone)) {
      case State::kName:
        if (!is_name(response)) return over("LOGIN with a bad name");
        name_ = response;
        return SaslChallenge{"Password:"};
      case State::kPassword:
        if (!is_password(response)) return over("LOGIN with a bad password");
        return SaslPasswordClaim{"", name_, Secret(response)};
      case State::kDone:
        break;
    }
    return over("LOGIN has two messages");
  }

  SaslStep use_keys(const ScramKeys&) override { return over("LOGIN has no keys"); }

 private:
  enum class State { kName, kPassword, kDone };

  SaslFailed over(std::string detail) {
    state_ = State::kDone;
    return {SaslFailed::Why::kMalformed, name_, std::move(detail)};
  }

  State state_ = State::kName;
  std::string name_;
};

}  // namespace

std::string_view to_string(SaslName name) {
  for (const auto& [known, text] : kNames) {
    if (known == name) return text;
  }
  PABAL_CHECK(false);
}

std::optional<SaslName> find_sasl(std::string_view name) {
  for (const auto& [known, text] : kNames) {
    if (equals_ignoring_case(text, name)) return known;
  }
  return {};
}

std::unique_ptr<SaslMechanism> make_sasl(SaslName name, SaslOptions options) {
  switch (name) {
    case SaslName::kPlain:
      return std::make_unique<Plain>();
    case SaslName::kLogin:
      return std::make_unique<Login>();
    case SaslName::kScramSha256:
      return detail::make_scram(false, std::move(options));
    case SaslName::kScramSha256Plus:
      return detail::make_scram(true, std::move(options));
  }
  PABAL_CHECK(false);
}

}  // namespace pabal::account
