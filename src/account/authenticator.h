// The one door for logins of every protocol: SASL exchanges, and plain names with passwords. Behind it stand
// the directory, the credentials and the throttle.
//
// What a stranger learns is the same for an unknown account, a wrong password and a disabled account: the
// same words after the same work. That an account is disabled is told after a right password only.
//
// The authenticator may be used from any loop's thread; an exchange belongs to one. Each call waits for the
// store, for the throttle's delay (on the loop's timer) and for a hash on the worker pool.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "account/credentials.h"
#include "account/directory.h"
#include "account/sasl.h"
#include "account/throttle.h"
#include "base/random.h"
#include "base/secret.h"
#include "net/endpoint.h"
#include "net/stream.h"
#include "net/task.h"

namespace pabal::account {

/// Who asks, and over what.
struct ClientInfo {
  Protocol protocol = Protocol::kImap;
  net::Endpoint peer = {};
  bool tls = false;
  std::vector<ChannelBinding> bindings = {};  ///< of the TLS channel, as far as there are any
  std::optional<DomainName> domain = {};      ///< whose door this is; completes a name without one
};

/// The same, as the connection's stream knows it.
ClientInfo client_info_of(const net::Stream& stream, Protocol protocol);

/// An open door.
struct Login {
  AccountId account;
  Address address;                         ///< the account's login
  std::string name;                        ///< as the client gave it
  std::optional<SaslName> mechanism = {};  ///< nothing: a plain name and password
  std::optional<AppPasswordId> app_password = {};
};

/// A closed one. `text` may be shown to the client as it is.
struct LoginRefused {
  enum class Why : std::uint8_t {
    kWrong,       ///< name or password (SMTP 535 5.7.8; IMAP AUTHENTICATIONFAILED)
    kMalformed,   ///< not the mechanism's grammar (501 5.5.2; BAD)
    kNotOffered,  ///< a mechanism that is not offered here (504 5.5.4)
    kNeedsTls,    ///< a password in clear on an open line (538 5.7.11; PRIVACYREQUIRED)
    kDisabled,    ///< right password, but the account is switched off (535 5.7.13; CONTACTADMIN)
    kNotAllowed,  ///< right password, but not for this protocol or that identity (535 5.7.0;
                  ///< AUTHORIZATIONFAILED)
    kThrottled,   ///< too many failures from there; come again later (454 4.7.0; UNAVAILABLE)
    kBusy,        ///< our fault; the same may work in a while (454 4.7.0; UNAVAILABLE)
  };
  Why why;
  std::string text;
};
using LoginResult = std::expected<Login, LoginRefused>;

/// What happened at the door, for logs, counters and journeys.
struct LoginEvent {
  std::optional<LoginRefused::Why> refused = {};  ///< nothing: it opened
  Protocol protocol = Protocol::kImap;
  net::Endpoint peer = {};
  bool tls = false;
  std::string_view mechanism = {};        ///< "password" for a plain name and password
  std::string_view name = {};             ///< as given, at most kMaxSaslNameBytes; peer bytes: escape them
  std::optional<AccountId> account = {};  ///< if the name is one's; never told to the client
  std::optional<AppPasswordId> app_password = {};
  std::chrono::milliseconds delay{0};  ///< how long the throttle made it wait
  std::string_view detail = {};        ///< why, for the log
};

class LoginObserver {
 public:
  virtual ~LoginObserver() = default;
  /// On the thread of the connection's loop; must not wait. The views end with the call.
  virtual void on_login(const LoginEvent& event) = 0;
};

struct AuthenticatorOptions {
  /// Completes a name without a domain, "bob", at a door that is no domain's own. Nothing: the directory's
  /// domain, if it has just one.
  std::optional<DomainName> default_domain = {};
  /// Passwords in clear over an open line: from this machine itself, and from anywhere (a lab).
  bool cleartext_from_here = true;
  bool cleartext_from_anywhere = false;
  /// Off where most passwords have no SCRAM keys (CredentialsOptions::store_scram_keys, app passwords): a
  /// client that picks SCRAM does not try PLAIN afterwards.
  bool offer_scram = true;
};

class Authenticator;

/// One AUTH command's exchange. Its Authenticator must outlive it.
class LoginExchange {
 public:
  using Step = std::variant<SaslChallenge, Login, LoginRefused>;

  LoginExchange(LoginExchange&&) noexcept;
  ~LoginExchange();

  /// Once, with the decoded initial response, if one came. After a challenge comes step(); any other answer
  /// ends it.
  net::Task<Step> start(std::optional<std::string> initial_response);
  net::Task<Step> step(std::string response);

 private:
  friend class Authenticator;
  struct State;
  explicit LoginExchange(std::unique_ptr<State> state);
  net::Task<Step> advance(SaslStep step);
  net::Task<Step> answer_keys(std::string name);

  std::unique_ptr<State> state_;
};

class Authenticator {
 public:
  /// Everything must outlive the authenticator.
  Authenticator(Directory& directory, Credentials& credentials, LoginThrottle& throttle, Random& random,
                LoginObserver& observer, AuthenticatorOptions options = {});
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  /// What to offer this client, best first. Empty on an open line that must not carry a password; SCRAM sends
  /// none, but whoever listens there can guess at it, so it is not offered either.
  std::vector<SaslName> mechanisms(const ClientInfo& client) const;

  /// The exchange for the mechanism that the client named.
  std::expected<LoginExchange, LoginRefused> begin(std::string_view mechanism, ClientInfo client);

  /// For POP3 USER and PASS, IMAP LOGIN, HTTP Basic and the sign-in page.
  net::Task<LoginResult> login(ClientInfo client, std::string name, Secret password);

 private:
  friend class LoginExchange;
  class Attempt;

  bool may_send_password(const ClientInfo& client) const;
  net::Task<Result<std::optional<Address>>> find_address(std::string_view name, const ClientInfo& client);

  Directory& directory_;
  Credentials& credentials_;
  LoginThrottle& throttle_;
  Random& random_;
  LoginObserver& observer_;
  const AuthenticatorOptions options_;
  const std::string fingerprint_key_;
};

}  // namespace pabal::account
