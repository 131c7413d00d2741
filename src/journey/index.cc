#include "journey/index.h"

#include <algorithm>
#include <map>

#include "journey/entry_codec.h"
#include "net/loop.h"

namespace pabal::journey {

namespace {

// Well under what a batch may hold, with room for the last entry's thousand recipients.
constexpr std::size_t kRowsPerCommit = 4000;
static_assert(kRowsPerCommit + kMaxTermRecipients + 3 < store::kMaxBatchOperations);
// A letter's entries follow each other within minutes; about 100 bytes each.
constexpr std::size_t kPutLately = 16'384;
// After each put, for more to come: rows that go together cost one sync and lie side by side. A letter is
// found that much later, and the next letter's own commit has the disk for itself.
constexpr std::chrono::milliseconds kGather{50};
// After a failure of the store, before the same is tried again.
constexpr std::chrono::seconds kRetry{5};
constexpr store::ScanLimits kPage{.max_entries = 256};

}  // namespace

Index::Index(store::Engine& engine, Places& places, Logger log)
    : engine_(engine), places_(places), log_(std::move(log)), put_lately_(kPutLately) {}

void Index::add(JourneyId id, const store::PartitionId& partition, Terms terms) {
  if (!inbox_.put({id, partition, std::move(terms)})) note_gap(id);
}

net::Task<void> Index::run() {
  const net::Context context = co_await net::current_context();
  for (;;) {
    auto pending = co_await inbox_.take_all(has_gap() ? context.loop->in(kRetry) : net::Deadline::never());
    if (!pending && pending.error().kind != ErrorKind::kDeadline) co_return;
    Result<void> done;
    if (pending) {
      const JourneyId earliest = std::ranges::min_element(*pending, {}, &Pending::id)->id;
      done = co_await put(*std::move(pending));
      if (!done) note_gap(earliest);
    }
    if (done && has_gap()) done = co_await close_gap();
    if (!done) {
      log_.warn("the index of journeys could not be written; it is filled again later",
                {{"error", done.error()}});
    }
    const auto pause = done ? std::chrono::milliseconds(kGather) : std::chrono::milliseconds(kRetry);
    if (!co_await net::sleep_until(context.loop->in(pause))) co_return;
  }
}

net::Task<Result<void>> Index::put(std::deque<Pending> pending) {
  std::map<Day, std::vector<std::string>> days;
  std::vector<std::string> places;
  for (const Pending& each : pending) {
    std::vector<std::string> entry = rows_of(each.id, each.terms, each.partition);
    if (entry.size() == 1 && put_lately_.find(entry.front())) continue;
    places.push_back(entry.front());
    const Day day = day_of(each.id.time());
    std::vector<std::string>& rows = days[day];
    std::ranges::move(entry, std::back_inserter(rows));
    if (rows.size() >= kRowsPerCommit) PABAL_CO_TRY_VOID(co_await put_some(day, std::exchange(rows, {})));
  }
  for (auto& [day, rows] : days) PABAL_CO_TRY_VOID(co_await put_some(day, std::move(rows)));
  for (const std::string& place : places) put_lately_.find_or_add(place) = true;
  co_return Result<void>();
}

net::Task<Result<void>> Index::put_some(Day day, std::vector<std::string> rows) {
  if (rows.empty()) co_return Result<void>();
  if (!known_days_.contains(day)) {
    // Before its first row, so that no index is forgotten by whoever sweeps.
    store::Batch batch(days_partition());
    batch.put(day_key(day), "");
    PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
    known_days_.insert(day);
  }
  std::ranges::sort(rows);  // neighbours are cheaper to put
  const auto same = std::ranges::unique(rows);
  rows.erase(same.begin(), same.end());
  store::Batch batch(index_partition(day));
  for (std::string& row : rows) batch.put(std::move(row), "");
  PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
  co_return Result<void>();
}

// ---- What was missed.

void Index::note_gap(JourneyId id) {
  const std::lock_guard lock(gap_mutex_);
  gap_ = gap_ ? std::min(*gap_, id) : id;
}

bool Index::has_gap() {
  const std::lock_guard lock(gap_mutex_);
  return gap_.has_value();
}

net::Task<Result<void>> Index::close_gap() {
  std::optional<JourneyId> first;
  {
    const std::lock_guard lock(gap_mutex_);
    first = std::exchange(gap_, std::nullopt);
  }
  if (!first) co_return Result<void>();
  log_.info("the index of journeys fell behind and reads them again", {{"first", first->to_string()}});
  Result<void> done = co_await rebuild_since(first->time());
  if (!done) note_gap(*first);
  co_return done;
}

net::Task<Result<void>> Index::rebuild_since(WallTime since) {
  const JourneyId first = JourneyId::first_at(since);
  std::optional<store::PartitionId> after;
  for (;;) {
    PABAL_CO_TRY(const auto partitions, co_await places_.list(after));
    if (partitions.empty()) co_return Result<void>();
    for (const store::PartitionId& partition : partitions)
      PABAL_CO_TRY_VOID(co_await rebuild(partition, first));
    after = partitions.back();
  }
}

net::Task<Result<void>> Index::rebuild(const store::PartitionId& partition, JourneyId first) {
  std::optional<store::KeyRange> range = store::KeyRange::with_prefix(kEntryPrefix);
  range->start = entry_prefix(first);
  while (range) {
    PABAL_CO_TRY(const store::ScanPage page, co_await engine_.scan(partition, *range, kPage));
    PABAL_CO_TRY_VOID(co_await put_missing(partition, page));
    range = page.next();
  }
  co_return Result<void>();
}

// An entry's rows were put in one commit or not at all. The first of them names its partition, the last whom
// it went to there: both together are its own, even if another entry shares its message-id.
net::Task<Result<void>> Index::put_missing(const store::PartitionId& partition, const store::ScanPage& page) {
  std::map<Day, std::deque<Pending>> found;
  for (std::size_t i = 0; i < page.size(); ++i) {
    const auto id = journey_of_key(page[i].key);
    if (!id) continue;
    Result<Entry> entry = decode_entry(*id, page[i].value);
    if (!entry) {
      log_.error("an entry of a journey can't be read", {{"error", entry.error()}});
      continue;
    }
    found[day_of(id->time())].push_back({*id, partition, std::move(entry->terms)});
  }
  for (auto& [day, entries] : found) {
    std::vector<std::string> witnesses;
    for (const Pending& each : entries) {
      std::vector<std::string> rows = rows_of(each.id, each.terms, each.partition);
      witnesses.push_back(rows.front());
      witnesses.push_back(std::move(rows.back()));
    }
    PABAL_CO_TRY(const auto values, co_await engine_.get(index_partition(day), witnesses));
    std::deque<Pending> missing;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (!values[2 * i] || !values[2 * i + 1]) missing.push_back(std::move(entries[i]));
    }
    if (!missing.empty()) PABAL_CO_TRY_VOID(co_await put(std::move(missing)));
  }
  co_return Result<void>();
}

}  // namespace pabal::journey
