#include "app/login_log.h"

namespace pabal::app {
namespace {

std::string_view outcome_of(const account::LoginEvent& event) {
  using Why = account::LoginRefused::Why;
  if (!event.refused) return "opened";
  switch (*event.refused) {
    case Why::kWrong:
      return "wrong";
    case Why::kMalformed:
      return "malformed";
    case Why::kNotOffered:
      return "not_offered";
    case Why::kNeedsTls:
      return "needs_tls";
    case Why::kDisabled:
      return "disabled";
    case Why::kNotAllowed:
      return "not_allowed";
    case Why::kThrottled:
      return "throttled";
    case Why::kBusy:
      return "busy";
  }
  return "unknown";
}

}  // namespace

LoginLog::LoginLog(Logger log, Metrics& metrics)
    : log_(std::move(log)),
      logins_(metrics.counters("pabal_logins_total", "Logins by protocol and outcome",
                               {"protocol", "outcome"})) {}

void LoginLog::on_login(const account::LoginEvent& event) {
  const std::string_view protocol = account::to_string(event.protocol);
  const std::string_view outcome = outcome_of(event);
  logins_.with({protocol, outcome}).add();
  const std::string peer = event.peer.to_string();
  if (event.refused) {
    log_.info("login refused", {{"outcome", outcome},
                                {"protocol", protocol},
                                {"peer", peer},
                                {"tls", event.tls},
                                {"mechanism", event.mechanism},
                                {"name", event.name},
                                {"delay", event.delay},
                                {"detail", event.detail}});
  } else {
    log_.info("login", {{"protocol", protocol},
                        {"peer", peer},
                        {"tls", event.tls},
                        {"mechanism", event.mechanism},
                        {"name", event.name},
                        {"account", event.account ? event.account->value() : 0}});
  }
}

}  // namespace pabal::app
