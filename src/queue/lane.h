// One destination domain as its shard knows it: how many letters may be on their way to it at a time, whether
// it rests because its hosts can't be reached, and the next few of its letters. The domain's whole line is on
// disk; a lane is small however long that is.
//
// What must hold: every task whose place is before unread_from() is in memory (ready, or being worked on) or
// gone. Lives on its shard's loop; waits for nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "account/address.h"
#include "base/random.h"
#include "queue/courier.h"
#include "queue/retry_policy.h"
#include "queue/task.h"

namespace pabal::queue {

struct LaneOptions {
  std::size_t initial_concurrency = 5;
  std::size_t max_concurrency = 40;
  /// Tasks read ahead; a page's worth, so that reading costs little a letter.
  std::size_t max_ready = 128;
  /// Beyond max_ready, a submitter that has less than this waiting still gets in, so that one sender's flood
  /// doesn't keep the others' letters on disk; up to twice max_ready.
  std::size_t fair_share = 8;
  /// How long a domain rests when none of its hosts can be reached: doubled each time.
  std::chrono::seconds first_rest{60};
  std::chrono::seconds longest_rest{30 * 60};
};

class Lane {
 public:
  /// The options outlive the lane.
  Lane(account::DomainName domain, const LaneOptions& options)
      : domain_(std::move(domain)), options_(options) {}
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  const account::DomainName& domain() const { return domain_; }

  // ---- Tasks in memory

  /// A task that was just stored, unless it is known from its line already. Without room for it, it is left
  /// on disk to be read later.
  void arrive(Task task, WallTime now);
  std::size_t ready() const { return ready_; }
  /// The next task to work on; the submitters take turns. The caller works on it until leave().
  std::optional<Task> take();
  /// Takes the right to work on a task, for an operator: out of what is ready, or from disk. False if it is
  /// being worked on.
  bool claim(TaskName name);
  /// Nobody works on it any more; it was erased, or stored at `now_at`, from where it will be read again.
  void leave(TaskName name, std::optional<LinePlace> now_at);
  bool is_working_on(TaskName name) const { return working_.contains(name); }
  std::size_t working() const { return working_.size(); }

  // ---- Reading the line

  const LinePlace& unread_from() const { return unread_from_; }
  /// There is a task at `place` on disk.
  void note_unread(const LinePlace& place);
  bool wants_more(WallTime now) const {
    return !reading_ && ready_ <= options_.max_ready / 4 && unread_from_.due <= now;
  }
  bool reading() const { return reading_; }
  /// Between these two, tasks may arrive, be taken and leave.
  void begin_reading();
  /// Everything before `unread_from` was read; what of it is due is in `tasks`, and some of them are known.
  void end_reading(std::vector<Task> tasks, const LinePlace& unread_from);
  /// Nothing was read: the disk failed.
  void fail_reading();

  // ---- How much it takes

  /// How many attempts may begin now.
  std::size_t room() const;
  std::size_t concurrency() const { return limit_; }
  /// No attempt is made: it rests, or is suspended.
  bool closed(WallTime now) const { return suspended_ || now < rest_until_; }
  /// Why it is closed, a sentence.
  const std::string& trouble() const { return suspended_ ? *suspended_ : trouble_; }
  WallTime rest_until() const { return rest_until_; }
  /// Some letter got through since the lane was made.
  bool proven() const { return proven_; }

  /// An attempt has its slot until what became of the letter is stored: a crash sends again what is not, and
  /// that is never more than there are slots, however slow the disk.
  void attempt_begins() { ++attempts_; }
  void attempt_ends() { --attempts_; }
  /// What an attempt that began at `began` says of the hosts. True if the domain was resting and now takes
  /// mail again.
  bool learn(ErrandReport::Hosts hosts, std::string trouble, WallTime began, WallTime now,
             const RetryPolicy& policy, Random& random);
  std::size_t attempts() const { return attempts_; }

  void suspend(std::string reason) { suspended_ = std::move(reason); }
  void resume() { suspended_.reset(); }
  bool suspended() const { return suspended_.has_value(); }
  /// An operator wants it tried now.
  void end_rest() { rest_until_ = WallTime::min(); }

  // ---- For the scheduler's own lists

  struct Schedule {
    std::optional<WallTime> wake = {};
    bool is_listed = false;                    ///< to be looked at
    bool is_runnable = false;                  ///< waits for a slot
    bool is_hungry = false;                    ///< waits for leave to read
    bool is_passing = false;                   ///< its due tasks are being deferred
    WallTime stalled_until = WallTime::min();  ///< the disk failed
    WallTime quiet_until = WallTime::min();    ///< while it is closed
    WallTime last_busy = WallTime::min();
    MonoTime looked_at_line = MonoTime::min();  ///< what was stored before may be known from there
  };
  Schedule schedule;

 private:
  bool has_room_for(std::uint64_t submitter) const;
  void add_ready(Task task);
  void rest(std::string trouble, WallTime now, const RetryPolicy& policy, Random& random);

  const account::DomainName domain_;
  const LaneOptions& options_;

  std::map<std::uint64_t, std::deque<Task>> queues_;  // what is ready, by submitter; none is empty
  std::uint64_t last_submitter_ = 0;
  std::size_t ready_ = 0;
  std::set<TaskName> ready_names_;
  std::set<TaskName> working_;

  LinePlace unread_from_ = LinePlace::behind_all();
  bool reading_ = false;
  LinePlace unread_meanwhile_ = LinePlace::behind_all();
  std::set<TaskName> left_meanwhile_;

  std::size_t attempts_ = 0;
  std::size_t limit_ = options_.initial_concurrency;
  std::size_t successes_ = 0;  // since the limit changed
  bool proven_ = false;
  bool probing_ = false;  // it rested: one attempt at a time until one finds a host
  WallTime rest_until_ = WallTime::min();
  WallTime rested_at_ = WallTime::min();
  std::chrono::seconds next_rest_ = options_.first_rest;
  std::string trouble_;
  std::optional<std::string> suspended_;
};

}  // namespace pabal::queue
