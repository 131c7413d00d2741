#include "mailbox/search/segment_builder.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace pabal::mailbox::search {
namespace {

/// 24 MiB, and what the grams take: about 2,000 letters of 4 KiB. Larger segments need fewer merges.
constexpr std::size_t kMaxPairs = 3'000'000;

}  // namespace

GramTable::Slot& GramTable::find_slot(Gram gram) {
  std::size_t slot = place_of(gram);
  while (slots_[slot].gram != 0 && slots_[slot].gram != gram) slot = (slot + 1) & (slots_.size() - 1);
  return slots_[slot];
}

void GramTable::insert(Gram gram, Block block) {
  Slot& slot = find_slot(gram);
  if (slot.gram == 0) {
    if (std::size_t{grams_} * 2 >= slots_.size()) {
      grow();
      return insert(gram, block);
    }
    slot = {.gram = gram, .number = grams_++, .last = block};
  } else if (slot.last == block) {
    return;
  }
  slot.last = block;
  pairs_.push_back({slot.number, block});
}

void GramTable::grow() {
  const std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(std::size_t{1} << ++place_bits_));
  for (const Slot& slot : before) {
    if (slot.gram != 0) find_slot(slot.gram) = slot;
  }
}

std::vector<ChunkWriter::Chunk> GramTable::finish(Block first, Block universe) {
  // In the order in which they came.
  std::ranges::rotate(pending_, pending_.begin() + static_cast<std::ptrdiff_t>(next_));
  for (Pending& pending : pending_) {
    if (pending.gram != 0) insert(pending.gram, pending.block);
    pending = {};
  }
  // All blocks, those of one gram together and still ascending.
  std::vector<std::uint32_t> ends(grams_ + 1);
  for (const Pair& pair : pairs_) ++ends[pair.number + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<std::uint32_t> begins(ends.begin(), ends.end() - 1);
  std::vector<Block> blocks(pairs_.size());
  for (const Pair& pair : pairs_) blocks[begins[pair.number]++] = pair.block - first;

  std::vector<Slot> grams;
  grams.reserve(grams_);
  std::ranges::copy_if(slots_, std::back_inserter(grams), [](const Slot& slot) { return slot.gram != 0; });
  std::ranges::sort(grams, {}, &Slot::gram);
  ChunkWriter writer(universe);
  for (const Slot& slot : grams) {
    const std::uint32_t begin = ends[slot.number];
    writer.add(slot.gram, std::span(blocks).subspan(begin, ends[slot.number + 1] - begin));
  }
  std::ranges::fill(slots_, Slot{});
  grams_ = 0;
  pairs_.clear();
  return writer.finish();
}

SegmentBuilder::SegmentBuilder() : text_(*this) {}

void SegmentBuilder::begin(LetterId letter) {
  PABAL_CHECK(!reader_ && (letters_ == 0 || letter > last_));
  if (letters_ == 0) first_ = letter;
  if (block_of(letter) != block_of(last_)) {
    for (Gathering& one : gatherings_) one.runs.clear();
  }
  last_ = letter;
  ++letters_;
  reader_.emplace(&text_, message::LetterReader::Preview::kLeftOut);
}

void SegmentBuilder::feed(std::string_view bytes) { reader_->feed(bytes); }

void SegmentBuilder::end() {
  const message::LetterFacts facts = reader_->finish();
  reader_.reset();
  // What FROM and the others look at is not always what stands in the field.
  for (const std::string_view name : kEnvelopeFields) {
    if (const auto text = envelope_text(facts.envelope, name)) {
      feed(Family::kHeader, message::fold_case(*text));
      end(Family::kHeader);
    }
  }
}

void SegmentBuilder::add(LetterId letter, std::string_view bytes) {
  begin(letter);
  feed(bytes);
  end();
}

bool SegmentBuilder::full() const {
  return gatherings_[0].table.pairs() + gatherings_[1].table.pairs() >= kMaxPairs;
}

SegmentData SegmentBuilder::finish() {
  PABAL_CHECK(!empty() && !reader_);
  const Block first = block_of(first_);
  const Block universe = block_of(last_) - first + 1;
  SegmentData data{.first = first_, .last = last_, .chunks = {}};
  for (std::size_t family = 0; family < kFamilies; ++family) {
    data.chunks[family] = gatherings_[family].table.finish(first, universe);
    gatherings_[family].runs.clear();
  }
  letters_ = 0;
  return data;
}

void SegmentBuilder::feed(Family family, std::string_view folded) {
  Gathering& to = gathering(family);
  to.grams.feed(
      folded, [&](std::string_view run) { return to.runs.note(run); },
      [&](Gram gram) { to.table.add(gram, block_of(last_)); });
}

void SegmentBuilder::end(Family family) {
  Gathering& to = gathering(family);
  to.grams.end([&](Gram gram) { to.table.add(gram, block_of(last_)); });
}

void SegmentBuilder::on_header_field(std::string_view name, std::string_view line, std::size_t) {
  if (is_machine_field(name)) return;
  feed(Family::kHeader, line);
  end(Family::kHeader);
}

void SegmentBuilder::on_body(std::string_view folded) { feed(Family::kBody, folded); }
void SegmentBuilder::on_body_end() { end(Family::kBody); }

}  // namespace pabal::mailbox::search
