#include "message/header_writer.h"

#include <gtest/gtest.h>

#include "base/ascii.h"
#include "message/encoded_word.h"
#include "message/header.h"
#include "message/message_id.h"

namespace pabal::message {
namespace {

void expect_folded(std::string_view header) {
  while (!header.empty()) {
    const std::size_t end = header.find("\r\n");
    ASSERT_NE(end, std::string_view::npos);
    const std::string_view line = header.substr(0, end);
    EXPECT_LE(line.size(), 998u);
    if (line.find(' ', 1) != std::string_view::npos && line.find(' ', 1) < 78) {
      EXPECT_LE(line.substr(0, line.find_last_of(' ')).size(), 78u) << line;
    }
    EXPECT_NE(line.find_first_not_of(" \t"), std::string_view::npos) << "a line of blanks alone";
    header.remove_prefix(end + 2);
  }
}

TEST(HeaderWriter, TextComesBack) {
  for (const std::string_view text :
       {"lunch", "", "점심", "lunch 점심 lunch", "점심 김치 찌개", "a =?utf-8?Q?x?= b",
        "café at noon, and then the café again", "two  blanks  within",
        "a very long subject that must be folded because it has more than seventy-eight characters in it",
        "점심은 무엇을 드시겠어요? 김치찌개, 된장찌개, 비빔밥, 냉면, 불고기, 그리고 떡볶이가 있습니다. menu "
        "attached",
        "averyveryveryveryveryveryveryveryveryveryveryveryveryveryveryveryveryveryveryverylongword",
        "x 점  심 y", "a   점   b", "a  b   점"}) {
    for (const auto script : {HeaderWriter::Script::kAscii, HeaderWriter::Script::kUtf8}) {
      HeaderWriter writer(script);
      writer.add_text("Subject", text);
      const std::string header = writer.take();
      expect_folded(header);
      if (script == HeaderWriter::Script::kAscii) EXPECT_TRUE(is_ascii(header));
      const auto field = find_field(header, "Subject");
      ASSERT_TRUE(field);
      EXPECT_EQ(decode_header_text(field->value), text) << header;
    }
  }
  HeaderWriter writer;
  writer.add_text("Subject", "Do you like ketchup?");
  EXPECT_EQ(writer.text(), "Subject: Do you like ketchup?\r\n");
}

TEST(HeaderWriter, NoValueBeginsAnotherField) {
  HeaderWriter writer;
  writer.add_text("Subject", "a\r\nBcc: x@y\n\nbody");
  writer.add_addresses(
      "To", std::vector<Address>{{.name = "n\r\nX: y", .local_part = "l\r\nX: y", .domain = "d\nX: y"}});
  writer.add_parameterised("Content-Type", "text/plain\r\nX: y",
                           Parameters{{.name = "na\r\nme", .value = "v\r\nX: y"}});
  writer.add_structured("X\r\nY: z", "a\r\nb");
  writer.add_message_ids("References", std::vector<std::string>{"a@b>\r\nX: y"});
  const std::string header = writer.take();
  std::size_t count = 0;
  FieldReader fields(header);
  while (const auto field = fields.next()) {
    ++count;
    EXPECT_FALSE(field->is("Bcc") || field->is("X")) << header;
  }
  EXPECT_EQ(count, 5u);
  EXPECT_EQ(header.find("\r\n\r\n"), std::string::npos);
  expect_folded(header);
}

TEST(HeaderWriter, LongWordsAreBroken) {
  HeaderWriter writer;
  const std::string word(5000, 'x');
  writer.add_text("Subject", word);
  writer.add_structured("X-Word", word);
  expect_folded(writer.text());
  EXPECT_EQ(decode_header_text(find_field(writer.text(), "Subject")->value), word);
}

TEST(HeaderWriter, AddressesComeBack) {
  using enum Address::Kind;
  const std::vector<Address> addresses = {
      {.local_part = "bob", .domain = "hamburger.edu"},
      {.name = "Bob Baker", .local_part = "bob", .domain = "hamburger.edu"},
      {.name = "Baker, Bob \"the\" \\", .local_part = "b b", .domain = "hamburger.edu"},
      {.name = "밥 베이커", .local_part = "bob", .domain = "hamburger.edu"},
      {.name = "John Q. Public", .local_part = "john", .domain = "[192.0.2.1]"},
      {.kind = kGroupStart, .name = "the team: all"},
      {.local_part = "alice", .domain = "crepes.fr"},
      {.name = "아주 긴 이름을 가진 사람이 여기에 있습니다 그리고 그 이름은 계속됩니다",
       .local_part = "long",
       .domain = "x.example"},
      {.kind = kGroupEnd},
      {.kind = kGroupStart, .name = "undisclosed"},
      {.kind = kGroupEnd},
      {.local_part = "last", .domain = "x.example"},
  };
  HeaderWriter writer;
  writer.add_addresses("To", addresses);
  expect_folded(writer.text());
  EXPECT_TRUE(is_ascii(writer.text()));
  std::vector<Address> back = parse_address_list(find_field(writer.text(), "To")->value);
  for (Address& address : back) address.name = decode_header_text(address.name);
  EXPECT_EQ(back, addresses) << writer.text();

  HeaderWriter utf8(HeaderWriter::Script::kUtf8);
  utf8.add_addresses("To", std::vector<Address>{{.name = "밥", .local_part = "밥", .domain = "햄버거.한국"}});
  EXPECT_EQ(utf8.text(), "To: 밥 <밥@햄버거.한국>\r\n");
}

TEST(HeaderWriter, ParametersComeBack) {
  const Parameters parameters = {
      {.name = "token", .value = "plain"},
      {.name = "quoted", .value = "two words; \"and\" \\"},
      {.name = "empty", .value = ""},
      {.name = "short", .value = "메뉴.pdf", .extended = true},
      {.name = "long",
       .value =
           "아주 긴 파일 이름은 여러 조각으로 나뉘어야 합니다 왜냐하면 한 줄에 들어가지 않기 때문입니다.pdf",
       .extended = true},
  };
  HeaderWriter writer;
  writer.add_parameterised("Content-Disposition", "attachment", parameters);
  expect_folded(writer.text());
  EXPECT_TRUE(is_ascii(writer.text()));
  EXPECT_EQ(parse_disposition(find_field(writer.text(), "Content-Disposition")->value).parameters, parameters)
      << writer.text();
}

TEST(HeaderWriter, IdsAndDates) {
  HeaderWriter writer;
  std::vector<std::string> ids;
  for (int i = 0; i < 20; ++i) ids.push_back("some.long.id." + std::to_string(i) + "@hamburger.edu");
  writer.add_message_ids("References", ids);
  writer.add_date("Date", {.utc = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}});
  expect_folded(writer.text());
  EXPECT_EQ(parse_message_ids(find_field(writer.text(), "References")->value), ids);
  EXPECT_EQ(find_field(writer.text(), "Date")->value, " Thu, 1 Jan 2026 00:00:00 +0000");
}

}  // namespace
}  // namespace pabal::message
