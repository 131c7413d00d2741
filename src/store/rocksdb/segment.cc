#include "store/rocksdb/segment.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/digest.h"

namespace pabal::store {

namespace {

constexpr std::string_view kSegmentMagic = "PABALJNL";
constexpr std::uint32_t kSegmentVersion = 1;
constexpr std::size_t kSegmentHeaderCoded = 8 + 4 + 8 + 4 + 4;
constexpr std::string_view kGroupMagic = "pgrp";
constexpr std::string_view kSuffix = ".seg";
constexpr std::size_t kNameDigits = 12;
// What a disk writes as one: a torn write lacks whole pages, or the end of one.
constexpr std::uint64_t kSectorBytes = 512;

// Comparing the bytes with themselves, one further, is as fast as memory.
bool all_zero(std::string_view bytes) {
  return bytes.empty() ||
         (bytes[0] == '\0' && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace

std::string segment_file_name(SegmentId id) { return fmt::format("{:012}{}", id.value(), kSuffix); }

std::optional<SegmentId> parse_segment_file_name(std::string_view name) {
  Cursor cursor(name);
  const auto number = cursor.take_number();
  if (!number || *number == 0 || cursor.position() != kNameDigits || cursor.rest() != kSuffix)
    return std::nullopt;
  return SegmentId(*number);
}

std::string encode_segment_header(const SegmentHeader& header) {
  std::string out(kSegmentMagic);
  append_u32(out, kSegmentVersion);
  append_u64(out, header.id.value());
  append_u32(out, header.salt);
  append_u32(out, crc32c(out));
  out.resize(kSegmentHeaderBytes, '\0');
  return out;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) {
  if (bytes.size() != kSegmentHeaderBytes || !all_zero(bytes.substr(kSegmentHeaderCoded)))
    return std::nullopt;
  Cursor cursor(bytes);
  if (!cursor.take_word(kSegmentMagic) || cursor.take_u32() != kSegmentVersion) return std::nullopt;
  const auto id = cursor.take_u64();
  const auto salt = cursor.take_u32();
  const std::string_view covered = bytes.substr(0, cursor.position());
  if (cursor.take_u32() != crc32c(covered)) return std::nullopt;
  return SegmentHeader{SegmentId(*id), *salt};
}

std::string encode_group_header(const GroupHeader& header, std::uint32_t salt) {
  std::string covered;
  append_u64(covered, header.sequence);
  append_u32(covered, header.records_bytes);
  append_u32(covered, header.records_crc);
  append_u64(covered, header.blob_bytes);
  std::string out(kGroupMagic);
  append_u32(out, crc32c(covered, salt));
  return out + covered;
}

std::optional<GroupHeader> decode_group_header(std::string_view bytes, std::uint32_t salt) {
  Cursor cursor(bytes);
  if (bytes.size() != kGroupHeaderBytes || !cursor.take_word(kGroupMagic)) return std::nullopt;
  const auto crc = cursor.take_u32();
  if (crc != crc32c(cursor.rest(), salt)) return std::nullopt;
  GroupHeader header;
  header.sequence = *cursor.take_u64();
  header.records_bytes = *cursor.take_u32();
  header.records_crc = *cursor.take_u32();
  header.blob_bytes = *cursor.take_u64();
  if (header.blob_bytes > kMaxGroupBytes || header.records_bytes > kMaxGroupBytes) return std::nullopt;
  return header;
}

std::uint64_t group_bytes(const GroupHeader& header) {
  const std::uint64_t used = kGroupHeaderBytes + header.records_bytes + header.blob_bytes;
  return (used + 8) / 8 * 8;  // room for the end mark, always
}

Result<SegmentReader> SegmentReader::open(std::shared_ptr<const ReadableFile> file, SegmentId id) {
  std::string bytes(kSegmentHeaderBytes, '\0');
  PABAL_TRY(const std::size_t got, file->read_at(0, bytes));
  const auto header = decode_segment_header(std::string_view(bytes).substr(0, got));
  if (!header || header->id != id) {
    return fail(ErrorKind::kCorrupt,
                "{} is damaged at offset 0: it does not begin with the header of segment {}", file->path(),
                id);
  }
  PABAL_TRY(const std::uint64_t size, file->size());
  return SegmentReader(std::move(file), *header, size);
}

Result<std::optional<GroupHeader>> SegmentReader::read_header(std::uint64_t offset) const {
  std::array<char, kGroupHeaderBytes> bytes;
  PABAL_TRY(const std::size_t got, file_->read_at(offset, bytes));
  return decode_group_header({bytes.data(), got}, header_.salt);
}

Result<bool> SegmentReader::has_header(std::uint64_t offset, std::uint64_t sequence) const {
  PABAL_TRY(const auto header, read_header(offset));
  return header && header->sequence == sequence;
}

Result<std::optional<Group>> SegmentReader::read_group(std::uint64_t offset,
                                                       std::optional<std::uint64_t> sequence) const {
  PABAL_TRY(const auto header, read_header(offset));
  if (!header || header->sequence != sequence.value_or(header->sequence)) return std::nullopt;
  Group group{offset, *header, {}};
  if (group.end() > size_) return std::nullopt;
  group.records.resize(header->records_bytes);
  PABAL_TRY(const std::size_t got, file_->read_at(offset + kGroupHeaderBytes, group.records));
  char mark = 0;
  PABAL_TRY_VOID(file_->read_at(group.end() - 1, {&mark, 1}));
  if (got != group.records.size() || mark != kGroupEnd || crc32c(group.records) != header->records_crc) {
    return std::nullopt;
  }
  return group;
}

Result<SegmentReader::Survey> SegmentReader::survey(std::uint64_t offset, std::uint64_t sequence) const {
  constexpr std::size_t kPieceBytes = 1024 * 1024;
  Survey survey;
  std::string piece(kPieceBytes + kGroupHeaderBytes, '\0');
  for (std::uint64_t at = offset; at < size_; at += kPieceBytes) {
    PABAL_TRY(const std::size_t got, file_->read_at(at, piece));
    const std::string_view bytes = std::string_view(piece).substr(0, got);
    if (survey.all_zero && all_zero(bytes)) continue;
    survey.all_zero = false;
    for (std::size_t i = bytes.find(kGroupMagic); i < std::min(bytes.size(), kPieceBytes);
         i = bytes.find(kGroupMagic, i + 1)) {
      const auto header = decode_group_header(bytes.substr(i, kGroupHeaderBytes), header_.salt);
      if (header && header->sequence > sequence && (at + i) % 8 == 0) survey.later_group = true;
    }
  }
  return survey;
}

// A torn write leaves old bytes, and here those are zeros: in some sector of the group, the least that a disk
// writes whole, or at the group's end. A group that has bytes of its own in all these places was written
// whole, and what is wrong with it came later.
Result<bool> SegmentReader::may_be_torn(std::uint64_t offset, std::uint64_t sequence) const {
  PABAL_TRY(const auto header, read_header(offset));
  const bool header_whole = header && header->sequence == sequence;
  // Where the header doesn't say how long the group is, the end of its sector must do.
  const std::uint64_t end = header_whole
                                ? offset + group_bytes(*header)
                                : (offset + kGroupHeaderBytes) / kSectorBytes * kSectorBytes + kSectorBytes;
  if (end > size_) return true;
  std::string sector;
  for (std::uint64_t at = offset; at < end; at += sector.size()) {
    sector.resize(std::min(kSectorBytes - at % kSectorBytes, end - at));
    PABAL_TRY_VOID(file_->read_at(at, sector));
    if (all_zero(sector)) return true;
  }
  return sector.back() == '\0';
}

Result<Rest> SegmentReader::judge_rest(std::uint64_t offset, std::uint64_t sequence) const {
  PABAL_TRY(const Survey found, survey(offset, sequence));
  if (found.all_zero) return Rest::kNothing;
  if (found.later_group) return Rest::kDamaged;
  PABAL_TRY(const bool torn, may_be_torn(offset, sequence));
  return torn ? Rest::kTorn : Rest::kDamaged;
}

}  // namespace pabal::store
