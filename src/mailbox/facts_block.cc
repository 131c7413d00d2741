#include "mailbox/facts_block.h"

#include <bit>

#include "base/check.h"
#include "base/cursor.h"
#include "base/lz4.h"

namespace pabal::mailbox {

namespace {

void append(std::string& out, FactsColumn column, const message::FactsView& facts) {
  switch (column) {
    case FactsColumn::kEnvelopes:
      out += facts.envelope;
      return;
    case FactsColumn::kStructures:  // with the envelopes within, which BODYSTRUCTURE shows
      append_sized(out, facts.structure);
      out += facts.letters_within;
      return;
    case FactsColumn::kPreviews:
      out += facts.preview;
      return;
  }
}

}  // namespace

FactsBlock::FactsBlock(FactsColumn column, std::span<const std::pair<LetterId, message::FactsView>> letters)
    : column_(column) {
  std::string all;
  ends_.reserve(letters.size());
  for (const auto& [letter, facts] : letters) {
    const std::uint64_t at = letter.value() % kFactsBlockLetters;
    there_[at / 64] |= std::uint64_t{1} << at % 64;
    append(all, column, facts);
    ends_.push_back(static_cast<std::uint32_t>(all.size()));
  }
  packed_ = lz4_packed(all);
  // Where little is won, time is not spent on it.
  is_packed_ = packed_.size() < all.size() / 4 * 3;
  if (is_packed_) return;
  all.shrink_to_fit();
  packed_ = std::move(all);
}

std::optional<std::size_t> FactsBlock::find(LetterId letter) const {
  const std::uint64_t at = letter.value() % kFactsBlockLetters;
  const std::uint64_t word = there_[at / 64];
  const std::uint64_t bit = std::uint64_t{1} << at % 64;
  if ((word & bit) == 0) return std::nullopt;
  int before = std::popcount(word & (bit - 1));
  for (std::size_t i = 0; i < at / 64; ++i) before += std::popcount(there_[i]);
  return static_cast<std::size_t>(before);
}

std::string FactsBlock::unpacked() const {
  if (!is_packed_) return packed_;
  std::string out;
  PABAL_CHECK(append_lz4_unpacked(out, packed_, ends_.back()));
  return out;
}

void FactsBlock::show(std::string_view unpacked, std::size_t place, message::FactsView& facts) const {
  const std::size_t begin = place == 0 ? 0 : ends_[place - 1];
  const std::string_view own = unpacked.substr(begin, ends_[place] - begin);
  switch (column_) {
    case FactsColumn::kEnvelopes:
      facts.envelope = own;
      return;
    case FactsColumn::kStructures: {
      Cursor in(own);
      facts.structure = *in.take_sized();
      facts.letters_within = in.rest();
      return;
    }
    case FactsColumn::kPreviews:
      facts.preview = own;
      return;
  }
}

}  // namespace pabal::mailbox
