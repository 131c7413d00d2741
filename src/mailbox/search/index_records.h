// How the index lies in an account's partition (docs/store-format-mailbox.md).
//
//     search/state                              IndexState
//     search/segment/ id family `c` number      a chunk of a segment's lists (postings.h)
//     search/segment/ id family `d`             its directory: the first gram of each chunk
//
// A segment is what is known of the letters of a range of ids, and never changes. Ids are 4 bytes,
// big-endian; families are `h` (headers) and `b` (bodies); numbers are 4 bytes.
//
// Pure; any thread. Decoders refuse what they do not wholly understand.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mailbox/ids.h"
#include "mailbox/search/segment_builder.h"

namespace pabal::mailbox::search {

using SegmentId = std::uint32_t;

inline constexpr std::string_view kStateKey = "search/state";
inline constexpr std::string_view kSegmentPrefix = "search/segment/";

/// A directory must fit in one value; segments are not merged beyond.
inline constexpr std::uint32_t kMaxSegmentChunks = 25'000;

struct Segment {
  SegmentId id = 0;
  LetterId first;
  LetterId last;
  std::array<std::uint32_t, kFamilies> chunks{};  ///< how many; none: no directory either

  Block first_block() const { return block_of(first); }
  Block blocks() const { return block_of(last) - block_of(first) + 1; }
  std::uint64_t letters() const { return last.value() - first.value() + 1; }
  bool operator==(const Segment&) const = default;
};

/// What is indexed. Written with the last part of what it speaks of, so that a crash leaves it true.
struct IndexState {
  LetterId through;  ///< all letters up to this one
  SegmentId next_segment = 1;
  std::vector<Segment> segments{};     ///< ascending by letters, not overlapping
  std::vector<SegmentId> leftovers{};  ///< half written, or merged into others: to be erased

  bool operator==(const IndexState&) const = default;
};

std::string encode(const IndexState& state);
std::optional<IndexState> decode_index_state(std::string_view bytes);

std::string segment_prefix(SegmentId segment);
/// Which segment a key below kSegmentPrefix belongs to.
std::optional<SegmentId> parse_segment_key(std::string_view key);
std::string chunk_key(SegmentId segment, Family family, std::uint32_t number);
std::string directory_key(SegmentId segment, Family family);

}  // namespace pabal::mailbox::search
