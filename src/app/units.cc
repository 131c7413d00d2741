#include "app/units.h"

#include <array>
#include <limits>
#include <optional>

#include "base/ascii.h"
#include "base/cursor.h"

namespace pabal::app {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 5> kDurationUnits = {{
    {"d", 24ULL * 60 * 60 * 1000},
    {"h", 60ULL * 60 * 1000},
    {"m", 60ULL * 1000},
    {"s", 1000},
    {"ms", 1},
}};
constexpr std::uint64_t kMaxDuration = 36525 * kDurationUnits[0].factor;

constexpr std::array<Unit, 5> kSizeUnits = {{
    {"TiB", 1ULL << 40},
    {"GiB", 1ULL << 30},
    {"MiB", 1ULL << 20},
    {"KiB", 1ULL << 10},
    {"B", 1},
}};
/// What fits into the integers of TOML, JSON and the store alike.
constexpr std::uint64_t kMaxSize = std::numeric_limits<std::int64_t>::max();

template <std::size_t count>
std::optional<std::uint64_t> factor_of(const std::array<Unit, count>& units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return unit.factor;
  }
  return std::nullopt;
}

template <std::size_t count>
const Unit& largest_exact(const std::array<Unit, count>& units, std::uint64_t value) {
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) return unit;
  }
  return units.back();
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  Cursor cursor(text);
  std::uint64_t total = 0;
  std::uint64_t previous = std::numeric_limits<std::uint64_t>::max();
  do {
    const auto number = cursor.take_number();
    if (!number)
      return fail(ErrorKind::kRefuse, "`{}` is not a duration; write it like `30s`, `5m`, `4h` or `5d`",
                  text);
    const std::string_view unit = cursor.take_while([](char c) { return is_alpha(c); });
    if (unit.empty()) return fail(ErrorKind::kRefuse, "`{}` has no unit: `ms`, `s`, `m`, `h` or `d`", text);
    const auto factor = factor_of(kDurationUnits, unit);
    if (!factor)
      return fail(ErrorKind::kRefuse, "`{}` is not a unit of time; there are `ms`, `s`, `m`, `h` and `d`",
                  unit);
    if (*factor >= previous)
      return fail(ErrorKind::kRefuse, "`{}`: larger units come first, each once", text);
    if (*number > (kMaxDuration - total) / *factor) return fail(ErrorKind::kRefuse, "`{}` is too long", text);
    total += *number * *factor;
    previous = *factor;
  } while (!cursor.at_end());
  return std::chrono::milliseconds(total);
}

std::string print_duration(std::chrono::milliseconds duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  if (count == 0) return "0s";
  const Unit& unit = largest_exact(kDurationUnits, count);
  return fmt::format("{}{}", count / unit.factor, unit.name);
}

Result<std::uint64_t> parse_size(std::string_view text) {
  Cursor cursor(text);
  const auto number = cursor.take_number();
  if (!number) return fail(ErrorKind::kRefuse, "`{}` is not a size; write it like `64 MiB`", text);
  cursor.take_char(' ');
  const std::string_view unit = cursor.rest();
  if (unit.empty())
    return fail(ErrorKind::kRefuse, "`{}` has no unit: `B`, `KiB`, `MiB`, `GiB` or `TiB`", text);
  const auto factor = factor_of(kSizeUnits, unit);
  if (!factor) {
    return fail(ErrorKind::kRefuse,
                "`{}` is not a unit of size; there are `B`, `KiB`, `MiB`, `GiB` and `TiB`", unit);
  }
  if (*number > kMaxSize / *factor) return fail(ErrorKind::kRefuse, "`{}` is too large", text);
  return *number * *factor;
}

std::string print_size(std::uint64_t size_bytes) {
  const Unit& unit = largest_exact(kSizeUnits, size_bytes);
  return fmt::format("{} {}", size_bytes / unit.factor, unit.name);
}

}  // namespace pabal::app
