#include "imap/grammar/write_responses.h"

#include <gtest/gtest.h>

#include "imap/grammar/testing.h"
#include "imap/grammar/write_string.h"

namespace pabal::imap {
namespace {

using Numbers = std::vector<std::uint32_t>;
using std::string_view_literals::operator""sv;

std::string string_of(std::string_view text, const Dialect& dialect = {}) {
  std::string out;
  append_string(out, text, dialect);
  return out;
}

TEST(WriteString, QuotedOrLiteral) {
  struct Case {
    std::string_view input;
    std::string_view want;
  };
  const Case cases[] = {
      {"", "\"\""},
      {"plain text", "\"plain text\""},
      {"a longer text than eight bytes (all of it plain) ~",
       "\"a longer text than eight bytes (all of it plain) ~\""},
      {"eight by\"te", "\"eight by\\\"te\""},
      {"\\", "\"\\\\\""},
      {"tab\there, and more", "\"tab\there, and more\""},
      {"a\r\nb", "{4}\r\na\r\nb"},
      {"some bytes, then \n", "{18}\r\nsome bytes, then \n"},
      {"\xe9", "{1}\r\n\xe9"},
      {"seven by\xc3\xa9", "{10}\r\nseven by\xc3\xa9"},
      {"a\0b"sv, "{3}\r\na?b"},
  };
  for (const Case& test : cases) EXPECT_EQ(string_of(test.input), test.want) << test.input;
  EXPECT_EQ(string_of("\xc3\xa9\"", with_utf8()), "\"\xc3\xa9\\\"\"");
  EXPECT_EQ(string_of("\xe9", with_utf8()), "{1}\r\n\xe9");
}

// Every text comes back, wherever the byte stands that is not plain.
TEST(WriteString, IsReadAgain) {
  for (int c = 1; c < 256; ++c) {
    for (std::size_t at = 0; at < 20; ++at) {
      std::string text(20, 'a');
      text[at] = static_cast<char>(c);
      const std::string wire = string_of(text);
      Cursor in(wire);
      const auto again = parse_string(in, strict());
      ASSERT_TRUE(again) << c << " at " << at << ": " << again.error().detail;
      EXPECT_EQ(*again, text);
    }
  }
}

TEST(WriteString, AstringAndNstring) {
  std::string out;
  for (const char* text : {"bare", "NIL", "two words", "", "a]b", "a*"}) {
    append_astring(out, text, {});
    out += '|';
  }
  EXPECT_EQ(out, "bare|\"NIL\"|\"two words\"|\"\"|a]b|\"a*\"|");
  out.clear();
  append_nstring(out, std::nullopt, {});
  append_nstring(out, "", {});
  EXPECT_EQ(out, "NIL\"\"");
}

TEST(WriteString, DateTime) {
  using namespace std::chrono;
  std::string out;
  append_date_time(out, sys_days(year(1996) / 7 / 7) + 2h + 4min + 5s);
  append_date_time(out, sys_days(year(2026) / 11 / 21) + 23h + 59min + 59s);
  append_date_time(out, sys_days(year(1969) / 12 / 31) + 23h);
  EXPECT_EQ(out,
            "\" 7-Jul-1996 02:04:05 +0000\"\"21-Nov-2026 23:59:59 +0000\"\"31-Dec-1969 23:00:00 +0000\"");
}

TEST(WriteString, TextHasNoLineEnds) {
  std::string out;
  append_text(out, "a\r\nb\xc3\xa9", {});
  append_text(out, "\xc3\xa9", with_utf8());
  EXPECT_EQ(out, "a  b??\xc3\xa9");
}

TEST(WriteList, Lines) {
  std::string out;
  append_list(out, {.mailbox = "INBOX", .attributes = {"\\HasNoChildren"}}, {});
  append_list(out, {.mailbox = "\ubcf4\ub0b8 1", .attributes = {"\\Sent", "\\Subscribed"}}, {});
  append_list(out, {.mailbox = "a", .attributes = {}, .child_subscribed = true, .old_name = "b c"}, {});
  append_list(out, {.mailbox = "a", .attributes = {}, .lsub = true}, {});
  append_list_separator(out);
  EXPECT_EQ(out,
            "* LIST (\\HasNoChildren) \"/\" INBOX\r\n"
            "* LIST (\\Sent \\Subscribed) \"/\" \"&vPSwuA- 1\"\r\n"
            "* LIST () \"/\" a (\"CHILDINFO\" (\"SUBSCRIBED\") \"OLDNAME\" (\"b c\"))\r\n"
            "* LSUB () \"/\" a\r\n"
            "* LIST (\\Noselect) \"/\" \"\"\r\n");
}

TEST(WriteStatus, WhatIsWanted) {
  StatusItems all;
  for (unsigned i = 0; i <= static_cast<unsigned>(StatusItem::kMailboxId); ++i)
    all.add(static_cast<StatusItem>(i));
  const StatusValues values{.messages = 1,
                            .uid_next = 2,
                            .uid_validity = 3,
                            .unseen = 4,
                            .deleted = 5,
                            .size = 5'000'000'000,
                            .highest_mod_seq = mailbox::ModSeq(7),
                            .append_limit = std::nullopt,
                            .deleted_storage = 1025,
                            .id = mailbox::FolderId(9)};
  std::string out;
  append_status(out, "a b", all, values, {});
  EXPECT_EQ(
      out,
      "* STATUS \"a b\" (MESSAGES 1 RECENT 0 UIDNEXT 2 UIDVALIDITY 3 UNSEEN 4 DELETED 5 SIZE 5000000000 "
      "HIGHESTMODSEQ 7 APPENDLIMIT NIL DELETED-STORAGE 1025 MAILBOXID (F9))\r\n");
}

TEST(WriteSearch, OldAndNew) {
  const Numbers numbers = {2, 3, 4, 9};
  std::string out;
  append_search(out, numbers);
  append_search(out, {}, mailbox::ModSeq(7));
  append_search(out, numbers, mailbox::ModSeq(7));
  append_sort(out, Numbers{9, 2});
  EXPECT_EQ(out, "* SEARCH 2 3 4 9\r\n* SEARCH\r\n* SEARCH 2 3 4 9 (MODSEQ 7)\r\n* SORT 9 2\r\n");

  out.clear();
  append_esearch(out, {.tag = "A1"}, {});
  append_esearch(out,
                 {.tag = "A1",
                  .uid = true,
                  .min = 2,
                  .max = 9,
                  .count = 4,
                  .all = numbers,
                  .partial = std::pair(PartialRange{-1, -100}, std::span<const std::uint32_t>()),
                  .mod_seq = mailbox::ModSeq(7)},
                 {});
  append_esearch(
      out, {.tag = "A1", .mailbox = "a b", .uid_validity = 5, .all = std::span<const std::uint32_t>()}, {});
  EXPECT_EQ(out,
            "* ESEARCH (TAG \"A1\")\r\n"
            "* ESEARCH (TAG \"A1\") UID MIN 2 MAX 9 COUNT 4 ALL 2:4,9 PARTIAL (-1:-100 NIL) MODSEQ 7\r\n"
            "* ESEARCH (TAG \"A1\" MAILBOX \"a b\" UIDVALIDITY 5)\r\n");

  out.clear();
  append_context_change(out, {.tag = "B", .uid = true, .position = 1, .numbers = numbers}, {});
  append_context_change(out, {.tag = "B", .added = false, .numbers = Numbers{5}}, {});
  EXPECT_EQ(out,
            "* ESEARCH (TAG \"B\") UID ADDTO (1 2:4,9)\r\n"
            "* ESEARCH (TAG \"B\") REMOVEFROM (0 5)\r\n");
}

std::string threads(const std::vector<ThreadNode>& nodes) {
  std::string out;
  append_thread(out, nodes);
  return out.substr(0, out.size() - 2);
}

TEST(WriteThread, AsRfc5256Draws) {
  EXPECT_EQ(threads({}), "* THREAD");
  EXPECT_EQ(threads({{2, 0}, {3, 0}, {6, 1}, {4, 2}, {23, 3}, {44, 2}, {7, 3}, {96, 4}}),
            "* THREAD (2)(3 6 (4 23)(44 7 96))");
  EXPECT_EQ(threads({{0, 0}, {3, 1}, {5, 1}}), "* THREAD ((3)(5))");
  EXPECT_EQ(threads({{1, 0}, {2, 1}, {3, 2}, {4, 2}, {5, 1}, {6, 0}}), "* THREAD (1 (2 (3)(4))(5))(6)");
  EXPECT_EQ(threads({{166, 0}, {167, 0}, {168, 0}, {169, 0}, {172, 0}, {170, 0}, {179, 1}}),
            "* THREAD (166)(167)(168)(169)(172)(170 179)");
}

TEST(WriteThread, DeepThreadsTakeNoStack) {
  std::vector<ThreadNode> nodes;
  for (std::uint32_t i = 0; i < 100'000; ++i) nodes.push_back({i + 1, i});
  const std::string out = threads(nodes);
  EXPECT_TRUE(out.starts_with("* THREAD (1 2 3 "));
  EXPECT_TRUE(out.ends_with(" 100000)"));
}

}  // namespace
}  // namespace pabal::imap
