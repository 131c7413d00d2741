// One shard of the queue at work: it knows the shard's domains, decides which letter goes next, has the
// courier carry it, and stores what became of it. Lives on one loop; whatever is not marked otherwise is
// called there.
//
// The store is the truth: a task is in its domain's line until the commit that moves or erases it, and each
// such commit expects the line as it was read. So a crash at any moment leaves every task either as it was
// or as it became.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "journey/journal.h"
#include "net/handoff.h"
#include "net/loop.h"
#include "net/scope.h"
#include "net/signal.h"
#include "queue/courier.h"
#include "queue/lane.h"
#include "queue/options.h"
#include "queue/outcome.h"
#include "queue/places.h"
#include "queue/queue_admin.h"
#include "queue/queue_metrics.h"
#include "queue/report.h"
#include "queue/report_door.h"
#include "queue/shard.h"
#include "queue/task.h"
#include "store/engine.h"

namespace pabal::queue {

/// What all shards stand on; outlives them.
struct QueueServices {
  store::Engine& engine;
  journey::Journal& journal;
  ReportDoor& reports;
  Random& random;
  QueueMetrics& metrics;
  Logger log = {};
};

class ShardRunner {
 public:
  ShardRunner(ShardId shard, net::Loop& loop, Courier& courier, const QueueServices& services,
              const QueueOptions& options);
  ~ShardRunner();
  ShardRunner(const ShardRunner&) = delete;
  ShardRunner& operator=(const ShardRunner&) = delete;

  /// Works until it is cancelled, then until what is on the wire has come to an end. Once.
  net::Task<void> run();

  /// Any thread: a task that was just stored. `stored_after`: when it was not yet.
  void arrive(account::DomainName domain, Task task, MonoTime stored_after);

  /// Any loop. `change` of what fits the filter.
  net::Task<Result<QueueChanged>> change(QueueFilter filter, QueueChange change, std::string reason);
  net::Task<Result<void>> suspend(account::DomainName domain, std::string reason);
  net::Task<Result<void>> resume(account::DomainName domain);
  /// The domains to which no attempt is made now, by A-labels. What is due for them waits until then.
  struct Closed {
    std::optional<WallTime> until = {};  ///< nothing: an operator suspended it
    std::string why = {};                ///< a sentence
  };
  using ClosedDomains = std::map<std::string, Closed, std::less<>>;
  net::Task<ClosedDomains> closed_domains();

 private:
  struct Work;
  struct Edit {
    Lane* lane;
    Task task;
    std::vector<journey::Event> events;
  };
  /// What of a domain's line is looked at by an edit.
  struct Selection {
    QueueFilter filter;
    bool passed_over = false;  ///< only what was deferred for its domain's sake
  };

  // Scheduling: shard_runner.cc
  net::Task<bool> find_lanes_at_last();
  net::Task<Result<void>> find_lanes();
  net::Task<Result<void>> find_suspensions();
  net::Task<void> schedule();
  Lane& lane_of(const account::DomainName& domain);
  void touch(Lane& lane);
  void look_at_lanes(WallTime now);
  void look_at(Lane& lane, WallTime now);
  void start_attempts(WallTime now);
  bool start_next(std::deque<Lane*>& lanes, WallTime now);
  void wake_at(Lane& lane, std::optional<WallTime> when);
  bool forget(Lane& lane, WallTime now);
  net::Deadline next_wake(WallTime now) const;
  std::deque<Lane*>& line_for(const Lane& lane) { return lane.proven() ? proven_ : unproven_; }
  bool may_read(const Lane& lane, WallTime now) const;
  void start_reading(Lane& lane);
  void feed(std::deque<Lane*>& hungry, WallTime now);
  net::Task<void> read_ahead(Lane& lane);
  net::Task<Result<LinePlace>> read_page(Lane& lane, std::vector<Task>& tasks);

  // Work on tasks: shard_work.cc
  net::Task<void> work_on(Lane& lane, Task task);
  net::Task<void> work_on(Lane& lane, Work& work);
  net::Task<void> pass_over_due(Lane& lane);
  net::Task<void> carry(Lane& lane, Work& work);
  net::Task<bool> tell_sender(Lane& lane, Task& task);
  net::Task<bool> send_report(Lane& lane, const Task& task, ReportKind kind,
                              std::vector<Task::Ended> recipients, std::vector<journey::Event>& events);
  net::Task<Result<std::string>> read_returned(const Letter& letter, bool whole);
  net::Task<Result<void>> load_letter(Task& task);
  net::Task<Result<bool>> is_as_stored(const Lane& lane, const Task& task);
  net::Task<Result<void>> save(Lane& lane, Task& task, std::vector<journey::Event> events,
                               std::optional<WallTime> due = {});
  net::Task<Result<void>> erase_last_traces(store::Batch& batch, const account::DomainName& domain,
                                            const Task& task);
  net::Task<Result<void>> save_all(std::vector<Edit>& edits);
  void count(const Outcome& outcome);
  /// The store failed: this lane waits a little.
  void stall(Lane& lane);

  // Edits by operators: shard_change.cc
  net::Task<Result<QueueChanged>> change_here(Selection selection, QueueChange change, std::string reason);
  net::Task<Result<std::vector<TaskPlace>>> candidates_of(const store::ScanPage& page,
                                                          const Selection& selection);
  net::Task<Result<void>> change_all(std::vector<TaskPlace> candidates, const Selection& selection,
                                     QueueChange change, const std::string& reason, QueueChanged& out);
  net::Task<Result<void>> change_claimed(std::vector<Edit>& edits, const Selection& selection,
                                         QueueChange change, const std::string& reason, QueueChanged& out);
  net::Task<Result<bool>> matches(const account::DomainName& domain, Task& task, const Selection& selection);
  net::Task<void> hurry(Lane& lane);
  net::Task<Result<void>> suspend_here(account::DomainName domain, std::string reason);
  net::Task<Result<void>> resume_here(account::DomainName domain);
  net::Task<ClosedDomains> closed_here();

  template <class T>
  net::Task<T> on_my_loop(net::Task<T> work);

  WallTime now() const { return loop_.clock().wall(); }

  const store::PartitionId partition_;
  net::Loop& loop_;
  Courier& courier_;
  const QueueServices& services_;
  const QueueOptions& options_;

  std::map<std::string, std::unique_ptr<Lane>, std::less<>> lanes_;  // by A-labels
  std::vector<Lane*> to_look_at_;
  std::deque<Lane*> proven_;           // wait for a slot, those that are known to be well
  std::deque<Lane*> unproven_;         // and those of which nothing is known
  std::deque<Lane*> hungry_proven_;    // have due tasks on disk, and none in memory
  std::deque<Lane*> hungry_unproven_;  // the same
  std::size_t reading_ = 0;            // lanes
  std::size_t passing_ = 0;
  std::set<std::pair<WallTime, Lane*>> wakes_;
  std::size_t attempts_ = 0;
  std::size_t unproven_attempts_ = 0;
  net::Signal changed_;
  net::Scope scope_;
};

/// Whether the filter fits what the task itself tells; a sender is for the letter to tell.
bool fits(const QueueFilter& filter, const account::DomainName& domain, const Task& task, WallTime now);
bool fits_sender(const QueueFilter& filter, const Letter& letter);

template <class T>
net::Task<T> ShardRunner::on_my_loop(net::Task<T> work) {
  const net::Context context = co_await net::current_context();
  if (context.loop == &loop_) co_return co_await std::move(work);
  struct Carrier {
    static net::Task<void> run(net::Task<T> work, net::Handoff<T>& handoff) {
      try {
        handoff.set(co_await std::move(work));
      } catch (...) {
        handoff.set_exception(std::current_exception());
      }
    }
  };
  net::Handoff<T> handoff;
  loop_.post([this, &handoff, work = std::move(work)]() mutable {
    scope_.spawn(Carrier::run(std::move(work), handoff));
  });
  co_return co_await handoff;
}

}  // namespace pabal::queue
