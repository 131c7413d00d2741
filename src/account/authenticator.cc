#include "account/authenticator.h"

#include "base/ascii.h"
#include "base/check.h"
#include "base/cursor.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "base/utf8.h"
#include "net/loop.h"

namespace pabal::account {

using net::Task;
using Why = LoginRefused::Why;

namespace {

std::string text_for(Why why) {
  switch (why) {
    case Why::kWrong:
      return "the name or the password is wrong";
    case Why::kMalformed:
      return "the login could not be understood";
    case Why::kNotOffered:
      return "that way to log in is not offered here";
    case Why::kNeedsTls:
      return "turn on encryption (TLS) before you log in";
    case Why::kDisabled:
      return "this account is switched off";
    case Why::kNotAllowed:
      return "that is not allowed for this login";
    case Why::kThrottled:
      return "too many failed logins; try again later";
    case Why::kBusy:
      return "the server is busy; try again in a moment";
  }
  PABAL_CHECK(false);
}

/// A text that tells equal passwords from others to the throttle, and nothing else to anybody.
std::uint64_t fingerprint(std::string_view key, std::string_view account, const Secret& password) {
  std::string message;
  append_sized(message, account);
  append_sized(message, password.reveal());
  const Sha256::Digest digest = hmac_sha256(key, message);
  wipe(message);
  Cursor in(std::string_view(digest.data(), digest.size()));
  return in.take_u64().value_or(0) | 1;  // 0 is none
}

bool has_domain(std::string_view name) { return name.find('@') != std::string_view::npos; }

/// The address that a name means; one without a domain is of `domain`.
std::optional<Address> complete(std::string_view name, const std::optional<DomainName>& domain) {
  if (name.size() > kMaxSaslNameBytes) return {};
  auto address = !has_domain(name) && domain ? Address::from_parts(name, *domain) : Address::parse(name);
  if (!address) return {};
  return *std::move(address);
}

LoginExchange::Step to_step(LoginResult result) {
  if (!result) return std::move(result).error();
  return *std::move(result);
}

}  // namespace

ClientInfo client_info_of(const net::Stream& stream, Protocol protocol) {
  ClientInfo client{.protocol = protocol, .peer = stream.peer(), .tls = stream.encrypted(), .bindings = {}};
  const std::pair<net::ChannelBinding, std::string_view> types[] = {
      {net::ChannelBinding::kTlsExporter, "tls-exporter"},
      {net::ChannelBinding::kTlsServerEndPoint, "tls-server-end-point"},
  };
  for (const auto& [type, name] : types) {
    // Which of them there are depends on the version of TLS; the stream knows.
    if (auto data = stream.channel_binding(type))
      client.bindings.push_back({std::string(name), *std::move(data)});
  }
  return client;
}

/// One login on its way: whose it would be, what the throttle says, how it ends.
class Authenticator::Attempt {
 public:
  Attempt(Authenticator& door, const ClientInfo& client, std::optional<SaslName> mechanism)
      : door_(door), client_(client), mechanism_(mechanism) {}

  /// Finds the account and waits as long as the throttle says. Nothing: go on.
  Task<std::optional<LoginRefused>> admit(std::string name) {
    name_ = std::move(name);
    auto address = co_await door_.find_address(name_, client_);
    if (!address) co_return refuse(Why::kBusy, address.error().detail);
    address_ = *std::move(address);
    if (address_) {
      auto account = co_await door_.directory_.find_account_by_address(*address_);
      if (!account) co_return refuse(Why::kBusy, account.error().detail);
      account_ = *std::move(account);
    }
    throttled_.emplace(door_.throttle_.begin(throttle_key(), client_.peer));
    if (const auto wait = throttled_->refused_for()) co_return refuse_throttled(*wait);
    if (throttled_->delay() > std::chrono::milliseconds(0)) {
      const net::Context context = co_await net::current_context();
      const auto slept = co_await net::sleep_until(context.loop->in(throttled_->delay()));
      if (!slept) co_return refuse(Why::kBusy, slept.error().detail);
      if (const auto wait = throttled_->refused_after_delay()) co_return refuse_throttled(*wait);
    }
    co_return std::nullopt;
  }

  Task<LoginResult> prove(std::string authzid, Secret password) {
    const std::uint64_t print = fingerprint(door_.fingerprint_key_, throttle_key(), password);
    const auto proof = co_await door_.credentials_.prove(id(), std::move(password), client_.protocol);
    if (!proof) co_return std::unexpected(refuse(Why::kBusy, proof.error().detail));
    if (!*proof) {
      throttled_->failed(print);
      co_return std::unexpected(refuse(Why::kWrong, account_ ? "wrong password" : "no such account"));
    }
    app_password_ = (*proof)->app_password;
    if (!(*proof)->protocol_allowed) {
      throttled_->succeeded();
      co_return std::unexpected(refuse(Why::kNotAllowed, "this app password is for other protocols"));
    }
    co_return co_await open(std::move(authzid));
  }

  Task<Result<ScramKeys>> load_keys() {
    return door_.credentials_.load_scram_keys(id(), address_ ? address_->key() : name_);
  }

  /// After the proof: what only the owner may know.
  Task<LoginResult> open(std::string authzid) {
    PABAL_CHECK(account_.has_value());
    throttled_->succeeded();
    // Read again: a slow exchange must not outlast the account.
    auto account = co_await door_.directory_.find_account(account_->id);
    if (!account) co_return std::unexpected(refuse(Why::kBusy, account.error().detail));
    if (!*account) co_return std::unexpected(refuse(Why::kWrong, "the account was removed meanwhile"));
    account_ = *std::move(account);
    const auto domain = co_await door_.directory_.find_domain(account_->login().domain());
    if (!domain) co_return std::unexpected(refuse(Why::kBusy, domain.error().detail));
    if (!account_->enabled) {
      auto refused = refuse(Why::kDisabled, account_->disabled_reason);
      if (!account_->disabled_reason.empty()) refused.text += ": " + account_->disabled_reason;
      co_return std::unexpected(std::move(refused));
    }
    if (!*domain || !(*domain)->options.enabled) {
      co_return std::unexpected(refuse(Why::kDisabled, "the domain is switched off"));
    }
    if (!is_own(authzid))
      co_return std::unexpected(refuse(Why::kNotAllowed, "it may not act as somebody else"));
    tell(std::nullopt, "");
    co_return Login{.account = account_->id,
                    .address = account_->login(),
                    .name = name_,
                    .mechanism = mechanism_,
                    .app_password = app_password_};
  }

  /// The proof did not fit, where no password was told.
  LoginRefused fail_proof(std::string_view detail) {
    if (throttled_) throttled_->failed(0);
    return refuse(Why::kWrong, detail);
  }

  LoginRefused refuse(Why why, std::string_view detail) {
    tell(why, detail);
    return {why, text_for(why)};
  }

 private:
  std::optional<AccountId> id() const { return account_ ? std::optional(account_->id) : std::nullopt; }

  LoginRefused refuse_throttled(std::chrono::seconds wait) {
    auto refused = refuse(Why::kThrottled, "too many failures");
    refused.text = fmt::format("too many failed logins; try again in {} minutes",
                               std::chrono::ceil<std::chrono::minutes>(wait).count());
    return refused;
  }

  /// The same for all addresses of one account, so that they don't each have a count of their own.
  std::string throttle_key() const {
    if (account_) return fmt::format("#{}", account_->id);
    return address_ ? address_->key() : name_;
  }

  /// RFC 4616 §2: an authorization identity. Only one's own is allowed.
  bool is_own(std::string_view authzid) const {
    if (authzid.empty()) return true;
    const auto address = complete(authzid, account_->login().domain());
    return address &&
           std::ranges::find(account_->addresses, address->key(), &Address::key) != account_->addresses.end();
  }

  void tell(std::optional<Why> refused, std::string_view detail) const {
    door_.observer_.on_login({.refused = refused,
                              .protocol = client_.protocol,
                              .peer = client_.peer,
                              .tls = client_.tls,
                              .mechanism = mechanism_ ? to_string(*mechanism_) : std::string_view("password"),
                              .name = utf8_prefix(name_, kMaxSaslNameBytes),
                              .account = id(),
                              .app_password = app_password_,
                              .delay = throttled_ ? throttled_->delay() : std::chrono::milliseconds(0),
                              .detail = detail});
  }

  Authenticator& door_;
  const ClientInfo& client_;
  const std::optional<SaslName> mechanism_;
  std::string name_;
  std::optional<Address> address_;
  std::optional<Account> account_;
  std::optional<LoginThrottle::Attempt> throttled_;
  std::optional<AppPasswordId> app_password_;
};

// ---- Exchanges

struct LoginExchange::State {
  State(Authenticator& door, ClientInfo info, SaslName name, SaslOptions options)
      : client(std::move(info)),
        mechanism(make_sasl(name, std::move(options))),
        attempt(door, client, name) {}

  const ClientInfo client;
  const std::unique_ptr<SaslMechanism> mechanism;
  Authenticator::Attempt attempt;
};

LoginExchange::LoginExchange(std::unique_ptr<State> state) : state_(std::move(state)) {}
LoginExchange::LoginExchange(LoginExchange&&) noexcept = default;
LoginExchange::~LoginExchange() = default;

Task<LoginExchange::Step> LoginExchange::start(std::optional<std::string> initial_response) {
  co_return co_await advance(state_->mechanism->start(initial_response));
}

Task<LoginExchange::Step> LoginExchange::step(std::string response) {
  co_return co_await advance(state_->mechanism->step(response));
}

Task<LoginExchange::Step> LoginExchange::advance(SaslStep step) {
  Authenticator::Attempt& attempt = state_->attempt;
  if (auto* challenge = std::get_if<SaslChallenge>(&step)) co_return std::move(*challenge);
  if (auto* wanted = std::get_if<SaslKeysWanted>(&step))
    co_return co_await answer_keys(std::move(wanted->name));
  if (auto* failed = std::get_if<SaslFailed>(&step)) {
    if (failed->why == SaslFailed::Why::kMalformed) co_return attempt.refuse(Why::kMalformed, failed->detail);
    co_return attempt.fail_proof(failed->detail);
  }

  if (auto* claim = std::get_if<SaslPasswordClaim>(&step)) {
    if (auto refused = co_await attempt.admit(std::move(claim->name))) co_return *std::move(refused);
    co_return to_step(co_await attempt.prove(std::move(claim->authzid), std::move(claim->password)));
  }
  co_return to_step(co_await attempt.open(std::move(std::get<SaslProven>(step).authzid)));
}

Task<LoginExchange::Step> LoginExchange::answer_keys(std::string name) {
  Authenticator::Attempt& attempt = state_->attempt;
  if (auto refused = co_await attempt.admit(std::move(name))) co_return *std::move(refused);
  const auto keys = co_await attempt.load_keys();
  if (!keys) co_return attempt.refuse(Why::kBusy, keys.error().detail);
  co_return std::get<SaslChallenge>(state_->mechanism->use_keys(*keys));
}

// ---- The door

Authenticator::Authenticator(Directory& directory, Credentials& credentials, LoginThrottle& throttle,
                             Random& random, LoginObserver& observer, AuthenticatorOptions options)
    : directory_(directory),
      credentials_(credentials),
      throttle_(throttle),
      random_(random),
      observer_(observer),
      options_(std::move(options)),
      fingerprint_key_(random.bytes(sizeof(Sha256::Digest))) {}

bool Authenticator::may_send_password(const ClientInfo& client) const {
  return client.tls || options_.cleartext_from_anywhere ||
         (options_.cleartext_from_here && client.peer.is_local());
}

Task<Result<std::optional<Address>>> Authenticator::find_address(std::string_view name,
                                                                 const ClientInfo& client) {
  std::optional<DomainName> domain = client.domain ? client.domain : options_.default_domain;
  if (!domain && !has_domain(name)) {
    PABAL_CO_TRY(domain, co_await directory_.find_only_domain());
  }
  co_return complete(name, domain);
}

std::vector<SaslName> Authenticator::mechanisms(const ClientInfo& client) const {
  if (!may_send_password(client)) return {};
  std::vector<SaslName> out;
  if (options_.offer_scram) {
    if (client.tls && !client.bindings.empty()) out.push_back(SaslName::kScramSha256Plus);
    out.push_back(SaslName::kScramSha256);
  }
  out.push_back(SaslName::kPlain);
  out.push_back(SaslName::kLogin);
  return out;
}

std::expected<LoginExchange, LoginRefused> Authenticator::begin(std::string_view mechanism,
                                                                ClientInfo client) {
  const auto offered = mechanisms(client);
  const auto name = find_sasl(mechanism);
  const auto why = !may_send_password(client) ? Why::kNeedsTls : Why::kNotOffered;
  if (!name || std::ranges::find(offered, *name) == offered.end()) {
    return std::unexpected(Attempt(*this, client, name).refuse(why, ""));
  }
  SaslOptions options{.bindings = client.bindings,
                      .plus_was_offered = offered.front() == SaslName::kScramSha256Plus,
                      .server_nonce = to_base64(random_.bytes(kServerNonceBytes))};
  return LoginExchange(
      std::make_unique<LoginExchange::State>(*this, std::move(client), *name, std::move(options)));
}

Task<LoginResult> Authenticator::login(ClientInfo client, std::string name, Secret password) {
  Attempt attempt(*this, client, std::nullopt);
  if (!may_send_password(client)) co_return std::unexpected(attempt.refuse(Why::kNeedsTls, ""));
  if (auto refused = co_await attempt.admit(std::move(name))) co_return std::unexpected(*std::move(refused));
  co_return co_await attempt.prove("", std::move(password));
}

}  // namespace pabal::account
