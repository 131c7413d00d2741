#include "imap/grammar/append_command.h"

#include <gtest/gtest.h>

#include "imap/grammar/testing.h"

namespace pabal::imap {
namespace {

using Form = AppendMessage::Form;

TEST(Append, OneMessage) {
  for (const char* announced : {"", "{310}", "{310+}\r\n", "~{310}"}) {
    const std::string line =
        std::string(" saved-messages (\\Seen $x) \" 7-Feb-1994 21:52:25 -0800\" ") + announced;
    Cursor in(line);
    EXPECT_EQ(*parse_append(in, strict()), "saved-messages");
    const auto message = parse_append_message(in, strict());
    ASSERT_TRUE(message) << message.error().detail;
    EXPECT_EQ(message->flags.system, mailbox::kSeen);
    EXPECT_EQ(message->form, Form::kLiteral);
    ASSERT_TRUE(message->date);
    EXPECT_EQ(take_literal_header(in).has_value(), *announced != '\0');
  }
}

TEST(Append, FlagsAndDateMayBeMissing) {
  for (const char* line : {" INBOX {1}", " INBOX () {1}", " INBOX \"17-Jul-1996 02:44:25 -0700\" {1}"}) {
    Cursor in(line);
    ASSERT_TRUE(parse_append(in, strict()));
    EXPECT_TRUE(parse_append_message(in, strict())) << line;
    EXPECT_EQ(take_literal_header(in), (LiteralHeader{1, true, false}));
  }
}

TEST(Append, SeveralMessages) {
  Cursor next(" (\\Deleted) {5}");
  EXPECT_TRUE(*parse_append_next(next, strict()));
  EXPECT_EQ(parse_append_message(next, strict())->flags.system, mailbox::kDeleted);
  Cursor end("");
  EXPECT_FALSE(*parse_append_next(end, strict()));
  Cursor space(" ");
  EXPECT_FALSE(*parse_append_next(space, Dialect{}));
  Cursor bad("x");
  EXPECT_FALSE(parse_append_next(bad, Dialect{}));
}

TEST(Append, Catenate) {
  Cursor in(
      " Drafts (\\Seen) CATENATE (URL \"/Drafts;UIDVALIDITY=385759045/;UID=20/;section=HEADER\" TEXT {42}");
  ASSERT_TRUE(parse_append(in, strict()));
  EXPECT_EQ(parse_append_message(in, strict())->form, Form::kCatenate);
  const auto url = parse_cat_part(in, strict());
  ASSERT_TRUE(url);
  EXPECT_EQ(url->kind, CatPart::Kind::kUrl);
  const auto text = parse_cat_part(in, strict());
  ASSERT_TRUE(text);
  EXPECT_EQ(text->kind, CatPart::Kind::kText);
  EXPECT_EQ(take_literal_header(in)->size_bytes, 42u);

  Cursor rest(" URL x)");
  EXPECT_EQ(parse_cat_part(rest, strict())->url, "x");
  EXPECT_EQ(parse_cat_part(rest, strict())->kind, CatPart::Kind::kEnd);
  EXPECT_FALSE(*parse_append_next(rest, strict()));
  Cursor bad(" FOO {1}");
  EXPECT_FALSE(parse_cat_part(bad, strict()));
}

TEST(Append, Utf8) {
  Cursor in(" INBOX UTF8 (~{310}");
  ASSERT_TRUE(parse_append(in, strict()));
  EXPECT_EQ(parse_append_message(in, strict())->form, Form::kUtf8);
  EXPECT_TRUE(take_literal_header(in)->binary);
  Cursor end(")");
  EXPECT_TRUE(parse_append_message_end(end));
}

TEST(Append, Refused) {
  for (const char* bad : {"", " ", " INBOX", " INBOX foo", " INBOX (\\Foo) {1}", " INBOX \"yesterday\" {1}",
                          " INBOX () () {1}", " INBOX CATENATE URL"}) {
    Cursor in(bad);
    const bool ok = parse_append(in, Dialect{}) && parse_append_message(in, Dialect{});
    EXPECT_FALSE(ok) << bad;
  }
}

TEST(Replace, NumberAndMailbox) {
  Cursor in(" 4 Drafts (\\Seen) {312}");
  const auto got = parse_replace(in, strict());
  ASSERT_TRUE(got);
  EXPECT_EQ(got->number, 4u);
  EXPECT_EQ(got->mailbox, "Drafts");
  EXPECT_TRUE(parse_append_message(in, strict()));
  Cursor star(" * Drafts {3}");
  EXPECT_EQ(parse_replace(star, strict())->number, SequenceSet::kStar);
  Cursor bad(" 1:2 Drafts {3}");
  EXPECT_FALSE(parse_replace(bad, strict()));
}

TEST(MessageUrl, RelativeOnly) {
  const auto url = parse_message_url("/Drafts%2F2026;UIDVALIDITY=385759045/;UID=20/;section=1.MIME");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->mailbox, "Drafts/2026");
  EXPECT_EQ(url->uid_validity, 385759045u);
  EXPECT_EQ(url->uid, 20u);
  EXPECT_EQ(url->section, "1.MIME");
  EXPECT_EQ(url->partial, std::nullopt);
  EXPECT_EQ(parse_message_url("/inbox/;uid=20")->mailbox, "INBOX");
  EXPECT_EQ(parse_message_url("/a/;UID=2/;SECTION=1/;PARTIAL=10.20")->partial, (Partial{10, 20}));
  EXPECT_EQ(parse_message_url("/a/;UID=2/;PARTIAL=10")->partial, (Partial{10, UINT64_MAX}));
  EXPECT_EQ(parse_message_url(";UID=5")->mailbox, "");
  for (const char* bad :
       {"", "/Drafts", "http://x/;UID=1", "/a;UID=0", "/a/;UID=x", "/a%2;UID=1", "/a;UID=1/;FOO=2",
        "/a%FF;UID=1", "/a%00;UID=1", "/a;UID=1/;SECTION=", "imap://joe@example.com/inbox/;uid=20",
        "/a;UID=1/;PARTIAL=", "/a;UID=1/;PARTIAL=1.", "/a;UID=1/;PARTIAL=1.0", "/a;UID=1/;PARTIAL=.1"}) {
    EXPECT_FALSE(parse_message_url(bad)) << bad;
  }
}

}  // namespace
}  // namespace pabal::imap
