#include "app/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pabal::app {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Output, TablesAlignWhateverTheScript) {
  const std::vector<Column> columns{{"a", "WHO"}, {"b", "EMPTY"}, {"c", "LAST"}};
  const std::vector<Json> items{Json::object({{"a", "홍길동"}, {"b", ""}, {"c", 1}}),
                                Json::object({{"a", "bob"}, {"c", true}})};
  EXPECT_EQ(render_table(columns, items),
            "WHO     LAST\n"
            "홍길동  1\n"
            "bob     yes\n");
}

TEST(Output, WidthIsWhatATerminalTakes) {
  EXPECT_EQ(display_width("bob"), 3u);
  EXPECT_EQ(display_width("한국"), 4u);
  EXPECT_EQ(display_width("é"), 1u);
  EXPECT_EQ(display_width("e\u0301"), 1u);
  EXPECT_EQ(display_width(""), 0u);
}

TEST(Output, NothingSteersTheTerminal) {
  EXPECT_EQ(to_cell(Json("a\x1b[2Jb\nc\u009b")), "a?[2Jb?c?");
  EXPECT_EQ(to_cell(Json("\xff")), "\uFFFD");
}

TEST(Output, Cells) {
  EXPECT_EQ(to_cell(Json()), "-");
  EXPECT_EQ(to_cell(Json(), Column::As::kSize), "unlimited");
  EXPECT_EQ(to_cell(Json(Json::Array{"a", "b"})), "a, b");
  EXPECT_EQ(to_cell(Json(3661), Column::As::kDuration), "1h 1min");
  EXPECT_EQ(to_cell(Json(1536), Column::As::kSize), "1.5 KiB");
}

TEST(Output, SizesForPeople) {
  EXPECT_EQ(print_rounded_size(0), "0 B");
  EXPECT_EQ(print_rounded_size(1023), "1023 B");
  EXPECT_EQ(print_rounded_size(1024), "1 KiB");
  EXPECT_EQ(print_rounded_size((1u << 20) - 1), "1 MiB");
  EXPECT_EQ(print_rounded_size(UINT64_MAX), "16384 PiB");
}

TEST(Output, DurationsForPeople) {
  using std::chrono::seconds;
  EXPECT_EQ(print_rounded_duration(seconds(0)), "0s");
  EXPECT_EQ(print_rounded_duration(seconds(59)), "59s");
  EXPECT_EQ(print_rounded_duration(seconds(3600)), "1h");
  EXPECT_EQ(print_rounded_duration(seconds(3605)), "1h");
  EXPECT_EQ(print_rounded_duration(seconds(90'061)), "1d 1h");
}

TEST(Output, SentencesAreFilledIn) {
  const Json result = Json::object({{"name", "bob"}, {"n", 2}});
  EXPECT_EQ(fill_in("{name} has {n}, {absent} and {", result), "bob has 2, ? and {");
}

TEST(Output, DetailsLeaveOutWhatIsNotThere) {
  const std::vector<Column> columns{{"a", "A"}, {"longer", "Longer"}, {"q", "Quota", Column::As::kSize}};
  EXPECT_EQ(render_details(columns, Json::object({{"a", 1}, {"q", Json()}})), "A      1\nQuota  unlimited\n");
}

}  // namespace
}  // namespace pabal::app
