// The operator's side of the queue: looking goes through the store, on the loop of who looks; changes go to
// the loops of the shards.
#include <algorithm>
#include <map>
#include <utility>

#include "queue/outcome.h"
#include "queue/places.h"
#include "queue/queue.h"
#include "queue/records.h"

namespace pabal::queue {

namespace {

constexpr store::ScanLimits kPage{.max_entries = 200, .max_bytes = 512 * 1024};

std::string name_of(const std::optional<account::Address>& sender) {
  return sender ? sender->to_display() : "<>";
}

std::string reason_of(const Task& task, const ShardRunner::Closed* closed, WallTime now) {
  if (task.next_try == kHeld) return "Held by an operator.";
  if (task.recipients.empty()) return "Its sender is to be told.";
  if (closed != nullptr && !closed->until) return fmt::format("The domain is suspended: {}", closed->why);
  if (task.last_results.empty()) {
    if (closed != nullptr && task.since <= now)
      return fmt::format("The domain takes no mail for now: {}", closed->why);
    return task.since > now ? "Its sender asked for it to be sent later." : "Waits for its first attempt.";
  }
  const RecipientResult& last = task.last_results.front();
  if (!is_reply_untold(last)) return last.reason;
  return fmt::format("{}{}{} said: {}", last.reason, last.reason.empty() ? "" : " ",
                     last.host.empty() ? "The other side" : last.host, last.reply.to_string());
}

using ClosedDomains = ShardRunner::ClosedDomains;

/// When something will be done about the task. What is due and can't wait any longer waits for a slot.
std::optional<WallTime> next_try_of(const Task& task, const ShardRunner::Closed* closed, WallTime now) {
  if (task.next_try == kHeld && task.owed.empty()) return std::nullopt;
  const WallTime next = std::max(task.wanted_due(now), now);
  if (closed == nullptr || !task.owed.empty()) return next;
  if (!closed->until) return std::nullopt;
  return std::max(next, *closed->until);
}

QueueItem to_item(const account::DomainName& domain, const Task& task, const Letter& letter,
                  const ClosedDomains& closed_domains, WallTime now) {
  const auto found = closed_domains.find(domain.ascii());
  const ShardRunner::Closed* const closed = found == closed_domains.end() ? nullptr : &found->second;
  QueueItem item{.id = task.name.id,
                 .sender = name_of(letter.sender),
                 .domain = domain.unicode(),
                 .message_id = letter.message_id,
                 .size_bytes = letter.size_bytes(),
                 .accepted = letter.accepted,
                 .attempts = task.attempts,
                 .held = task.next_try == kHeld,
                 .next_try = next_try_of(task, closed, now),
                 .reason = reason_of(task, closed, now)};
  for (const Recipient& recipient : task.recipients)
    item.recipients.push_back(recipient.address.to_display());
  for (const Task::Ended& ended : task.owed) item.recipients.push_back(ended.recipient.address.to_display());
  return item;
}

struct Found {
  account::DomainName domain;
  Task task;
};

/// The tasks of a page of line keys that fit, as far as the task itself tells.
std::vector<Found> read_tasks(const store::ScanPage& page, const QueueFilter& filter, WallTime now) {
  std::vector<Found> out;
  for (std::size_t i = 0; i < page.size(); ++i) {
    const auto key = parse_line_key(page[i].key);
    auto domain = account::DomainName::parse(key ? key->domain : "");
    if (!key || !domain) continue;
    auto task = decode_task(*domain, key->place, page[i].value);
    if (task && fits(filter, *domain, *task, now)) out.push_back({*std::move(domain), *std::move(task)});
  }
  return out;
}

/// Where the letter's tasks stand.
net::Task<Result<std::vector<Found>>> find_tasks(store::Engine& engine, store::PartitionId partition,
                                                 journey::JourneyId id) {
  PABAL_CO_TRY(std::vector<TaskPlace> places, co_await find_places(engine, partition, id));
  std::vector<Found> out;
  for (TaskPlace& each : places) {
    PABAL_CO_TRY(const auto record, co_await engine.get_one(partition, line_key(each.domain, each.place)));
    if (!record) continue;  // it ended, or moved meanwhile
    auto task = decode_task(each.domain, each.place, record->bytes);
    if (task) out.push_back({std::move(each.domain), *std::move(task)});
  }
  co_return out;
}

net::Task<Result<void>> show(store::Engine& engine, store::PartitionId partition, std::vector<Found> found,
                             const QueueFilter& filter, const ClosedDomains& closed, WallTime now,
                             QueueItemSink& sink) {
  std::vector<std::string> keys;
  for (const Found& each : found) keys.push_back(letter_key(each.task.name.id));
  PABAL_CO_TRY(const auto records, co_await engine.get(partition, keys));
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!records[i]) continue;  // it ended meanwhile
    const auto envelope = decode_envelope(found[i].task.name.id, records[i]->bytes);
    if (!envelope || !fits_sender(filter, envelope->letter)) continue;
    PABAL_CO_TRY_VOID(
        co_await sink.item(to_item(found[i].domain, found[i].task, envelope->letter, closed, now)));
  }
  co_return Result<void>();
}

}  // namespace

net::Task<Result<void>> Queue::list(QueueFilter filter, QueueItemSink& sink) {
  for (std::uint32_t shard = 0; shard < kShards; ++shard) {
    if (filter.domain && shard_of(*filter.domain) != ShardId(shard)) continue;
    const store::PartitionId partition = partition_of(ShardId(shard));
    const ClosedDomains closed = co_await runners_[shard]->closed_domains();
    const WallTime now = places_.front().loop.clock().wall();
    if (filter.id) {
      PABAL_CO_TRY(auto found, co_await find_tasks(services_.engine, partition, *filter.id));
      PABAL_CO_TRY_VOID(
          co_await show(services_.engine, partition, std::move(found), filter, closed, now, sink));
      continue;
    }
    std::optional<store::KeyRange> rest =
        store::KeyRange::with_prefix(filter.domain ? line_prefix(*filter.domain) : std::string(kLinePrefix));
    while (rest) {
      PABAL_CO_TRY(const store::ScanPage page, co_await services_.engine.scan(partition, *rest, kPage));
      PABAL_CO_TRY_VOID(co_await show(services_.engine, partition, read_tasks(page, filter, now), filter,
                                      closed, now, sink));
      rest = page.next();
    }
  }
  co_return Result<void>();
}

net::Task<Result<std::vector<DomainStatistics>>> Queue::statistics() {
  std::map<std::string, DomainStatistics> domains;  // by A-labels
  const auto of = [&](const account::DomainName& domain) -> DomainStatistics& {
    DomainStatistics& statistics = domains[domain.ascii()];
    if (statistics.domain.empty()) statistics.domain = domain.unicode();
    return statistics;
  };
  for (std::uint32_t shard = 0; shard < kShards; ++shard) {
    const store::PartitionId partition = partition_of(ShardId(shard));
    const WallTime now = places_.front().loop.clock().wall();
    std::optional<store::KeyRange> rest = store::KeyRange::with_prefix(kLinePrefix);
    while (rest) {
      PABAL_CO_TRY(const store::ScanPage page, co_await services_.engine.scan(partition, *rest, kPage));
      for (const Found& found : read_tasks(page, {}, now)) {
        DomainStatistics& statistics = of(found.domain);
        const WallTime came = found.task.name.id.time();
        ++statistics.letters;
        statistics.recipients += found.task.recipients.size();
        if (found.task.next_try == kHeld) ++statistics.held;
        statistics.oldest = std::min(statistics.oldest.value_or(came), came);
      }
      rest = page.next();
    }
    rest = store::KeyRange::with_prefix(kSuspensionPrefix);
    while (rest) {
      PABAL_CO_TRY(const store::ScanPage page, co_await services_.engine.scan(partition, *rest, kPage));
      for (std::size_t i = 0; i < page.size(); ++i) {
        PABAL_CO_TRY(const auto domain,
                     account::DomainName::parse(page[i].key.substr(kSuspensionPrefix.size())));
        PABAL_CO_TRY(Suspension suspension, decode_suspension(page[i].value));
        of(domain).suspended = std::move(suspension.reason);
      }
      rest = page.next();
    }
  }
  std::vector<DomainStatistics> out;
  for (auto& [name, statistics] : domains) out.push_back(std::move(statistics));
  co_return out;
}

net::Task<Result<QueueChanged>> Queue::change(QueueFilter filter, QueueChange change, std::string reason) {
  QueueChanged out;
  for (std::uint32_t shard = 0; shard < kShards; ++shard) {
    if (filter.domain && shard_of(*filter.domain) != ShardId(shard)) continue;
    PABAL_CO_TRY(const QueueChanged here, co_await runners_[shard]->change(filter, change, reason));
    out.changed += here.changed;
    out.busy += here.busy;
  }
  co_return out;
}

net::Task<Result<void>> Queue::suspend(account::DomainName domain, std::string reason) {
  ShardRunner& runner = runner_of(domain);
  co_return co_await runner.suspend(std::move(domain), std::move(reason));
}

net::Task<Result<void>> Queue::resume(account::DomainName domain) {
  ShardRunner& runner = runner_of(domain);
  co_return co_await runner.resume(std::move(domain));
}

}  // namespace pabal::queue
