#include "imap/grammar/write_letter.h"

#include <gtest/gtest.h>

#include "imap/grammar/testing.h"

namespace pabal::imap {
namespace {

using message::read_letter;

std::string envelope_of(std::string_view header, const Dialect& dialect = {}) {
  std::string out = "> ";
  append_envelope(out, message::parse_envelope(header), dialect);
  EXPECT_TRUE(out.starts_with("> "));
  return out.substr(2);
}

std::string body_of(std::string_view letter, BodyForm form = BodyForm::kBodyStructure,
                    const Dialect& dialect = {}) {
  std::string out;
  append_body(out, read_letter(letter), form, dialect);
  return out;
}

// The letter and the answer of RFC 9051 §8.
TEST(WriteEnvelope, IsThatOfTheRfc) {
  EXPECT_EQ(envelope_of("Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
                        "From: Terry Gray <gray@cac.washington.edu>\r\n"
                        "Subject: IMAP4rev2 WG mtg summary and minutes\r\n"
                        "To: imap@cac.washington.edu\r\n"
                        "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
                        "Message-Id: <B27397-0100000@cac.washington.edu>\r\n\r\n"),
            "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev2 WG mtg summary and minutes\" "
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
            "((NIL NIL \"imap\" \"cac.washington.edu\")) "
            "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) "
            "NIL NIL \"<B27397-0100000@cac.washington.edu>\")");
}

TEST(WriteEnvelope, AbsentIsNilAndEmptyIsEmpty) {
  EXPECT_EQ(envelope_of(""), "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
  EXPECT_EQ(envelope_of("Subject:\r\nDate: \r\nIn-Reply-To:\r\n\r\n"),
            "(\"\" \"\" NIL NIL NIL NIL NIL NIL \"\" NIL)");
}

TEST(WriteEnvelope, SenderAndReplyToOfTheirOwn) {
  EXPECT_EQ(envelope_of("From: a@x\r\nSender: b@x\r\nReply-To: c@x\r\nBcc: d@x\r\n\r\n"),
            "(NIL NIL ((NIL NIL \"a\" \"x\")) ((NIL NIL \"b\" \"x\")) ((NIL NIL \"c\" \"x\")) NIL NIL "
            "((NIL NIL \"d\" \"x\")) NIL NIL)");
}

TEST(WriteEnvelope, GroupsAndRoutes) {
  EXPECT_EQ(
      envelope_of("To: Friends: \"A, B\" <a@x>, <@r1,@r2:b@x>;, undisclosed:;\r\n\r\n"),
      "(NIL NIL NIL NIL NIL ((NIL NIL \"Friends\" NIL)(\"A, B\" NIL \"a\" \"x\")(NIL \"@r1,@r2\" \"b\" \"x\")"
      "(NIL NIL NIL NIL)(NIL NIL \"undisclosed\" NIL)(NIL NIL NIL NIL)) NIL NIL NIL NIL)");
}

TEST(WriteEnvelope, AMailboxWithoutADomainIsNoGroup) {
  EXPECT_EQ(
      envelope_of("From: root\r\n\r\n"),
      "(NIL NIL ((NIL NIL \"root\" \"\")) ((NIL NIL \"root\" \"\")) ((NIL NIL \"root\" \"\")) NIL NIL NIL NIL NIL)");
}

TEST(WriteEnvelope, EscapesAndEncodedWordsStay) {
  EXPECT_EQ(envelope_of("Subject: say \"hi\" \\ =?utf-8?B?7ZWc?=\r\n\r\n"),
            "(NIL \"say \\\"hi\\\" \\\\ =?utf-8?B?7ZWc?=\" NIL NIL NIL NIL NIL NIL NIL NIL)");
}

TEST(WriteEnvelope, RawBytesAreAsThePolicySays) {
  const std::string_view header = "Subject: \xed\x95\x9c\r\n\r\n";
  EXPECT_EQ(envelope_of(header), "(NIL {3}\r\n\xed\x95\x9c NIL NIL NIL NIL NIL NIL NIL NIL)");
  EXPECT_EQ(envelope_of(header, with_utf8()), "(NIL \"\xed\x95\x9c\" NIL NIL NIL NIL NIL NIL NIL NIL)");
  EXPECT_EQ(envelope_of(header, {.raw_headers = RawHeaders::kEncodedWords}),
            "(NIL \"=?UTF-8?B?7ZWc?=\" NIL NIL NIL NIL NIL NIL NIL NIL)");
  // Bytes that are no UTF-8 never stand in quotes.
  EXPECT_EQ(envelope_of("Subject: \xe9\r\n\r\n", with_utf8()),
            "(NIL {1}\r\n\xe9 NIL NIL NIL NIL NIL NIL NIL NIL)");
}

TEST(WriteEnvelope, DamagedFactsLeaveNothing) {
  const std::string whole = encode_envelope(message::parse_envelope("From: a@x\r\nSubject: s\r\n\r\n"));
  for (std::size_t size = 1; size < whole.size(); ++size) {
    std::string out = "x";
    const auto written = append_envelope(out, std::string_view(whole).substr(0, size), Dialect{});
    EXPECT_FALSE(written) << size;
    EXPECT_EQ(out, "x");
  }
  std::string out;
  EXPECT_FALSE(append_envelope(out, std::string_view(whole + "x"), Dialect{}));
}

TEST(WriteBody, APlainText) {
  const std::string_view letter = "Subject: x\r\n\r\nline one\r\nline two\r\n";
  EXPECT_EQ(body_of(letter),
            "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 20 2 NIL NIL NIL NIL)");
  EXPECT_EQ(body_of(letter, BodyForm::kBody),
            "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 20 2)");
}

TEST(WriteBody, AllThatAPartSays) {
  EXPECT_EQ(
      body_of("Content-Type: text/html; charset=\"UTF-8\"; format=flowed\r\n"
              "Content-Transfer-Encoding: Quoted-Printable\r\n"
              "Content-ID: <a@b>\r\nContent-Description: some \"text\"\r\nContent-MD5: Q2hlY2s=\r\n"
              "Content-Disposition: attachment; filename=\"a b.html\"; size=3\r\n"
              "Content-Language: en, ko\r\nContent-Location: http://x/y\r\n\r\nabc\r\n"),
      "(\"text\" \"html\" (\"charset\" \"UTF-8\" \"format\" \"flowed\") \"<a@b>\" \"some \\\"text\\\"\" "
      "\"quoted-printable\" 5 1 \"Q2hlY2s=\" (\"attachment\" (\"filename\" \"a b.html\" \"size\" \"3\")) "
      "(\"en\" \"ko\") \"http://x/y\")");
}

TEST(WriteBody, Multiparts) {
  const std::string_view letter =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
      "--b\r\n\r\nhello\r\n"
      "--b\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n"
      "--b--\r\n";
  EXPECT_EQ(body_of(letter),
            "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 5 0 NIL NIL NIL NIL)"
            "(\"image\" \"png\" (\"name\" \"a.png\") NIL NIL \"base64\" 4 NIL NIL NIL NIL) "
            "\"mixed\" (\"boundary\" \"b\") NIL NIL NIL)");
  EXPECT_EQ(body_of(letter, BodyForm::kBody),
            "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 5 0)"
            "(\"image\" \"png\" (\"name\" \"a.png\") NIL NIL \"base64\" 4) \"mixed\")");
}

TEST(WriteBody, LettersWithinHaveTheirEnvelope) {
  const std::string_view letter =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
      "--b\r\nContent-Type: message/rfc822\r\n\r\n"
      "From: a@x\r\nSubject: inner\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
      "--c\r\n\r\none\r\n--c--\r\n"
      "\r\n--b\r\n\r\nlast\r\n--b--\r\n";
  EXPECT_EQ(
      body_of(letter, BodyForm::kBody),
      "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 97 "
      "(NIL \"inner\" ((NIL NIL \"a\" \"x\")) ((NIL NIL \"a\" \"x\")) ((NIL NIL \"a\" \"x\")) NIL NIL NIL NIL NIL) "
      "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 3 0) \"alternative\") 8)"
      "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 4 0) \"mixed\")");
}

// The grammar wants a body within; there is none to be found.
TEST(WriteBody, OpaquePartsHaveAnEmptyText) {
  EXPECT_EQ(body_of("Content-Type: multipart/mixed\r\n\r\nno boundary\r\n", BodyForm::kBody),
            "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0) \"mixed\")");
  EXPECT_EQ(body_of("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n",
                    BodyForm::kBody),
            "(\"message\" \"rfc822\" NIL NIL NIL \"base64\" 6 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) "
            "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0) 1)");
}

TEST(WriteBody, ContinuedNamesAreJoined) {
  const std::string_view letter =
      "Content-Type: application/pdf;\r\n name*0*=utf-8''%ED%95%9C; name*1*=%20b; name*2=\".pdf\"\r\n"
      "Content-Disposition: attachment; filename*0=\"long \"; filename*1=\"name.pdf\"\r\n\r\n";
  EXPECT_EQ(body_of(letter),
            "(\"application\" \"pdf\" (\"name*\" \"UTF-8''%ED%95%9C%20b.pdf\") NIL NIL \"7bit\" 0 NIL "
            "(\"attachment\" (\"filename\" \"long name.pdf\")) NIL NIL)");
  EXPECT_EQ(body_of(letter, BodyForm::kBodyStructure, with_utf8()),
            "(\"application\" \"pdf\" (\"name\" \"\xed\x95\x9c b.pdf\") NIL NIL \"7bit\" 0 NIL "
            "(\"attachment\" (\"filename\" \"long name.pdf\")) NIL NIL)");
}

TEST(WriteBody, DamagedFactsLeaveNothing) {
  const std::string whole = encode_facts(read_letter(
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: a@x\r\n\r\nx\r\n"
      "--b--\r\n"));
  const auto view = message::view_facts(whole);
  ASSERT_TRUE(view);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(message::view_facts(whole.substr(0, size)) && size < 4) << size;
  }
  for (std::size_t size = 0; size < view->structure.size(); ++size) {
    message::FactsView cut = *view;
    cut.structure = cut.structure.substr(0, size);
    std::string out = "x";
    EXPECT_FALSE(append_body(out, cut, BodyForm::kBodyStructure, Dialect{})) << size;
    EXPECT_EQ(out, "x");
  }
}

}  // namespace
}  // namespace pabal::imap
