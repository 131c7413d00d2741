// Letters in, chunks out: how a segment is made. Belongs to one thread at a time, a worker's; waits for
// nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "mailbox/ids.h"
#include "mailbox/search/letter_text.h"
#include "mailbox/search/postings.h"

namespace pabal::mailbox::search {

/// Headers and bodies have lists of their own, so that a sender's name is not drowned by letters that speak
/// of them.
enum class Family : std::uint8_t { kHeader = 0, kBody = 1 };
inline constexpr std::size_t kFamilies = 2;

/// Which grams are in which blocks; takes 8 bytes for each pair and about 40 for each gram.
class GramTable {
 public:
  GramTable();
  /// Blocks ascending.
  void add(Gram gram, Block block);
  std::size_t pairs() const { return pairs_.size(); }
  /// Chunks of all, the blocks counted from `first`. Leaves the table empty.
  std::vector<ChunkWriter::Chunk> finish(Block first, Block universe);

 private:
  struct Entry {
    Gram gram = 0;
    Block last = 0;  ///< block, and one
    std::uint32_t count = 0;
  };
  struct Pair {
    std::uint32_t entry;
    Block block;
  };

  std::size_t find_slot(Gram gram) const;
  void grow();

  std::vector<std::uint32_t> slots_;  ///< by hash: an entry's number, and one
  std::vector<Entry> entries_;
  std::vector<Pair> pairs_;
};

struct SegmentData {
  LetterId first;
  LetterId last;
  std::array<std::vector<ChunkWriter::Chunk>, kFamilies> chunks;
};

class SegmentBuilder final : private TextReceiver {
 public:
  SegmentBuilder();

  /// A letter whose bytes come in pieces. Ids ascending.
  void begin(LetterId letter);
  void feed(std::string_view bytes);
  void end();
  /// A whole letter at once.
  void add(LetterId letter, std::string_view bytes);

  /// It is time to finish: its memory has reached its bound.
  bool full() const;
  bool empty() const { return letters_ == 0; }
  std::size_t letters() const { return letters_; }
  /// The builder is then empty.
  SegmentData finish();

 private:
  void on_header_field(std::string_view name, std::string_view line, std::size_t text_begin) override;
  void on_body(std::string_view folded) override;
  void on_body_end() override;
  GramTable& table(Family family) { return tables_[static_cast<std::size_t>(family)]; }
  void add_whole(Family family, std::string_view folded);

  LetterText text_;
  std::optional<message::LetterReader> reader_;
  std::array<GramTable, kFamilies> tables_;
  GramReader header_grams_;
  GramReader body_grams_;
  LetterId first_;
  LetterId last_;
  std::size_t letters_ = 0;
};

}  // namespace pabal::mailbox::search
