#include "journey/finder.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "journey/entry_codec.h"

namespace pabal::journey {

namespace {

constexpr store::ScanLimits kKeysBackwards{.max_entries = 256, .reverse = true, .keys_only = true};

/// The family of the condition that fewest letters meet, as far as one can know.
std::string rows_prefix(const Query& query) {
  if (query.message_id) return term_prefix(TermKind::kMessageId, *query.message_id);
  if (query.recipient) return term_prefix(TermKind::kRecipient, *query.recipient);
  if (query.sender) return term_prefix(TermKind::kSender, *query.sender);
  return all_places_prefix();
}

bool meets(const Journey& journey, const Query& query) {
  const Terms& terms = journey.terms;
  return (!query.message_id || *query.message_id == terms.message_id) &&
         (!query.sender || *query.sender == terms.sender) &&
         (!query.recipient ||
          std::ranges::find(terms.recipients, *query.recipient) != terms.recipients.end());
}

void merge(Terms& into, Terms from) {
  if (into.message_id.empty()) into.message_id = std::move(from.message_id);
  if (into.sender.empty()) into.sender = std::move(from.sender);
  for (std::string& recipient : from.recipients) {
    if (std::ranges::find(into.recipients, recipient) == into.recipients.end())
      into.recipients.push_back(std::move(recipient));
  }
}

/// A letter for several shards of the queue has its beginning in each of them.
void sort_and_drop_duplicates(std::vector<Event>& events) {
  std::vector<std::size_t> order(events.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(events[i].at, i); });
  std::vector<Event> kept;
  kept.reserve(events.size());
  for (const std::size_t i : order) {
    const auto same_time = std::ranges::lower_bound(kept, events[i].at, {}, &Event::at);
    if (std::find(same_time, kept.end(), events[i]) == kept.end()) kept.push_back(std::move(events[i]));
  }
  events = std::move(kept);
}

}  // namespace

net::Task<Result<std::optional<Journey>>> Finder::load(JourneyId id) {
  Journey journey{.id = id};
  std::optional<store::KeyRange> range = store::KeyRange::with_prefix(place_prefix(id));
  while (range) {
    PABAL_CO_TRY(const store::ScanPage page,
                 co_await engine_.scan(index_partition(day_of(id.time())), *range, {.keys_only = true}));
    for (std::size_t i = 0; i < page.size(); ++i) {
      if (auto place = place_of_key(page[i].key)) journey.places.push_back(std::move(place->partition));
    }
    range = page.next();
  }
  for (const store::PartitionId& place : journey.places)
    PABAL_CO_TRY_VOID(co_await read_entries(place, journey));
  if (journey.events.empty() && journey.unreadable == 0) co_return std::nullopt;
  sort_and_drop_duplicates(journey.events);
  co_return std::optional(std::move(journey));
}

net::Task<Result<void>> Finder::read_entries(store::PartitionId partition, Journey& journey) {
  std::optional<store::KeyRange> range = store::KeyRange::with_prefix(entry_prefix(journey.id));
  while (range && journey.events.size() < kMaxJourneyEvents) {
    PABAL_CO_TRY(const store::ScanPage page, co_await engine_.scan(partition, *range, {}));
    for (std::size_t i = 0; i < page.size(); ++i) {
      Result<Entry> entry = decode_entry(journey.id, page[i].value);
      if (!entry) {
        ++journey.unreadable;
        continue;
      }
      merge(journey.terms, std::move(entry->terms));
      std::ranges::move(entry->events, std::back_inserter(journey.events));
    }
    range = page.next();
  }
  co_return Result<void>();
}

net::Task<Result<FoundPage>> Finder::find(Query query, std::size_t limit, std::optional<JourneyId> before) {
  const WallTime since = query.since.value_or(WallTime{});
  JourneyId end = query.until ? JourneyId::first_at(*query.until) : JourneyId(~std::uint64_t{0});
  if (before) end = std::min(end, *before);
  const JourneyId first = JourneyId::first_at(since);
  const std::string prefix = rows_prefix(query);

  limit = std::max<std::size_t>(limit, 1);
  FoundPage out;
  std::size_t looked_at = 0;
  PABAL_CO_TRY(const std::vector<Day> days, co_await days_between(since, end));
  for (const Day day : days) {
    for (;;) {
      const std::size_t room = kMaxLookedAt - looked_at;
      PABAL_CO_TRY(const auto ids, co_await candidates(day, prefix, first, end, room));
      if (ids.empty()) break;
      for (const JourneyId id : ids) {
        PABAL_CO_TRY(auto journey, co_await load(id));
        end = id;
        ++looked_at;
        if (!journey || !meets(*journey, query)) continue;
        out.journeys.push_back(*std::move(journey));
        if (out.journeys.size() == limit) break;
      }
      if (out.journeys.size() == limit || looked_at == kMaxLookedAt) {
        out.next_before = end;
        co_return out;
      }
    }
  }
  co_return out;
}

// Newest first. The end's own day counts, though the end does not: others of that day came before it.
net::Task<Result<std::vector<Day>>> Finder::days_between(WallTime since, JourneyId end) {
  std::vector<Day> days;
  std::optional<store::KeyRange> range = all_days();
  while (range) {
    PABAL_CO_TRY(const store::ScanPage page, co_await engine_.scan(days_partition(), *range, kKeysBackwards));
    for (std::size_t i = 0; i < page.size(); ++i) {
      const auto day = day_of_key(page[i].key);
      if (day && *day >= day_of(since) && *day <= day_of(end.time())) days.push_back(*day);
    }
    range = page.next();
  }
  co_return days;
}

// Some journeys of the rows in [first, end), newest first; empty if there are none.
net::Task<Result<std::vector<JourneyId>>> Finder::candidates(Day day, std::string prefix, JourneyId first,
                                                             JourneyId end, std::size_t limit) {
  store::ScanLimits limits = kKeysBackwards;
  limits.max_entries = std::min(limits.max_entries, limit);
  PABAL_CO_TRY(const store::ScanPage page,
               co_await engine_.scan(index_partition(day), rows_between(prefix, first, end), limits));
  std::vector<JourneyId> ids;
  for (std::size_t i = 0; i < page.size(); ++i) {
    const auto id = journey_of_row(page[i].key);
    // A journey has a row for each of its places.
    if (id && (ids.empty() || ids.back() != *id)) ids.push_back(*id);
  }
  co_return ids;
}

}  // namespace pabal::journey
