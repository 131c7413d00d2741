#include "store/rocksdb/index_keys.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pabal::store {
namespace {

const BlobId kBlob = BlobId::of("blob");

TEST(IndexKeys, PartitionsNeverInterleave) {
  // In the order of the index: by the length of the partition's name, then by its bytes, then by key.
  const std::string keys[] = {data_key("a", "\x01"),  data_key("a", "b"),     data_key("a", "\xff\xff"),
                              data_key("b", "a"),     data_key("aa", "\x01"), data_key("ab", "a"),
                              data_key("aaa", "\x01")};
  EXPECT_TRUE(std::ranges::is_sorted(keys));
  EXPECT_LT(data_key("a", "\xff\xff"), KeyRange::with_prefix(data_prefix("a")).end);
  EXPECT_GE(data_key("aa", "\x01"), KeyRange::with_prefix(data_prefix("a")).end);
}

TEST(IndexKeys, ComeBackAsTheyWereWritten) {
  const std::string data_bytes = data_key("account", "key");
  const auto data = decode_data_key(data_bytes);
  ASSERT_TRUE(data);
  EXPECT_EQ(data->partition, "account");
  EXPECT_EQ(data->key, "key");
  const std::string reference_bytes = reference_key(kBlob, "account", "name");
  const auto reference = decode_reference_key(reference_bytes);
  ASSERT_TRUE(reference);
  EXPECT_EQ(reference->blob, kBlob);
  EXPECT_EQ(reference->partition, "account");
  EXPECT_EQ(reference->name, "name");
  EXPECT_EQ(decode_blob_key(blob_key(kBlob)), kBlob);
  EXPECT_EQ(decode_blob_key(loose_key(kBlob)), kBlob);
  EXPECT_EQ(decode_segment_key(segment_key(SegmentId(258))), SegmentId(258));
}

TEST(IndexKeys, DecodersRefuseWhatTheyDoNotKnow) {
  EXPECT_FALSE(decode_data_key(""));
  EXPECT_FALSE(decode_data_key(data_prefix("account")));
  EXPECT_FALSE(decode_data_key(blob_key(kBlob)));
  EXPECT_FALSE(decode_data_key(std::string("\x06\x00key", 5)));
  EXPECT_FALSE(decode_data_key("\x06\x05key"));
  EXPECT_FALSE(decode_blob_key(blob_key(kBlob) + "x"));
  EXPECT_FALSE(decode_blob_key(blob_key(kBlob).substr(0, 20)));
  EXPECT_FALSE(decode_reference_key(reference_prefix(kBlob)));
  EXPECT_FALSE(decode_segment_key(segment_key(SegmentId(1)) + "x"));
  EXPECT_FALSE(decode_value("1234567"));
  EXPECT_FALSE(decode_applied(encode_applied({SegmentId(1), 2, 3, Version(4)}) + "x"));
  EXPECT_FALSE(decode_segment_use(encode_segment_use({1, 2}) + "x"));
}

TEST(BlobLocation, HasOneSumForEachChunk) {
  const BlobLocation small{SegmentId(5), 4128, 70'000, std::string(12, 's')};
  EXPECT_EQ(decode_location(encode_location(small)), small);
  const BlobLocation large{SegmentId(), 0, 70'000, {}};
  EXPECT_EQ(decode_location(encode_location(large)), large);
  EXPECT_FALSE(decode_location(encode_location({SegmentId(5), 4128, 70'000, std::string(8, 's')})));
  EXPECT_FALSE(decode_location(encode_location({SegmentId(5), 4128, 70'000, std::string(13, 's')})));
  EXPECT_FALSE(decode_location(encode_location({SegmentId(), 0, 70'000, std::string(12, 's')})));
}

}  // namespace
}  // namespace pabal::store
