// What the queue has to do: carry one letter to its recipients in one domain. Values; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "journey/journey_id.h"
#include "queue/courier.h"
#include "queue/letter.h"
#include "store/engine.h"

namespace pabal::queue {

/// Names a task within its domain: a letter has more than one there only if its recipients are many.
struct TaskName {
  journey::JourneyId id;
  std::uint16_t part = 0;
  auto operator<=>(const TaskName&) const = default;
};

/// Where a task stands in the line of its domain.
struct LinePlace {
  WallTime due = {};
  TaskName name = {};
  auto operator<=>(const LinePlace&) const = default;

  /// Before all others.
  static LinePlace first() { return {WallTime::min(), {}}; }
  /// Behind all others; as a lane's first unread place: everything is read.
  static LinePlace behind_all() { return {WallTime::max(), {journey::JourneyId(UINT64_MAX), UINT16_MAX}}; }
};

/// The due time of a task that an operator holds: it comes after every other, and never.
inline constexpr WallTime kHeld = WallTime::max();

struct Task {
  /// A recipient whose fate is known, and whose sender must still be told.
  struct Ended {
    Recipient recipient;
    RecipientResult result;
    bool operator==(const Ended&) const = default;
  };

  TaskName name = {};
  std::uint64_t submitter = 0;  ///< fairness is between these: a hash of the account, else of the sender
  WallTime since = {};          ///< its patience counts from here: when it came, or when its hold ended
  WallTime next_try = {};
  std::uint32_t attempts = 0;
  bool alone = true;                       ///< the letter's only task in this shard
  bool warned = false;                     ///< the sender knows that it is late, or doesn't want to
  bool moved = false;                      ///< from where it was first put, and its place has a record
  bool passed_over = false;                ///< its last deferral was for the domain's sake, not for its own
  std::vector<Recipient> recipients = {};  ///< still to be carried to
  std::vector<RecipientResult> last_results = {};  ///< theirs, in their order; empty before the first attempt
  std::vector<Ended> owed = {};

  // Not stored:
  WallTime due = {};  ///< as its place in the line has it
  store::Version version = {};
  std::shared_ptr<const Letter> letter = {};  ///< if it is in memory
  /// Its line was looked at between its commit and the news of it: it may be done with already.
  bool unsure = false;

  LinePlace place() const { return {due, name}; }
  bool finished() const { return recipients.empty() && owed.empty(); }
  /// Reports don't wait for the next attempt.
  WallTime wanted_due(WallTime now) const { return owed.empty() ? next_try : now; }
};

}  // namespace pabal::queue
