#include "mailbox/log_ops.h"

#include <gtest/gtest.h>

#include "mailbox/table_testing.h"

namespace pabal::mailbox {
namespace {

LogRecord record_of(std::vector<Operation> operations) {
  return {.after = {ModSeq(9), LetterId(8), FolderId(7), 6, 5, 4},
          .at = wall_seconds(3),
          .operations = std::move(operations)};
}

LogRecord one_of_each() {
  op::RowsCame rows = came(kInbox, 4'000'000'000, 5);
  rows.rows[1] = {.letter = LetterId(UINT64_MAX),
                  .size_bytes = kMaxLetterBytes,
                  .shared = true,
                  .flags = Flags(UINT64_MAX),
                  .received = std::chrono::sys_seconds(std::chrono::seconds(-1))};
  return record_of(
      {rows,
       op::FlagsChanged{.folder = kInbox, .uids = uids({1, 2, 9}), .how = FlagEdit::kRemove, .flags = kSeen},
       op::RowsShared{.folder = kInbox, .uids = uids(1, UINT32_MAX)},
       op::RowsLeft{.folder = FolderId(7),
                    .uids = uids(1, 3),
                    .letters = {LetterId(3), LetterId(5), LetterId(6), LetterId(UINT64_MAX)},
                    .shared_letters = {LetterId(4)}},
       op::FolderChanged{.folder = FolderId(7),
                         .made = true,
                         .parent = kInbox,
                         .name = "보고서",
                         .use = SpecialUse::kJunk,
                         .subscribed = true},
       op::FolderDeleted{.folder = FolderId(6)}});
}

/// Nothing if it is refused.
std::optional<LogRecord> read(ModSeq change, const std::vector<std::string>& values) {
  LogReader reader;
  for (std::uint32_t part = 0; part < values.size(); ++part) {
    auto record = reader.read(log_key(change, part), values[part]);
    if (!record) return std::nullopt;
    if (*record) return part + 1 == values.size() ? *record : std::nullopt;
  }
  return std::nullopt;
}

TEST(LogRecord, ComesBackAsItWentAndIsRefusedWhenCut) {
  const LogRecord record = one_of_each();
  const auto values = encode(record);
  ASSERT_TRUE(values);
  ASSERT_EQ(values->size(), 1U);
  EXPECT_EQ(read(ModSeq(9), *values), record);
  EXPECT_EQ(decode_log_head(values->front())->after, record.after);
  EXPECT_EQ(decode_log_head(values->front())->at, record.at);
  EXPECT_FALSE(read(ModSeq(10), *values)) << "it lies under another change's key";
  const std::string& bytes = values->front();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_FALSE(read(ModSeq(9), {bytes.substr(0, size)})) << size;
  }
  EXPECT_FALSE(read(ModSeq(9), {bytes + 'x'}));
}

TEST(LogRecord, IsAFewBytesForALetterAndForAFlag) {
  EXPECT_LT(encode(record_of({came(kInbox, 1, 1)}))->front().size(), 70U);
  const op::FlagsChanged all{.folder = kInbox, .uids = uids(1, 100'000), .flags = kSeen};
  EXPECT_LT(encode(record_of({all}))->front().size(), 40U);
}

TEST(LogRecord, GoesOnInFurtherValues) {
  op::RowsCame rows = came(kInbox, 1, 200'000);
  std::mt19937 random(7);
  for (auto& row : rows.rows) {
    row.letter = LetterId(random() % 1'000'000);
    row.size_bytes = static_cast<std::uint32_t>(random() % 100'000);
    row.received += std::chrono::seconds(random() % 10'000);
  }
  const LogRecord record = record_of({rows, op::FolderDeleted{.folder = FolderId(2)}});
  auto values = encode(record);
  ASSERT_TRUE(values);
  ASSERT_GT(values->size(), 3U);
  EXPECT_LT(values->size() * store::kMaxValueBytes / rows.rows.size(), 10U) << "bytes a row";
  for (const std::string& value : *values) EXPECT_LE(value.size(), store::kMaxValueBytes);
  EXPECT_EQ(decode_log_head(values->front())->after, record.after);
  EXPECT_TRUE(read(ModSeq(9), *values) == record);

  LogReader reader;
  ASSERT_TRUE(reader.read(log_key(ModSeq(9)), (*values)[0]));
  EXPECT_TRUE(reader.within_record());
  EXPECT_EQ(reader.read(log_key(ModSeq(9), 2), (*values)[2]).error().kind, ErrorKind::kCorrupt);
  EXPECT_FALSE(LogReader().read(log_key(ModSeq(9), 1), (*values)[1]));
  values->back().pop_back();
  EXPECT_FALSE(read(ModSeq(9), *values));
}

TEST(LogRecord, IsRefusedWhenItIsMoreThanACommitMayBring) {
  const auto encoded = encode(record_of({came(kInbox, 1, kMaxRowsInCommit), came(kInbox, 300'000, 1)}));
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().kind, ErrorKind::kOverLimit);
  op::FlagsChanged scattered{.folder = kInbox, .flags = kSeen};
  for (std::uint32_t uid = 1; uid < 4'000'000; uid += 2) scattered.uids.add(Uid(uid));
  EXPECT_FALSE(encode(record_of({scattered})));
}

TEST(LogOps, TellWhatLeavesAndWhatIsTransferred) {
  Table table = table_of(10);
  table =
      next_table(table, ModSeq(2), wall_seconds(20), op::RowsShared{.folder = kInbox, .uids = uids({3, 4})});
  table = next_table(table, ModSeq(3), wall_seconds(20),
                     op::FlagsChanged{.folder = kInbox, .uids = uids({3}), .flags = kSeen});

  const op::RowsLeft left = rows_left(*table, uids({2, 3, 5, 77}), false);
  EXPECT_EQ(left.uids, uids({2, 3, 5}));
  EXPECT_EQ(left.letters, (std::vector{LetterId(1002), LetterId(1005)}));
  EXPECT_EQ(left.shared_letters, std::vector{LetterId(1003)});
  const op::RowsLeft moved = rows_left(*table, uids({2, 3}), true);
  EXPECT_TRUE(moved.letters.empty() && moved.shared_letters.empty());

  const op::RowsCame copy = rows_to_transfer(*table, uids({2, 3, 77}), FolderId(5), Uid(40), false);
  EXPECT_EQ(copy.folder, FolderId(5));
  EXPECT_EQ(copy.first_uid, Uid(40));
  ASSERT_EQ(copy.rows.size(), 2U);
  EXPECT_TRUE(copy.rows[0].shared && copy.rows[1].shared);
  EXPECT_EQ(copy.rows[1].flags, kSeen);
  EXPECT_EQ(copy.rows[1].letter, LetterId(1003));
  const op::RowsCame transfer = rows_to_transfer(*table, uids({2, 3}), FolderId(5), Uid(40), true);
  EXPECT_FALSE(transfer.rows[0].shared);
  EXPECT_TRUE(transfer.rows[1].shared);
}

}  // namespace
}  // namespace pabal::mailbox
