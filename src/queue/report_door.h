// The door through which the queue's own letters go. Declared here because the queue needs it; delivery
// implements it.
#pragma once

#include <string>

#include "account/address.h"
#include "base/result.h"
#include "journey/journey_id.h"
#include "journey/resend_guard.h"
#include "net/task.h"

namespace pabal::queue {

/// Takes reports about letters that were not, or not yet, delivered.
class ReportDoor {
 public:
  struct Report {
    account::Address to;
    std::string letter;  ///< whole, with CRLF line ends
    bool smtputf8 = false;
    journey::JourneyId about;
    /// The same for every try to send this report, so that a crash between sending it and noting that sends
    /// it once.
    journey::ResendToken token;
  };
  virtual ~ReportDoor() = default;
  /// From the null path; returns its journey when it is durable. kRefuse: it can't be delivered ever (nobody
  /// of that name), and so is dropped.
  virtual net::Task<Result<journey::JourneyId>> send(Report report) = 0;
};

}  // namespace pabal::queue
