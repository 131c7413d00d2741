// Several neighbouring segments' lists become one segment's, chunk by chunk: of each input no more than a
// chunk is held. Whoever merges brings the chunks. One thread at a time; waits for nothing.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "mailbox/search/index_records.h"
#include "mailbox/search/postings.h"

namespace pabal::mailbox::search {

class FamilyMerge {
 public:
  /// Inputs ascending by letters. `alive`, if not empty, says which blocks from the first input's first on
  /// still have letters. Both outlive the merge.
  FamilyMerge(std::span<const Segment> inputs, Family family, const std::vector<bool>& alive);

  /// The key of a chunk that is needed before the merge can go on; nothing: run().
  std::optional<std::string> wanted_chunk() const;
  /// That chunk.
  void feed(std::string chunk);
  /// Goes on until a chunk is wanted or about `max_bytes` are ready; false: that was all. kCorrupt.
  Result<bool> run(std::size_t max_bytes);
  std::vector<ChunkWriter::Chunk> take_chunks() { return std::exchange(ready_, {}); }

 private:
  struct Input {
    const Segment* segment = nullptr;
    Block offset = 0;
    std::uint32_t chunks_left = 0;
    std::string chunk{};
    ChunkReader reader{};
    std::optional<Posting> posting{};
  };

  static bool wants_chunk(const Input& input) { return !input.posting && input.chunks_left > 0; }
  Result<void> advance(Input& input);
  Result<void> take_lists(Gram gram);

  Family family_;
  const std::vector<bool>& alive_;
  std::vector<Input> inputs_;
  ChunkWriter writer_;
  std::vector<Block> blocks_;
  std::vector<ChunkWriter::Chunk> ready_;
};

}  // namespace pabal::mailbox::search
