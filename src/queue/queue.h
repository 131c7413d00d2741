// The outgoing queue: keeps letters until other hosts have taken them, tries again when they can't now, and
// tells the sender when they never will (RFC 5321 §4.5.4).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "journey/journal.h"
#include "journey/resend_guard.h"
#include "net/task.h"
#include "queue/courier.h"
#include "queue/letter.h"
#include "store/engine.h"

namespace pabal::queue {

/// A letter that comes in.
struct Submission {
  Letter letter;
  std::vector<Recipient> to;                   ///< at least one
  std::optional<store::StagedBlob> blob = {};  ///< of the letter; nothing if it is stored already
  std::optional<journey::ResendToken> token = {};
  journey::Entry entry = {};  ///< how it came here; written with it
};

enum class Added : std::uint8_t {
  kAdded,
  kKnown,  ///< a letter with this token was here within a day
};

/// Where letters come into the queue.
class Intake {
 public:
  virtual ~Intake() = default;
  /// Any loop's thread; returns when the letter is durable.
  virtual net::Task<Result<Added>> add(Submission submission) = 0;
};

/// The door through which the queue's own letters go: reports about letters that were not, or not yet,
/// delivered.
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
