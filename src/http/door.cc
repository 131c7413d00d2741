#include "http/door.h"

#include "base/ascii.h"
#include "base/digest.h"
#include "base/encoding.h"
#include "http/credentials.h"

namespace pabal::http {
namespace {

// 401 names a way in (RFC 9110 §11.6.1). A page of ours has a form of its own; at the word Basic a browser
// would put up its own.
Response unauthorized(const Request& request, std::string_view detail) {
  Response answer = problem(Status::kUnauthorized, detail);
  const bool is_page =
      request.find("sec-fetch-mode").has_value() && request.find("sec-fetch-mode") != "navigate";
  answer.fields.add("www-authenticate",
                    is_page ? R"(Pabal-Session realm="Pabal")" : R"(Basic realm="Pabal", charset="UTF-8")");
  return answer;
}

bool changes_something(Method method) {
  return method != Method::kGet && method != Method::kHead && method != Method::kOptions;
}

}  // namespace

bool Door::is_secure(const Request& request) {
  return request.tls || (request.peer.is_local() && request.find("x-forwarded-proto") == "https");
}

std::string_view Door::cookie_name(const Request& request) {
  return is_secure(request) || !request.peer.is_local() ? kCookieName : kLocalCookieName;
}

bool Door::is_from_here(const Request& request) {
  const auto site = request.find("sec-fetch-site");
  return !site || *site == "same-origin" || (*site == "none" && !changes_something(request.method));
}

std::string Door::csrf_token(const Secret& token) {
  const Sha256::Digest digest = hmac_sha256(token.reveal(), "pabal csrf");
  return to_base64url({digest.data(), digest.size()});
}

net::Task<std::expected<Caller, Response>> Door::identify(const Request& request,
                                                          account::Protocol protocol) {
  ShownCredentials shown = shown_credentials(request, cookie_name(request));
  if (auto* basic = std::get_if<BasicCredentials>(&shown))
    co_return co_await log_in(request, protocol, std::move(basic->name), std::move(basic->password));
  if (auto* bearer = std::get_if<BearerCredentials>(&shown))
    co_return co_await find_session(request, std::move(bearer->token));
  if (const auto* bad = std::get_if<BadCredentials>(&shown))
    co_return std::unexpected(
        problem(Status::kBadRequest, fmt::format("The request says badly who asks: {}.", bad->why)));
  auto* cookie = std::get_if<CookieCredentials>(&shown);
  if (cookie == nullptr) co_return std::unexpected(unauthorized(request, "Say who you are: sign in first."));
  if (!is_from_here(request))
    co_return std::unexpected(problem(Status::kForbidden, "This request was made by another site."));
  if (changes_something(request.method) &&
      !equals_in_constant_time(request.find(kCsrfField).value_or(""), csrf_token(cookie->token))) {
    co_return std::unexpected(
        problem(Status::kForbidden, "X-CSRF-Token is missing or is not this session's: load the page anew."));
  }
  co_return co_await find_session(request, std::move(cookie->token));
}

net::Task<std::expected<Caller, Response>> Door::log_in(const Request& request, account::Protocol protocol,
                                                        std::string name, Secret password) {
  account::ClientInfo client{.protocol = protocol, .peer = request.peer, .tls = is_secure(request)};
  auto login = co_await authenticator_.login(std::move(client), std::move(name), std::move(password));
  if (login) co_return Caller{.account = login->account, .address = std::move(login->address)};
  if (login.error().why == account::LoginRefused::Why::kWrong)
    co_return std::unexpected(unauthorized(request, login.error().text));
  co_return std::unexpected(refusal_of(login.error()));
}

net::Task<std::expected<Caller, Response>> Door::find_session(const Request& request, Secret token) {
  auto session = co_await sessions_.find(std::move(token));
  if (!session) co_return std::unexpected(problem_for(session.error()));
  if (!*session) co_return std::unexpected(unauthorized(request, "This session is over: sign in again."));
  const account::AccountId id = (*session)->account;
  const auto account = co_await directory_.find_account(id);
  if (!account) co_return std::unexpected(problem_for(account.error()));
  if (!*account) co_return std::unexpected(unauthorized(request, "This session is over: sign in again."));
  co_return Caller{.account = id, .address = (*account)->login(), .session = **std::move(session)};
}

Response refusal_of(const account::LoginRefused& refused) {
  using Why = account::LoginRefused::Why;
  switch (refused.why) {
    case Why::kWrong:
      return problem(Status::kUnauthorized, refused.text);
    case Why::kMalformed:
    case Why::kNotOffered:
      return problem(Status::kBadRequest, refused.text);
    case Why::kNeedsTls:
    case Why::kDisabled:
    case Why::kNotAllowed:
      return problem(Status::kForbidden, refused.text);
    case Why::kThrottled:
      break;
    case Why::kBusy: {
      Response busy = problem(Status::kServiceUnavailable, refused.text);
      busy.fields.add("retry-after", "10");
      return busy;
    }
  }
  Response throttled = problem(Status::kTooManyRequests, refused.text);
  throttled.fields.add("retry-after", "120");
  return throttled;
}

}  // namespace pabal::http
