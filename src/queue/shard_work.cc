// A task from the moment it is taken out of its lane until what became of it is stored.
#include <utility>

#include "message/header.h"
#include "queue/records.h"
#include "queue/shard_runner.h"

namespace pabal::queue {

namespace {

using journey::Event;
using journey::FactName;
using journey::Stage;

// One commit defers so many; a healthy domain's outcomes wait behind it for some milliseconds at most. The
// recipients bound its bytes, at some 3 KiB each with their events, below store::kMaxBatchBytes.
constexpr std::size_t kMaxPassedOver = 400;
constexpr std::size_t kMaxPassedOverRecipients = 900;

// A closed domain is looked at this seldom.
constexpr std::chrono::seconds kQuietTime{10};

// The store failed after an attempt: the outcome waits in memory, because forgetting it would send the letter
// a second time.
constexpr std::chrono::seconds kFirstSavePause{1};
constexpr std::chrono::seconds kLongestSavePause{60};
// Tasks of one letter that end at the same moment meet in its count; one of them gets through each time.
constexpr int kMaxConflicts = 32;

std::string_view word_for(ReportKind kind) {
  switch (kind) {
    case ReportKind::kFailed:
      return "failed";
    case ReportKind::kDelayed:
      return "delayed";
    case ReportKind::kRelayed:
      return "relayed";
    case ReportKind::kDelivered:
      return "delivered";
  }
  return "";
}

// By content, so that a report that was sent before a crash is not sent again after it, and one that then
// tells more is.
journey::ResendToken token_of(const Task& task, ReportKind kind, const std::vector<Task::Ended>& recipients) {
  std::string what = fmt::format("report/{}/{}", task.name.id.to_string(), word_for(kind));
  for (const Task::Ended& ended : recipients) what += "/" + ended.recipient.address.to_string();
  return journey::make_resend_token(what);
}

std::vector<Task::Ended> take_owed(Task& task, RecipientResult::Fate fate) {
  std::vector<Task::Ended> out;
  std::erase_if(task.owed, [&](Task::Ended& ended) {
    if (ended.result.fate != fate) return false;
    out.push_back(std::move(ended));
    return true;
  });
  return out;
}

std::vector<Task::Ended> those_who_want_delay(const Task& task, const Letter& letter) {
  std::vector<Task::Ended> out;
  if (!letter.sender) return out;
  for (std::size_t i = 0; i < task.recipients.size(); ++i) {
    if (!wants_delay(task.recipients[i])) continue;
    out.push_back({task.recipients[i], task.last_results.empty() ? RecipientResult{} : task.last_results[i]});
  }
  return out;
}

}  // namespace

/// A task in hand: its slot, and its place among those that are worked on, are given back whatever happens.
struct ShardRunner::Work {
  Work(ShardRunner& owner, Lane& its_lane, Task its_task)
      : runner(owner), lane(its_lane), task(std::move(its_task)), unproven(!its_lane.proven()) {
    ++runner.attempts_;
    if (unproven) ++runner.unproven_attempts_;
    lane.attempt_begins();
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  ~Work() {
    --runner.attempts_;
    if (unproven) --runner.unproven_attempts_;
    lane.attempt_ends();
    if (!stored) runner.stall(lane);
    if (!aside) lane.leave(task.name, gone ? std::nullopt : std::optional(task.place()));
    runner.touch(lane);
  }

  ShardRunner& runner;
  Lane& lane;
  Task task;
  const bool unproven;
  bool stored = false;  // what happened is; otherwise the lane waits before it is read again
  bool gone = false;    // nothing of it is left in the line
  // The store is broken where this task lies: nobody touches it until the next start. To try it again would
  // be to send it again and again.
  bool aside = false;
};

net::Task<void> ShardRunner::work_on(Lane& lane, Task task) {
  Work work(*this, lane, std::move(task));
  const Gauge::Presence in_flight(services_.metrics.in_flight);
  co_await work_on(lane, work);
}

net::Task<void> ShardRunner::work_on(Lane& lane, Work& work) {
  Task& task = work.task;
  if (std::exchange(task.unsure, false)) {
    const auto as_stored = co_await is_as_stored(lane, task);
    if (!as_stored) {
      services_.log.error("the queue can't be read; trying again", {{"error", as_stored.error()}});
      co_return;
    }
    work.stored = work.gone = !*as_stored;
    if (work.gone) co_return;
  }
  if (const auto loaded = co_await load_letter(task); !loaded) {
    services_.log.error("a letter of the queue can't be read",
                        {{"journey", task.name.id.to_string()}, {"error", loaded.error()}});
    work.stored = work.aside = loaded.error().kind == ErrorKind::kCorrupt;
    co_return;
  }
  const WallTime time = now();
  if (!task.recipients.empty() && task.next_try <= time) {
    if (lane.closed(time)) {
      Outcome outcome =
          is_given_up(options_.retry, task.since, time)
              ? give_up(task, *task.letter, options_.retry, time)
              : queue::pass_over(task, lane.domain(), lane.trouble(), options_.retry, time, services_.random);
      count(outcome);
      work.stored = (co_await save(lane, task, std::move(outcome.events))).has_value();
    } else {
      co_await carry(lane, work);
    }
  } else {
    work.stored = true;
  }
  if (work.stored && !task.finished()) work.stored = co_await tell_sender(lane, task);
  work.gone = work.stored && task.finished();
}

net::Task<void> ShardRunner::carry(Lane& lane, Work& work) {
  Task& task = work.task;
  const net::Context context = co_await net::current_context();
  const WallTime began = now();
  ErrandReport report = co_await courier_.carry({.letter = *task.letter,
                                                 .domain = lane.domain(),
                                                 .recipients = task.recipients,
                                                 .attempt = task.attempts + 1});
  const WallTime ended = now();
  const bool stopping = context.cancel != nullptr && context.cancel->cancelled();
  if (!stopping) {
    const bool recovered =
        lane.learn(report.hosts, std::move(report.trouble), began, ended, options_.retry, services_.random);
    touch(lane);
    if (recovered) scope_.spawn(hurry(lane));
  }
  Outcome outcome =
      conclude(task, *task.letter, std::move(report), options_.retry, ended, stopping, services_.random);
  count(outcome);
  if (is_late(options_.retry, task.since, ended) && those_who_want_delay(task, *task.letter).empty()) {
    task.warned = true;
  }
  const Result<void> saved = co_await save(lane, task, std::move(outcome.events));
  work.stored = saved.has_value();
  work.aside =
      !saved && (saved.error().kind == ErrorKind::kCorrupt || saved.error().kind == ErrorKind::kRefuse);
}

net::Task<void> ShardRunner::pass_over_due(Lane& lane) {
  std::vector<Edit> edits;
  std::vector<Task> special;  // their senders are told something, or they may not be there any more
  std::size_t recipients = 0;
  const WallTime time = now();
  while (edits.size() + special.size() < kMaxPassedOver && recipients < kMaxPassedOverRecipients) {
    auto task = lane.take();
    if (!task) break;
    if (task->unsure || !task->owed.empty() || is_given_up(options_.retry, task->since, time) ||
        (!task->warned && is_late(options_.retry, task->since, time))) {
      special.push_back(*std::move(task));
      continue;
    }
    recipients += task->recipients.size();
    Outcome outcome =
        queue::pass_over(*task, lane.domain(), lane.trouble(), options_.retry, time, services_.random);
    count(outcome);
    edits.push_back({&lane, *std::move(task), std::move(outcome.events)});
  }
  if (!edits.empty()) {
    if (const auto saved = co_await save_all(edits); !saved) {
      services_.log.error("letters can't be put off; trying again",
                          {{"domain", lane.domain().ascii()}, {"error", saved.error()}});
      stall(lane);
    }
    for (const Edit& edit : edits) lane.leave(edit.task.name, edit.task.place());
  }
  for (Task& task : special) co_await work_on(lane, std::move(task));
  if (lane.ready() == 0 && lane.unread_from().due > time) lane.schedule.quiet_until = now() + kQuietTime;
  lane.schedule.is_passing = false;
  --passing_;
  touch(lane);
}

// False if what was done about it could not be stored.
net::Task<bool> ShardRunner::tell_sender(Lane& lane, Task& task) {
  const net::Context context = co_await net::current_context();
  if (context.cancel != nullptr && context.cancel->cancelled()) co_return true;  // after the next start
  const WallTime time = now();
  const bool warn = !task.recipients.empty() && !task.warned && is_late(options_.retry, task.since, time);
  if (task.owed.empty() && !warn) co_return true;

  std::vector<Event> events;
  std::vector<Task::Ended> untold;
  for (const auto [kind, fate] : {std::pair(ReportKind::kFailed, RecipientResult::Fate::kFailed),
                                  std::pair(ReportKind::kRelayed, RecipientResult::Fate::kRelayed)}) {
    std::vector<Task::Ended> owed = take_owed(task, fate);
    if (owed.empty() || co_await send_report(lane, task, kind, owed, events)) continue;
    for (Task::Ended& ended : owed) untold.push_back(std::move(ended));
  }
  if (warn) {
    std::vector<Task::Ended> waiting = those_who_want_delay(task, *task.letter);
    task.warned = waiting.empty() || co_await send_report(lane, task, ReportKind::kDelayed, waiting, events);
  }
  std::optional<WallTime> due;
  if (!untold.empty()) {
    task.owed = std::move(untold);
    due = now() + options_.retry.first;
  }
  co_return (co_await save(lane, task, std::move(events), due)).has_value();
}

// False if it can't be sent now.
net::Task<bool> ShardRunner::send_report(Lane& lane, const Task& task, ReportKind kind,
                                         std::vector<Task::Ended> recipients, std::vector<Event>& events) {
  const Letter& letter = *task.letter;
  const bool whole = returns_whole(kind, letter, options_.max_returned_bytes);
  Event event{.at = now(), .stage = Stage::kReported};
  const Result<std::string> returned = co_await read_returned(letter, whole);
  if (!returned) {
    services_.log.error("a letter can't be read for a report",
                        {{"journey", letter.id.to_string()}, {"error", returned.error()}});
    co_return false;
  }
  ReportFacts facts{.kind = kind,
                    .letter = letter,
                    .recipients = recipients,
                    .host_name = options_.host_name,
                    .returned = *returned,
                    .returned_whole = whole};
  if (kind == ReportKind::kDelayed) facts.will_retry_until = task.since + options_.retry.give_up;
  auto sent = co_await services_.reports.send({.to = *letter.sender,
                                               .letter = build_report(facts, loop_.clock(), services_.random),
                                               .smtputf8 = letter.smtputf8,
                                               .about = letter.id,
                                               .token = token_of(task, kind, recipients)});
  if (!sent && sent.error().kind != ErrorKind::kRefuse) {
    services_.log.warn(
        "a report can't be sent now; trying again",
        {{"journey", letter.id.to_string()}, {"domain", lane.domain().ascii()}, {"error", sent.error()}});
    co_return false;
  }
  event.add(FactName::kSender, letter.sender->to_string());
  if (sent) {
    services_.metrics.reports.add();
    event.add(FactName::kRelatedJourney, sent->to_string());
    if (kind != ReportKind::kFailed) {
      event.add(FactName::kReason, fmt::format("{} was told that the letter {}", letter.sender->to_display(),
                                               kind == ReportKind::kDelayed ? "is late." : "was handed on."));
    }
  } else {
    event.stage = Stage::kDropped;
    event.add(FactName::kReason, fmt::format("The report has nowhere to go: {}", sent.error().detail));
  }
  for (const Task::Ended& ended : recipients) {
    event.add(FactName::kRecipient, ended.recipient.address.to_string());
  }
  events.push_back(std::move(event));
  co_return true;
}

net::Task<Result<std::string>> ShardRunner::read_returned(const Letter& letter, bool whole) {
  const std::size_t size = whole ? letter.blob_bytes : message::kMaxHeaderBytes;
  PABAL_CO_TRY(std::string bytes, co_await services_.engine.read_blob(letter.blob, 0, size));
  bytes.insert(0, letter.preamble);
  if (!whole) bytes.resize(message::header_size(bytes));
  co_return bytes;
}

net::Task<Result<void>> ShardRunner::load_letter(Task& task) {
  if (task.letter != nullptr) co_return Result<void>();
  PABAL_CO_TRY(const auto record, co_await services_.engine.get_one(partition_, letter_key(task.name.id)));
  if (!record) {
    co_return fail(ErrorKind::kCorrupt, "the envelope of letter {} is missing", task.name.id.to_string());
  }
  PABAL_CO_TRY(Envelope envelope, decode_envelope(task.name.id, record->bytes));
  task.letter = std::make_shared<const Letter>(std::move(envelope.letter));
  co_return Result<void>();
}

/// Nobody worked on it since.
net::Task<Result<bool>> ShardRunner::is_as_stored(const Lane& lane, const Task& task) {
  PABAL_CO_TRY(const auto record,
               co_await services_.engine.get_one(partition_, line_key(lane.domain(), task.place())));
  co_return record && record->version == task.version;
}

namespace {

/// From where it stands to where it is due next.
void move_task(store::Batch& batch, const account::DomainName& domain, Task& task, WallTime due) {
  task.moved = true;
  batch.erase(line_key(domain, task.place()));
  batch.put(line_key(domain, {due, task.name}), encode_task(task));
  batch.put(place_key(domain, task.name), encode_time(due));
}

}  // namespace

/// Stores what the task became, and tries until it is stored or the server stops.
net::Task<Result<void>> ShardRunner::save(Lane& lane, Task& task, std::vector<Event> events,
                                          std::optional<WallTime> wanted_due) {
  journey::Entry entry{.id = task.name.id, .terms = {}, .events = std::move(events)};
  std::chrono::seconds pause = kFirstSavePause;
  for (int conflicts = 0;;) {
    store::Batch batch(partition_);
    batch.be_patient();  // the slot waits, and nobody else
    batch.expect(line_key(lane.domain(), task.place()), task.version);
    const WallTime due = wanted_due.value_or(task.wanted_due(now()));
    Result<void> prepared;
    if (task.finished()) {
      prepared = co_await erase_last_traces(batch, lane.domain(), task);
    } else {
      move_task(batch, lane.domain(), task, due);
    }
    if (!entry.events.empty()) services_.journal.write(batch, entry);
    auto stored =
        prepared ? co_await services_.engine.commit(std::move(batch)) : failure_of(std::move(prepared));
    if (stored) {
      task.version = *stored;
      task.due = due;
      if (!entry.events.empty()) services_.journal.committed(partition_, std::move(entry));
      co_return Result<void>();
    }
    const ErrorKind kind = stored.error().kind;
    if (kind == ErrorKind::kConflict && task.finished() && !task.alone && ++conflicts < kMaxConflicts)
      continue;
    services_.log.error("what became of a letter can't be stored",
                        {{"journey", task.name.id.to_string()}, {"error", stored.error()}});
    if (kind == ErrorKind::kRefuse && !entry.events.empty()) {
      entry.events.clear();  // better without a record than sent again and again
      continue;
    }
    if (kind != ErrorKind::kRetryLater) co_return failure_of(std::move(stored));
    if (!co_await net::sleep_until(loop_.in(pause))) co_return failure_of(std::move(stored));
    pause = std::min(2 * pause, kLongestSavePause);
  }
}

// The letter goes with its last task. Which one that is, the count says, on which all that end meet.
net::Task<Result<void>> ShardRunner::erase_last_traces(store::Batch& batch, const account::DomainName& domain,
                                                       const Task& task) {
  const journey::JourneyId id = task.name.id;
  batch.erase(line_key(domain, task.place()));
  if (task.moved) batch.erase(place_key(domain, task.name));
  if (!task.alone) {
    PABAL_CO_TRY(const auto record, co_await services_.engine.get_one(partition_, count_key(id)));
    if (record) {
      PABAL_CO_TRY(const std::uint64_t left, decode_count(record->bytes));
      batch.expect(count_key(id), record->version);
      if (left > 1) {
        batch.put(count_key(id), encode_count(left - 1));
        co_return Result<void>();
      }
      batch.erase(count_key(id));
    }
  }
  batch.erase(letter_key(id));
  batch.release(task.letter->blob, letter_key(id));
  co_return Result<void>();
}

/// One commit for tasks that all go on waiting. Those in it are as before if it fails.
net::Task<Result<void>> ShardRunner::save_all(std::vector<Edit>& edits) {
  store::Batch batch(partition_);
  const WallTime time = now();
  std::vector<journey::Entry> entries;
  for (Edit& edit : edits) {
    const account::DomainName& domain = edit.lane->domain();
    batch.expect(line_key(domain, edit.task.place()), edit.task.version);
    move_task(batch, domain, edit.task, edit.task.wanted_due(time));
    if (edit.events.empty()) continue;
    entries.push_back({.id = edit.task.name.id, .terms = {}, .events = std::move(edit.events)});
    services_.journal.write(batch, entries.back());
  }
  PABAL_CO_TRY(const store::Version version, co_await services_.engine.commit(std::move(batch)));
  for (Edit& edit : edits) {
    edit.task.due = edit.task.wanted_due(time);
    edit.task.version = version;
  }
  for (journey::Entry& entry : entries) services_.journal.committed(partition_, std::move(entry));
  co_return Result<void>();
}

void ShardRunner::count(const Outcome& outcome) {
  services_.metrics.relayed.add(outcome.relayed);
  services_.metrics.deferred.add(outcome.deferred);
  services_.metrics.failed.add(outcome.failed);
}

}  // namespace pabal::queue
