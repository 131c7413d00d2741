// A segment: one file of the journal. Drawn in docs/store-format.md:
//
//     segment header, padded with zeros to kSegmentHeaderBytes
//     group, group, ...            one after the other, each beginning at a multiple of 8
//     zeros to the end of the file (space written ahead), or nothing
//
//     group:   header (32 bytes) | records | bytes of blobs | 0 to 7 zeros | kGroupEnd
//
// A group is what one sync made durable. The next is written only after that sync, so a crash can
// tear the last group alone: whatever is unreadable with a group behind it is damage.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/strong.h"
#include "store/rocksdb/disk.h"

namespace pabal::store {

/// Rises by one a segment; never reused; 0 is no segment.
using SegmentId = Strong<struct SegmentIdTag, std::uint64_t>;

/// A page of its own, which no later write touches again.
inline constexpr std::uint64_t kSegmentHeaderBytes = 4096;
inline constexpr std::uint64_t kGroupHeaderBytes = 32;
/// The last byte of every group: not zero, so that a group whose end was never written shows it.
inline constexpr char kGroupEnd = '\xa5';
/// A group holds at least one whole batch; this is far above any, and stops a damaged length.
inline constexpr std::uint64_t kMaxGroupBytes = 1024ULL * 1024 * 1024;

struct SegmentHeader {
  SegmentId id;
  /// Seeds the checksums of the group headers. Known to nobody outside, so that no letter can carry bytes
  /// that pass for a group.
  std::uint32_t salt = 0;
};

struct GroupHeader {
  std::uint64_t sequence = 0;  ///< rises by one a group, across segments
  std::uint32_t records_bytes = 0;
  std::uint32_t records_crc = 0;
  std::uint64_t blob_bytes = 0;
};

std::string segment_file_name(SegmentId id);
/// Nothing if the name is not a segment's.
std::optional<SegmentId> parse_segment_file_name(std::string_view name);

std::string encode_segment_header(const SegmentHeader& header);
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes);
std::string encode_group_header(const GroupHeader& header, std::uint32_t salt);
std::optional<GroupHeader> decode_group_header(std::string_view bytes, std::uint32_t salt);
/// From the header's first byte to the end mark, both included.
std::uint64_t group_bytes(const GroupHeader& header);

struct Group {
  std::uint64_t offset = 0;
  GroupHeader header;
  std::string records;

  std::uint64_t blobs_offset() const { return offset + kGroupHeaderBytes + header.records_bytes; }
  std::uint64_t end() const { return offset + group_bytes(header); }
};

/// What stands where no whole group was found.
enum class Rest {
  kNothing,  ///< zeros, or the end of the file: the journal simply ends here
  kTorn,     ///< a group that was never whole: a crash came between its write and its sync
  kDamaged,  ///< a group that was whole once
};

class SegmentReader {
 public:
  /// kCorrupt if the header is not that of segment `id`.
  static Result<SegmentReader> open(std::shared_ptr<const ReadableFile> file, SegmentId id);

  /// The group at `offset` if its header and records are whole, it lies inside the file, and ends with its
  /// mark. The bytes of its blobs are not read: the records hold their checksums. Without `sequence`, any
  /// group will do.
  Result<std::optional<Group>> read_group(std::uint64_t offset, std::optional<std::uint64_t> sequence) const;
  /// Whether the header of group `sequence` stands at `offset`: then the group before it was synced.
  Result<bool> has_header(std::uint64_t offset, std::uint64_t sequence) const;
  /// Judges what stands at `offset`, where group `sequence` was expected and isn't whole.
  Result<Rest> judge_rest(std::uint64_t offset, std::uint64_t sequence) const;

  const ReadableFile& file() const { return *file_; }
  std::uint64_t size() const { return size_; }
  SegmentId id() const { return header_.id; }

 private:
  struct Survey {
    bool all_zero = true;
    bool later_group = false;
  };

  SegmentReader(std::shared_ptr<const ReadableFile> file, SegmentHeader header, std::uint64_t size)
      : file_(std::move(file)), header_(header), size_(size) {}

  Result<std::optional<GroupHeader>> read_header(std::uint64_t offset) const;
  Result<Survey> survey(std::uint64_t offset, std::uint64_t sequence) const;
  Result<bool> may_be_torn(std::uint64_t offset, std::uint64_t sequence) const;

  std::shared_ptr<const ReadableFile> file_;
  SegmentHeader header_;
  std::uint64_t size_;
};

}  // namespace pabal::store
