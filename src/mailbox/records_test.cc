#include "mailbox/records.h"

#include <gtest/gtest.h>

#include "mailbox/log_ops.h"
#include "mailbox/table_testing.h"

namespace pabal::mailbox {
namespace {

/// Whole it comes back; cut or lengthened it is refused.
template <class Decode, class Record>
void expect_strict(const std::string& bytes, Decode decode, const Record& record) {
  EXPECT_EQ(decode(bytes), record);
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode(bytes.substr(0, size))) << size;
  EXPECT_FALSE(decode(bytes + 'x'));
  std::string other_form = bytes;
  other_form[0] = 99;
  EXPECT_FALSE(decode(other_form));
}

TEST(MailboxRecords, ComeBackAsTheyWentAndAreRefusedWhenCut) {
  const LetterRecord letter{.blob = store::BlobId::of("x"),
                            .blob_bytes = 1,
                            .received = WallTime(std::chrono::microseconds(5)),
                            .journey = journey::JourneyId(99),
                            .recipient = "bob@hamburger.edu",
                            .preamble = "Received: by us\r\n"};
  expect_strict(encode(letter), decode_letter_record, letter);
  Folder folder{.id = FolderId(70'000),
                .parent = FolderId(3),
                .name = "보고서",
                .use = SpecialUse::kImportant,
                .subscribed = true,
                .placeholder = true,
                .uid_validity = 1'800'000'000,
                .uid_next = Uid(UINT32_MAX),
                .mod_seq = ModSeq(UINT64_MAX),
                .letters = 7,
                .unseen = 6,
                .deleted = 5,
                .bytes = 1'000'000'000'000,
                .deleted_bytes = 4,
                .keywords = KeywordTable({"$Forwarded", "Later"})};
  expect_strict(encode(folder), decode_folder, folder);
  folder.acl = Acl({{.who = account::AccountId(300), .rights = Rights::all()},
                    {.who = kAnyone, .negative = true, .rights = {Right::kRead}}});
  expect_strict(encode(folder), decode_folder, folder);
  expect_strict(encode(Folder()), decode_folder, Folder());
  expect_strict(encode_checkpoint(ModSeq(12345)), decode_checkpoint, ModSeq(12345));
  const WallTime when(std::chrono::microseconds(5));
  expect_strict(encode_beginning(when), decode_beginning, when);
}

TEST(MailboxKeys, ComeBackAndSortAsTheirNumbersDo) {
  EXPECT_EQ(parse_log_key(log_key(ModSeq(9))), (LogKey{ModSeq(9), 0}));
  EXPECT_EQ(parse_log_key(log_key(ModSeq(9), 3)), (LogKey{ModSeq(9), 3}));
  EXPECT_EQ(parse_folder_key(folder_key(FolderId(9))), FolderId(9));
  EXPECT_EQ(parse_page_key(page_key(FolderId(9), {Uid(8), Uid(11)})),
            (PageKey{FolderId(9), {Uid(8), Uid(11)}}));
  EXPECT_EQ(parse_letter_key(letter_key(LetterId(9))), LetterId(9));
  EXPECT_EQ(parse_facts_key(facts_key(LetterId(9))), LetterId(9));
  EXPECT_TRUE(page_key(FolderId(9), {Uid(8), Uid(11)}).starts_with(page_prefix(FolderId(9))));
  for (const std::string& key :
       {log_key(ModSeq(9)) + "/", log_key(ModSeq(9), 1) + "x", folder_key(FolderId(1)) + "x",
        page_prefix(FolderId(1)), page_key(FolderId(1), {Uid(1), Uid(2)}) + "x",
        letter_key(LetterId(1)).substr(0, 10)}) {
    EXPECT_FALSE(parse_log_key(key) || parse_folder_key(key) || parse_page_key(key) || parse_letter_key(key))
        << key;
  }
  EXPECT_LT(log_key(ModSeq(255)), log_key(ModSeq(255), 1));
  EXPECT_LT(log_key(ModSeq(255), 1), log_key(ModSeq(255), 2));
  EXPECT_LT(log_key(ModSeq(255), 2), log_key(ModSeq(256)));
}

TEST(MailboxCounters, GiveAUidValidityOnlyOnce) {
  Counters counters;
  counters.last_uid_validity = next_uid_validity(counters, wall_seconds(1000));
  EXPECT_EQ(counters.last_uid_validity, 1000U);
  counters.last_uid_validity = next_uid_validity(counters, wall_seconds(1000));
  EXPECT_EQ(counters.last_uid_validity, 1001U);
  EXPECT_EQ(next_uid_validity(counters, wall_seconds(3)), 1002U);
  EXPECT_EQ(next_uid_validity(Counters(), wall_seconds(-3)), 1U);
}

}  // namespace
}  // namespace pabal::mailbox
