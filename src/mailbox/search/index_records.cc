#include "mailbox/search/index_records.h"

#include "base/cursor.h"

namespace pabal::mailbox::search {
namespace {

constexpr std::uint8_t kForm = 1;

char letter_of(Family family) { return family == Family::kHeader ? 'h' : 'b'; }

std::optional<Segment> take_segment(Cursor& cursor) {
  const auto id = cursor.take_varint();
  const auto first = cursor.take_varint();
  const auto last = cursor.take_varint();
  if (!id || *id > UINT32_MAX || !first || !last || *first > *last || *last > kMaxIndexedLetter.value())
    return std::nullopt;
  Segment segment{.id = static_cast<SegmentId>(*id), .first = LetterId(*first), .last = LetterId(*last)};
  for (std::uint32_t& chunks : segment.chunks) {
    const auto count = cursor.take_varint();
    if (!count || *count > kMaxSegmentChunks) return std::nullopt;
    chunks = static_cast<std::uint32_t>(*count);
  }
  return segment;
}

}  // namespace

std::string encode(const IndexState& state) {
  std::string out;
  append_u8(out, kForm);
  append_varint(out, state.through.value());
  append_varint(out, state.next_segment);
  append_varint(out, state.segments.size());
  for (const Segment& segment : state.segments) {
    append_varint(out, segment.id);
    append_varint(out, segment.first.value());
    append_varint(out, segment.last.value());
    for (const std::uint32_t chunks : segment.chunks) append_varint(out, chunks);
  }
  append_varint(out, state.leftovers.size());
  for (const SegmentId id : state.leftovers) append_varint(out, id);
  return out;
}

std::optional<IndexState> decode_index_state(std::string_view bytes) {
  Cursor cursor(bytes);
  if (cursor.take_u8() != kForm) return std::nullopt;
  const auto through = cursor.take_varint();
  const auto next = cursor.take_varint();
  const auto segments = cursor.take_varint();
  if (!through || !next || *next > UINT32_MAX || !segments) return std::nullopt;
  IndexState state{.through = LetterId(*through), .next_segment = static_cast<SegmentId>(*next)};
  for (std::uint64_t i = 0; i < *segments; ++i) {
    const auto segment = take_segment(cursor);
    if (!segment || segment->last > state.through) return std::nullopt;
    if (!state.segments.empty() && segment->first <= state.segments.back().last) return std::nullopt;
    state.segments.push_back(*segment);
  }
  const auto leftovers = cursor.take_varint();
  if (!leftovers) return std::nullopt;
  for (std::uint64_t i = 0; i < *leftovers; ++i) {
    const auto id = cursor.take_varint();
    if (!id || *id > UINT32_MAX) return std::nullopt;
    state.leftovers.push_back(static_cast<SegmentId>(*id));
  }
  if (!cursor.at_end()) return std::nullopt;
  return state;
}

std::string segment_prefix(SegmentId segment) {
  std::string key(kSegmentPrefix);
  append_u32(key, segment);
  return key;
}

std::optional<SegmentId> parse_segment_key(std::string_view key) {
  if (!key.starts_with(kSegmentPrefix)) return std::nullopt;
  return Cursor(key.substr(kSegmentPrefix.size())).take_u32();
}

std::string chunk_key(SegmentId segment, Family family, std::uint32_t number) {
  std::string key = segment_prefix(segment);
  key += letter_of(family);
  key += 'c';
  append_u32(key, number);
  return key;
}

std::string directory_key(SegmentId segment, Family family) {
  std::string key = segment_prefix(segment);
  key += letter_of(family);
  key += 'd';
  return key;
}

}  // namespace pabal::mailbox::search
