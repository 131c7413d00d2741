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
  GramTable() : slots_(std::size_t{1} << place_bits_) {}
  /// Blocks ascending.
  void add(Gram gram, Block block) {
    // Grams are all over the table: each is asked of memory some time before it is looked at.
    Pending& place = pending_[next_];
    next_ = (next_ + 1) % kPending;
    const Pending now = std::exchange(place, {.gram = gram, .block = block});
    __builtin_prefetch(&slots_[place_of(gram)]);
    if (now.gram != 0) insert(now.gram, now.block);
  }
  std::size_t pairs() const { return pairs_.size(); }
  /// Chunks of all, the blocks counted from `first`. Leaves the table empty.
  std::vector<ChunkWriter::Chunk> finish(Block first, Block universe);

 private:
  static constexpr std::size_t kPending = 16;
  struct Pending {
    Gram gram = 0;  ///< 0: none
    Block block = 0;
  };
  struct Slot {
    Gram gram = 0;  ///< 0: free
    std::uint32_t number = 0;
    Block last = 0;
  };
  struct Pair {
    std::uint32_t number;  ///< of the gram
    Block block;
  };

  // The upper bits of the product are the ones that all units have a part in.
  std::size_t place_of(Gram gram) const { return gram * 0x9E37'79B9'7F4A'7C15U >> (64 - place_bits_); }
  void insert(Gram gram, Block block);
  Slot& find_slot(Gram gram);
  void grow();

  std::array<Pending, kPending> pending_{};
  std::size_t next_ = 0;
  unsigned place_bits_ = 16;
  std::vector<Slot> slots_;
  std::uint32_t grams_ = 0;
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

  /// One family's texts on their way into its table.
  struct Gathering {
    GramTable table{};
    GramReader grams{};
    RecentRuns runs{};  ///< of the last letter's block
  };
  Gathering& gathering(Family family) { return gatherings_[static_cast<std::size_t>(family)]; }
  void feed(Family family, std::string_view folded);
  void end(Family family);

  LetterText text_;
  std::optional<message::LetterReader> reader_;
  std::array<Gathering, kFamilies> gatherings_;
  LetterId first_;
  LetterId last_;
  std::size_t letters_ = 0;
};

}  // namespace pabal::mailbox::search
