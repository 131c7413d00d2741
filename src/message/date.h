// Dates of letters (RFC 5322 §3.3): read in every form that real mail has, written in the one form of the
// RFC.
//
// Pure functions; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace pabal::message {

struct DateTime {
  std::chrono::sys_seconds utc;
  std::chrono::minutes offset{0};  ///< East of UTC, as the sender's clock stood.
  bool zone_known = true;          ///< False for `-0000` (RFC 5322 §3.3), and where no zone could be read.

  bool operator==(const DateTime&) const = default;
};

/// Nothing when there is no date to be found in it, or one outside the years 1900 to 9999. Besides the RFC's
/// own and obsolete forms: missing weekday, seconds or zone, other orders (`Tue Oct 12 16:21:05 2010`, `May
/// 8, 2005 1:17 PM`), ISO 8601, dashes, long month names, zones as names, in brackets or with a colon.
std::optional<DateTime> parse_date(std::string_view value);

/// `Fri, 21 Nov 1997 09:55:06 -0600`
std::string format_date(const DateTime& date);
std::string format_date(WallTime when, std::chrono::minutes offset = std::chrono::minutes{0});

}  // namespace pabal::message
