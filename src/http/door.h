// Who asks: the door in front of every handler that serves somebody's mail. API clients show Basic or Bearer;
// a browser shows its session's cookie, and for everything that changes something the session's CSRF token
// too.
//
// One object serves all loops.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "account/authenticator.h"
#include "account/sessions.h"
#include "base/secret.h"
#include "http/exchange.h"

namespace pabal::http {

/// A name that browsers keep to this host, over TLS alone (RFC 6265bis §4.1.3.2). In clear there is another
/// one, believed on this machine only: for a first look, and for tests.
inline constexpr std::string_view kCookieName = "__Host-pabal";
inline constexpr std::string_view kLocalCookieName = "pabal-local";
inline constexpr std::string_view kCsrfField = "x-csrf-token";

struct Caller {
  account::AccountId account;
  account::Address address;  ///< the account's login
  /// Of a cookie or a bearer token; nothing for a name with its password.
  std::optional<account::Session> session = {};
};

class Door {
 public:
  /// Everything must outlive the door.
  Door(account::Authenticator& authenticator, account::Sessions& sessions, account::Directory& directory)
      : authenticator_(authenticator), sessions_(sessions), directory_(directory) {}

  /// Who asks, or what to answer: 401 for nobody or a wrong password, 400 for two ways at once, 403 for a
  /// request that another site made, 429 for too many tries. Waits for the store and for a password's check.
  net::Task<std::expected<Caller, Response>> identify(const Request& request, account::Protocol protocol);

  /// The cookie that this request would carry.
  static std::string_view cookie_name(const Request& request);
  /// Over TLS, ours or that of a proxy on this machine.
  static bool is_secure(const Request& request);
  /// Made by a page of ours, or by no page at all, as far as the browser tells (Sec-Fetch-Site).
  static bool is_from_here(const Request& request);
  /// What a session's page sends along as X-CSRF-Token.
  static std::string csrf_token(const Secret& token);

 private:
  net::Task<std::expected<Caller, Response>> log_in(const Request& request, account::Protocol protocol,
                                                    std::string name, Secret password);
  net::Task<std::expected<Caller, Response>> find_session(const Request& request, Secret token);

  account::Authenticator& authenticator_;
  account::Sessions& sessions_;
  account::Directory& directory_;
};

/// The answer to a login that was refused.
Response refusal_of(const account::LoginRefused& refused);

}  // namespace pabal::http
