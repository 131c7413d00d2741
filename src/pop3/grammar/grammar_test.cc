// Command lines, dot-stuffing and TOP, whole and split at every byte.
#include <gtest/gtest.h>

#include "pop3/grammar/command.h"
#include "pop3/grammar/dot_stuffing.h"

namespace pabal::pop3 {
namespace {

std::string stuffed(std::string_view letter, const std::vector<std::size_t>& cuts = {}) {
  DotStuffer stuffer;
  std::string out;
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    stuffer.append(out, letter.substr(begin, cut - begin));
    begin = cut;
  }
  stuffer.append(out, letter.substr(begin));
  stuffer.finish(out);
  return out;
}

TEST(DotStuffer, EveryLineThatBeginsWithADotGetsOneMore) {
  struct Case {
    std::string_view name, letter, want;
  };
  const Case cases[] = {
      {"nothing", "", ".\r\n"},
      {"a line", "a\r\n", "a\r\n.\r\n"},
      {"no end", "a", "a\r\n.\r\n"},
      {"a dot", ".", "..\r\n.\r\n"},
      {"a line with a dot", ".\r\n", "..\r\n.\r\n"},
      {"dots", "..\r\n.a\r\nb.\r\n", "...\r\n..a\r\nb.\r\n.\r\n"},
      {"the end of a letter in it", "a\r\n.\r\nQUIT\r\n", "a\r\n..\r\nQUIT\r\n.\r\n"},
      {"ends in CR", "a\r", "a\r\r\n.\r\n"},
      {"ends in LF", "a\n", "a\n\r\n.\r\n"},
      {"only LF", "\n", "\n\r\n.\r\n"},
      {"only CR LF", "\r\n", "\r\n.\r\n"},
      {"LF and a dot", "a\n.\nb\r\n", "a\n..\nb\r\n.\r\n"},
      {"CR and a dot", "a\r.\r\n", "a\r.\r\n.\r\n"},
      {"CR CR LF dot", "a\r\r\n.\r\n", "a\r\r\n..\r\n.\r\n"},
      {"NUL", std::string_view("a\0.\r\n", 5), std::string_view("a\0.\r\n.\r\n", 8)},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(stuffed(each.letter), each.want) << each.name;
    for (std::size_t one = 0; one <= each.letter.size(); ++one) {
      for (std::size_t two = one; two <= each.letter.size(); ++two)
        EXPECT_EQ(stuffed(each.letter, {one, two}), each.want)
            << each.name << " cut at " << one << ", " << two;
    }
  }
}

TEST(DotStuffer, LongLinesAreOneLine) {
  const std::string line(300'000, 'x');
  EXPECT_EQ(stuffed(line + ".\r\n." + line, {1, 70'000, 300'001}), line + ".\r\n.." + line + "\r\n.\r\n");
}

std::string top(std::string_view letter, std::uint64_t lines, std::size_t piece_bytes) {
  TopCutter cutter(lines);
  std::string out;
  for (std::size_t at = 0; at < letter.size() && !cutter.done(); at += piece_bytes)
    out += cutter.take(letter.substr(at, piece_bytes));
  return out;
}

TEST(TopCutter, TakesTheHeaderAndSoManyLines) {
  struct Case {
    std::string_view name, letter;
    std::uint64_t lines;
    std::string_view want;
  };
  const Case cases[] = {
      {"header alone", "A: b\r\n\r\nc\r\nd\r\n", 0, "A: b\r\n\r\n"},
      {"one line", "A: b\r\n\r\nc\r\nd\r\n", 1, "A: b\r\n\r\nc\r\n"},
      {"more than there is", "A: b\r\n\r\nc\r\nd", 9, "A: b\r\n\r\nc\r\nd"},
      {"no text", "A: b\r\n", 3, "A: b\r\n"},
      {"no end", "A: b", 3, "A: b"},
      {"no header", "\r\nc\r\nd\r\n", 1, "\r\nc\r\n"},
      {"empty", "", 1, ""},
      {"LF alone", "A: b\n\nc\nd\n", 1, "A: b\n\nc\n"},
      {"a blank is no empty line", "A: b\r\n \r\n\r\nc\r\n", 0, "A: b\r\n \r\n\r\n"},
      {"empty lines of the text", "A: b\r\n\r\n\r\n\r\nc\r\n", 2, "A: b\r\n\r\n\r\n\r\n"},
  };
  for (const Case& each : cases) {
    for (std::size_t piece = 1; piece <= std::max<std::size_t>(each.letter.size(), 1); ++piece)
      EXPECT_EQ(top(each.letter, each.lines, piece), each.want) << each.name << " by " << piece;
  }
}

TEST(CommandLine, IsAKeywordAndWhatIsBehindIt) {
  struct Case {
    std::string_view line, keyword, rest;
  };
  const Case cases[] = {
      {"", "", ""},
      {"QUIT", "QUIT", ""},
      {"pass  two  blanks ", "pass", " two  blanks "},
      {"TOP 1 2", "TOP", "1 2"},
      {" STAT", "", "STAT"},
      {"USER bob@x", "USER", "bob@x"},
  };
  for (const Case& each : cases) {
    const CommandLine read = parse_command_line(each.line);
    EXPECT_EQ(read.keyword, each.keyword) << each.line;
    EXPECT_EQ(read.rest, each.rest) << each.line;
  }
}

TEST(CommandLine, NumbersAreWholeNumbersFromOne) {
  EXPECT_EQ(parse_message_number("7").value_or(0), 7U);
  EXPECT_EQ(parse_message_number(" 7 ").value_or(0), 7U);
  EXPECT_EQ(parse_message_number("4294967295").value_or(0), UINT32_MAX);
  for (const std::string_view wrong : {"", "0", "-1", "1x", "1 2", "4294967296", "99999999999999999999"})
    EXPECT_FALSE(parse_message_number(wrong)) << wrong;
  EXPECT_EQ(parse_optional_number(" ").value(), std::nullopt);
  EXPECT_EQ(parse_optional_number("3").value(), 3U);
  const auto top_two = parse_top("12  0");
  ASSERT_TRUE(top_two);
  EXPECT_EQ(top_two->message, 12U);
  EXPECT_EQ(top_two->lines, 0U);
  for (const std::string_view wrong : {"", "1", "1 ", "1 x", "0 1", "1 2 3", "1 -1"})
    EXPECT_FALSE(parse_top(wrong)) << wrong;
}

TEST(CommandLine, AuthMayBringAResponse) {
  EXPECT_EQ(parse_auth("")->mechanism, "");
  EXPECT_EQ(parse_auth("PLAIN")->initial_response, std::nullopt);
  EXPECT_EQ(parse_auth("PLAIN =")->initial_response, "");
  EXPECT_EQ(parse_auth("PLAIN YWI=")->initial_response, "ab");
  EXPECT_FALSE(parse_auth("PLAIN a b"));
  EXPECT_FALSE(parse_auth("PLAIN ?"));
}

}  // namespace
}  // namespace pabal::pop3
