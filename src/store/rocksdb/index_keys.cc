#include "store/rocksdb/index_keys.h"

#include "base/cursor.h"
#include "base/digest.h"

namespace pabal::store {

namespace {

constexpr std::size_t kBlobIdBytes = 32;

std::string tagged(KeyTag tag) { return std::string(1, static_cast<char>(tag)); }

std::string tagged(KeyTag tag, const BlobId& id) {
  std::string key;
  key.reserve(1 + kBlobIdBytes);
  key.push_back(static_cast<char>(tag));
  key.append(id.bytes());
  return key;
}

bool take_tag(Cursor& cursor, KeyTag tag) { return cursor.take_char(static_cast<char>(tag)); }

// The length goes first, so that no partition's keys lie among those of another that begins alike.
void append_partition(std::string& key, std::string_view partition) {
  append_u8(key, static_cast<std::uint8_t>(partition.size()));
  key.append(partition);
}

std::optional<std::string_view> take_partition(Cursor& cursor) {
  const auto size = cursor.take_u8();
  if (!size || *size == 0 || *size > kMaxPartitionBytes) return std::nullopt;
  return cursor.take_bytes(*size);
}

std::optional<BlobId> take_blob_id(Cursor& cursor) {
  const auto bytes = cursor.take_bytes(kBlobIdBytes);
  return bytes ? BlobId::from_bytes(*bytes) : std::nullopt;
}

bool is_name(std::string_view name) { return !name.empty() && name.size() <= kMaxKeyBytes; }

}  // namespace

std::string chunk_sums(std::string_view bytes) {
  std::string sums;
  sums.reserve(chunks_of(bytes.size()) * kSumBytes);
  for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(bytes.size(), kChunkBytes))) {
    append_u32(sums, crc32c(bytes.substr(0, kChunkBytes)));
  }
  return sums;
}

bool chunks_match(std::string_view bytes, std::string_view sums) {
  Cursor cursor(sums);
  for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(bytes.size(), kChunkBytes))) {
    if (cursor.take_u32() != crc32c(bytes.substr(0, kChunkBytes))) return false;
  }
  return cursor.at_end();
}

std::string applied_key() { return tagged(KeyTag::kApplied); }

std::string segment_key(SegmentId id) {
  std::string key = tagged(KeyTag::kSegment);
  append_u64(key, id.value());
  return key;
}

std::string blob_key(const BlobId& id) { return tagged(KeyTag::kBlob, id); }
std::string loose_key(const BlobId& id) { return tagged(KeyTag::kLoose, id); }
std::string reference_prefix(const BlobId& id) { return tagged(KeyTag::kReference, id); }

std::string reference_key(const BlobId& id, std::string_view partition, std::string_view name) {
  std::string key = reference_prefix(id);
  append_partition(key, partition);
  key.append(name);
  return key;
}

std::string data_prefix(std::string_view partition) {
  std::string key;
  key.reserve(2 + partition.size());
  key.push_back(static_cast<char>(KeyTag::kData));
  append_partition(key, partition);
  return key;
}

std::string data_key(std::string_view partition, std::string_view key) {
  std::string out;
  out.reserve(2 + partition.size() + key.size());
  out.push_back(static_cast<char>(KeyTag::kData));
  append_partition(out, partition);
  out.append(key);
  return out;
}

KeyRange range_of(KeyTag tag) { return KeyRange::with_prefix(tagged(tag)); }

std::string encode_applied(const Applied& applied) {
  std::string out;
  append_varint(out, applied.segment.value());
  append_varint(out, applied.offset);
  append_varint(out, applied.next_sequence);
  append_varint(out, applied.last_version.value());
  return out;
}

std::optional<Applied> decode_applied(std::string_view bytes) {
  Cursor cursor(bytes);
  const auto segment = cursor.take_varint();
  const auto offset = cursor.take_varint();
  const auto sequence = cursor.take_varint();
  const auto version = cursor.take_varint();
  if (!segment || !offset || !sequence || !version || !cursor.at_end()) return std::nullopt;
  return Applied{SegmentId(*segment), *offset, *sequence, Version(*version)};
}

std::string encode_segment_use(const SegmentUse& use) {
  std::string out;
  append_varint(out, use.end_offset);
  append_varint(out, use.live_bytes);
  return out;
}

std::optional<SegmentUse> decode_segment_use(std::string_view bytes) {
  Cursor cursor(bytes);
  const auto end = cursor.take_varint();
  const auto live = cursor.take_varint();
  if (!end || !live || !cursor.at_end()) return std::nullopt;
  return SegmentUse{*end, *live};
}

std::string encode_location(const BlobLocation& location) {
  std::string out;
  append_varint(out, location.segment.value());
  append_varint(out, location.offset);
  append_varint(out, location.size);
  out.append(location.sums);
  return out;
}

std::optional<BlobLocation> decode_location(std::string_view bytes) {
  Cursor cursor(bytes);
  const auto segment = cursor.take_varint();
  const auto offset = cursor.take_varint();
  const auto size = cursor.take_varint();
  if (!segment || !offset || !size) return std::nullopt;
  BlobLocation location{SegmentId(*segment), *offset, *size, std::string(cursor.rest())};
  const std::uint64_t sums = location.large() ? 0 : chunks_of(*size);
  if (location.sums.size() / kSumBytes != sums || location.sums.size() % kSumBytes != 0) return std::nullopt;
  return location;
}

std::string encode_version(Version version) {
  std::string out;
  append_u64(out, version.value());
  return out;
}

std::optional<StoredValue> decode_value(std::string_view bytes) {
  Cursor cursor(bytes);
  const auto version = cursor.take_u64();
  if (!version || cursor.rest().size() > kMaxValueBytes) return std::nullopt;
  return StoredValue{Version(*version), cursor.rest()};
}

std::optional<SegmentId> decode_segment_key(std::string_view key) {
  Cursor cursor(key);
  if (!take_tag(cursor, KeyTag::kSegment)) return std::nullopt;
  const auto id = cursor.take_u64();
  if (!id || !cursor.at_end()) return std::nullopt;
  return SegmentId(*id);
}

std::optional<BlobId> decode_blob_key(std::string_view key) {
  Cursor cursor(key);
  if (!take_tag(cursor, KeyTag::kBlob) && !take_tag(cursor, KeyTag::kLoose)) return std::nullopt;
  const auto id = take_blob_id(cursor);
  return cursor.at_end() ? id : std::nullopt;
}

std::optional<ReferenceKey> decode_reference_key(std::string_view key) {
  Cursor cursor(key);
  if (!take_tag(cursor, KeyTag::kReference)) return std::nullopt;
  const auto id = take_blob_id(cursor);
  if (!id) return std::nullopt;
  const auto partition = take_partition(cursor);
  if (!partition || !is_name(cursor.rest())) return std::nullopt;
  return ReferenceKey{*id, *partition, cursor.rest()};
}

std::optional<DataKey> decode_data_key(std::string_view key) {
  Cursor cursor(key);
  if (!take_tag(cursor, KeyTag::kData)) return std::nullopt;
  const auto partition = take_partition(cursor);
  if (!partition || !is_name(cursor.rest())) return std::nullopt;
  return DataKey{*partition, cursor.rest()};
}

}  // namespace pabal::store
