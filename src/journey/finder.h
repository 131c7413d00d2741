// Finds the journeys of letters, and reads them: all that was written about one, from all the partitions
// through which it went. Reads only; any loop.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "journey/index_rows.h"
#include "journey/journal.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::journey {

/// The way of one letter.
struct Journey {
  JourneyId id;
  Terms terms = {};                             ///< of all its entries
  std::vector<Event> events = {};               ///< by time; what several partitions say is there once
  std::vector<store::PartitionId> places = {};  ///< where it was written
  std::size_t unreadable = 0;                   ///< entries that are damaged, or written by a newer version
};

/// Every condition that is there must hold.
struct Query {
  std::optional<std::string> message_id = {};  ///< without angle brackets
  std::optional<std::string> sender = {};      ///< as Address::key() has it
  std::optional<std::string> recipient = {};   ///< the same
  std::optional<WallTime> since = {};          ///< the letter came then or later
  std::optional<WallTime> until = {};          ///< the letter came before
};

struct FoundPage {
  std::vector<Journey> journeys = {};  ///< newest first
  /// Where the search goes on; nothing: there is no more. A page may be empty and yet not the last, because a
  /// search looks at a bounded number of letters at a time.
  std::optional<JourneyId> next_before = {};
};

/// How many letters one call of find() looks at: the index may name many that are forgotten already, or that
/// meet one condition and not the other.
inline constexpr std::size_t kMaxLookedAt = 500;

/// A journey is read whole into memory, so it has a bound: a letter that is tried for five days writes
/// some three hundred entries.
inline constexpr std::size_t kMaxJourneyEvents = 20'000;

class Finder {
 public:
  /// The engine must outlive it.
  explicit Finder(store::Engine& engine) : engine_(engine) {}

  /// Nothing if there is no such journey, or none any more.
  net::Task<Result<std::optional<Journey>>> load(JourneyId id);

  /// Newest first, at most `limit`; of letters before `before`, which is the last page's next_before.
  net::Task<Result<FoundPage>> find(Query query, std::size_t limit, std::optional<JourneyId> before = {});

 private:
  net::Task<Result<std::vector<Day>>> days_between(WallTime since, JourneyId end);
  net::Task<Result<std::vector<JourneyId>>> candidates(Day day, std::string prefix, JourneyId first,
                                                       JourneyId end, std::size_t limit);
  net::Task<Result<void>> read_entries(store::PartitionId partition, Journey& journey);

  store::Engine& engine_;
};

}  // namespace pabal::journey
