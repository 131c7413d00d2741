// What operators do to tasks, and what the scheduler does when a domain takes mail again: the lines are read
// page by page; each task that fits is claimed, read again, edited and stored.
#include <utility>

#include "queue/records.h"
#include "queue/shard_runner.h"

namespace pabal::queue {

namespace {

using journey::Event;
using journey::FactName;
using journey::Stage;

// Few enough that a page of tasks with many recipients fits into one batch (store::kMaxBatchBytes).
constexpr store::ScanLimits kEditPage{.max_entries = 400, .max_bytes = 1024 * 1024};

Event event_about(const Task& task, Stage stage, WallTime time, const std::string& reason) {
  Event event{.at = time, .stage = stage};
  event.add(FactName::kBy, "an operator");
  if (!reason.empty()) event.add(FactName::kReason, reason);
  for (const Recipient& recipient : task.recipients)
    event.add(FactName::kRecipient, recipient.address.to_string());
  return event;
}

/// False if there is nothing to change.
bool reschedule(Task& task, QueueChange change, WallTime time) {
  const bool held = task.next_try == kHeld;
  const bool not_begun = task.since > time;  // FUTURERELEASE: its sender holds it
  switch (change) {
    case QueueChange::kRetry:
      if (held || not_begun || task.next_try <= time) return false;
      task.next_try = time;
      return true;
    case QueueChange::kHold:
      if (held || task.recipients.empty()) return false;
      task.next_try = kHeld;
      return true;
    case QueueChange::kRelease:
      if (!held && !not_begun) return false;
      task.next_try = time;
      task.since = time;
      return true;
    default:
      return false;
  }
}

}  // namespace

bool fits(const QueueFilter& filter, const account::DomainName& domain, const Task& task, WallTime now) {
  if (filter.id && *filter.id != task.name.id) return false;
  if (filter.domain && *filter.domain != domain) return false;
  if (filter.held && task.next_try != kHeld) return false;
  if (filter.older_than && now - task.name.id.time() < *filter.older_than) return false;
  if (!filter.recipient) return true;
  return std::ranges::any_of(task.recipients, [&](const Recipient& recipient) {
    return recipient.address.key() == *filter.recipient;
  });
}

bool fits_sender(const QueueFilter& filter, const Letter& letter) {
  if (!filter.sender) return true;
  return letter.sender ? letter.sender->key() == *filter.sender : *filter.sender == "<>";
}

net::Task<Result<bool>> ShardRunner::matches(const account::DomainName& domain, Task& task,
                                             const Selection& selection) {
  if (selection.passed_over && !task.passed_over) co_return false;
  if (!fits(selection.filter, domain, task, now())) co_return false;
  if (!selection.filter.sender) co_return true;
  PABAL_CO_TRY_VOID(co_await load_letter(task));
  co_return fits_sender(selection.filter, *task.letter);
}

net::Task<Result<QueueChanged>> ShardRunner::change_here(Selection selection, QueueChange change,
                                                         std::string reason) {
  QueueChanged out;
  if (selection.filter.id) {
    PABAL_CO_TRY(auto candidates, co_await find_places(services_.engine, partition_, *selection.filter.id));
    PABAL_CO_TRY_VOID(co_await change_all(std::move(candidates), selection, change, reason, out));
    co_return out;
  }
  // A task that is put behind the page to come is met again there, and then needs no change.
  std::optional<store::KeyRange> rest = store::KeyRange::with_prefix(
      selection.filter.domain ? line_prefix(*selection.filter.domain) : std::string(kLinePrefix));
  const net::Context context = co_await net::current_context();
  while (rest) {
    if (context.cancel != nullptr && context.cancel->cancelled())
      co_return fail(ErrorKind::kCancelled, "the server stops");
    PABAL_CO_TRY(const store::ScanPage page, co_await services_.engine.scan(partition_, *rest, kEditPage));
    PABAL_CO_TRY(auto candidates, co_await candidates_of(page, selection));
    PABAL_CO_TRY_VOID(co_await change_all(std::move(candidates), selection, change, reason, out));
    rest = page.next();
  }
  co_return out;
}

net::Task<Result<std::vector<TaskPlace>>> ShardRunner::candidates_of(const store::ScanPage& page,
                                                                     const Selection& selection) {
  std::vector<TaskPlace> out;
  for (std::size_t i = 0; i < page.size(); ++i) {
    const auto key = parse_line_key(page[i].key);
    auto domain = account::DomainName::parse(key ? key->domain : "");
    if (!key || !domain) continue;
    auto task = decode_task(*domain, key->place, page[i].value);
    if (!task) continue;
    PABAL_CO_TRY(const bool fitting, co_await matches(*domain, *task, selection));
    if (fitting) out.push_back({*std::move(domain), key->place});
  }
  co_return out;
}

net::Task<Result<void>> ShardRunner::change_all(std::vector<TaskPlace> candidates, const Selection& selection,
                                                QueueChange change, const std::string& reason,
                                                QueueChanged& out) {
  std::vector<Edit> edits;
  std::vector<std::string> keys;
  for (const TaskPlace& candidate : candidates) {
    Lane& lane = lane_of(candidate.domain);
    touch(lane);
    lane.schedule.looked_at_line = loop_.clock().mono();
    if (!lane.claim(candidate.place.name)) {
      ++out.busy;
      continue;
    }
    edits.push_back({&lane, Task{.name = candidate.place.name, .due = candidate.place.due}, {}});
    keys.push_back(line_key(candidate.domain, candidate.place));
  }
  // Claimed tasks change no more; now it counts what they are.
  auto records = co_await services_.engine.get(partition_, keys);
  Result<void> result = records ? Result<void>() : failure_of(Result<void>(std::unexpected(records.error())));
  std::vector<Edit> current;
  for (std::size_t i = 0; i < edits.size(); ++i) {
    Lane& lane = *edits[i].lane;
    const LinePlace place = edits[i].task.place();
    if (records && (*records)[i]) {
      auto task = decode_task(lane.domain(), place, (*records)[i]->bytes);
      if (task) {
        task->version = (*records)[i]->version;
        current.push_back({&lane, *std::move(task), {}});
        continue;
      }
    }
    lane.leave(place.name, records ? std::nullopt : std::optional(place));
  }
  if (result) result = co_await change_claimed(current, selection, change, reason, out);
  for (const Edit& edit : current) {
    edit.lane->leave(edit.task.name, edit.task.finished() ? std::nullopt : std::optional(edit.task.place()));
    touch(*edit.lane);
  }
  co_return result;
}

net::Task<Result<void>> ShardRunner::change_claimed(std::vector<Edit>& edits, const Selection& selection,
                                                    QueueChange change, const std::string& reason,
                                                    QueueChanged& out) {
  const WallTime time = now();
  std::vector<Edit> together;  // one commit for all that only wait longer or shorter
  for (Edit& edit : edits) {
    Task& task = edit.task;
    PABAL_CO_TRY(const bool fitting, co_await matches(edit.lane->domain(), task, selection));
    if (!fitting) continue;
    if (change == QueueChange::kBounce || change == QueueChange::kDelete) {
      PABAL_CO_TRY_VOID(co_await load_letter(task));
      const Task before = task;
      if (change == QueueChange::kBounce) {
        Outcome outcome = bounce(task, *task.letter, reason, time);
        count(outcome);
        edit.events = std::move(outcome.events);
      } else {
        edit.events.push_back(event_about(task, Stage::kDropped, time, reason));
        task.recipients.clear();
        task.last_results.clear();
        task.owed.clear();
      }
      if (auto saved = co_await save(*edit.lane, task, std::move(edit.events)); !saved) {
        task = before;
        co_return saved;
      }
      ++out.changed;
      continue;
    }
    const bool hurried = change == QueueChange::kRetry;
    if (hurried && !selection.passed_over) edit.lane->end_rest();
    if (!reschedule(task, change, time)) continue;
    ++out.changed;
    if (!hurried) {
      edit.events.push_back(
          event_about(task, change == QueueChange::kHold ? Stage::kHeld : Stage::kReleased, time, reason));
    }
    together.push_back({edit.lane, task, std::move(edit.events)});
  }
  if (together.empty()) co_return Result<void>();
  PABAL_CO_TRY_VOID(co_await save_all(together));
  std::size_t next = 0;
  for (Edit& edit : edits) {
    if (next < together.size() && edit.task.name == together[next].task.name &&
        edit.lane == together[next].lane) {
      edit.task.due = together[next++].task.due;
    }
  }
  co_return Result<void>();
}

// A domain takes mail again: what was put off for its sake alone need not wait until its time.
net::Task<void> ShardRunner::hurry(Lane& lane) {
  const account::DomainName domain = lane.domain();
  const auto done =
      co_await change_here({.filter = {.domain = domain}, .passed_over = true}, QueueChange::kRetry, {});
  if (done) co_return;
  services_.log.warn("letters of a domain that is well again wait longer than they need",
                     {{"domain", domain.ascii()}, {"error", done.error()}});
}

net::Task<Result<void>> ShardRunner::suspend_here(account::DomainName domain, std::string reason) {
  if (reason.empty()) reason = "an operator suspended it.";
  store::Batch batch(partition_);
  batch.put(suspension_key(domain), encode_suspension({.since = now(), .reason = reason}));
  PABAL_CO_TRY_VOID(co_await services_.engine.commit(std::move(batch)));
  Lane& lane = lane_of(domain);
  lane.suspend(std::move(reason));
  touch(lane);
  co_return Result<void>();
}

net::Task<Result<void>> ShardRunner::resume_here(account::DomainName domain) {
  const auto known = lanes_.find(domain.ascii());
  if (known == lanes_.end() || !known->second->suspended()) {
    co_return fail(ErrorKind::kRefuse, "deliveries to {} are not suspended", domain.unicode());
  }
  store::Batch batch(partition_);
  batch.erase(suspension_key(domain));
  PABAL_CO_TRY_VOID(co_await services_.engine.commit(std::move(batch)));
  Lane& lane = lane_of(domain);
  lane.resume();
  touch(lane);
  scope_.spawn(hurry(lane));
  co_return Result<void>();
}

net::Task<ShardRunner::ClosedDomains> ShardRunner::closed_here() {
  ClosedDomains out;
  for (const auto& [name, lane] : lanes_) {
    if (!lane->closed(now())) continue;
    Closed closed{.why = lane->trouble()};
    if (!lane->suspended()) closed.until = lane->rest_until();
    out.emplace(name, std::move(closed));
  }
  co_return out;
}

}  // namespace pabal::queue
