#include "message/date.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/ascii.h"
#include "base/cursor.h"
#include "message/detail/lexer.h"

namespace pabal::message {
namespace {

using std::chrono::minutes;

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct Zone {
  std::string_view name;
  int minutes_east;
};

// The names of RFC 5322 §4.3 first, then those that programs write without asking anybody. Where a name has
// several meanings (IST, CST, BST) it has the one that mail uses it for most.
constexpr Zone kZones[] = {
    {"UT", 0},      {"GMT", 0},    {"Z", 0},      {"EST", -300}, {"EDT", -240}, {"CST", -360}, {"CDT", -300},
    {"MST", -420},  {"MDT", -360}, {"PST", -480}, {"PDT", -420}, {"UTC", 0},    {"WET", 0},    {"WEST", 60},
    {"BST", 60},    {"CET", 60},   {"MET", 60},   {"CEST", 120}, {"MEST", 120}, {"EET", 120},  {"EEST", 180},
    {"MSK", 180},   {"MSD", 240},  {"IST", 330},  {"HKT", 480},  {"SGT", 480},  {"AWST", 480}, {"KST", 540},
    {"JST", 540},   {"AEST", 600}, {"AEDT", 660}, {"NZST", 720}, {"NZDT", 780}, {"HST", -600}, {"AKST", -540},
    {"AKDT", -480}, {"AST", -240}, {"ADT", -180}, {"NST", -210}, {"NDT", -150}, {"BRT", -180}, {"ART", -180},
};

/// Dates are short. What follows is a comment or noise, and not worth the work.
constexpr std::size_t kMaxDateBytes = 200;

/// What has been recognised so far, in whatever order it came.
struct Pieces {
  std::optional<int> year, month, day, hour, minute, second;
  std::optional<minutes> zone;
  bool zone_unknown = false;
  bool afternoon = false;
  bool before_noon = false;
};

class DateReader {
 public:
  explicit DateReader(std::string_view value) : cursor_(value.substr(0, kMaxDateBytes)) {}

  std::optional<DateTime> read() {
    while (!cursor_.at_end()) {
      detail::skip_cfws(cursor_);
      const auto c = cursor_.peek();
      if (!c) break;
      if (is_digit(*c)) {
        read_number();
      } else if (is_alpha(*c)) {
        read_word();
      } else if ((*c == '+' || *c == '-') && pieces_.hour) {
        read_offset();
      } else {
        cursor_.take();
      }
    }
    return assemble();
  }

 private:
  std::string_view take_digits() { return cursor_.take_while(is_digit); }
  static int to_int(std::string_view digits) {
    return static_cast<int>(Cursor(digits).take_number(99'999'999).value_or(99'999'999));
  }

  void read_number() {
    const std::string_view digits = take_digits();
    const int number = to_int(digits);
    const bool has_time = pieces_.hour.has_value();
    if (!has_time && (take_time_separator() || (pieces_.year && cursor_.take_char('.')))) {
      if (digits.size() <= 2) read_time(number);
    } else if (digits.size() == 8 && !pieces_.year) {
      pieces_.year = number / 10'000;  // ISO 8601 basic form
      pieces_.month = number / 100 % 100;
      pieces_.day = number % 100;
    } else if (digits.size() == 4 && !pieces_.year && cursor_.peek_is('-')) {
      read_iso_date(number);
    } else if (!pieces_.day && digits.size() <= 2 && number >= 1 && number <= 31) {
      pieces_.day = number;
    } else if (!pieces_.year && digits.size() <= 4) {
      pieces_.year = full_year(number, digits.size());
    } else if (has_time && !pieces_.zone && digits.size() == 4) {
      set_offset(number, 1);  // `0900` where the sign was forgotten
    }
  }

  // RFC 5322 §4.3: two digits below 50 are in this century, other two and all three count from 1900.
  static int full_year(int number, std::size_t digits) {
    if (digits <= 2 && number < 50) return 2000 + number;
    if (digits <= 3) return 1900 + number;
    return number;
  }

  void read_iso_date(int year) {
    pieces_.year = year;
    for (std::optional<int>* piece : {&pieces_.month, &pieces_.day}) {
      if (!cursor_.take_char('-')) return;
      const std::string_view digits = take_digits();
      if (digits.empty()) return;
      *piece = to_int(digits);
    }
    if (cursor_.peek_is('T') || cursor_.peek_is('t')) cursor_.take();
  }

  /// A colon, comments and blanks around it (RFC 5322 §4.3); nothing is taken when there is none.
  bool take_time_separator() {
    const std::size_t before = cursor_.position();
    detail::skip_cfws(cursor_);
    if (cursor_.take_char(':')) return true;
    cursor_.rewind_to(before);
    return false;
  }

  // Behind the separator that follows the hour.
  void read_time(int hour) {
    pieces_.hour = hour;
    detail::skip_cfws(cursor_);
    pieces_.minute = to_int(take_digits());
    if (!take_time_separator() && !cursor_.take_char('.')) return;
    detail::skip_cfws(cursor_);
    pieces_.second = to_int(take_digits());
    if (cursor_.take_char('.')) take_digits();  // fractions of a second
  }

  void read_word() {
    const std::string_view word = cursor_.take_while(is_alpha);
    if (word.size() >= 3 && !pieces_.month) {
      for (std::size_t i = 0; i < kMonths.size(); ++i) {
        if (equals_ignoring_case(word.substr(0, 3), kMonths[i])) {
          pieces_.month = static_cast<int>(i) + 1;
          return;
        }
      }
    }
    if (equals_ignoring_case(word, "AM")) pieces_.before_noon = true;
    if (equals_ignoring_case(word, "PM")) pieces_.afternoon = true;
    if (!pieces_.hour) return;
    const auto* zone =
        std::ranges::find_if(kZones, [&](const Zone& z) { return equals_ignoring_case(z.name, word); });
    if (zone == std::end(kZones)) {
      // The military letters have no meaning that anybody kept to (RFC 5322 §4.3).
      if (word.size() == 1) pieces_.zone_unknown = true;
      return;
    }
    // `GMT+0200`: the figures that follow say it better.
    if (cursor_.peek_is('+') || cursor_.peek_is('-')) return;
    if (!pieces_.zone) pieces_.zone = minutes(zone->minutes_east);
  }

  void read_offset() {
    const int sign = cursor_.take() == '-' ? -1 : 1;
    const std::string_view first = take_digits();
    if (first.empty() || pieces_.zone) return;
    int number = to_int(first);
    if (first.size() <= 2) {
      number *= 100;
      if (cursor_.take_char(':')) number += to_int(take_digits());
    }
    if (sign < 0 && number == 0) pieces_.zone_unknown = true;
    set_offset(number, sign);
  }

  void set_offset(int hhmm, int sign) {
    if (hhmm > 9959 || hhmm % 100 > 59) return;
    pieces_.zone = minutes(sign * (hhmm / 100 * 60 + hhmm % 100));
  }

  std::optional<DateTime> assemble() const {
    using namespace std::chrono;
    if (!pieces_.year || !pieces_.month || !pieces_.day) return std::nullopt;
    int hour = pieces_.hour.value_or(0);
    if (pieces_.afternoon && hour < 12) hour += 12;
    if (pieces_.before_noon && hour == 12) hour = 0;
    const int minute = pieces_.minute.value_or(0);
    const int second = pieces_.second.value_or(0);
    if (*pieces_.year < 1900 || *pieces_.year > 9999 || *pieces_.month < 1 || *pieces_.month > 12)
      return std::nullopt;
    if (*pieces_.day < 1 || *pieces_.day > 31 || hour > 24 || minute > 59 || second > 60) return std::nullopt;
    const year_month_day day{year(*pieces_.year), month(static_cast<unsigned>(*pieces_.month)),
                             std::chrono::day(static_cast<unsigned>(*pieces_.day))};
    if (!day.ok()) return std::nullopt;
    const minutes offset = pieces_.zone.value_or(minutes{0});
    return DateTime{.utc = sys_days(day) + hours(hour) + minutes(minute) + seconds(second) - offset,
                    .offset = offset,
                    .zone_known = pieces_.zone.has_value() && !pieces_.zone_unknown};
  }

  Cursor cursor_;
  Pieces pieces_;
};

}  // namespace

std::optional<DateTime> parse_date(std::string_view value) { return DateReader(value).read(); }

std::string format_date(const DateTime& date) {
  using namespace std::chrono;
  const auto local = date.utc + date.offset;
  const auto day_start = floor<days>(local);
  const year_month_day day{day_start};
  const hh_mm_ss time{local - day_start};
  const int east = static_cast<int>(date.offset.count());
  const int distance = east < 0 ? -east : east;
  const bool minus = east < 0 || (east == 0 && !date.zone_known);
  return fmt::format("{}, {} {} {:04} {:02}:{:02}:{:02} {}{:02}{:02}",
                     kWeekdays[weekday(day_start).c_encoding()], static_cast<unsigned>(day.day()),
                     kMonths[static_cast<unsigned>(day.month()) - 1], static_cast<int>(day.year()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(), minus ? '-' : '+',
                     distance / 60, distance % 60);
}

std::string format_date(WallTime when, minutes offset) {
  return format_date({.utc = std::chrono::floor<std::chrono::seconds>(when), .offset = offset});
}

}  // namespace pabal::message
