// Durations and sizes as people write them, in the configuration and on the command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pabal::app {

/// `500ms`, `30s`, `5m`, `4h`, `5d`, and sums of them: `1h30m`. A number without a unit is refused, since
/// everybody would read another one into it. At most 100 years.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
/// The shortest that parse_duration reads back.
std::string print_duration(std::chrono::milliseconds duration);

/// `512 B`, `16 KiB`, `64 MiB`, `1 GiB`, `2 TiB`; the space may be left out. Only powers of 1024, so that a
/// quota is the same wherever it is shown.
Result<std::uint64_t> parse_size(std::string_view text);
/// Exact: the largest unit that divides it.
std::string print_size(std::uint64_t size_bytes);

}  // namespace pabal::app
