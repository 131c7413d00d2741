#include "message/date.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pabal::message {
namespace {

/// As RFC 3339 would have it, in the sender's zone; `?` behind it where the zone was not known.
std::string show(const std::optional<DateTime>& date) {
  if (!date) return "none";
  const auto local = date->utc + date->offset;
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day ymd{day};
  const std::chrono::hh_mm_ss time{local - day};
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} {:+}{}", static_cast<int>(ymd.year()),
                     static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     date->offset.count(), date->zone_known ? "" : "?");
}

TEST(Date, ReadsEveryForm) {
  struct Case {
    std::string_view input;
    std::string_view want;
  };
  for (const Case& c : {
           // RFC 5322, its appendix and its obsolete forms
           Case{"Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21 09:55:06 -360"},
           Case{"21 Nov 1997 09:55 +0000", "1997-11-21 09:55:00 +0"},
           Case{"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 "
                "(Newfoundland Time)",
                "1969-02-13 23:32:00 -210"},
           Case{"21 Nov 97 09:55:06 GMT", "1997-11-21 09:55:06 +0"},
           Case{"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21 09:55:06 -360"},
           Case{"Tue, 22 Jan 2002 14:35:28 UT", "2002-01-22 14:35:28 +0"},
           Case{"Wed, 9 Jan 2002 19:47:50 MST", "2002-01-09 19:47:50 -420"},
           Case{"Fri, 21 Nov 1997 09:55:06 -0000", "1997-11-21 09:55:06 +0?"},
           Case{"Fri, 21 Nov 1997 09:55:06 A", "1997-11-21 09:55:06 +0?"},
           Case{"21 Nov 49 00:00 +0000", "2049-11-21 00:00:00 +0"},
           Case{"21 Nov 50 00:00 +0000", "1950-11-21 00:00:00 +0"},
           Case{"21 Nov 103 00:00 +0000", "2003-11-21 00:00:00 +0"},
           Case{"Sat, 31 Dec 2016 23:59:60 +0000", "2017-01-01 00:00:00 +0"},
           // names and marks of zones
           Case{"Wed, 28 May 2014 17:18:19 +0900 (JST)", "2014-05-28 17:18:19 +540"},
           Case{"Wed, 28 May 2014 17:18:19 KST", "2014-05-28 17:18:19 +540"},
           Case{"Wed, 28 May 2014 17:18:19 CEST", "2014-05-28 17:18:19 +120"},
           Case{"Wed, 28 May 2014 17:18:19 GMT+0200", "2014-05-28 17:18:19 +120"},
           Case{"Wed, 28 May 2014 17:18:19 +02:00", "2014-05-28 17:18:19 +120"},
           Case{"Wed, 28 May 2014 17:18:19 +2", "2014-05-28 17:18:19 +120"},
           Case{"Wed, 28 May 2014 17:18:19 0900", "2014-05-28 17:18:19 +540"},
           Case{"Wed, 28 May 2014 17:18:19 Z", "2014-05-28 17:18:19 +0"},
           Case{"Wed, 28 May 2014 17:18:19", "2014-05-28 17:18:19 +0?"},
           Case{"Wed, 28 May 2014 17:18:19 XYZ", "2014-05-28 17:18:19 +0?"},
           Case{"Wed, 28 May 2014 17:18:19 +9999", "2014-05-28 17:18:19 +0?"},
           Case{"Tue, 04 Dec 2001 17:11:25 -0459", "2001-12-04 17:11:25 -299"},
           // other orders and forms
           Case{"May 8, 2005 1:17 PM", "2005-05-08 13:17:00 +0?"},
           Case{"May 8, 2005 12:17 AM", "2005-05-08 00:17:00 +0?"},
           Case{"Tue Oct 12 16:21:05 2010", "2010-10-12 16:21:05 +0?"},
           Case{"Tue Oct 12 16:21:05 EDT 2010", "2010-10-12 16:21:05 -240"},
           Case{"2014-05-28T17:18:19+09:00", "2014-05-28 17:18:19 +540"},
           Case{"2014-05-28 17:18:19.123456Z", "2014-05-28 17:18:19 +0"},
           Case{"20140528 17:18:19 +0000", "2014-05-28 17:18:19 +0"},
           Case{"12-Oct-2010 16:21:05 +0200", "2010-10-12 16:21:05 +120"},
           Case{"Wednesday, 28 September 2014 17:18 +0000", "2014-09-28 17:18:00 +0"},
           Case{"Sept 28, 2014", "2014-09-28 00:00:00 +0?"},
           Case{"Wed, 28 May 2014 17.18.19 +0000", "2014-05-28 17:18:19 +0"},
           Case{"28 May 2014", "2014-05-28 00:00:00 +0?"},
           Case{"Mon, 30 Jun 3609 15:33:50 +0600", "3609-06-30 15:33:50 +360"},
           // none
           Case{"", "none"},
           Case{"Thu,", "none"},
           Case{"yesterday", "none"},
           Case{"30 Feb 2014 00:00:00 +0000", "none"},
           Case{"29 Feb 2015 00:00:00 +0000", "none"},
           Case{"Wed, 28 May 2014 25:18:19 +0000", "none"},
           Case{"Wed, 28 May 2014 17:61:19 +0000", "none"},
           Case{"28 May 99999 00:00 +0000", "none"},
           Case{"Pn, 29 paX 2007 21:13:00 +0100", "none"},
           Case{"99999999999999999999 May 1", "none"},
       }) {
    EXPECT_EQ(show(parse_date(c.input)), c.want) << c.input;
  }
}

TEST(Date, WritesWhatItReads) {
  using namespace std::chrono;
  const DateTime date{.utc = sys_days{1997y / November / 21} + 15h + 55min + 6s, .offset = -6h};
  EXPECT_EQ(format_date(date), "Fri, 21 Nov 1997 09:55:06 -0600");
  EXPECT_EQ(parse_date(format_date(date)), date);
  EXPECT_EQ(format_date(ManualClock().wall()), "Thu, 1 Jan 2026 00:00:00 +0000");
  EXPECT_EQ(format_date(ManualClock().wall(), minutes{330}), "Thu, 1 Jan 2026 05:30:00 +0530");
  EXPECT_EQ(format_date({.utc = sys_days{2026y / January / 1}, .zone_known = false}),
            "Thu, 1 Jan 2026 00:00:00 -0000");
  EXPECT_EQ(format_date({.utc = sys_days{2026y / January / 1}, .offset = -210min}),
            "Wed, 31 Dec 2025 20:30:00 -0330");
}

TEST(Date, TruncatedAnywhereItEnds) {
  const std::string_view all = "Thu (a (b)), 13 Feb 1969 23:32:11.5 PM GMT-0330 \"x\" +1";
  for (std::size_t size = 0; size <= all.size(); ++size) parse_date(all.substr(0, size));
  EXPECT_EQ(parse_date(std::string(1'000'000, '(')), std::nullopt);
}

}  // namespace
}  // namespace pabal::message
