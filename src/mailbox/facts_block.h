// One column of the facts of letters whose ids lie side by side, packed as it is kept in memory: envelopes
// alone, or structures alone, so that a list reads no more than it shows.
//
// An immutable value; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mailbox/ids.h"
#include "message/facts_view.h"

namespace pabal::mailbox {

enum class FactsColumn : std::uint8_t { kEnvelopes, kStructures, kPreviews };
inline constexpr FactsColumn kFactsColumns[] = {FactsColumn::kEnvelopes, FactsColumn::kStructures,
                                                FactsColumn::kPreviews};

/// Letters of one block: enough for a pack to find what they have in common, few enough to be unpacked for
/// the sake of one.
inline constexpr std::uint64_t kFactsBlockLetters = 128;
/// Which block a letter is in, if it is in any.
inline std::uint64_t facts_block_of(LetterId letter) { return letter.value() / kFactsBlockLetters; }

class FactsBlock {
 public:
  /// Letters of one block, ascending, with their facts.
  FactsBlock(FactsColumn column, std::span<const std::pair<LetterId, message::FactsView>> letters);

  FactsColumn column() const { return column_; }
  /// Where the letter is; nothing if it is not in the block.
  std::optional<std::size_t> find(LetterId letter) const;

  /// All that the letters have, one behind the other; facts are views into it.
  std::string unpacked() const;
  /// Sets in `facts` what this column has of the letter there.
  void show(std::string_view unpacked, std::size_t place, message::FactsView& facts) const;

  std::size_t memory_bytes() const {
    return sizeof(*this) + packed_.capacity() + ends_.capacity() * sizeof(std::uint32_t);
  }

 private:
  FactsColumn column_;
  bool is_packed_ = false;
  std::array<std::uint64_t, kFactsBlockLetters / 64> there_{};  ///< a bit each letter
  std::vector<std::uint32_t> ends_;                             ///< in the unpacked bytes
  std::string packed_;
};

}  // namespace pabal::mailbox
