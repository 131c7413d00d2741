// Where a gram is, and how that is written. Letters are taken by blocks of eight neighbours, whose ids differ
// in their last bits only: lists of letters would take three times as much, and a block costs no more than
// the verification of a few more letters.
//
// A list of blocks, within a segment of n blocks, is written as the gaps between them, or between the blocks
// that are missing where most are there, in Rice codes whose parameter follows from how many there are: close
// to what such a list can be written in at all, whether one block of thousands is in it or nearly all are.
//
//     list    varint count (0: all n); one: varint its block; more: varint size, the codes
//     gram    by what sets it apart from the one before (the first: from 0): the first unit i that differs,
//     by
//             d, and its own last unit l that is not 0: varint (d - 1) * 16 + i * 4 + l, varint for each unit
//             from i + 1 to l
//     chunk   u8 form; for each gram, ascending: gram, list
//
// Pure; any thread. What comes from the store is believed in nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mailbox/ids.h"
#include "mailbox/search/grams.h"

namespace pabal::mailbox::search {

/// A block's number in the account; in a list, its number in the segment.
using Block = std::uint32_t;

inline constexpr std::size_t kBlockLetters = 8;
/// Ids above this are not indexed: more letters than an account will ever have.
inline constexpr LetterId kMaxIndexedLetter{std::uint64_t{UINT32_MAX} * kBlockLetters};
constexpr Block block_of(LetterId letter) { return static_cast<Block>(letter.value() / kBlockLetters); }

/// A chunk is read as a whole for each gram that a query looks up in it.
inline constexpr std::size_t kChunkBytes = 16 * 1024;

/// `blocks` ascending, each once, below `universe`, not empty.
void append_list(std::span<const Block> blocks, Block universe, std::string& out);

/// One gram of a chunk, its list still to be decoded.
struct Posting {
  Gram gram = 0;
  std::uint64_t count = 0;  ///< 0: all
  std::uint64_t only = 0;   ///< the block, where it is one
  std::string_view codes;

  /// Appends the blocks, each with `offset` added. False: damaged.
  bool decode(Block universe, Block offset, std::vector<Block>& out) const;
};

/// Walks a chunk.
class ChunkReader {
 public:
  ChunkReader() = default;
  explicit ChunkReader(std::string_view chunk);
  /// The next gram; nothing at the end, or where the chunk is damaged.
  std::optional<Posting> next();
  bool damaged() const { return damaged_; }

 private:
  std::optional<Posting> fail();

  std::string_view rest_;
  Gram gram_ = 0;
  bool damaged_ = false;
};

/// Cuts a segment's grams into chunks.
class ChunkWriter {
 public:
  struct Chunk {
    Gram first;
    std::string bytes;
  };

  explicit ChunkWriter(Block universe) : universe_(universe) {}
  /// Grams ascending.
  void add(Gram gram, std::span<const Block> blocks);
  /// Those that are full; with the last one once all is added.
  std::vector<Chunk> take_full() { return std::exchange(full_, {}); }
  std::vector<Chunk> finish();
  std::size_t full_bytes() const { return full_.size() * kChunkBytes; }

 private:
  Block universe_;
  Gram first_ = 0;
  Gram last_ = 0;
  std::string open_;
  std::vector<Chunk> full_;
};

/// Which chunk has which grams: their first ones, ascending.
std::string encode_directory(std::span<const Gram> first_grams);
std::optional<std::vector<Gram>> decode_directory(std::string_view bytes);

}  // namespace pabal::mailbox::search
