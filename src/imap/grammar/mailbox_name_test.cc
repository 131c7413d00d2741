#include "imap/grammar/mailbox_name.h"

#include <gtest/gtest.h>

#include "imap/grammar/testing.h"

namespace pabal::imap {
namespace {

TEST(ModifiedUtf7, BothWays) {
  struct Case {
    std::string_view utf8;
    std::string_view utf7;
  };
  const Case cases[] = {
      {"", ""},
      {"Sent Items", "Sent Items"},
      {"R&D", "R&-D"},
      {"&&", "&-&-"},
      {"~peter/mail/\u53f0\u5317/\u65e5\u672c\u8a9e", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
      {"\u263a!", "&Jjo-!"},
      {"\u00e9", "&AOk-"},
      {"\u00e9\u00e8", "&AOkA6A-"},
      {"\u00e9&\u00e8", "&AOk-&-&AOg-"},
      {"\ubcf4\ub0b8 \ud3b8\uc9c0\ud568", "&vPSwuA- &07jJwNVo-"},
      {"\U0001f4ec", "&2D3c7A-"},
      {"a\tb", "a&AAk-b"},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(to_modified_utf7(test.utf8), test.utf7) << test.utf8;
    EXPECT_EQ(from_modified_utf7(test.utf7), test.utf8) << test.utf7;
  }
}

TEST(ModifiedUtf7, OneNameHasOneForm) {
  for (const char* bad : {
           "&",              // ends within
           "&AOk",           // without its end
           "R&D",            // no base64
           "&AGE-",          // "a" stands as itself
           "&Jjo-&Jjo-",     // a superfluous shift (RFC 3501 §5.1.3)
           "&AOl-",          // bits that are left
           "&AOkA-",         // half a unit
           "&2D0-",          // half a pair
           "&3Oza9Q-",       // a pair the wrong way round
           "\xc3\xa9",       // 8-bit
           "a\tb", "&AO/-",  // "," stands for "/"
       }) {
    EXPECT_EQ(from_modified_utf7(bad), std::nullopt) << bad;
  }
}

TEST(ModifiedUtf7, LenientTakesWhatWasMeant) {
  EXPECT_EQ(from_modified_utf7_lenient("R&D"), "R&D");
  EXPECT_EQ(from_modified_utf7_lenient("\xed\x95\x9c"), "\xed\x95\x9c");
  EXPECT_EQ(from_modified_utf7_lenient("&Jjo-!"), "\u263a!");
  EXPECT_EQ(from_modified_utf7_lenient("\xff"), std::nullopt);
}

std::string mailbox(std::string_view text, const Dialect& dialect = {}) {
  return read_all(&parse_mailbox, text, dialect);
}

TEST(MailboxName, InboxHasNoCase) {
  EXPECT_EQ(mailbox("inbox"), "INBOX");
  EXPECT_EQ(mailbox("\"InBox\""), "INBOX");
  EXPECT_EQ(mailbox("{5}\r\nINBOX"), "INBOX");
  EXPECT_EQ(mailbox("inbox/Work"), "INBOX/Work");
  EXPECT_EQ(mailbox("Inboxes"), "Inboxes");
  EXPECT_EQ(mailbox("Work/inbox"), "Work/inbox");
}

TEST(MailboxName, IsUtf7OrUtf8AsAgreed) {
  EXPECT_EQ(mailbox("&vPSwuA-"), "\ubcf4\ub0b8");
  EXPECT_EQ(mailbox("&vPSwuA-", with_utf8()), "&vPSwuA-");
  EXPECT_EQ(mailbox("\"\ubcf4\ub0b8\"", with_utf8()), "\ubcf4\ub0b8");
  std::string out;
  append_mailbox(out, "\ubcf4\ub0b8 &", {});
  append_mailbox(out, "\ubcf4\ub0b8 &", with_utf8());
  append_mailbox(out, "R&D", {});
  append_mailbox(out, "Sent", {});
  append_mailbox(out, "nil", {});
  EXPECT_EQ(out, "\"&vPSwuA- &-\"\"\ubcf4\ub0b8 &\"R&-DSent\"nil\"");
}

TEST(MailboxName, BrokenUtf7IsALeniency) {
  EXPECT_EQ(mailbox("R&D"), "R&D");
  EXPECT_NE(refusal(&parse_mailbox, "R&D", strict()), "");
}

TEST(MailboxName, TrailingSeparatorIsTakenOff) { EXPECT_EQ(mailbox("Work/"), "Work"); }

TEST(MailboxName, Refused) {
  for (const std::string& bad :
       {std::string("\"\""), std::string("/"), std::string("{3}\r\na\nb"), std::string("&AAk-"),
        std::string("{1}\r\n\xff"), "\"" + std::string(kMaxMailboxNameBytes + 1, 'a') + "\""}) {
    EXPECT_NE(refusal(&parse_mailbox, bad, Dialect{}), "") << bad;
    EXPECT_NE(refusal(&parse_mailbox, bad, strict()), "") << bad;
  }
}

TEST(ListPattern, Matches) {
  struct Case {
    std::string_view pattern;
    std::string_view name;
    bool want;
  };
  const Case cases[] = {
      {"*", "", true},
      {"*", "a/b/c", true},
      {"%", "a", true},
      {"%", "a/b", false},
      {"%/%", "a/b", true},
      {"a/%", "a/b/c", false},
      {"a/*", "a/b/c", true},
      {"a*", "a", true},
      {"a%c", "abc", true},
      {"a%c", "a/c", false},
      {"a*c", "a/c", true},
      {"*b", "a/bb", true},
      {"%a/b%c", "a/ba/bc", false},
      {"*a/b%c", "a/ba/bc", true},
      {"*%", "a/b", true},
      {"%*", "a/b", true},
      {"a%%b", "axb", true},
      {"", "", true},
      {"", "a", false},
      {"INBOX", "INBOX", true},
      {"inbox", "INBOX", true},
      {"iN%", "INBOX", true},
      {"*box", "INBOX", true},
      {"inbox/%", "INBOX/x", true},
      {"inbox/x", "INBOX/X", false},
      {"sent", "Sent", false},
      {"\ud3b8%", "\ud3b8\uc9c0", true},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(ListPattern("", test.pattern).matches(test.name), test.want)
        << test.pattern << " " << test.name;
  }
}

TEST(ListPattern, StandsBehindItsReference) {
  EXPECT_EQ(ListPattern("Work/", "%").text(), "Work/%");
  EXPECT_EQ(ListPattern("Work", "*").text(), "Work*");
  EXPECT_EQ(ListPattern("Work/", "/Home/%").text(), "Home/%");
  EXPECT_TRUE(ListPattern("a", "b%").has_wildcard());
  EXPECT_FALSE(ListPattern("a", "b").has_wildcard());
}

TEST(ListPattern, TakesNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  pattern += "b";
  EXPECT_FALSE(ListPattern("", pattern).matches(std::string(2000, 'a')));
}

}  // namespace
}  // namespace pabal::imap
