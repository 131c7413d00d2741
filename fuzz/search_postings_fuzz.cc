// Any bytes as stored parts of a search index: refused, or read without leaving their bounds.
#include <string_view>
#include <vector>

#include "base/check.h"
#include "mailbox/search/index_records.h"
#include "mailbox/search/postings.h"

using namespace pabal::mailbox::search;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Block universe = 1 + data[0] + data[1] * Block{16};

  ChunkReader reader(bytes);
  std::vector<Block> blocks;
  while (const auto posting = reader.next()) {
    blocks.clear();
    if (!posting->decode(universe, 0, blocks)) continue;
    PABAL_CHECK(!blocks.empty() && blocks.size() <= universe && blocks.back() < universe);
    // What was read is written so that it reads the same.
    std::string again("\x01\x00", 2);  // form 1, and a gram
    append_list(blocks, universe, again);
    ChunkReader rereader(again);
    std::vector<Block> reread;
    PABAL_CHECK(rereader.next()->decode(universe, 0, reread) && reread == blocks);
  }

  if (const auto state = decode_index_state(bytes)) PABAL_CHECK(decode_index_state(encode(*state)) == state);
  if (const auto directory = decode_directory(bytes))
    PABAL_CHECK(decode_directory(encode_directory(*directory)) == directory);
  return 0;
}
