// The one door for every letter: from SMTP, submission, LMTP, and our own reports. What it has taken is
// durable: in the mailboxes of those who live here, and in the queue for all others.
//
// Each account and each shard of the queue is a commit of its own, all at the same time, with the letter's
// journey in them; 250 is said when the last is on disk. If one fails the client is asked to send again, and
// those that have the letter already know it by its token (journey/resend_guard.h).
//
// Any loop's thread may call.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "delivery/header_facts.h"
#include "delivery/origin.h"
#include "delivery/refusals.h"
#include "delivery/router.h"
#include "delivery/sent_again.h"
#include "journey/journal.h"
#include "mailbox/mailboxes.h"
#include "net/task.h"
#include "queue/queue.h"
#include "queue/report.h"
#include "smtp/parameters.h"
#include "smtp/reply.h"
#include "store/engine.h"

namespace pabal::delivery {

/// A letter that came in whole.
struct Incoming {
  journey::JourneyId id;
  Origin origin;
  std::optional<account::Address> sender = {};
  smtp::MailParameters parameters = {};
  std::vector<Route> recipients = {};  ///< at least one
  Refusals refusals = {};              ///< others, whom it does not go to
  store::StagedBlob blob = {};         ///< without bytes: it is stored already
  HeaderFacts header = {};
  std::string fields = {};  ///< what we add beside the trace, each with its CRLF
  /// mailbox::storable_facts of the letter from `fields` on; empty: whoever asks makes them.
  std::string facts = {};
  std::string trace = {};                   ///< ready-made, of a letter that waited in our queue
  std::optional<smtp::Hold> was_held = {};  ///< its sender asked for that, and the time has come
  bool has_8bit = false;
  std::vector<journey::WireLine> dialogue = {};
  WallTime began = {};    ///< what the dialogue's times count from
  WallTime arrived = {};  ///< when it was whole
  std::optional<journey::ResendToken> token = {};
};

struct DoorOptions {
  std::string host_name = "localhost";
};

/// All of it outlives the door.
struct DoorParts {
  store::Engine& engine;
  journey::Journal& journal;
  mailbox::Mailboxes& mailboxes;
  Router& router;
  queue::Intake& queue;
  const Clock& clock;
  Random& random;
};

class Door final : public queue::ReportDoor {
 public:
  Door(DoorParts parts, DoorOptions options) : parts_(parts), options_(std::move(options)) {}

  /// What became of each recipient, in their order.
  net::Task<std::vector<smtp::Reply>> take(Incoming letter);

  net::Task<Result<journey::JourneyId>> send(Report report) override;

 private:
  struct Copies;

  /// Tells the sender of recipients here whose mailbox took the letter, if they wanted to know, or did not.
  net::Task<Result<void>> tell_sender(const Incoming& letter, queue::ReportKind kind,
                                      std::vector<std::size_t> recipients);
  net::Task<void> put_in_mailbox(const Incoming& letter, Copies& copies, std::size_t index);
  net::Task<void> put_in_queue(const Incoming& letter, Copies& copies);
  journey::Entry entry_for(const Incoming& letter, bool first) const;
  std::string trace_of(const Incoming& letter) const;
  queue::Letter as_queued(const Incoming& letter) const;

  const DoorParts parts_;
  const DoorOptions options_;
};

}  // namespace pabal::delivery
