#include "http/router.h"

#include <algorithm>

namespace pabal::http {

bool Router::Route::allows(Method method) const {
  const Method wanted = method == Method::kHead ? Method::kGet : method;
  return std::ranges::find(methods, wanted) != methods.end();
}

std::string Router::Route::allowed() const {
  std::string out;
  for (const Method method : methods) {
    out += to_string(method);
    out += ", ";
    if (method == Method::kGet) out += "HEAD, ";
  }
  return out + "OPTIONS";
}

void Router::add(std::string_view path, Methods methods, Handler& handler) {
  exact_.insert_or_assign(std::string(path), Route{methods, &handler});
}

void Router::add_prefix(std::string_view prefix, Methods methods, Handler& handler) {
  prefixes_.insert_or_assign(std::string(prefix), Route{methods, &handler});
}

const Router::Route* Router::find(std::string_view path) const {
  if (const auto it = exact_.find(path); it != exact_.end()) return &it->second;
  // A longer prefix of the same path sorts behind a shorter one, so in falling order it is met first.
  for (auto it = prefixes_.lower_bound(path); it != prefixes_.end(); ++it) {
    if (path.starts_with(it->first)) return &it->second;
  }
  return nullptr;
}

net::Task<void> Router::serve(Exchange& exchange) {
  const Request& request = exchange.request();
  const Route* const route = find(request.path());
  if (route == nullptr) {
    std::ignore = co_await exchange.respond(problem(Status::kNotFound, "There is nothing at this address."));
  } else if (route->allows(request.method)) {
    co_await route->handler->serve(exchange);
  } else {
    Response answer = request.method == Method::kOptions
                          ? Response{.status = Status::kNoContent}
                          : problem(Status::kMethodNotAllowed, "This address does not take that method.");
    answer.fields.add("allow", route->allowed());
    std::ignore = co_await exchange.respond(std::move(answer));
  }
}

}  // namespace pabal::http
