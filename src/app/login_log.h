// Every login, for the log and the metrics. Names are peers' bytes, and are escaped by the log; passwords
// never come here.
#pragma once

#include "account/authenticator.h"
#include "base/log.h"
#include "base/metrics.h"

namespace pabal::app {

class LoginLog final : public account::LoginObserver {
 public:
  LoginLog(Logger log, Metrics& metrics);

  /// Any thread.
  void on_login(const account::LoginEvent& event) override;

 private:
  const Logger log_;
  CounterFamily& logins_;
};

}  // namespace pabal::app
