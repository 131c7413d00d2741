// Where the index of journeys keeps what: one partition a day, of the day on which a letter came, and one
// that knows the days. docs/journeys.md lists the keys; change both together. Pure functions; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journey/journal.h"
#include "journey/journey_id.h"
#include "store/engine.h"

namespace pabal::journey {

using Day = std::chrono::sys_days;

inline Day day_of(WallTime time) { return std::chrono::floor<std::chrono::days>(time); }

/// "journeys 20261121"
store::PartitionId index_partition(Day day);
/// Which days have an index.
store::PartitionId days_partition();
std::string day_key(Day day);
std::optional<Day> day_of_key(std::string_view key);
store::KeyRange all_days();

/// That the journey has entries in that partition.
std::string place_key(JourneyId id, const store::PartitionId& partition);
/// All its places begin with this.
std::string place_prefix(JourneyId id);
struct Place {
  JourneyId id;
  store::PartitionId partition;
};
std::optional<Place> place_of_key(std::string_view key);

enum class TermKind : char { kMessageId = 'm', kSender = 's', kRecipient = 'r' };
/// The text is hashed: keys stay short whatever a stranger calls his letters.
std::string term_prefix(TermKind kind, std::string_view text);
/// A journey that has this term.
std::string term_key(const std::string& prefix, JourneyId id);
/// Back from a term_key or a place_key.
std::optional<JourneyId> journey_of_row(std::string_view key);

/// Row families by time: all places, or all journeys of one term, that came from `first` on and before
/// `end`.
store::KeyRange rows_between(const std::string& prefix, JourneyId first, JourneyId end);
std::string all_places_prefix();

/// All rows of an entry, which are put in one batch: where the first and the last of them are, all are.
std::vector<std::string> rows_of(JourneyId id, const Terms& terms, const store::PartitionId& partition);

}  // namespace pabal::journey
