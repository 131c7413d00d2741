#include "mailbox/search/merge.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace pabal::mailbox::search {
namespace {

Block blocks_of(std::span<const Segment> inputs) {
  return block_of(inputs.back().last) - inputs.front().first_block() + 1;
}

}  // namespace

FamilyMerge::FamilyMerge(std::span<const Segment> inputs, Family family, const std::vector<bool>& alive)
    : family_(family), alive_(alive), writer_(blocks_of(inputs)) {
  for (const Segment& segment : inputs) {
    inputs_.push_back({.segment = &segment,
                       .offset = segment.first_block() - inputs.front().first_block(),
                       .chunks_left = segment.chunks[static_cast<std::size_t>(family)]});
  }
}

std::optional<std::string> FamilyMerge::wanted_chunk() const {
  const auto input = std::ranges::find_if(inputs_, wants_chunk);
  if (input == inputs_.end()) return std::nullopt;
  const std::uint32_t count = input->segment->chunks[static_cast<std::size_t>(family_)];
  return chunk_key(input->segment->id, family_, count - input->chunks_left);
}

void FamilyMerge::feed(std::string chunk) {
  const auto input = std::ranges::find_if(inputs_, wants_chunk);
  PABAL_CHECK(input != inputs_.end());
  --input->chunks_left;
  input->chunk = std::move(chunk);
  input->reader = ChunkReader(input->chunk);
  input->posting = input->reader.next();
}

Result<void> FamilyMerge::advance(Input& input) {
  input.posting = input.reader.next();
  if (input.reader.damaged()) return fail(ErrorKind::kCorrupt, "a part of the search index is damaged");
  return {};
}

Result<void> FamilyMerge::take_lists(Gram gram) {
  blocks_.clear();
  for (Input& input : inputs_) {
    if (!input.posting || input.posting->gram != gram) continue;
    const std::size_t before = blocks_.size();
    if (!input.posting->decode(input.segment->blocks(), input.offset, blocks_))
      return fail(ErrorKind::kCorrupt, "a list of the search index is damaged");
    // Neighbours may share the block in which one ends and the other begins.
    if (before > 0 && blocks_.size() > before && blocks_[before] == blocks_[before - 1])
      blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(before));
    PABAL_TRY_VOID(advance(input));
  }
  if (!alive_.empty()) {
    std::erase_if(blocks_, [&](Block block) { return block < alive_.size() && !alive_[block]; });
  }
  if (!blocks_.empty()) writer_.add(gram, blocks_);
  return {};
}

Result<bool> FamilyMerge::run(std::size_t max_bytes) {
  for (const Input& input : inputs_) {
    if (input.reader.damaged()) return fail(ErrorKind::kCorrupt, "a part of the search index is damaged");
  }
  while (std::ranges::none_of(inputs_, wants_chunk)) {
    std::optional<Gram> least;
    for (const Input& input : inputs_) {
      if (input.posting && (!least || input.posting->gram < *least)) least = input.posting->gram;
    }
    if (!least) {
      ready_ = writer_.finish();
      return false;
    }
    PABAL_TRY_VOID(take_lists(*least));
    if (writer_.full_bytes() >= max_bytes) break;
  }
  ready_ = writer_.take_full();
  return true;
}

}  // namespace pabal::mailbox::search
