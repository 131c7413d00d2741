#include "imap/grammar/tokens.h"

#include <gtest/gtest.h>

#include "imap/grammar/testing.h"

namespace pabal::imap {
namespace {

using namespace std::chrono;
using std::string_view_literals::operator""sv;

std::string astring(std::string_view text, const Dialect& dialect = {}) {
  return read_all([](Cursor& in, const Dialect& d) { return parse_astring(in, d); }, text, dialect);
}
std::string bad_astring(std::string_view text, const Dialect& dialect = {}) {
  return refusal([](Cursor& in, const Dialect& d) { return parse_astring(in, d); }, text, dialect);
}

TEST(Tokens, Astring) {
  struct Case {
    std::string_view input;
    std::string_view want;
  };
  const Case cases[] = {
      {"word", "word"},
      {"a]b", "a]b"},
      {"NIL", "NIL"},
      {"\"\"", ""},
      {"\"two words\"", "two words"},
      {"\"a\\\"b\\\\c\"", "a\"b\\c"},
      {"{0}\r\n", ""},
      {"{5}\r\nhello", "hello"},
      {"{5+}\r\nhello", "hello"},
      {"{7}\r\nhe\r\nllo", "he\r\nllo"},
      {"{3}\r\n\xed\x95\x9c", "\xed\x95\x9c"},
      {"{2}\r\n\xff\xfe", "\xff\xfe"},
      {"\"\xed\x95\x9c\"", "\xed\x95\x9c"},
  };
  for (const Case& test : cases) EXPECT_EQ(astring(test.input), test.want) << test.input;
}

TEST(Tokens, AstringRefused) {
  for (const std::string_view bad : {""sv,
                                     " "sv,
                                     "(a"sv,
                                     "\""sv,
                                     "\"abc"sv,
                                     "\"a\\n\""sv,
                                     "\"a\r\nb\""sv,
                                     "\"a\0b\""sv,
                                     "{5}\r\nhell"sv,
                                     "{5}hello"sv,
                                     "{5+\r\nhello"sv,
                                     "{}\r\n"sv,
                                     "{-1}\r\n"sv,
                                     "{99999999999999999999}\r\n"sv,
                                     "{2000000}\r\n"sv,
                                     "{3}\r\na\0b"sv,
                                     "~{1}\r\na"sv,
                                     "\"\xff\""sv,
                                     "a*"sv,
                                     "a%"sv,
                                     "a\\b"sv,
                                     "a{1}"sv}) {
    EXPECT_NE(bad_astring(bad), "") << bad;
  }
}

TEST(Tokens, RawUtf8IsALeniencyUntilItIsAgreed) {
  const std::string_view quoted = "\"\xec\x98\x88\"";
  EXPECT_NE(bad_astring(quoted, strict()), "");
  EXPECT_EQ(astring(quoted, Dialect{}), "\xec\x98\x88");
  EXPECT_EQ(astring(quoted, Dialect{.utf8 = true, .leniency = Leniency::none()}), "\xec\x98\x88");
}

TEST(Tokens, RefusalsSayWhatAndWhere) {
  Cursor in("A1 SELECT )");
  in.take_bytes(10);
  EXPECT_EQ(parse_astring(in, {}, "a mailbox name").error().detail,
            "Expected a mailbox name at character 11, where \")\" stands");
  Cursor end("A1 SELECT ");
  end.take_bytes(10);
  EXPECT_EQ(parse_astring(end, {}, "a mailbox name").error().detail,
            "The command ends where a mailbox name is expected");
  Cursor odd("\x01\xff\"\\\r\nnext");
  EXPECT_EQ(parse_astring(odd, {}, "x").error().detail, "Expected x at character 1, where \"????\" stands");
}

TEST(Tokens, Tag) {
  const auto tag = [](Cursor& in) { return parse_tag(in); };
  EXPECT_EQ(read_all(tag, "a]01.x"), "a]01.x");
  for (const char* bad : {"", "+", "a+b", "*", "(", "\"a\""}) EXPECT_NE(refusal(tag, bad), "") << bad;
}

TEST(Tokens, NumbersHaveRanges) {
  const auto number = [](Cursor& in) { return parse_number(in); };
  const auto nz_number = [](Cursor& in) { return parse_nz_number(in); };
  const auto number64 = [](Cursor& in) { return parse_number64(in); };
  const auto mod_seq = [](Cursor& in) { return parse_mod_sequence_value(in); };
  const auto valzer = [](Cursor& in) { return parse_mod_sequence_valzer(in); };
  EXPECT_EQ(read_all(number, "0"), 0u);
  EXPECT_EQ(read_all(number, "4294967295"), UINT32_MAX);
  EXPECT_EQ(read_all(nz_number, "007"), 7u);
  EXPECT_EQ(read_all(number64, "9223372036854775807"), std::uint64_t{INT64_MAX});
  EXPECT_EQ(read_all(mod_seq, "9223372036854775807").value(), std::uint64_t{INT64_MAX});
  EXPECT_EQ(read_all(valzer, "0").value(), 0u);
  for (const char* bad : {"", "-1", "x", "4294967296", "1x"}) EXPECT_NE(refusal(number, bad), "") << bad;
  EXPECT_NE(refusal(nz_number, "0"), "");
  EXPECT_NE(refusal(mod_seq, "0"), "");
  EXPECT_NE(refusal(number64, "9223372036854775808"), "");
}

TEST(Tokens, LiteralHeaders) {
  struct Case {
    std::string_view input;
    LiteralHeader want;
  };
  const Case cases[] = {
      {"{310}", {310, true, false}},
      {"{310+}", {310, false, false}},
      {"~{5}", {5, true, true}},
      {"~{5+}", {5, false, true}},
  };
  for (const Case& test : cases) {
    Cursor in(test.input);
    EXPECT_EQ(take_literal_header(in), test.want) << test.input;
    EXPECT_TRUE(in.at_end());
    std::size_t position = 0;
    const std::string line = "A1 APPEND INBOX (\\Seen) " + std::string(test.input);
    EXPECT_EQ(find_literal_at_end(line, &position), test.want) << line;
    EXPECT_EQ(position, 24u);
  }
  for (const char* bad :
       {"", "{", "{}", "{a}", "{1", "{1 }", "{1-}", "{18446744073709551616}", "~", "~5", "{1}x"}) {
    EXPECT_FALSE(find_literal_at_end(bad)) << bad;
  }
  EXPECT_FALSE(find_literal_at_end("LOGIN \"a{5}\""));
}

TEST(Tokens, BinaryLiteralsMayHoldNul) {
  const auto nstring8 = [](Cursor& in, const Dialect& d) { return parse_nstring8(in, d); };
  EXPECT_EQ(read_all(nstring8, "~{3}\r\na\0b"sv, Dialect{}), std::string("a\0b"sv));
  EXPECT_EQ(read_all(nstring8, "\"x\"", Dialect{}), "x");
  EXPECT_EQ(read_all(nstring8, "nil", Dialect{}), std::nullopt);
  EXPECT_NE(refusal(nstring8, "{3}\r\na\0b"sv, Dialect{}), "");
}

TEST(Tokens, Base64) {
  const auto base64 = [](Cursor& in) { return parse_base64(in); };
  EXPECT_EQ(read_all(base64, "AGJvYgBwdw=="), std::string("\0bob\0pw"sv));
  EXPECT_EQ(read_all(base64, "="), "");
  for (const char* bad : {"", "====", "AGJvYgBwdw", "A*==", "AB=="}) {
    EXPECT_EQ(refusal(base64, bad), "The response is not base64") << bad;
  }
}

TEST(Tokens, Dates) {
  const auto date = [](Cursor& in) { return parse_date(in); };
  EXPECT_EQ(read_all(date, "1-Feb-1994"), year(1994) / 2 / 1);
  EXPECT_EQ(read_all(date, "\"29-feb-2024\""), year(2024) / 2 / 29);
  EXPECT_EQ(read_all(date, "01-DEC-2026"), year(2026) / 12 / 1);
  for (const char* bad : {"", "1-Feb-94", "29-Feb-2023", "0-Jan-2020", "32-Jan-2020", "001-Jan-2020",
                          "1 Feb 1994", "\"1-Feb-1994", "1-Foo-1994", "1-Feb-1994x", "1994-02-01"}) {
    EXPECT_NE(refusal(date, bad), "") << bad;
  }
}

TEST(Tokens, DateTimes) {
  const auto date_time = [](Cursor& in, const Dialect& d) { return parse_date_time(in, d); };
  const auto want = sys_days(year(1996) / 7 / 17) + 9h + 44min + 25s;
  EXPECT_EQ(read_all(date_time, "\"17-Jul-1996 02:44:25 -0700\"", strict()), want);
  EXPECT_EQ(read_all(date_time, "\" 7-Jul-1996 02:44:25 +0900\"", strict()),
            sys_days(year(1996) / 7 / 6) + 17h + 44min + 25s);
  for (const char* bad :
       {"", "\"17-Jul-1996 02:44:25\"", "\"17-Jul-1996 24:00:00 +0000\"", "\"17-Jul-1996 02:60:25 +0000\"",
        "\"17-Jul-1996 02:44:25 0000\"", "\"17-Jul-1996 02:44:25 +2460\"", "\"17-Jul-1996 02:44:25 +0000",
        "17-Jul-1996 02:44:25 +0000", "\"  7-Jul-1996 02:44:25 +0000\"", "\"31-Jun-1996 02:44:25 +0000\""}) {
    EXPECT_NE(refusal(date_time, bad, Dialect{}), "") << bad;
  }
}

TEST(Tokens, ShortDayIsALeniency) {
  const auto date_time = [](Cursor& in, const Dialect& d) { return parse_date_time(in, d); };
  EXPECT_NE(refusal(date_time, "\"7-Jul-1996 02:44:25 +0000\"", strict()), "");
  EXPECT_EQ(read_all(date_time, "\"7-Jul-1996 02:44:25 +0000\"", Dialect{}),
            sys_days(year(1996) / 7 / 7) + 2h + 44min + 25s);
}

TEST(Tokens, ExtraSpacesAreALeniency) {
  const auto space_and_end = [](Cursor& in, const Dialect& d) -> Result<int> {
    PABAL_TRY_VOID(parse_space(in, d));
    PABAL_TRY_VOID(parse_parenthesized(in, d, [&]() -> Result<void> {
      PABAL_TRY_VOID(parse_atom(in));
      return {};
    }));
    PABAL_TRY_VOID(parse_end(in, d));
    return 1;
  };
  for (const char* text : {"  (a)", " ( a)", " (a )", " (a  b)", " (a) "}) {
    EXPECT_EQ(refusal(space_and_end, text, Dialect{}), "") << text;
    EXPECT_NE(refusal(space_and_end, text, strict()), "") << text;
  }
  EXPECT_EQ(refusal(space_and_end, " (a b)", strict()), "");
  for (const char* bad : {" (a", " a)", "(a)", " (a)b"}) {
    EXPECT_NE(refusal(space_and_end, bad, Dialect{}), "") << bad;
  }
}

}  // namespace
}  // namespace pabal::imap
