// Any bytes as a date: nothing, or a date that is written as one that reads the same.
#include <string_view>

#include "base/check.h"
#include "message/date.h"

using namespace pabal::message;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto date = parse_date(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!date) return 0;
  const auto again = parse_date(format_date(*date));
  // An offset can carry a date over the edge of the years that are read, and only there.
  if (!again) {
    const auto year =
        std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(date->utc + date->offset)}.year();
    PABAL_CHECK(static_cast<int>(year) <= 1900 || static_cast<int>(year) >= 9999);
    return 0;
  }
  PABAL_CHECK(again->utc == date->utc && again->offset == date->offset);
  return 0;
}
