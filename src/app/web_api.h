// JMAP among what the web serves. Who asks is found by the web's own door: a password, a token, or a
// session's cookie.
#pragma once

#include "app/web.h"
#include "jmap/api.h"
#include "jmap/door.h"

namespace pabal::app {

class WebApi final : private jmap::Callers {
 public:
  /// Adds itself to the web, which serves nobody yet and outlives it.
  WebApi(Web& web, jmap::ApiServices services);

 private:
  net::Task<std::expected<jmap::Caller, http::Response>> find(const http::Request& request) override;

  http::Door& entrance_;
  jmap::Api api_;
  jmap::Door door_;
};

}  // namespace pabal::app
