#include "message/builder.h"

#include <gtest/gtest.h>

#include "base/ascii.h"
#include "message/encoded_word.h"
#include "message/header.h"
#include "message/letter.h"

namespace pabal::message {
namespace {

std::string fields() {
  HeaderWriter header;
  header.add_addresses(
      "From", std::vector<Address>{{.name = "앨리스", .local_part = "alice", .domain = "crepes.fr"}});
  header.add_text("Subject", "점심");
  return header.take();
}

std::string build(const Entity& body, const BuildOptions& options = {}) {
  SeededRandom random(1);
  const std::string letter = build_letter(fields(), body, random, options);
  if (!options.allow_8bit && options.script == HeaderWriter::Script::kAscii)
    EXPECT_TRUE(is_ascii(letter)) << letter;
  for (std::string_view rest = letter; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    EXPECT_LE(std::min(end, rest.size()), 999u);
    if (end == std::string_view::npos) break;
    EXPECT_TRUE(end > 0 && rest[end - 1] == '\r') << "lines end in CRLF";
    rest.remove_prefix(end + 1);
  }
  return letter;
}

TEST(Builder, TextIsEncodedAsItNeeds) {
  struct Case {
    std::string_view name;
    std::string text;
    bool allow_8bit;
    TransferEncoding want;
    std::string_view charset;
  };
  for (const Case& c : {
           Case{"plain", "Do you like ketchup?\r\n", false, TransferEncoding::k7Bit, "us-ascii"},
           Case{"some Latin", "Köln am Rhein, wo es am schönsten ist\r\n", false,
                TransferEncoding::kQuotedPrintable, "utf-8"},
           Case{"Korean", "점심은 무엇을 드시겠어요?\r\n", false, TransferEncoding::kBase64, "utf-8"},
           Case{"Korean where 8bit may go", "점심은 무엇을 드시겠어요?\r\n", true, TransferEncoding::k8Bit,
                "utf-8"},
           Case{"a long line", std::string(2000, 'x') + "\r\n", true, TransferEncoding::kQuotedPrintable,
                "us-ascii"},
           Case{"a line for mbox", "x\r\nFrom bob\r\n", true, TransferEncoding::kQuotedPrintable, "us-ascii"},
           Case{"a NUL", std::string("a\0b\r\n", 5), true, TransferEncoding::kBase64, "us-ascii"},
           Case{"blanks at the end", "a \r\n", false, TransferEncoding::k7Bit, "us-ascii"},
           Case{"nothing", "", false, TransferEncoding::k7Bit, "us-ascii"},
       }) {
    const std::string letter = build(Entity::text(c.text), {.allow_8bit = c.allow_8bit});
    const Structure structure = parse_structure(letter);
    EXPECT_EQ(structure.root().encoding, c.want) << c.name;
    EXPECT_EQ(structure.root().charset(), c.charset) << c.name;
    EXPECT_EQ(text_of_part(letter, structure.root(), 10'000), c.text) << c.name;
  }
  const std::string letter = build(Entity::text("a\nb\rc\r\n"));
  EXPECT_TRUE(letter.ends_with("\r\n\r\na\r\nb\r\nc\r\n"));
  EXPECT_EQ(text_of_part(build(Entity::text("caf\xE9")),
                         parse_structure(build(Entity::text("caf\xE9"))).root(), 100),
            "café");
}

TEST(Builder, WholeLetterComesBack) {
  const std::string picture(1000, '\xFF');
  const Entity body = Entity::multipart(
      "mixed",
      {Entity::multipart(
           "alternative",
           {Entity::text("김치 어때?"),
            Entity::multipart("related", {Entity::text("<p>김치 <img src=\"cid:1@x\"></p>", "html"),
                                          Entity::bytes("image", "png", picture).as_inline("1@x")})}),
       Entity::bytes("application", "pdf", "%PDF")
           .as_attachment("아주 긴 이름의 메뉴 파일입니다 그래서 여러 줄이 필요합니다.pdf"),
       Entity::text("a,b", "csv").as_attachment("list \"x\".csv")});
  const std::string letter = build(body);
  const LetterFacts facts = read_letter(letter);
  const auto& parts = facts.structure.parts;
  ASSERT_EQ(parts.size(), 8u) << letter;
  EXPECT_EQ(decode_header_text(*facts.envelope.subject), "점심");
  EXPECT_EQ(facts.preview, "김치 어때?");
  EXPECT_TRUE(parts[0].is("multipart", "mixed"));
  EXPECT_TRUE(parts[1].is("multipart", "alternative"));
  EXPECT_EQ(text_of_part(letter, parts[2], 100), "김치 어때?");
  EXPECT_TRUE(parts[3].is("multipart", "related"));
  EXPECT_EQ(text_of_part(letter, parts[4], 100), "<p>김치 <img src=\"cid:1@x\"></p>");
  EXPECT_EQ(parts[5].id, "<1@x>");
  EXPECT_EQ(decode_transfer(std::string_view(letter).substr(parts[5].body_begin, parts[5].body_size()),
                            parts[5].encoding),
            picture);
  EXPECT_EQ(parts[6].file_name(), "아주 긴 이름의 메뉴 파일입니다 그래서 여러 줄이 필요합니다.pdf");
  EXPECT_EQ(parameter_text(parts[6].parameters, "name"), parts[6].file_name())
      << "for readers without RFC 2231";
  EXPECT_TRUE(parts[6].is_attachment());
  EXPECT_EQ(parts[7].file_name(), "list \"x\".csv");
  EXPECT_EQ(find_field(letter, "MIME-Version")->value, " 1.0");
}

TEST(Builder, BoundariesDiffer) {
  const Entity body =
      Entity::multipart("mixed", {Entity::multipart("mixed", {Entity::text("a")}), Entity::text("b")});
  const std::string letter = build(body);
  const auto& parts = parse_structure(letter).parts;
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_NE(find_parameter(parts[0].parameters, "boundary")->value,
            find_parameter(parts[1].parameters, "boundary")->value);
  EXPECT_EQ(text_of_part(letter, parts[2], 10), "a");
  EXPECT_EQ(text_of_part(letter, parts[3], 10), "b");
}

TEST(Builder, BouncesAreReports) {
  const std::string original =
      "From: alice@crepes.fr\r\nSubject: x\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Transfer-Encoding: 8bit\r\n\r\n점심\r\n";
  const Entity report = Entity::report("delivery-status",
                                       {Entity::text("Your letter could not be delivered.\n"),
                                        Entity::bytes("message", "delivery-status",
                                                      "Reporting-MTA: dns; crepes.fr\r\n\r\nFinal-Recipient: "
                                                      "rfc822; bob@hamburger.edu\r\nAction: failed\r\n"),
                                        Entity::letter(original)});
  const std::string letter = build(report);
  const LetterFacts facts = read_letter(letter);
  const auto& parts = facts.structure.parts;
  ASSERT_EQ(parts.size(), 5u) << letter;
  EXPECT_TRUE(parts[0].is("multipart", "report"));
  EXPECT_EQ(find_parameter(parts[0].parameters, "report-type")->value, "delivery-status");
  EXPECT_TRUE(parts[2].is("message", "delivery-status"));
  EXPECT_EQ(parts[2].encoding, TransferEncoding::k7Bit);
  EXPECT_TRUE(parts[3].is("message", "rfc822"));
  EXPECT_EQ(parts[3].encoding, TransferEncoding::k7Bit) << "what it carries was made 7-bit";
  EXPECT_EQ(text_of_part(letter, parts[4], 100), "점심\r\n");

  const std::string whole = build(report, {.allow_8bit = true});
  const Structure eight = parse_structure(whole);
  EXPECT_EQ(eight.parts[0].encoding, TransferEncoding::k8Bit) << "RFC 2045 §6.4";
  EXPECT_EQ(eight.parts[3].encoding, TransferEncoding::k8Bit);
  EXPECT_NE(whole.find(original), std::string::npos) << "byte for byte";
}

TEST(Builder, InternationalLettersWithin) {
  const std::string original = "From: 앨리스 <앨리스@crepes.fr>\r\nSubject: 점심\r\n\r\nx\r\n";
  const Entity body = Entity::multipart("mixed", {Entity::letter(original)});
  const Structure eight = parse_structure(build(body, {.allow_8bit = true}));
  EXPECT_TRUE(eight.parts[1].is("message", "global"));
  EXPECT_EQ(eight.parts.size(), 3u);
  const std::string letter = build(body);
  const Structure seven = parse_structure(letter);
  EXPECT_TRUE(seven.parts[1].is("message", "global"));
  EXPECT_EQ(seven.parts[1].encoding, TransferEncoding::kBase64) << "RFC 6532 §3.7";
  EXPECT_EQ(
      decode_transfer(std::string_view(letter).substr(seven.parts[1].body_begin, seven.parts[1].body_size()),
                      TransferEncoding::kBase64),
      original);
}

TEST(Builder, StoredContentIsLeftToTheCaller) {
  SeededRandom random(1);
  const Entity body =
      Entity::multipart("mixed", {Entity::text("see the menu"),
                                  Entity::stored("application", "pdf", 7).as_attachment("menu.pdf"),
                                  Entity::stored("message", "rfc822", 9, TransferEncoding::k7Bit)});
  const std::vector<LetterPiece> pieces = lay_out_letter(fields(), body, random);
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[0].external, 7u);
  EXPECT_EQ(pieces[0].encoding, TransferEncoding::kBase64);
  EXPECT_EQ(pieces[1].external, 9u);
  EXPECT_EQ(pieces[1].encoding, TransferEncoding::k7Bit);
  EXPECT_FALSE(pieces[2].external);
  const std::string letter =
      pieces[0].bytes + "SGVsbG8=\r\n" + pieces[1].bytes + "Subject: in\r\n\r\ny\r\n" + pieces[2].bytes;
  const Structure structure = parse_structure(letter);
  ASSERT_EQ(structure.parts.size(), 5u);
  EXPECT_EQ(structure.parts[2].file_name(), "menu.pdf");
  EXPECT_EQ(letter.substr(structure.parts[4].body_begin, 3), "y\r\n");
}

}  // namespace
}  // namespace pabal::message
