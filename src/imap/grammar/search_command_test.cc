#include "imap/grammar/search_command.h"

#include <gtest/gtest.h>

#include "imap/grammar/flags.h"
#include "imap/grammar/object_id.h"
#include "imap/grammar/testing.h"

namespace pabal::imap {
namespace {

namespace query = mailbox::query;
using mailbox::Query;

/// The tree as a line that a person can check.
struct Drawing {
  std::string operator()(const query::All&) const { return "all"; }
  std::string operator()(const query::And& node) const { return draw_all("and", node.parts); }
  std::string operator()(const query::Or& node) const { return draw_all("or", node.parts); }
  std::string operator()(const query::Not& node) const { return draw_all("not", node.part); }
  std::string operator()(const query::InSet& node) const { return "set" + std::to_string(node.set); }
  std::string operator()(const query::Flagged& node) const {
    std::string out;
    append_flag_list(out, node.flag);
    return out;
  }
  std::string operator()(const query::Larger& node) const { return ">" + std::to_string(node.bytes); }
  std::string operator()(const query::Smaller& node) const { return "<" + std::to_string(node.bytes); }
  std::string operator()(const query::Dated& node) const {
    static constexpr const char* kWhich[] = {"received", "sent", "saved"};
    static constexpr const char* kWhen[] = {" before ", " on ", " since "};
    return std::string(kWhich[static_cast<int>(node.which)]) + kWhen[static_cast<int>(node.when)] +
           std::to_string(static_cast<int>(node.day.year())) + "-" +
           std::to_string(static_cast<unsigned>(node.day.month())) + "-" +
           std::to_string(static_cast<unsigned>(node.day.day()));
  }
  std::string operator()(const query::Younger& node) const {
    return "younger " + std::to_string(node.than.count());
  }
  std::string operator()(const query::Older& node) const {
    return "older " + std::to_string(node.than.count());
  }
  std::string operator()(const query::HeaderHas& node) const { return node.name + ":" + node.text; }
  std::string operator()(const query::BodyHas& node) const { return "body:" + node.text; }
  std::string operator()(const query::TextHas& node) const { return "text:" + node.text; }
  std::string operator()(const query::ChangedSince& node) const {
    return "modseq " + std::to_string(node.at_least.value());
  }
  std::string operator()(const query::IsLetter& node) const {
    return "letter " + std::to_string(node.letter.value());
  }
  std::string operator()(const query::InThread& node) const {
    return "thread " + std::to_string(node.thread.value());
  }

  static std::string draw(const Query& query) { return std::visit(Drawing{}, query.is); }
  static std::string draw_all(std::string name, const std::vector<Query>& parts) {
    for (std::size_t i = 0; i < parts.size(); ++i) name += (i == 0 ? "(" : ", ") + draw(parts[i]);
    return name + ")";
  }
};

const Dialect kPlain;

SearchProgram program(std::string_view text) { return read_all(&parse_search_program, text, strict()); }
std::string drawn(std::string_view text) { return Drawing::draw(program(text).query); }

TEST(Search, EveryKey) {
  struct Case {
    std::string_view input;
    std::string_view want;
  };
  const Case cases[] = {
      {"ALL", "all"},
      {"seen", "(\\Seen)"},
      {"UNSEEN", "not((\\Seen))"},
      {"ANSWERED UNANSWERED", "and((\\Answered), not((\\Answered)))"},
      {"DELETED UNDELETED", "and((\\Deleted), not((\\Deleted)))"},
      {"FLAGGED UNFLAGGED", "and((\\Flagged), not((\\Flagged)))"},
      {"DRAFT UNDRAFT", "and((\\Draft), not((\\Draft)))"},
      {"KEYWORD $Junk UNKEYWORD x", "and(($Junk), not((x)))"},
      {"RECENT", "not(all)"},
      {"NEW", "not(all)"},
      {"OLD", "all"},
      {"FROM Smith", "From:Smith"},
      {"TO a CC b BCC c", "and(To:a, Cc:b, Bcc:c)"},
      {"SUBJECT \"two words\"", "Subject:two words"},
      {"HEADER X-Foo \"\"", "X-Foo:"},
      {"BODY {4}\r\nword", "body:word"},
      {"TEXT word", "text:word"},
      {"TEXT \"\"", "all"},
      {"BODY \"\"", "all"},
      {"BEFORE 1-Feb-1994", "received before 1994-2-1"},
      {"ON \"1-Feb-1994\"", "received on 1994-2-1"},
      {"SINCE 1-Feb-1994", "received since 1994-2-1"},
      {"SENTBEFORE 1-Feb-1994", "sent before 1994-2-1"},
      {"SENTON 1-Feb-1994", "sent on 1994-2-1"},
      {"SENTSINCE 1-Feb-1994", "sent since 1994-2-1"},
      {"SAVEDBEFORE 1-Feb-1994", "saved before 1994-2-1"},
      {"SAVEDON 1-Feb-1994", "saved on 1994-2-1"},
      {"SAVEDSINCE 1-Feb-1994", "saved since 1994-2-1"},
      {"SAVEDATESUPPORTED", "all"},
      {"LARGER 5000000000", ">5000000000"},
      {"SMALLER 0", "<0"},
      {"OLDER 60 YOUNGER 3600", "and(older 60, younger 3600)"},
      {"MODSEQ 620162338", "modseq 620162338"},
      {"MODSEQ \"/flags/\\\\draft\" all 620162338", "modseq 620162338"},
      {"EMAILID M17", "letter 17"},
      {"THREADID T4", "thread 4"},
      {"EMAILID 6d99a3275dd4e", "not(all)"},
      {"1:3,5", "set0"},
      {"UID 1:*", "set0"},
      {"UIDAFTER 5", "set0"},
      {"UIDBEFORE 5", "set0"},
      {"UIDBEFORE 1", "not(all)"},
      {"$", "set0"},
      {"1 UID 2 NOT 3", "and(set0, set1, not(set2))"},
      {"NOT SEEN", "not((\\Seen))"},
      {"NOT NOT SEEN", "(\\Seen)"},
      {"NOT UNSEEN", "not(not((\\Seen)))"},
      {"(SEEN)", "(\\Seen)"},
      {"(SEEN DRAFT) 1", "and(and((\\Seen), (\\Draft)), set0)"},
      {"OR SEEN DRAFT", "or((\\Seen), (\\Draft))"},
      {"OR OR 1 2 OR 3 4", "or(set0, set1, set2, set3)"},
      {"NOT OR 1 2 3", "and(not(or(set0, set1)), set2)"},
      {"OR (1 2) NOT 3", "or(and(set0, set1), not(set2))"},
      {"CHARSET UTF-8 TEXT \"\xeb\xb2\x88\xec\x97\xad\"", "text:\ubc88\uc5ed"},
  };
  for (const Case& test : cases) {
    Cursor in(test.input);
    const auto got = parse_search_program(in, kPlain);
    ASSERT_TRUE(got) << test.input << ": " << got.error().detail;
    EXPECT_EQ(Drawing::draw(got->query), test.want) << test.input;
    read_truncated(&parse_search_program, test.input, kPlain);
  }
}

TEST(Search, Refused) {
  for (const char* bad : {"",
                          " ",
                          "FOO",
                          "SEEN,DRAFT",
                          "SEEN DRAFT)",
                          "(SEEN",
                          "()",
                          "NOT",
                          "OR 1",
                          "OR",
                          "FROM",
                          "FROM ",
                          "BEFORE x",
                          "LARGER",
                          "LARGER -1",
                          "OLDER 0",
                          "UID",
                          "UID x",
                          "0",
                          "1:",
                          "KEYWORD \\Seen",
                          "HEADER \"\" x",
                          "MODSEQ",
                          "MODSEQ \"/foo/x\" all 1",
                          "MODSEQ \"/flags/x\" both 1",
                          "CHARSET UTF-8",
                          "CHARSET"}) {
    EXPECT_NE(refusal(&parse_search_program, bad, kPlain), "") << bad;
  }
}

TEST(Search, SetsTellWhatTheirNumbersAre) {
  const SearchProgram got = program("1 UID 2 $");
  ASSERT_EQ(got.sets.size(), 3u);
  EXPECT_FALSE(got.sets[0].uid);
  EXPECT_TRUE(got.sets[1].uid);
  EXPECT_TRUE(got.sets[2].set.is_saved());
  EXPECT_TRUE(program("MODSEQ 1").uses_mod_seq);
  EXPECT_FALSE(program("ALL").uses_mod_seq);
}

TEST(Search, Charsets) {
  EXPECT_EQ(drawn("CHARSET EUC-KR TEXT {4}\r\n\xb9\xf8\xbf\xaa"), "text:\ubc88\uc5ed");
  EXPECT_EQ(drawn("CHARSET \"ISO-8859-1\" SUBJECT {1}\r\n\xe9"), "Subject:\u00e9");
  EXPECT_EQ(drawn("TEXT {2}\r\n\xc3\xa9"), "text:\u00e9");
  const SearchProgram unknown = program("CHARSET KLINGON TEXT x");
  EXPECT_FALSE(unknown.charset_known);
  EXPECT_EQ(unknown.charset, "KLINGON");
  EXPECT_TRUE(program("CHARSET US-ASCII ALL").charset_known);
}

TEST(Search, DepthIsBoundedAndChainsAreNotDeep) {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '(') + "ALL" + std::string(levels, ')');
  };
  EXPECT_EQ(refusal(&parse_search_program, nested(40), kPlain), "");
  EXPECT_NE(refusal(&parse_search_program, nested(60), kPlain).find("levels deep"), std::string::npos);
  EXPECT_NE(refusal(&parse_search_program, nested(100'000), kPlain), "");
  std::string ors;
  std::string nots;
  for (int i = 0; i < 500; ++i) {
    ors += "OR " + std::to_string(i + 1) + " ";
    nots += "NOT ";
  }
  EXPECT_EQ(refusal(&parse_search_program, ors + "SEEN", kPlain), "");
  EXPECT_EQ(drawn(nots + "SEEN"), "(\\Seen)");
}

TEST(Search, ConditionsAreBounded) {
  std::string many = "1";
  for (std::size_t i = 1; i < mailbox::kMaxQueryConditions; ++i) many += " 1";
  EXPECT_EQ(refusal(&parse_search_program, many, kPlain), "");
  EXPECT_NE(refusal(&parse_search_program, many + " 1", kPlain).find("conditions"), std::string::npos);
}

TEST(Search, ReturnOptions) {
  EXPECT_FALSE(read_all(&parse_search, " ALL", strict()).wanted.given);
  const auto none = read_all(&parse_search, " RETURN () ALL", strict()).wanted;
  EXPECT_TRUE(none.given && none.all);
  const auto some =
      read_all(&parse_search, " RETURN (MIN MAX COUNT SAVE) CHARSET UTF-8 ALL", strict()).wanted;
  EXPECT_TRUE(some.min && some.max && some.count && some.save && !some.all);
  const auto context = read_all(&parse_search, " RETURN (PARTIAL 1:10 CONTEXT UPDATE) ALL", strict()).wanted;
  EXPECT_TRUE(context.context && context.update && context.partial);
  EXPECT_TRUE(read_all(&parse_search, " RETURN (UPDATE (UID FLAGS)) ALL", strict()).wanted.update_items);
  EXPECT_TRUE(read_all(&parse_search, " RETURN (UPDATE(UID FLAGS)) ALL", strict()).wanted.update_items);
  for (const char* bad : {"", " RETURN ALL", " RETURN (FOO) ALL", " RETURN (ALL PARTIAL 1:2) ALL",
                          " RETURN (MIN)", " RETURN (PARTIAL 1:2 PARTIAL 1:2) ALL"}) {
    EXPECT_NE(refusal(&parse_search, bad, kPlain), "") << bad;
  }
}

TEST(Sort, KeysAndCharset) {
  const auto got =
      read_all(&parse_sort, " (SUBJECT REVERSE DATE DISPLAYFROM) UTF-8 SINCE 1-Feb-1994", strict());
  using By = SortKey::By;
  EXPECT_EQ(got.keys, (std::vector<SortKey>{{By::kSubject}, {By::kDate, true}, {By::kDisplayFrom}}));
  EXPECT_EQ(Drawing::draw(got.program.query), "received since 1994-2-1");
  EXPECT_TRUE(read_all(&parse_sort, " RETURN (COUNT) (ARRIVAL) US-ASCII ALL", strict()).wanted.count);
  for (const char* bad : {" () UTF-8 ALL", " (FOO) UTF-8 ALL", " (REVERSE) UTF-8 ALL", " (DATE) ALL",
                          " (DATE) UTF-8", " DATE UTF-8 ALL"}) {
    EXPECT_NE(refusal(&parse_sort, bad, kPlain), "") << bad;
  }
}

TEST(Thread, AlgorithmAndCharset) {
  using By = ThreadCommand::By;
  EXPECT_EQ(read_all(&parse_thread, " REFERENCES UTF-8 ALL", strict()).by, By::kReferences);
  EXPECT_EQ(read_all(&parse_thread, " ORDEREDSUBJECT US-ASCII TEXT gewp", strict()).by, By::kOrderedSubject);
  EXPECT_NE(refusal(&parse_thread, " REFS UTF-8 ALL", kPlain), "");
}

TEST(Esearch, Sources) {
  const auto got =
      read_all(&parse_esearch,
               " IN (mailboxes \"folder1\" subtree (folder2 a) personal) RETURN (COUNT) unseen", strict());
  ASSERT_EQ(got.sources.size(), 3u);
  EXPECT_EQ(got.sources[1], (MailboxFilter{MailboxFilter::Kind::kSubtree, {"folder2", "a"}}));
  EXPECT_TRUE(read_all(&parse_esearch, " unseen", strict()).sources.empty());
  EXPECT_EQ(Drawing::draw(read_all(&parse_esearch, " IN (selected) SEEN", strict()).program.query),
            "(\\Seen)");
  for (const char* bad : {" IN () ALL", " IN (selected-delayed) ALL", " IN (personal (FOO 1)) ALL",
                          " IN personal ALL", " IN (personal)"}) {
    EXPECT_NE(refusal(&parse_esearch, bad, kPlain), "") << bad;
  }
}

TEST(CancelUpdate, TakesTags) {
  EXPECT_EQ(read_all(&parse_cancelupdate, " \"B02\" \"B03\"", strict()),
            (std::vector<std::string>{"B02", "B03"}));
  EXPECT_NE(refusal(&parse_cancelupdate, "", kPlain), "");
  EXPECT_NE(refusal(&parse_cancelupdate, " B02", kPlain), "");
}

TEST(ObjectIds, BothWays) {
  std::string out;
  append_email_id(out, mailbox::LetterId(17));
  EXPECT_EQ(parse_email_id(out), mailbox::LetterId(17));
  EXPECT_EQ(parse_thread_id("T4"), mailbox::LetterId(4));
  out.clear();
  append_thread_id(out, mailbox::LetterId(17), account::AccountId(4));
  EXPECT_EQ(out, "T17-4");
  EXPECT_EQ(parse_thread_id(out), mailbox::LetterId(17));
  for (const char* bad : {"", "M", "M0", "M01", "T1", "M1x", "M1-", "M1-0", "M18446744073709551616"}) {
    EXPECT_FALSE(parse_email_id(bad)) << bad;
  }
}

}  // namespace
}  // namespace pabal::imap
