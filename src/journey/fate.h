// What became of a letter for each of its recipients, read from its events. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "journey/event.h"

namespace pabal::journey {

enum class Fate : std::uint8_t {
  kStored,   ///< in the mailbox
  kRelayed,  ///< another host answers for it
  kWaiting,
  kHeld,
  kFailed,
  kDropped,
};

struct RecipientFate {
  std::string recipient;  ///< empty: the events name nobody
  Fate fate = Fate::kWaiting;
  const Event* decided_by = nullptr;  ///< the event that says so; one of those that were given
};

/// In the order in which the recipients come up; events are in the order of time. A letter that was refused,
/// or of which only its arrival is known, has none.
std::vector<RecipientFate> fates(std::span<const Event> events);

/// Nothing more is to come, and nobody will ask why it went wrong.
bool ended_well(std::span<const Event> events);

}  // namespace pabal::journey
