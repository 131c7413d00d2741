#include "mailbox/search/segment_builder.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace pabal::mailbox::search {
namespace {

/// 24 MiB, and what the grams take: about 2,000 letters of 4 KiB. Larger segments need fewer merges.
constexpr std::size_t kMaxPairs = 3'000'000;
constexpr std::size_t kFirstSlots = 1 << 16;

std::size_t hash(Gram gram) {
  gram *= 0x9E37'79B9'7F4A'7C15U;
  return static_cast<std::size_t>(gram ^ gram >> 32);
}

}  // namespace

GramTable::GramTable() : slots_(kFirstSlots) {}

std::size_t GramTable::find_slot(Gram gram) const {
  std::size_t slot = hash(gram) & (slots_.size() - 1);
  while (slots_[slot] != 0 && entries_[slots_[slot] - 1].gram != gram)
    slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

void GramTable::add(Gram gram, Block block) {
  std::size_t slot = find_slot(gram);
  if (slots_[slot] == 0) {
    if (entries_.size() * 2 >= slots_.size()) {
      grow();
      slot = find_slot(gram);
    }
    entries_.push_back({.gram = gram});
    slots_[slot] = static_cast<std::uint32_t>(entries_.size());
  }
  const std::uint32_t index = slots_[slot] - 1;
  Entry& entry = entries_[index];
  if (entry.last == block + 1) return;
  entry.last = block + 1;
  ++entry.count;
  pairs_.push_back({index, block});
}

void GramTable::grow() {
  slots_.assign(slots_.size() * 2, 0);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    slots_[find_slot(entries_[i].gram)] = static_cast<std::uint32_t>(i + 1);
  }
}

std::vector<ChunkWriter::Chunk> GramTable::finish(Block first, Block universe) {
  // All blocks, those of one gram together and still ascending.
  std::vector<std::uint32_t> begins(entries_.size() + 1);
  for (std::size_t i = 0; i < entries_.size(); ++i) begins[i + 1] = begins[i] + entries_[i].count;
  std::vector<Block> blocks(pairs_.size());
  std::vector<std::uint32_t> next(begins.begin(), begins.end() - 1);
  for (const Pair& pair : pairs_) blocks[next[pair.entry]++] = pair.block - first;

  std::vector<std::uint32_t> order(entries_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, {}, [&](std::uint32_t i) { return entries_[i].gram; });
  ChunkWriter writer(universe);
  for (const std::uint32_t i : order) {
    writer.add(entries_[i].gram, std::span(blocks).subspan(begins[i], entries_[i].count));
  }
  slots_.assign(kFirstSlots, 0);
  entries_.clear();
  pairs_.clear();
  return writer.finish();
}

SegmentBuilder::SegmentBuilder() : text_(*this) {}

void SegmentBuilder::begin(LetterId letter) {
  PABAL_CHECK(!reader_ && (letters_ == 0 || letter > last_));
  if (letters_ == 0) first_ = letter;
  last_ = letter;
  ++letters_;
  reader_.emplace(&text_);
}

void SegmentBuilder::feed(std::string_view bytes) { reader_->feed(bytes); }

void SegmentBuilder::end() {
  const message::LetterFacts facts = reader_->finish();
  reader_.reset();
  // What FROM and the others look at is not always what stands in the field.
  for (const std::string_view name : kEnvelopeFields) {
    if (const auto text = envelope_text(facts.envelope, name)) {
      add_whole(Family::kHeader, message::fold_case(*text));
    }
  }
}

void SegmentBuilder::add(LetterId letter, std::string_view bytes) {
  begin(letter);
  feed(bytes);
  end();
}

bool SegmentBuilder::full() const { return tables_[0].pairs() + tables_[1].pairs() >= kMaxPairs; }

SegmentData SegmentBuilder::finish() {
  PABAL_CHECK(!empty() && !reader_);
  const Block first = block_of(first_);
  const Block universe = block_of(last_) - first + 1;
  SegmentData data{.first = first_, .last = last_, .chunks = {}};
  for (std::size_t family = 0; family < kFamilies; ++family) {
    data.chunks[family] = tables_[family].finish(first, universe);
  }
  letters_ = 0;
  return data;
}

void SegmentBuilder::add_whole(Family family, std::string_view folded) {
  GramTable& grams = table(family);
  const auto emit = [&](Gram gram) { grams.add(gram, block_of(last_)); };
  header_grams_.feed(folded, emit);
  header_grams_.end(emit);
}

void SegmentBuilder::on_header_field(std::string_view name, std::string_view line, std::size_t) {
  if (!is_machine_field(name)) add_whole(Family::kHeader, line);
}

void SegmentBuilder::on_body(std::string_view folded) {
  GramTable& grams = table(Family::kBody);
  body_grams_.feed(folded, [&](Gram gram) { grams.add(gram, block_of(last_)); });
}

void SegmentBuilder::on_body_end() {
  GramTable& grams = table(Family::kBody);
  body_grams_.end([&](Gram gram) { grams.add(gram, block_of(last_)); });
}

}  // namespace pabal::mailbox::search
