#include "imap/grammar/fetch_command.h"

#include <gtest/gtest.h>

#include "imap/grammar/testing.h"

namespace pabal::imap {
namespace {

const Dialect kPlain;

FetchCommand fetch(std::string_view args, bool uid = false) {
  return read_all(&parse_fetch, args, strict(), uid);
}

TEST(Fetch, Macros) {
  using enum FetchItem;
  EXPECT_TRUE(fetch(" 1 FAST").items.is_only({kFlags, kInternalDate, kRfc822Size}));
  const FetchItems all = fetch(" 1 all").items;
  EXPECT_TRUE(all.has(kEnvelope) && !all.has(kBody));
  EXPECT_TRUE(fetch(" 1 FULL").items.has(kBody));
  EXPECT_NE(refusal(&parse_fetch, " 1 (ALL)", kPlain, false), "");
}

TEST(Fetch, EveryItemWithoutArguments) {
  const FetchItems items =
      fetch(
          " 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE MODSEQ EMAILID "
          "THREADID SAVEDATE PREVIEW PREVIEW (LAZY))")
          .items;
  for (unsigned i = 0; i <= static_cast<unsigned>(FetchItem::kPreviewLazy); ++i) {
    EXPECT_TRUE(items.has(static_cast<FetchItem>(i))) << i;
  }
  EXPECT_TRUE(items.sections.empty());
  EXPECT_FALSE(items.sets_seen());
}

TEST(Fetch, SectionsAndTheirLabels) {
  struct Case {
    std::string_view input;
    std::string_view label;
    bool peek;
  };
  const Case cases[] = {
      {"BODY[]", "BODY[]", false},
      {"body.peek[header]", "BODY[HEADER]", true},
      {"BODY[TEXT]<0.100>", "BODY[TEXT]<0>", false},
      {"BODY[1.2.MIME]", "BODY[1.2.MIME]", false},
      {"BODY[4.HEADER]<5.18446744073>", "BODY[4.HEADER]<5>", false},
      {"BODY.PEEK[HEADER.FIELDS (DATE From \"x y\")]", "BODY[HEADER.FIELDS (DATE From \"x y\")]", true},
      {"BODY[3.HEADER.FIELDS.NOT (to)]<10.20>", "BODY[3.HEADER.FIELDS.NOT (to)]<10>", false},
      {"BINARY[1.2]", "BINARY[1.2]", false},
      {"BINARY.PEEK[]<0.10>", "BINARY[]<0>", true},
      {"BINARY.SIZE[3]", "BINARY.SIZE[3]", true},
      {"RFC822", "RFC822", false},
      {"rfc822.header", "RFC822.HEADER", true},
      {"RFC822.TEXT", "RFC822.TEXT", false},
  };
  for (const Case& test : cases) {
    const FetchItems items = fetch(" 1 " + std::string(test.input)).items;
    ASSERT_EQ(items.sections.size(), 1u) << test.input;
    EXPECT_EQ(items.sections[0].label, test.label) << test.input;
    EXPECT_EQ(items.sections[0].peek, test.peek) << test.input;
    EXPECT_EQ(items.bits, 0u) << test.input;
    const std::string listed = " 1:5,9 (FLAGS " + std::string(test.input) + " UID)";
    EXPECT_EQ(fetch(listed).items.sections.size(), 1u) << listed;
    read_truncated(&parse_fetch, listed, kPlain, true);
  }
}

TEST(Fetch, ReadsTheSection) {
  const FetchItems items = fetch(" 1 BODY[1.20.HEADER.FIELDS (A B)]<7.9>").items;
  const FetchSection& section = items.sections.front();
  EXPECT_EQ(section.section, (Section{{1, 20}, Section::What::kHeaderFields, {"A", "B"}}));
  EXPECT_EQ(section.partial, (Partial{7, 9}));
}

TEST(Fetch, Modifiers) {
  const FetchCommand changed = fetch(" 1:* (FLAGS) (CHANGEDSINCE 12345 VANISHED)", true);
  EXPECT_EQ(changed.changed_since, mailbox::ModSeq(12345));
  EXPECT_TRUE(changed.vanished);
  EXPECT_TRUE(changed.items.has(FetchItem::kModSeq));  // RFC 7162 §3.1.4.1
  EXPECT_TRUE(changed.items.has(FetchItem::kUid));
  EXPECT_EQ(fetch(" 1:* FLAGS (PARTIAL -1:-100)", true).partial, (PartialRange{-1, -100}));
  EXPECT_EQ(fetch(" 1:* FLAGS (PARTIAL 500:400)", true).partial, (PartialRange{400, 500}));
  EXPECT_EQ(fetch(" 1:* FLAGS (PARTIAL -100:-1)", true).partial, (PartialRange{-1, -100}));
  EXPECT_EQ(fetch(" 1:* FLAGS (PARTIAL 7:7)", true).partial, (PartialRange{7, 7}));
}

TEST(Fetch, Refused) {
  for (const char* bad : {"",
                          " 1",
                          " 1 ",
                          " 1 ()",
                          " 1 FOO",
                          " 1 (FLAGS",
                          " 1 FLAGS UID",
                          " 0 FLAGS",
                          " 1 BODY[",
                          " 1 BODY[]<0.0>",
                          " 1 BODY[]<0>",
                          " 1 BODY[]<-1.5>",
                          " 1 BODY[MIME]",
                          " 1 BODY[0]",
                          " 1 BODY[1.]",
                          " 1 BODY[1.FOO]",
                          " 1 BODY[HEADER.FIELDS]",
                          " 1 BODY[HEADER.FIELDS ()]",
                          " 1 BODY[HEADER (A)]",
                          " 1 BINARY[TEXT]",
                          " 1 BINARY[1.TEXT]",
                          " 1 BINARY.SIZE[1]<0.1>",
                          " 1 BODYFOO",
                          " 1 PREVIEW (FOO)",
                          " 1 BODY.PEEK",
                          " 1 RFC822.PEEK",
                          " 1 FLAGS (FOO)",
                          " 1 FLAGS (CHANGEDSINCE)",
                          " 1 FLAGS (VANISHED)",
                          " 1 FLAGS (PARTIAL 1:*)",
                          " 1 FLAGS (PARTIAL 1:-1)",
                          " 1 FLAGS (PARTIAL 0:1)"}) {
    EXPECT_NE(refusal(&parse_fetch, bad, kPlain, true), "") << bad;
  }
  EXPECT_NE(refusal(&parse_fetch, " 1 FLAGS (PARTIAL 1:2)", kPlain, false), "");
  EXPECT_NE(refusal(&parse_fetch, " 1 FLAGS (CHANGEDSINCE 1 VANISHED)", kPlain, false), "");
}

TEST(Fetch, IsBounded) {
  std::string deep = " 1 BODY[1";
  for (std::size_t i = 0; i < kMaxSectionDepth; ++i) deep += ".1";
  EXPECT_NE(refusal(&parse_fetch, deep + "]", kPlain, false).find("deep"), std::string::npos);
  std::string many = " 1 (UID";
  for (std::size_t i = 0; i <= kMaxFetchSections; ++i) many += " BODY[1]";
  EXPECT_NE(refusal(&parse_fetch, many + ")", kPlain, false).find("More than"), std::string::npos);
}

}  // namespace
}  // namespace pabal::imap
