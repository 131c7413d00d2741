// Keys and values of the index, in bytes. Every tag is listed in docs/store-format.md and is never
// used again for something else. Decoders refuse what they do not wholly understand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/engine.h"
#include "store/rocksdb/segment.h"

namespace pabal::store {

enum class KeyTag : std::uint8_t {
  kApplied = 1,    ///< alone: how far the journal is in the index
  kSegment = 2,    ///< segment id: what the segment still holds
  kBlob = 3,       ///< blob id: where its bytes are
  kReference = 4,  ///< blob id, partition, name: the partition holds the blob under the name
  kLoose = 5,      ///< blob id: it may be that nobody holds it; the sweep looks
  kData = 6,       ///< partition, key: what callers put
};

/// Blobs carry one checksum for each of these many bytes, so that a part can be read and trusted.
inline constexpr std::uint64_t kChunkBytes = 32 * 1024;
inline constexpr std::size_t kSumBytes = 4;
constexpr std::uint64_t chunks_of(std::uint64_t size) { return (size + kChunkBytes - 1) / kChunkBytes; }
/// crc32c of each chunk, four bytes each.
std::string chunk_sums(std::string_view bytes);
bool chunks_match(std::string_view bytes, std::string_view sums);

/// Where the bytes of a blob are. In segment 0 stands: in a file of its own, under large/.
struct BlobLocation {
  SegmentId segment;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::string sums;  ///< chunk_sums; a large file carries its own

  bool large() const { return segment == SegmentId(); }
  bool operator==(const BlobLocation&) const = default;
};

/// How far the journal is applied: the next group is `next_sequence`, and stands at `offset` of
/// `segment` or at the start of the segment after it.
struct Applied {
  SegmentId segment;
  std::uint64_t offset = 0;
  std::uint64_t next_sequence = 0;
  Version last_version;
};

struct SegmentUse {
  std::uint64_t end_offset = 0;  ///< of the last group that was applied
  std::uint64_t live_bytes = 0;  ///< of blobs that the index points to
};

std::string applied_key();
std::string segment_key(SegmentId id);
std::string blob_key(const BlobId& id);
std::string reference_prefix(const BlobId& id);
std::string reference_key(const BlobId& id, std::string_view partition, std::string_view name);
std::string loose_key(const BlobId& id);
std::string data_prefix(std::string_view partition);
std::string data_key(std::string_view partition, std::string_view key);
/// All keys of one tag.
KeyRange range_of(KeyTag tag);

std::string encode_applied(const Applied& applied);
std::optional<Applied> decode_applied(std::string_view bytes);
std::string encode_segment_use(const SegmentUse& use);
std::optional<SegmentUse> decode_segment_use(std::string_view bytes);
std::string encode_location(const BlobLocation& location);
std::optional<BlobLocation> decode_location(std::string_view bytes);

/// A stored value is its version (8 bytes) and what the caller put.
inline constexpr std::size_t kVersionBytes = 8;
std::string encode_version(Version version);
struct StoredValue {
  Version version;
  std::string_view bytes;
};
std::optional<StoredValue> decode_value(std::string_view bytes);

std::optional<SegmentId> decode_segment_key(std::string_view key);
/// Of a kBlob or kLoose key.
std::optional<BlobId> decode_blob_key(std::string_view key);
struct ReferenceKey {
  BlobId blob;
  std::string_view partition;
  std::string_view name;
};
std::optional<ReferenceKey> decode_reference_key(std::string_view key);
struct DataKey {
  std::string_view partition;
  std::string_view key;
};
std::optional<DataKey> decode_data_key(std::string_view key);

}  // namespace pabal::store
