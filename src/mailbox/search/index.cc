#include "mailbox/search/index.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "message/casemap.h"

namespace pabal::mailbox::search {
namespace {

/// A short needle has many grams; beyond so many chunks a segment it is no help (512 KiB of them).
constexpr std::size_t kMaxTermChunks = 32;
/// How often a search begins again because merges took away what it was reading.
constexpr int kMaxTries = 10;

std::unexpected<Error> damaged() {
  return fail(ErrorKind::kCorrupt, "the search index is damaged; it can be made anew");
}

/// Which texts are asked for in which family.
struct Sought {
  Family family;
  std::vector<Term> terms;
};

std::vector<Sought> sought_for(const Needle& needle) {
  std::vector<Term> terms = terms_of(needle.text);
  switch (needle.where) {
    case Needle::Where::kBody:
      return {{Family::kBody, std::move(terms)}};
    case Needle::Where::kText:
      return {{Family::kHeader, terms}, {Family::kBody, terms}};
    case Needle::Where::kField:
      // Machine fields are not in the index, and the envelope's are there without their names too.
      if (is_machine_field(needle.field)) return {{Family::kHeader, {}}};
      if (!is_envelope_field(needle.field) || needle.text.empty()) {
        for (const Term& term : terms_of(message::fold_case(needle.field) + ": ")) terms.push_back(term);
      }
      return {{Family::kHeader, std::move(terms)}};
  }
  return {};
}

struct ChunkRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

ChunkRange chunks_of(std::span<const Gram> directory, const Term& term) {
  const auto number = [&](Gram gram) {
    return static_cast<std::uint32_t>(std::ranges::upper_bound(directory, gram) - directory.begin());
  };
  const std::uint32_t first = number(term.first);
  return {first == 0 ? 0 : first - 1, number(term.last)};
}

/// What is in both; both ascending.
void keep_common(std::vector<Block>& blocks, std::span<const Block> others) {
  auto other = others.begin();
  std::erase_if(blocks, [&](Block block) {
    while (other != others.end() && *other < block) ++other;
    return other == others.end() || *other != block;
  });
}

void sort_unique(std::vector<Block>& blocks) {
  std::ranges::sort(blocks);
  const auto rest = std::ranges::unique(blocks);
  blocks.erase(rest.begin(), rest.end());
}

}  // namespace

Candidates::Candidates(LetterId through, std::span<const Block> blocks)
    : all_(false),
      through_(through),
      blocks_(blocks.empty() ? 0 : blocks.back() + 1),
      block_count_(blocks.size()) {
  for (const Block block : blocks) blocks_[block] = true;
}

net::Task<Result<IndexState>> load_index_state(store::Engine& engine, const store::PartitionId& partition) {
  PABAL_CO_TRY(const auto value, co_await engine.get_one(partition, std::string(kStateKey)));
  if (!value) co_return IndexState{};
  auto state = decode_index_state(value->bytes);
  if (!state) co_return damaged();
  co_return *std::move(state);
}

/// One search through all segments: directories, then the chunks they name, then the lists.
class Index::Lookup {
 public:
  Lookup(store::Engine& engine, const store::PartitionId& partition, std::span<const Sought> sought)
      : engine_(engine), partition_(partition), sought_(sought) {}

  /// kConflict: a segment went away meanwhile.
  net::Task<Result<Candidates>> run() {
    PABAL_CO_TRY(const IndexState state, co_await load_index_state(engine_, partition_));
    plan(state);
    PABAL_CO_TRY_VOID(co_await load_directories());
    PABAL_CO_TRY_VOID(co_await load_chunks());
    std::vector<Block> blocks;
    for (const Part& part : parts_) PABAL_CO_TRY_VOID(find_in(part, blocks));
    sort_unique(blocks);
    co_return Candidates(state.through, blocks);
  }

 private:
  /// One family of one segment.
  struct Part {
    Segment segment;
    const Sought* sought;
    std::vector<Gram> directory{};
  };

  void plan(const IndexState& state) {
    for (const Segment& segment : state.segments) {
      for (const Sought& sought : sought_) {
        if (segment.chunks[static_cast<std::size_t>(sought.family)] == 0) continue;
        parts_.push_back({.segment = segment, .sought = &sought});
      }
    }
  }

  net::Task<Result<void>> load_directories() {
    std::vector<std::string> keys;
    for (const Part& part : parts_) keys.push_back(directory_key(part.segment.id, part.sought->family));
    PABAL_CO_TRY(const auto values, co_await engine_.get(partition_, keys));
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      if (!values[i]) co_return fail(ErrorKind::kConflict, "a segment was merged");
      auto directory = decode_directory(values[i]->bytes);
      if (!directory || directory->empty()) co_return damaged();
      parts_[i].directory = *std::move(directory);
    }
    co_return Result<void>();
  }

  static bool is_help(ChunkRange range) { return range.end - range.begin <= kMaxTermChunks; }

  net::Task<Result<void>> load_chunks() {
    for (const Part& part : parts_) {
      for (const Term& term : part.sought->terms) {
        const ChunkRange range = chunks_of(part.directory, term);
        for (std::uint32_t i = range.begin; is_help(range) && i < range.end; ++i) {
          chunks_.try_emplace(chunk_key(part.segment.id, part.sought->family, i));
        }
      }
    }
    std::vector<std::string> keys;
    for (const auto& [key, chunk] : chunks_) keys.push_back(key);
    PABAL_CO_TRY(auto values, co_await engine_.get(partition_, keys));
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!values[i]) co_return fail(ErrorKind::kConflict, "a segment was merged");
      chunks_[keys[i]] = std::move(values[i]->bytes);
    }
    co_return Result<void>();
  }

  /// The lists of a term's grams.
  Result<std::vector<Posting>> postings_of(const Part& part, const Term& term, ChunkRange range) const {
    std::vector<Posting> found;
    for (std::uint32_t i = range.begin; i < range.end; ++i) {
      ChunkReader reader(chunks_.at(chunk_key(part.segment.id, part.sought->family, i)));
      while (const auto posting = reader.next()) {
        if (posting->gram > term.last) break;
        if (posting->gram >= term.first) found.push_back(*posting);
      }
      if (reader.damaged()) return damaged();
    }
    return found;
  }

  /// Where any of these grams is.
  static Result<std::vector<Block>> blocks_of(const Segment& segment, std::span<const Posting> postings) {
    std::vector<Block> blocks;
    if (postings.size() == 1) {
      if (!postings[0].decode(segment.blocks(), segment.first_block(), blocks)) return damaged();
      return blocks;
    }
    // A range may have thousands of grams, each in nearly all blocks.
    std::vector<bool> any(segment.blocks());
    for (const Posting& posting : postings) {
      blocks.clear();
      if (!posting.decode(segment.blocks(), 0, blocks)) return damaged();
      for (const Block block : blocks) any[block] = true;
    }
    blocks.clear();
    for (Block i = 0; i < segment.blocks(); ++i) {
      if (any[i]) blocks.push_back(segment.first_block() + i);
    }
    return blocks;
  }

  Result<void> find_in(const Part& part, std::vector<Block>& out) const {
    struct Lists {
      std::vector<Posting> postings;
      std::uint64_t count = 0;
    };
    const Block universe = part.segment.blocks();
    std::vector<Lists> terms;
    for (const Term& term : part.sought->terms) {
      const ChunkRange range = chunks_of(part.directory, term);
      if (!is_help(range)) continue;
      Lists lists;
      PABAL_TRY(lists.postings, postings_of(part, term, range));
      if (lists.postings.empty()) return {};
      for (const Posting& posting : lists.postings)
        lists.count += posting.count == 0 ? universe : posting.count;
      terms.push_back(std::move(lists));
    }
    // The shortest first: what it leaves is soon nothing.
    std::ranges::sort(terms, {}, &Lists::count);
    std::optional<std::vector<Block>> common;
    for (const Lists& lists : terms) {
      if (common && common->empty()) break;
      PABAL_TRY(std::vector<Block> blocks, blocks_of(part.segment, lists.postings));
      if (common) {
        keep_common(*common, blocks);
      } else {
        common = std::move(blocks);
      }
    }
    if (common) {
      out.insert(out.end(), common->begin(), common->end());
    } else {
      for (Block i = 0; i < universe; ++i) out.push_back(part.segment.first_block() + i);
    }
    return {};
  }

  store::Engine& engine_;
  const store::PartitionId& partition_;
  std::span<const Sought> sought_;
  std::vector<Part> parts_;
  std::map<std::string, std::string> chunks_;
};

net::Task<Result<Candidates>> Index::find(store::PartitionId partition, Needle needle) const {
  const std::vector<Sought> sought = sought_for(needle);
  if (std::ranges::any_of(sought, [](const Sought& one) { return one.terms.empty(); }))
    co_return Candidates();
  for (int tries = 1;; ++tries) {
    Lookup lookup(engine_, partition, sought);
    auto found = co_await lookup.run();
    if (found || found.error().kind != ErrorKind::kConflict) co_return found;
    // What a true index names is there; what is missing again and again was lost.
    if (tries == kMaxTries) co_return damaged();
  }
}

}  // namespace pabal::mailbox::search
