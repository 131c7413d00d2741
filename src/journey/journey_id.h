// Names one letter's way, from the moment it came in to its last event: the id in its Received line, in the
// answer to the client, in the queue and in every log line. Rises with time, so that journeys lie in the
// order in which their letters came.
//
// 51 bits of microseconds since 2020, 13 of chance: two nodes that take a letter in the same microsecond
// hardly ever give the same id.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"

namespace pabal::journey {

class JourneyId {
 public:
  JourneyId() = default;
  explicit JourneyId(std::uint64_t value) : value_(value) {}
  /// What to_string() wrote; nothing for anything else. Letters may come in either case.
  static std::optional<JourneyId> parse(std::string_view text);
  /// Back from bytes().
  static std::optional<JourneyId> from_bytes(std::string_view bytes);
  /// The smallest id of a letter that came at `time`: where a scan by time begins.
  static JourneyId first_at(WallTime time);

  std::uint64_t value() const { return value_; }
  WallTime time() const;
  /// 13 letters and digits (Crockford's base32), in the ids' order: "0c7vj2m4k8r1x".
  std::string to_string() const;
  /// 8 bytes, big endian: for keys, in the ids' order.
  std::string bytes() const;

  auto operator<=>(const JourneyId&) const = default;

 private:
  std::uint64_t value_ = 0;
};

/// Gives each letter its id. Any thread.
class JourneyIds {
 public:
  JourneyIds(const Clock& clock, Random& random) : clock_(clock), random_(random) {}
  /// Never the same twice in a process, and always above the last, even if the clock stands still or jumps
  /// back.
  JourneyId next();

 private:
  const Clock& clock_;
  Random& random_;
  std::atomic<std::uint64_t> last_{0};
};

}  // namespace pabal::journey

template <>
struct std::hash<pabal::journey::JourneyId> {
  std::size_t operator()(const pabal::journey::JourneyId& id) const {
    return std::hash<std::uint64_t>{}(id.value());
  }
};
