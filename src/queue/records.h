// The queue's keys and records as bytes. docs/queue.md lists them; change both together.
//
// Every record begins with its version. A decoder refuses (kCorrupt) another version, a value out of range,
// and bytes after the last field. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "account/address.h"
#include "base/result.h"
#include "queue/letter.h"
#include "queue/task.h"

namespace pabal::queue {

// Keys, all in the partition of the domain's shard.
std::string letter_key(journey::JourneyId id);
/// How many tasks of the letter are left in the shard; only if it began with more than one.
std::string count_key(journey::JourneyId id);
/// The task itself, in the order in which its domain's letters are due.
std::string line_key(const account::DomainName& domain, const LinePlace& place);
/// Where in that line a task stands that is not any more where it was first put.
std::string place_key(const account::DomainName& domain, TaskName name);
/// An operator's word about a domain.
std::string suspension_key(const account::DomainName& domain);

inline constexpr std::string_view kLinePrefix = "q/line/";
inline constexpr std::string_view kSuspensionPrefix = "q/suspended/";
std::string line_prefix(const account::DomainName& domain);
std::string places_prefix(journey::JourneyId id);
/// The line from this place on.
store::KeyRange line_range(const account::DomainName& domain, const LinePlace& from);

struct LineKey {
  std::string_view domain;  ///< A-labels
  LinePlace place;
};
std::optional<LineKey> parse_line_key(std::string_view key);

struct PlaceKey {
  std::string_view domain;
  TaskName name;
};
std::optional<PlaceKey> parse_place_key(std::string_view key);

// Records.
/// What a shard keeps of a letter.
struct Envelope {
  /// To a domain, with how many tasks: they are named from 0 on, and first put where the letter is due.
  struct Way {
    account::DomainName domain;
    std::uint16_t tasks = 1;
    bool operator==(const Way&) const = default;
  };
  Letter letter;
  std::vector<Way> ways = {};
  bool operator==(const Envelope&) const = default;
};
std::string encode_envelope(const Letter& letter, std::span<const Envelope::Way> ways);
/// The id is in the key.
Result<Envelope> decode_envelope(journey::JourneyId id, std::string_view bytes);

std::string encode_task(const Task& task);
/// Domain and place are in the key.
Result<Task> decode_task(const account::DomainName& domain, const LinePlace& place, std::string_view bytes);

std::string encode_time(WallTime time);
Result<WallTime> decode_time(std::string_view bytes);

std::string encode_count(std::uint64_t count);
Result<std::uint64_t> decode_count(std::string_view bytes);

struct Suspension {
  WallTime since = {};
  std::string reason = {};
  bool operator==(const Suspension&) const = default;
};
std::string encode_suspension(const Suspension& suspension);
Result<Suspension> decode_suspension(std::string_view bytes);

}  // namespace pabal::queue
