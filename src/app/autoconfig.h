// What mail programs ask for to set themselves up. Nobody has to sign in for it, and the same is said for
// every address, whether it is somebody's or not.
#pragma once

#include "app/client_settings.h"
#include "http/handler.h"
#include "http/router.h"

namespace pabal::app {

class Autoconfig final : public http::Handler {
 public:
  /// The settings outlive it.
  explicit Autoconfig(const ClientSettings& settings) : settings_(settings) {}

  void add_to(http::Router& router);
  net::Task<void> serve(http::Exchange& exchange) override;

 private:
  net::Task<http::Response> answer(http::Exchange& exchange);

  const ClientSettings& settings_;
};

/// What stands in the first element of that name, without looking at what else there is; `EMailAddress` of
/// Outlook's question is all that is wanted of XML here.
std::string_view find_element(std::string_view xml, std::string_view name);

}  // namespace pabal::app
