#include "queue/queue.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "net/scope.h"
#include "queue/records.h"

namespace pabal::queue {

namespace {

using journey::Event;
using journey::FactName;
using journey::Stage;

/// Fairness is between these. Eight bytes of a hash: two that meet share a turn, and nothing worse.
std::uint64_t submitter_of(const Letter& letter) {
  if (letter.submitter) return letter.submitter->value();
  if (!letter.sender) return 0;
  return std::hash<std::string>{}(letter.sender->key()) | std::uint64_t{1} << 63;
}

}  // namespace

/// What of a letter goes into one shard.
struct Queue::Part {
  struct Errands {
    account::DomainName domain;
    std::vector<Task> tasks;
  };
  ShardId shard;
  std::vector<Errands> errands = {};
  bool is_first = false;
  Result<Added> result = Added{};

  std::size_t tasks() const {
    std::size_t count = 0;
    for (const Errands& each : errands) count += each.tasks.size();
    return count;
  }
};

Queue::Queue(const QueueServices& services, std::vector<Place> places, QueueOptions options)
    : services_(services), options_(std::move(options)), places_(std::move(places)) {
  for (std::uint32_t shard = 0; shard < kShards; ++shard) {
    const Place& place = places_[shard % places_.size()];
    runners_.push_back(
        std::make_unique<ShardRunner>(ShardId(shard), place.loop, place.courier, services_, options_));
  }
}

Queue::~Queue() = default;

net::Task<void> Queue::run(std::size_t index) {
  const net::Context context = co_await net::current_context();
  net::Scope shards(*context.loop, context.cancel);
  for (std::size_t shard = index; shard < runners_.size(); shard += places_.size()) {
    shards.spawn(runners_[shard]->run());
  }
  co_await shards.join();
  co_await places_[index].courier.rest();
}

std::vector<Queue::Part> Queue::cut(Submission& submission) const {
  const Letter& letter = submission.letter;
  const WallTime since = letter.first_due();
  std::ranges::sort(submission.to, {}, [](const Recipient& recipient) {
    return std::pair(std::string_view(recipient.address.domain().ascii()),
                     std::string_view(recipient.address.local_part()));
  });
  std::vector<Part> parts;
  for (Recipient& recipient : submission.to) {
    const account::DomainName& domain = recipient.address.domain();
    const ShardId shard = shard_of(domain);
    auto part = std::ranges::find(parts, shard, &Part::shard);
    if (part == parts.end()) part = parts.insert(parts.end(), Part{.shard = shard});
    auto& errands = part->errands;
    if (errands.empty() || errands.back().domain != domain) errands.push_back({domain, {}});
    auto& tasks = errands.back().tasks;
    if (tasks.empty() || tasks.back().recipients.size() == kMaxErrandRecipients) {
      tasks.push_back({.name = {letter.id, static_cast<std::uint16_t>(tasks.size())},
                       .submitter = submitter_of(letter),
                       .since = since,
                       .next_try = since,
                       .due = since});
    }
    tasks.back().recipients.push_back(std::move(recipient));
  }
  parts.front().is_first = true;
  return parts;
}

net::Task<Result<Added>> Queue::add(Submission submission) {
  if (submission.to.empty()) co_return fail(ErrorKind::kRefuse, "a letter without recipients");
  submission.entry.id = submission.letter.id;
  std::vector<Part> parts = cut(submission);
  const auto letter = std::make_shared<const Letter>(std::move(submission.letter));
  if (parts.size() == 1) co_return co_await add_part(letter, submission, parts.front());

  const net::Context context = co_await net::current_context();
  net::Scope commits(*context.loop, context.cancel);
  struct Run {
    static net::Task<void> part(Queue& queue, const std::shared_ptr<const Letter>& letter,
                                const Submission& submission, Part& part) {
      part.result = co_await queue.add_part(letter, submission, part);
    }
  };
  for (Part& part : parts) commits.spawn(Run::part(*this, letter, submission, part));
  co_await commits.join();

  Added added{.what = Added::What::kKnown, .id = letter->id};
  for (Part& part : parts) {
    if (!part.result) co_return std::move(part.result);
    if (part.result->what == Added::What::kQueued) added = {Added::What::kQueued, letter->id};
  }
  if (added.what == Added::What::kKnown) added.id = parts.front().result->id;
  co_return added;
}

net::Task<Result<Added>> Queue::add_part(const std::shared_ptr<const Letter>& letter,
                                         const Submission& submission, Part& part) {
  const store::PartitionId partition = partition_of(part.shard);
  const WallTime now = places_.front().loop.clock().wall();
  journey::Entry entry{.id = letter->id, .terms = submission.entry.terms};
  if (part.is_first) entry.events = submission.entry.events;
  const auto hold_until = letter->hold_until();
  const bool held = hold_until && *hold_until > now;
  Event event{.at = now, .stage = held ? Stage::kHeld : Stage::kQueued};
  if (held) event.add(FactName::kNextTry, smtp::format_utc_time(*hold_until));

  store::Batch batch(partition);
  if (submission.token) journey::guard(batch, *submission.token, letter->id, now);
  if (submission.blob) batch.attach(*submission.blob);
  std::vector<Envelope::Way> ways;
  for (const Part::Errands& each : part.errands)
    ways.push_back({each.domain, static_cast<std::uint16_t>(each.tasks.size())});
  batch.put(letter_key(letter->id), encode_envelope(*letter, ways));
  batch.hold(letter->blob, letter_key(letter->id));
  const std::size_t tasks = part.tasks();
  if (tasks > 1) batch.put(count_key(letter->id), encode_count(tasks));
  std::size_t recipients = 0;
  for (Part::Errands& errands : part.errands) {
    for (Task& task : errands.tasks) {
      task.alone = tasks == 1;
      batch.put(line_key(errands.domain, task.place()), encode_task(task));
      recipients += task.recipients.size();
      for (const Recipient& recipient : task.recipients)
        event.add(FactName::kRecipient, recipient.address.to_string());
    }
  }
  entry.events.push_back(std::move(event));
  services_.journal.write(batch, entry);

  const MonoTime stored_after = places_.front().loop.clock().mono();
  auto version = co_await services_.engine.commit(std::move(batch));
  if (!version) {
    if (version.error().kind != ErrorKind::kConflict || !submission.token)
      co_return failure_of(std::move(version));
    PABAL_CO_TRY(const auto before,
                 co_await journey::find_sent_before(services_.engine, partition, *submission.token, now));
    if (before) co_return Added{Added::What::kKnown, *before};
    co_return fail(ErrorKind::kRetryLater, "the letter met another of its kind");
  }
  services_.journal.committed(partition, std::move(entry));
  services_.metrics.queued.add(recipients);
  ShardRunner& runner = *runners_[part.shard.value()];
  for (Part::Errands& errands : part.errands) {
    for (Task& task : errands.tasks) {
      task.version = *version;
      task.letter = letter;
      runner.arrive(errands.domain, std::move(task), stored_after);
    }
  }
  co_return Added{Added::What::kQueued, letter->id};
}

}  // namespace pabal::queue
