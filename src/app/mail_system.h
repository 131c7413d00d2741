// The way of a letter, built in order: from the sessions that bring it to the courier that carries it on.
#pragma once

#include <string>

#include "account/authenticator.h"
#include "app/config.h"
#include "app/core.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/rate_limit.h"
#include "delivery/door.h"
#include "delivery/router.h"
#include "delivery/sent_again.h"
#include "delivery/smtp_handler.h"

namespace pabal::app {

class MailSystem {
 public:
  /// All of it outlives the mail system.
  struct Parts {
    Core& core;
    account::Authenticator& authenticator;
    queue::Intake& queue;
    const Clock& clock;
    Random& random;
  };
  MailSystem(const Config& config, std::string host_name, Parts parts);

  delivery::SmtpServices& smtp() { return smtp_; }
  delivery::Door& door() { return door_; }

 private:
  delivery::Router router_;
  delivery::Door door_;
  delivery::SentAgain sent_again_;
  RateLimiter letters_by_network_;
  RateLimiter recipients_by_account_;
  delivery::SmtpServices smtp_;
};

}  // namespace pabal::app
