// Entries of journeys as they are stored: keys and bytes. docs/journeys.md lists them; change both together.
//
// Made for every letter, so encoding takes two allocations and no formatting. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "journey/journal.h"

namespace pabal::journey {

// Bounds of one entry. Together they stay under the largest value that the store takes.
inline constexpr std::size_t kMaxEvents = 256;
inline constexpr std::size_t kMaxEventsBytes = 144 * 1024;
inline constexpr std::size_t kMaxTermsBytes = 96 * 1024;
inline constexpr std::size_t kMaxTermRecipients = 1200;
inline constexpr std::size_t kMaxTermBytes = 1024;

inline constexpr std::string_view kEntryPrefix = "journey/";

/// Where an entry lies in its letter's partition: by journey, then by time. `counter` tells apart what one
/// process writes in one microsecond.
std::string entry_key(JourneyId id, WallTime first_event, std::uint32_t counter);
/// All keys of one journey begin with this.
std::string entry_prefix(JourneyId id);
/// Nothing if it is no entry's key.
std::optional<JourneyId> journey_of_key(std::string_view key);

/// The entry's terms and events; its id is in the key. What is beyond a bound is left out, and a fact says
/// so.
std::string encode_entry(const Entry& entry);
/// kCorrupt for whatever encode_entry does not write: a newer version, an unknown stage, a byte too many.
Result<Entry> decode_entry(JourneyId id, std::string_view bytes);

}  // namespace pabal::journey
