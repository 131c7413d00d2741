// For tests and fuzzers of sessions: passwords that cost nothing, and logins that nobody notes.
#pragma once

#include <string>
#include <string_view>

#include "account/authenticator.h"
#include "account/password.h"

namespace pabal::account {

/// Quick, and no secret of anybody's.
class PlainHasher final : public PasswordHasher {
 public:
  Result<std::string> hash(std::string_view password) const override { return std::string(password); }
  Result<bool> verify(std::string_view stored, std::string_view password) const override {
    return stored == password;
  }
  bool is_outdated(std::string_view) const override { return false; }
};

class QuietObserver final : public LoginObserver {
 public:
  void on_login(const LoginEvent&) override {}
};

}  // namespace pabal::account
