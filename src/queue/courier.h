// Whoever carries letters out of the house: the queue hands over and hears what became of it. The one for the
// Internet is queue/smtp_courier.h; tests have their own.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "journey/event.h"
#include "net/task.h"
#include "queue/letter.h"
#include "smtp/reply.h"

namespace pabal::queue {

/// One letter for recipients of one domain.
struct Errand {
  const Letter& letter;
  const account::DomainName& domain;
  std::span<const Recipient> recipients;  ///< at least one, at most kMaxErrandRecipients
  unsigned attempt = 1;
};
inline constexpr std::size_t kMaxErrandRecipients = 100;

struct RecipientResult {
  enum class Fate : std::uint8_t {
    kRelayed,   ///< a host took it
    kDeferred,  ///< time may heal it
    kFailed,    ///< it will not arrive
  };
  Fate fate = Fate::kDeferred;
  smtp::Reply reply = {};          ///< the other side's last word about it, code 0 if it said none
  std::string host = {};           ///< "mx.hamburger.edu [192.0.2.7]:25"; empty if none was reached
  smtp::EnhancedCode status = {};  ///< for the report: the peer's own, else ours (RFC 3463)
  std::string reason = {};         ///< a sentence for people
  bool may_have_arrived = false;   ///< the answer got lost on the wire
  bool reports_itself = false;     ///< relayed to a host that offers DSN: it makes the report of success
  bool operator==(const RecipientResult&) const = default;
};

struct ErrandReport {
  std::vector<RecipientResult> recipients = {};  ///< in the errand's order
  std::vector<journey::Event> events = {};       ///< DNS, connection, TLS, dialogue: as it went
  /// What it says about the domain's hosts, for the scheduler.
  enum class Hosts : std::uint8_t {
    kWell,         ///< a transaction was had, whatever it said about this letter
    kTroubled,     ///< they said "later" to anybody (421, 4xx at greeting or EHLO, too many connections)
    kUnreachable,  ///< no host could be talked to
  };
  Hosts hosts = Hosts::kWell;
  std::string trouble = {};  ///< of kTroubled and kUnreachable, a sentence
};

class Courier {
 public:
  virtual ~Courier() = default;
  /// Runs on the caller's loop, several at a time. Always comes back, with one result for each recipient,
  /// within its own deadlines; cancelled, it brings what it can to an end that is known and defers the rest.
  virtual net::Task<ErrandReport> carry(Errand errand) = 0;
  /// Closes connections that are kept for later on this loop.
  virtual net::Task<void> rest() = 0;
};

}  // namespace pabal::queue
