#include "queue/shard_runner.h"

#include <algorithm>

#include "queue/records.h"

namespace pabal::queue {

namespace {

// The wall clock may be set while we sleep by the other one; this bounds how late we notice.
constexpr std::chrono::seconds kLongestSleep{60};
// A page of a line, whatever its tasks weigh.
constexpr std::size_t kPageBytes = 1024 * 1024;
// Lanes that have tasks in memory and wait for a slot: more than there are slots, so that none stays free.
constexpr std::size_t kMaxWaitingLanes = 256;
// Lanes whose tasks are being read to be put off.
constexpr std::size_t kMaxPassingLanes = 64;

}  // namespace

ShardRunner::ShardRunner(ShardId shard, net::Loop& loop, Courier& courier, const QueueServices& services,
                         const QueueOptions& options)
    : partition_(partition_of(shard)),
      loop_(loop),
      courier_(courier),
      services_(services),
      options_(options),
      scope_(loop, nullptr, [log = services.log](const std::exception_ptr&) {
        log.error("a task of the queue ended by an exception");
      }) {}

ShardRunner::~ShardRunner() = default;

net::Task<void> ShardRunner::run() {
  if (co_await find_lanes_at_last()) co_await schedule();
  scope_.cancel();
  co_await scope_.join();
}

// False if told to stop.
net::Task<bool> ShardRunner::find_lanes_at_last() {
  for (;;) {
    const Result<void> found = co_await find_lanes();
    if (found) co_return true;
    services_.log.error("the queue can't be read; trying again", {{"error", found.error()}});
    if (!co_await net::sleep_until(loop_.in(options_.store_pause))) co_return false;
  }
}

net::Task<void> ShardRunner::schedule() {
  for (;;) {
    const WallTime time = now();
    look_at_lanes(time);
    start_attempts(time);
    feed(hungry_proven_, time);
    feed(hungry_unproven_, time);
    if (!to_look_at_.empty()) continue;
    const Result<void> woken = co_await changed_.wait(next_wake(time));
    if (!woken && woken.error().kind == ErrorKind::kCancelled) co_return;
  }
}

// One seek a domain, however long its line is.
net::Task<Result<void>> ShardRunner::find_lanes() {
  PABAL_CO_TRY_VOID(co_await find_suspensions());
  store::KeyRange rest = store::KeyRange::with_prefix(kLinePrefix);
  for (;;) {
    PABAL_CO_TRY(const store::ScanPage page,
                 co_await services_.engine.scan(partition_, rest, {.max_entries = 1, .keys_only = true}));
    if (page.empty()) co_return Result<void>();
    const auto key = parse_line_key(page[0].key);
    const auto domain = key ? account::DomainName::parse(key->domain)
                            : Result<account::DomainName>(fail(ErrorKind::kCorrupt, "no key of a line"));
    if (!domain) {
      services_.log.error("a key of the queue can't be read", {{"error", domain.error()}});
      rest.start = std::string(page[0].key) + '\0';
      continue;
    }
    Lane& lane = lane_of(*domain);
    lane.note_unread(key->place);
    touch(lane);
    rest.start = store::KeyRange::with_prefix(line_prefix(*domain)).end;
  }
}

net::Task<Result<void>> ShardRunner::find_suspensions() {
  std::optional<store::KeyRange> rest = store::KeyRange::with_prefix(kSuspensionPrefix);
  while (rest) {
    PABAL_CO_TRY(const store::ScanPage page, co_await services_.engine.scan(partition_, *rest, {}));
    for (std::size_t i = 0; i < page.size(); ++i) {
      PABAL_CO_TRY(const auto domain,
                   account::DomainName::parse(page[i].key.substr(kSuspensionPrefix.size())));
      PABAL_CO_TRY(Suspension suspension, decode_suspension(page[i].value));
      lane_of(domain).suspend(std::move(suspension.reason));
    }
    rest = page.next();
  }
  co_return Result<void>();
}

Lane& ShardRunner::lane_of(const account::DomainName& domain) {
  auto found = lanes_.find(domain.ascii());
  if (found == lanes_.end()) {
    found = lanes_.emplace(domain.ascii(), std::make_unique<Lane>(domain, options_.lane)).first;
  }
  return *found->second;
}

void ShardRunner::arrive(account::DomainName domain, Task task, MonoTime stored_after) {
  loop_.post([this, domain = std::move(domain), task = std::move(task), stored_after]() mutable {
    Lane& lane = lane_of(domain);
    task.unsure = stored_after <= lane.schedule.looked_at_line;
    if (lane.ready() > 0 || line_for(lane).size() < 4 * kMaxWaitingLanes) {
      lane.arrive(std::move(task), now());
    } else {
      lane.note_unread(task.place());
    }
    touch(lane);
  });
}

void ShardRunner::touch(Lane& lane) {
  if (!std::exchange(lane.schedule.is_listed, true)) to_look_at_.push_back(&lane);
  changed_.notify_all();
}

void ShardRunner::look_at_lanes(WallTime time) {
  while (!wakes_.empty() && wakes_.begin()->first <= time) {
    Lane& lane = *wakes_.begin()->second;
    wake_at(lane, {});
    touch(lane);
  }
  for (Lane* lane : std::exchange(to_look_at_, {})) look_at(*lane, time);
}

void ShardRunner::look_at(Lane& lane, WallTime time) {
  Lane::Schedule& schedule = lane.schedule;
  schedule.is_listed = false;
  if (schedule.stalled_until > time) return wake_at(lane, schedule.stalled_until);
  const bool closed = lane.closed(time);
  // What is put off can be put off by the hundred: nobody waits for it.
  if (closed && time < schedule.quiet_until) return wake_at(lane, schedule.quiet_until);
  if (lane.wants_more(time)) {
    if (lane.ready() > 0 || may_read(lane, time)) {
      start_reading(lane);
    } else if (!std::exchange(schedule.is_hungry, true)) {
      (lane.proven() ? hungry_proven_ : hungry_unproven_).push_back(&lane);
    }
  }
  if (lane.ready() > 0 && closed) {
    if (!std::exchange(schedule.is_passing, true)) {
      ++passing_;
      scope_.spawn(pass_over_due(lane));
    }
  } else if (lane.ready() > 0 && lane.room() > 0 && !std::exchange(schedule.is_runnable, true)) {
    line_for(lane).push_back(&lane);
  }
  if (forget(lane, time)) return;
  WallTime wake = WallTime::max();
  if (!lane.reading() && lane.unread_from().due > time) wake = lane.unread_from().due;
  if (lane.rest_until() > time) wake = std::min(wake, lane.rest_until());
  wake_at(lane, std::min(wake, schedule.last_busy + options_.forget_after));
}

// Without letters and without news, a lane goes after a while. Letters that are held wait on disk alone.
bool ShardRunner::forget(Lane& lane, WallTime time) {
  Lane::Schedule& schedule = lane.schedule;
  const bool busy = lane.ready() > 0 || lane.working() > 0 || lane.reading() || schedule.is_listed ||
                    schedule.is_runnable || schedule.is_hungry || schedule.is_passing ||
                    lane.unread_from().due < kHeld || lane.rest_until() > time || lane.suspended();
  if (busy) schedule.last_busy = time;
  if (busy || time < schedule.last_busy + options_.forget_after) return false;
  wake_at(lane, {});
  lanes_.erase(lanes_.find(lane.domain().ascii()));
  return true;
}

void ShardRunner::wake_at(Lane& lane, std::optional<WallTime> when) {
  if (lane.schedule.wake == when) return;
  if (lane.schedule.wake) wakes_.erase({*lane.schedule.wake, &lane});
  lane.schedule.wake = when;
  if (when) wakes_.emplace(*when, &lane);
}

net::Deadline ShardRunner::next_wake(WallTime time) const {
  if (wakes_.empty()) return net::Deadline::never();
  return loop_.in(
      std::clamp<WallTime::duration>(wakes_.begin()->first - time, WallTime::duration(1), kLongestSleep));
}

void ShardRunner::start_attempts(WallTime time) {
  while (attempts_ < options_.max_attempts) {
    const bool proven = start_next(proven_, time);
    const bool may_try = attempts_ < options_.max_attempts && unproven_attempts_ < options_.max_attempts / 2;
    const bool unproven = may_try && start_next(unproven_, time);
    if (!proven && !unproven) return;
  }
}

// False if no lane waits. One task a lane and turn, so that none has all slots.
bool ShardRunner::start_next(std::deque<Lane*>& lanes, WallTime time) {
  if (lanes.empty()) return false;
  Lane& lane = *lanes.front();
  lanes.pop_front();
  lane.schedule.is_runnable = false;
  if (lane.closed(time) || lane.room() == 0) {
    touch(lane);
    return true;
  }
  auto task = lane.take();
  if (task) scope_.spawn(work_on(lane, *std::move(task)));
  if (lane.ready() > 0 && lane.room() > 0) {
    if (!std::exchange(lane.schedule.is_runnable, true)) lanes.push_back(&lane);
  } else {
    touch(lane);
  }
  return true;
}

// A lane begins to read only when its tasks may soon be worked on: however many domains have letters that are
// due, few are in memory. Those of a kind that is stuck don't keep the others from reading.
bool ShardRunner::may_read(const Lane& lane, WallTime time) const {
  if (lane.closed(time)) return passing_ + reading_ < kMaxPassingLanes;
  return (lane.proven() ? proven_ : unproven_).size() + reading_ < kMaxWaitingLanes;
}

void ShardRunner::start_reading(Lane& lane) {
  lane.begin_reading();
  ++reading_;
  scope_.spawn(read_ahead(lane));
}

void ShardRunner::feed(std::deque<Lane*>& hungry, WallTime time) {
  while (!hungry.empty() && may_read(*hungry.front(), time)) {
    Lane& lane = *hungry.front();
    hungry.pop_front();
    lane.schedule.is_hungry = false;
    if (lane.wants_more(time)) start_reading(lane);
    touch(lane);
  }
}

net::Task<void> ShardRunner::read_ahead(Lane& lane) {
  std::vector<Task> tasks;
  const Result<LinePlace> unread_from = co_await read_page(lane, tasks);
  lane.schedule.looked_at_line = loop_.clock().mono();
  if (unread_from) {
    lane.end_reading(std::move(tasks), *unread_from);
  } else {
    services_.log.error("a domain's letters can't be read; trying again",
                        {{"domain", lane.domain().ascii()}, {"error", unread_from.error()}});
    lane.fail_reading();
    stall(lane);
  }
  --reading_;
  touch(lane);
}

// Returns the first place that was not read.
net::Task<Result<LinePlace>> ShardRunner::read_page(Lane& lane, std::vector<Task>& tasks) {
  const WallTime time = now();
  store::KeyRange range = line_range(lane.domain(), lane.unread_from());
  const store::KeyRange later = line_range(lane.domain(), {time + WallTime::duration(1), {}});
  range.end = later.start;
  PABAL_CO_TRY(const store::ScanPage page,
               co_await services_.engine.scan(
                   partition_, range, {.max_entries = options_.lane.max_ready, .max_bytes = kPageBytes}));
  LinePlace unread_from = lane.unread_from();
  for (std::size_t i = 0; i < page.size(); ++i) {
    const auto key = parse_line_key(page[i].key);
    if (!key) continue;
    unread_from = key->place;
    ++unread_from.name.part;
    auto task = decode_task(lane.domain(), key->place, page[i].value);
    if (!task) {
      services_.log.error("a task of the queue can't be read, and is left aside",
                          {{"journey", key->place.name.id.to_string()}, {"error", task.error()}});
      continue;
    }
    task->version = page[i].version;
    tasks.push_back(*std::move(task));
  }
  if (page.next()) co_return unread_from;
  PABAL_CO_TRY(const store::ScanPage next,
               co_await services_.engine.scan(partition_, later, {.max_entries = 1, .keys_only = true}));
  const auto key = next.empty() ? std::nullopt : parse_line_key(next[0].key);
  co_return key ? key->place : LinePlace::behind_all();
}

void ShardRunner::stall(Lane& lane) {
  lane.schedule.stalled_until = now() + options_.store_pause;
  touch(lane);
}

net::Task<Result<void>> ShardRunner::suspend(account::DomainName domain, std::string reason) {
  return on_my_loop(suspend_here(std::move(domain), std::move(reason)));
}

net::Task<Result<void>> ShardRunner::resume(account::DomainName domain) {
  return on_my_loop(resume_here(std::move(domain)));
}

net::Task<ShardRunner::ClosedDomains> ShardRunner::closed_domains() { return on_my_loop(closed_here()); }

net::Task<Result<QueueChanged>> ShardRunner::change(QueueFilter filter, QueueChange change,
                                                    std::string reason) {
  return on_my_loop(change_here({std::move(filter)}, change, std::move(reason)));
}

}  // namespace pabal::queue
