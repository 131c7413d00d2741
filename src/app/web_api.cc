#include "app/web_api.h"

namespace pabal::app {

WebApi::WebApi(Web& web, jmap::ApiServices services)
    : entrance_(web.door()), api_(std::move(services)), door_(api_, *this) {
  door_.add_routes(web.router());
}

net::Task<std::expected<jmap::Caller, http::Response>> WebApi::find(const http::Request& request) {
  auto caller = co_await entrance_.identify(request, account::Protocol::kJmap);
  if (!caller) co_return std::unexpected(std::move(caller).error());
  co_return jmap::Caller{.account = caller->account, .login = caller->address.to_string()};
}

}  // namespace pabal::app
