#include "http/sign_in.h"

#include <fmt/format.h>

#include "base/json.h"
#include "http/credentials.h"

namespace pabal::http {
namespace {

constexpr std::size_t kMaxBodyBytes = 8 * 1024;

// Lax, since with Strict the first click on a link to us would come without it. It goes with the browser; how
// long it is good is the server's matter.
std::string set_cookie(const Request& request, std::string_view value, bool gone = false) {
  const bool secure = Door::cookie_name(request) == kCookieName;
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax{}{}", Door::cookie_name(request), value,
                     secure ? "; Secure" : "", gone ? "; Max-Age=0" : "");
}

std::int64_t seconds_of(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

Response described(const account::AccountId& account, const account::Address& address, const Secret& token) {
  const Json json = Json::object({{"account", std::to_string(account.value())},
                                  {"address", address.to_string()},
                                  {"csrf", Door::csrf_token(token)}});
  return json_response(json.to_text());
}

std::optional<std::string> text_of(const Json& json, std::string_view name) {
  const Json* const member = json.find(name);
  const std::string* const text = member == nullptr ? nullptr : member->as_text();
  return text == nullptr ? std::nullopt : std::optional(*text);
}

// The token that identify() judged already.
Secret cookie_of(const Request& request) {
  return Secret(find_cookie(request, Door::cookie_name(request)).value_or(""));
}

Secret token_of(const Request& request) {
  ShownCredentials shown = shown_credentials(request, Door::cookie_name(request));
  if (auto* bearer = std::get_if<BearerCredentials>(&shown)) return std::move(bearer->token);
  return cookie_of(request);
}

}  // namespace

void SignIn::add_to(Router& router) {
  for (const std::string_view path : {"/auth/sign-in", "/auth/sign-out", "/auth/revoke", "/auth/rotate"})
    router.add(path, {Method::kPost}, *this);
  for (const std::string_view path : {"/auth/session", "/auth/sessions"})
    router.add(path, {Method::kGet}, *this);
}

net::Task<void> SignIn::serve(Exchange& exchange) {
  Response response = co_await answer(exchange);
  std::ignore = co_await exchange.respond(std::move(response));
}

net::Task<Response> SignIn::answer(Exchange& exchange) {
  const Request& request = exchange.request();
  const std::string_view path = request.path();
  std::string body;
  if (request.method == Method::kPost) {
    // A form on another page can't send this type unasked.
    if (request.content_type() != "application/json")
      co_return problem(Status::kUnsupportedMediaType, "Send JSON, with Content-Type: application/json.");
    auto read = co_await exchange.read_all(kMaxBodyBytes);
    if (!read) co_return problem_for(read.error());
    body = *std::move(read);
  }
  if (path == "/auth/sign-in") co_return co_await sign_in(request, std::move(body));
  auto caller = co_await door_.identify(request, account::Protocol::kWeb);
  if (!caller) co_return std::move(caller).error();
  if (!caller->session)
    co_return problem(Status::kBadRequest, "This is about a session, and a name with its password is none.");
  if (path == "/auth/session") co_return described(caller->account, caller->address, token_of(request));
  if (path == "/auth/sessions") co_return co_await list(*caller);
  if (path == "/auth/revoke") co_return co_await revoke(*caller, std::move(body));
  if (path == "/auth/rotate") co_return co_await rotate(request, *caller);
  co_return co_await sign_out(request);
}

net::Task<Response> SignIn::sign_in(const Request& request, std::string body) {
  if (!Door::is_from_here(request))
    co_return problem(Status::kForbidden, "This request was made by another site.");
  auto json = Json::parse(body);
  wipe(body);
  if (!json) co_return problem(Status::kBadRequest, json.error().detail);
  auto name = text_of(*json, "name");
  auto password = text_of(*json, "password");
  if (!name || !password)
    co_return problem(Status::kBadRequest, "`name` and `password` are wanted, each a text.");
  const Json* const wants_token = json->find("token");
  const bool as_token =
      wants_token != nullptr && wants_token->as_bool() != nullptr && *wants_token->as_bool();

  account::ClientInfo client{
      .protocol = account::Protocol::kWeb, .peer = request.peer, .tls = Door::is_secure(request)};
  const auto login =
      co_await authenticator_.login(std::move(client), *std::move(name), Secret::taken_from(*password));
  if (!login) co_return refusal_of(login.error());
  // Whoever could plant a cookie before gains nothing: a sign-in is always a new session.
  auto token = co_await sessions_.open(login->account, std::string(request.find("user-agent").value_or("")),
                                       request.peer.to_string());
  if (!token) co_return problem_for(token.error());
  if (as_token) co_return json_response(Json::object({{"token", std::string(token->reveal())}}).to_text());
  Response response = described(login->account, login->address, *token);
  response.fields.add("set-cookie", set_cookie(request, token->reveal()));
  co_return response;
}

net::Task<Response> SignIn::sign_out(const Request& request) {
  const auto closed = co_await sessions_.close(token_of(request));
  if (!closed) co_return problem_for(closed.error());
  Response response = json_response("{}");
  response.fields.add("set-cookie", set_cookie(request, "", true));
  response.fields.add("clear-site-data", R"("cache", "storage")");
  co_return response;
}

net::Task<Response> SignIn::list(const Caller& caller) {
  const auto sessions = co_await sessions_.list(caller.account);
  if (!sessions) co_return problem_for(sessions.error());
  Json items = Json::array();
  for (const account::Session& session : *sessions) {
    items.push(Json::object({{"id", session.id},
                             {"client", session.client},
                             {"peer", session.peer},
                             {"created", seconds_of(session.created)},
                             {"lastUsed", seconds_of(session.last_used)},
                             {"current", session.id == caller.session->id}}));
  }
  co_return json_response(Json::object({{"sessions", std::move(items)}}).to_text());
}

net::Task<Response> SignIn::revoke(const Caller& caller, std::string body) {
  const auto json = Json::parse(body);
  const auto id = json ? text_of(*json, "id") : std::nullopt;
  if (!id) co_return problem(Status::kBadRequest, "`id` is wanted, the id of a session.");
  const auto revoked = co_await sessions_.revoke(caller.account, *id);
  if (!revoked && revoked.error().kind == ErrorKind::kRefuse)
    co_return problem(Status::kNotFound, "There is no such session.");
  if (!revoked) co_return problem_for(revoked.error());
  co_return json_response("{}");
}

net::Task<Response> SignIn::rotate(const Request& request, const Caller& caller) {
  auto token = co_await sessions_.rotate(token_of(request));
  if (!token) co_return problem_for(token.error());
  Response response = described(caller.account, caller.address, *token);
  if (find_cookie(request, Door::cookie_name(request))) {
    response.fields.add("set-cookie", set_cookie(request, token->reveal()));
  } else {
    response = json_response(Json::object({{"token", std::string(token->reveal())}}).to_text());
  }
  co_return response;
}

}  // namespace pabal::http
