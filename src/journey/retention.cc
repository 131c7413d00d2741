#include "journey/retention.h"

#include <algorithm>
#include <string>
#include <vector>

#include "journey/entry_codec.h"
#include "journey/fate.h"
#include "journey/finder.h"
#include "journey/index_rows.h"
#include "journey/resend_guard.h"

namespace pabal::journey {

namespace {

constexpr std::size_t kKeysPerBatch = 1000;
// How long a letter may be under way, and so be kept longer than the day on which it came suggests: five
// days in the queue, and what a sender may ask us to hold it before that.
constexpr std::chrono::days kLongestWay{60};

}  // namespace

/// What one partition holds of one letter.
struct Retention::OneJourney {
  JourneyId id;
  std::vector<std::string> keys = {};
  std::vector<Event> events = {};
  bool readable = true;

  void add(std::string_view key, std::string_view value) {
    keys.emplace_back(key);
    Result<Entry> entry = decode_entry(id, value);
    readable = readable && entry;
    if (entry && events.size() < kMaxJourneyEvents)
      std::ranges::move(entry->events, std::back_inserter(events));
  }
  WallTime last_event() const {
    WallTime last = id.time();
    for (const Event& event : events) last = std::max(last, event.at);
    return last;
  }
};

Retention::Retention(store::Engine& engine, RetentionOptions options)
    : engine_(engine), options_{options.successes, std::max(options.successes, options.failures)} {}

bool Retention::may_go(const OneJourney& journey, WallTime now) const {
  const WallTime::duration age = now - journey.last_event();
  if (age < options_.successes) return false;
  return age >= options_.failures || (journey.readable && ended_well(journey.events));
}

net::Task<Result<Forgotten>> Retention::sweep(store::PartitionId partition, WallTime now) {
  Forgotten forgotten;
  PABAL_CO_TRY(forgotten.entries, co_await sweep_entries(partition, now));
  PABAL_CO_TRY(forgotten.tokens, co_await erase_range(partition, outdated_tokens(now)));
  co_return forgotten;
}

net::Task<Result<std::uint64_t>> Retention::sweep_entries(store::PartitionId partition, WallTime now) {
  std::uint64_t erased = 0;
  std::vector<std::string> doomed;
  OneJourney current;
  const auto finish_current = [&] {
    if (!current.keys.empty() && may_go(current, now))
      std::ranges::move(current.keys, std::back_inserter(doomed));
  };
  // Whatever came later can't be old enough.
  std::optional<store::KeyRange> range =
      store::KeyRange{entry_prefix(JourneyId()), entry_prefix(JourneyId::first_at(now - options_.successes))};
  while (range) {
    PABAL_CO_TRY(const store::ScanPage page, co_await engine_.scan(partition, *range, {}));
    for (std::size_t i = 0; i < page.size(); ++i) {
      const auto id = journey_of_key(page[i].key);
      if (!id) continue;
      if (*id != current.id) {
        finish_current();
        current = OneJourney{.id = *id};
      }
      current.add(page[i].key, page[i].value);
    }
    range = page.next();
    if (!range) finish_current();
    erased += doomed.size();
    PABAL_CO_TRY_VOID(co_await erase(partition, std::exchange(doomed, {})));
  }
  co_return erased;
}

net::Task<Result<Forgotten>> Retention::sweep_index(WallTime now) {
  Forgotten forgotten;
  store::KeyRange range = all_days();
  range.end = day_key(day_of(now - options_.failures - kLongestWay));
  // A handful at most: one more each day.
  PABAL_CO_TRY(const store::ScanPage days,
               co_await engine_.scan(days_partition(), range, {.keys_only = true}));
  for (std::size_t i = 0; i < days.size(); ++i) {
    const auto day = day_of_key(days[i].key);
    if (!day) continue;
    PABAL_CO_TRY(const std::uint64_t rows, co_await erase_range(index_partition(*day), {}));
    forgotten.index_rows += rows;
    // Last, so that a sweep that was cut short goes on the next time.
    std::vector<std::string> key{std::string(days[i].key)};
    PABAL_CO_TRY_VOID(co_await erase(days_partition(), std::move(key)));
  }
  co_return forgotten;
}

net::Task<Result<std::uint64_t>> Retention::erase_range(store::PartitionId partition, store::KeyRange start) {
  std::uint64_t erased = 0;
  std::optional<store::KeyRange> range = std::move(start);
  while (range) {
    PABAL_CO_TRY(const store::ScanPage page, co_await engine_.scan(partition, *range, {.keys_only = true}));
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < page.size(); ++i) keys.emplace_back(page[i].key);
    erased += keys.size();
    PABAL_CO_TRY_VOID(co_await erase(partition, std::move(keys)));
    range = page.next();
  }
  co_return erased;
}

net::Task<Result<void>> Retention::erase(store::PartitionId partition, std::vector<std::string> keys) {
  for (std::size_t done = 0; done < keys.size(); done += kKeysPerBatch) {
    store::Batch batch(partition);
    for (std::size_t i = done; i < std::min(keys.size(), done + kKeysPerBatch); ++i)
      batch.erase(std::move(keys[i]));
    PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
  }
  co_return Result<void>();
}

}  // namespace pabal::journey
