#include "store/rocksdb/record.h"

#include <gtest/gtest.h>

#include "base/cursor.h"

namespace pabal::store {
namespace {

const std::string kSums = chunk_sums("some bytes");

std::string one_of_each() {
  BatchRecord batch;
  batch.version = Version(300);
  batch.partition = "account bob";
  batch.writes = {{"key", true, "value"}, {std::string_view("\0\xff", 2), false, {}}, {"empty", true, ""}};
  batch.references = {{true, BlobId::of("some bytes"), "name"}, {false, BlobId::of("other"), "name 2"}};
  batch.blobs = {{BlobId::of("some bytes"), false, 10, 7, kSums},
                 {BlobId::of("large"), true, 1'000'000, 0, {}}};
  DropRecord drop;
  drop.dropped = {{BlobId::of("a"), SegmentId(3), 77}, {BlobId::of("b"), SegmentId(), 1'000'000}};
  drop.kept = {BlobId::of("c")};
  MoveRecord move{SegmentId(9), {{BlobId::of("some bytes"), false, 10, 0, kSums}}};
  std::string bytes;
  append_record(bytes, std::move(batch));
  append_record(bytes, std::move(drop));
  append_record(bytes, std::move(move));
  return bytes;
}

TEST(Record, ComesBackAsItWasWritten) {
  const std::string bytes = one_of_each();
  const auto records = decode_records(bytes);
  ASSERT_TRUE(records) << records.error().detail;
  ASSERT_EQ(records->size(), 3u);

  const auto& batch = std::get<BatchRecord>((*records)[0]);
  EXPECT_EQ(batch.version, Version(300));
  EXPECT_EQ(batch.partition, "account bob");
  ASSERT_EQ(batch.writes.size(), 3u);
  EXPECT_EQ(batch.writes[0].value, "value");
  EXPECT_FALSE(batch.writes[1].put);
  EXPECT_EQ(batch.writes[1].key, std::string_view("\0\xff", 2));
  EXPECT_TRUE(batch.writes[2].put);
  ASSERT_EQ(batch.references.size(), 2u);
  EXPECT_TRUE(batch.references[0].held);
  EXPECT_EQ(batch.references[1].blob, BlobId::of("other"));
  ASSERT_EQ(batch.blobs.size(), 2u);
  EXPECT_EQ(batch.blobs[0].offset, 7u);
  EXPECT_EQ(batch.blobs[0].sums, kSums);
  EXPECT_TRUE(batch.blobs[1].large);

  const auto& drop = std::get<DropRecord>((*records)[1]);
  ASSERT_EQ(drop.dropped.size(), 2u);
  EXPECT_EQ(drop.dropped[0].segment, SegmentId(3));
  EXPECT_EQ(drop.dropped[1].size, 1'000'000u);
  EXPECT_EQ(drop.kept, std::vector<BlobId>{BlobId::of("c")});

  const auto& move = std::get<MoveRecord>((*records)[2]);
  EXPECT_EQ(move.from, SegmentId(9));
  EXPECT_EQ(blobs_of((*records)[2]).size(), 1u);
}

TEST(Record, CutAnywhereIsRefused) {
  const std::string bytes = one_of_each();
  std::size_t whole = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto records = decode_records(std::string_view(bytes).substr(0, size));
    if (!records) {
      EXPECT_EQ(records.error().kind, ErrorKind::kCorrupt);
      continue;
    }
    EXPECT_EQ(records->size(), whole++) << "only between two records is nothing missing";
  }
  EXPECT_EQ(whole, 3u);
}

TEST(Record, WhatIsNotUnderstoodIsRefused) {
  const struct {
    const char* name;
    std::string body;
  } rows[] = {
      {"no type", ""},
      {"type 0", std::string(1, '\0')},
      {"a type from the future", "\x04"},
      {"a count beyond the bytes", std::string("\x02\xff\xff\xff\xff\x7f\x00", 7)},
      {"bytes behind the end", std::string("\x02\x00\x00\x00", 4)},
      {"a flag that is neither", std::string("\x01\x01\x01p\x01\x02\x01k\x00\x00", 10)},
  };
  for (const auto& row : rows) {
    std::string bytes;
    append_sized(bytes, row.body);
    EXPECT_FALSE(decode_records(bytes)) << row.name;
  }
}

}  // namespace
}  // namespace pabal::store
