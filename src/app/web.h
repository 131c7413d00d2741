// All that HTTP serves, by path. Built once there is a store; what stands on other modules (JMAP) is added to
// its router by the wiring.
#pragma once

#include <memory>
#include <string>

#include "account/sessions.h"
#include "app/autoconfig.h"
#include "app/client_settings.h"
#include "app/config.h"
#include "base/metrics.h"
#include "http/door.h"
#include "http/router.h"
#include "http/sign_in.h"
#include "http/static_files.h"

namespace pabal::app {

class Web final : public http::Handler {
 public:
  /// Everything must outlive it.
  struct Parts {
    store::Engine& engine;
    account::Directory& directory;
    account::Authenticator& authenticator;
    const Metrics& metrics;
    const Clock& clock;
    Random& random;
  };
  Web(const Config& config, std::string host_name, Parts parts);
  ~Web() override;

  /// Before it serves.
  http::Router& router() { return router_; }
  /// In front of everything that is somebody's.
  http::Door& door() { return door_; }

  /// On a listener in clear, strangers are led to the https one, if there is one.
  net::Task<void> serve(http::Exchange& exchange) override;

 private:
  class Health;
  class Exposition;

  bool should_redirect(const http::Request& request) const;

  const ClientSettings settings_;
  account::Sessions sessions_;
  http::Door door_;
  http::SignIn sign_in_;
  Autoconfig autoconfig_;
  http::StaticFiles pages_;
  http::Router router_;
  std::uint16_t https_port_ = 0;  ///< 0: there is none
  std::unique_ptr<Health> health_;
  std::unique_ptr<Exposition> exposition_;
};

}  // namespace pabal::app
