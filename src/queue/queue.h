// The outgoing queue: keeps letters until other hosts have taken them, tries again when they can't now, and
// tells the sender when they never will (RFC 5321 §4.5.4).
//
//     Queue queue(services, places, options);        // one place a server loop
//     ... on each loop i:  co_await queue.run(i);     // until cancelled
//     ... from any loop:   co_await queue.add(std::move(submission));
//
// Its shards live on the loops (queue/shard.h): a domain's letters, what is known of it and the connections
// to it are all on one. The queue must outlive the loops' last turn, and operators' calls need running loops:
// tasks and edits are handed over by posting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "journey/journal.h"
#include "journey/resend_guard.h"
#include "net/loop.h"
#include "net/task.h"
#include "queue/courier.h"
#include "queue/letter.h"
#include "queue/options.h"
#include "queue/queue_admin.h"
#include "queue/report_door.h"
#include "queue/shard_runner.h"
#include "store/engine.h"

namespace pabal::queue {

/// A letter that comes in.
struct Submission {
  Letter letter;
  std::vector<Recipient> to;                   ///< at least one
  std::optional<store::StagedBlob> blob = {};  ///< of the letter; nothing if it is stored already
  std::optional<journey::ResendToken> token = {};
  /// How it came here. Written once, with the first of the letter's shards; the queue's own event follows in
  /// each.
  journey::Entry entry = {};
};

struct Added {
  enum class What : std::uint8_t {
    kQueued,  ///< all of it, or the part that was missing
    kKnown,   ///< the token was: nothing is new
  };
  What what = What::kQueued;
  /// Whose journey tells of it: the letter's own, or of kKnown the one that came first.
  journey::JourneyId id;
};

/// Where letters come into the queue.
class Intake {
 public:
  virtual ~Intake() = default;
  /// Durable in every shard that it concerns when this returns; a letter to a domain that is idle and well
  /// is then on its way. kRetryLater: parts of it may be stored and will be sent; the client that sends it
  /// again with the same token sends what is missing. Any loop.
  virtual net::Task<Result<Added>> add(Submission submission) = 0;
};

class Queue final : public Intake, public QueueAdmin {
 public:
  /// A server loop, and who carries letters on it.
  struct Place {
    net::Loop& loop;
    Courier& courier;
  };

  /// All of it outlives the queue. At least one place.
  Queue(const QueueServices& services, std::vector<Place> places, QueueOptions options);
  ~Queue() override;

  net::Task<Result<Added>> add(Submission submission) override;

  /// The shards of place `index`, on its loop, until cancelled: then nothing new begins, and it returns when
  /// what was on the wire is known and stored.
  net::Task<void> run(std::size_t index);

  net::Task<Result<void>> list(QueueFilter filter, QueueItemSink& sink) override;
  net::Task<Result<std::vector<DomainStatistics>>> statistics() override;
  net::Task<Result<QueueChanged>> change(QueueFilter filter, QueueChange change, std::string reason) override;
  net::Task<Result<void>> suspend(account::DomainName domain, std::string reason) override;
  net::Task<Result<void>> resume(account::DomainName domain) override;

 private:
  struct Part;

  std::vector<Part> cut(Submission& submission) const;
  net::Task<Result<Added>> add_part(const std::shared_ptr<const Letter>& letter, const Submission& submission,
                                    Part& part);
  ShardRunner& runner_of(const account::DomainName& domain) { return *runners_[shard_of(domain).value()]; }

  const QueueServices services_;
  const QueueOptions options_;
  const std::vector<Place> places_;
  std::vector<std::unique_ptr<ShardRunner>> runners_;  // by shard
};

}  // namespace pabal::queue
