#include "app/units.h"

#include <gtest/gtest.h>

namespace pabal::app {
namespace {

using std::chrono::milliseconds;

TEST(Units, DurationsReadAndPrint) {
  struct Case {
    std::string_view text;
    std::int64_t want_ms;
    std::string_view printed;
  };
  for (const Case& c : {
           Case{"0s", 0, "0s"},
           Case{"500ms", 500, "500ms"},
           Case{"30s", 30'000, "30s"},
           Case{"5m", 300'000, "5m"},
           Case{"4h", 14'400'000, "4h"},
           Case{"5d", 432'000'000, "5d"},
           Case{"1h30m", 5'400'000, "90m"},
           Case{"1d1h1m1s1ms", 90'061'001, "90061001ms"},
           Case{"120s", 120'000, "2m"},
           Case{"36525d", 3'155'760'000'000, "36525d"},
       }) {
    const auto parsed = parse_duration(c.text);
    ASSERT_TRUE(parsed) << c.text;
    EXPECT_EQ(*parsed, milliseconds(c.want_ms)) << c.text;
    EXPECT_EQ(print_duration(*parsed), c.printed);
    EXPECT_EQ(parse_duration(c.printed).value_or(milliseconds(-1)), *parsed);
  }
}

TEST(Units, OddDurationsAreRefusedInWords) {
  for (const std::string_view text :
       {"", "5", "m", "5 m", "5x", "-5m", "5m5", "5m5h", "5m5m", "1.5h", "5M", " 5m", "5m ", "36526d",
        "99999999999999999999d", "18446744073709551615d"}) {
    const auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::kRefuse);
  }
}

TEST(Units, SizesReadAndPrint) {
  struct Case {
    std::string_view text;
    std::uint64_t want;
    std::string_view printed;
  };
  for (const Case& c : {
           Case{"0 B", 0, "0 B"},
           Case{"512 B", 512, "512 B"},
           Case{"16KiB", 16384, "16 KiB"},
           Case{"64 MiB", 67108864, "64 MiB"},
           Case{"1024 MiB", 1ULL << 30, "1 GiB"},
           Case{"2 TiB", 2ULL << 40, "2 TiB"},
           Case{"1025 KiB", 1025 * 1024, "1025 KiB"},
           Case{"9223372036854775807 B", INT64_MAX, "9223372036854775807 B"},
       }) {
    const auto parsed = parse_size(c.text);
    ASSERT_TRUE(parsed) << c.text;
    EXPECT_EQ(*parsed, c.want) << c.text;
    EXPECT_EQ(print_size(*parsed), c.printed);
    EXPECT_EQ(parse_size(c.printed).value_or(1), *parsed);
  }
}

TEST(Units, OddSizesAreRefusedInWords) {
  for (const std::string_view text :
       {"", "5", "5 ", "MiB", "5 MB", "5 mib", "5  MiB", "-5 MiB", "1.5 GiB", "5 MiB ",
        "9223372036854775808 B", "8388608 TiB", "99999999999999999999 B"}) {
    const auto parsed = parse_size(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::kRefuse);
  }
}

}  // namespace
}  // namespace pabal::app
