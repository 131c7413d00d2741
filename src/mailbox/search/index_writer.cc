#include "mailbox/search/index_writer.h"

#include <algorithm>
#include <utility>

#include "mailbox/search/index.h"
#include "mailbox/search/merge.h"

namespace pabal::mailbox::search {
namespace {

/// Of one batch: others wait for the same sync.
constexpr std::size_t kBatchBytes = 1024 * 1024;
/// Of what a merge holds of its outcome.
constexpr std::size_t kMergeBytes = 512 * 1024;

unsigned level_of(const Segment& segment) {
  unsigned level = 0;
  for (std::uint64_t letters = segment.letters() / 64; letters >= kMergeFanOut; letters /= kMergeFanOut)
    ++level;
  return level;
}

}  // namespace

/// A segment that is being written.
struct IndexWriter::NewSegment {
  Segment segment;
  store::Batch batch;
  std::size_t batch_bytes = 0;
  bool announced = false;
  std::array<std::vector<Gram>, kFamilies> directories{};
};

net::Task<Result<void>> IndexWriter::load() {
  PABAL_CO_TRY(const auto value, co_await engine_.get_one(partition_, std::string(kStateKey)));
  state_ = {};
  version_.reset();
  if (value) {
    auto state = decode_index_state(value->bytes);
    if (!state) co_return fail(ErrorKind::kCorrupt, "the state of the search index is damaged");
    state_ = *std::move(state);
    version_ = value->version;
  }
  if (state_.leftovers.empty()) co_return Result<void>();
  // Whoever is still writing one of them must find that the state is no longer theirs, before a chunk is
  // gone.
  PABAL_CO_TRY_VOID(co_await commit(store::Batch(partition_), IndexState(state_)));
  co_return co_await erase_leftovers();
}

net::Task<Result<void>> IndexWriter::begin_anew() {
  PABAL_CO_TRY(const auto value, co_await engine_.get_one(partition_, std::string(kStateKey)));
  version_.reset();
  if (value) version_ = value->version;
  // The state may not be readable, so the keys tell which segments there are.
  IndexState next;
  store::KeyRange rest = store::KeyRange::with_prefix(kSegmentPrefix);
  while (true) {
    PABAL_CO_TRY(const store::ScanPage page,
                 co_await engine_.scan(partition_, rest, {.max_entries = 1, .keys_only = true}));
    const auto segment = page.empty() ? std::nullopt : parse_segment_key(page[0].key);
    if (!segment || *segment == UINT32_MAX) break;
    next.leftovers.push_back(*segment);
    next.next_segment = *segment + 1;
    rest.start = segment_prefix(next.next_segment);
  }
  PABAL_CO_TRY_VOID(co_await commit(store::Batch(partition_), next));
  co_return co_await erase_leftovers();
}

net::Task<Result<void>> IndexWriter::commit(store::Batch batch, const IndexState& next) {
  if (version_) {
    batch.expect(std::string(kStateKey), *version_);
  } else {
    batch.expect_absent(std::string(kStateKey));
  }
  batch.put(std::string(kStateKey), encode(next));
  PABAL_CO_TRY(version_, co_await engine_.commit(std::move(batch)));
  state_ = next;
  co_return Result<void>();
}

IndexWriter::NewSegment IndexWriter::begin_segment(LetterId first, LetterId last) {
  return {.segment = {.id = state_.next_segment, .first = first, .last = last},
          .batch = store::Batch(partition_)};
}

net::Task<Result<void>> IndexWriter::flush(NewSegment& segment) {
  IndexState next = state_;
  if (!segment.announced) {
    next.next_segment = segment.segment.id + 1;
    next.leftovers.push_back(segment.segment.id);
  }
  PABAL_CO_TRY_VOID(co_await commit(std::exchange(segment.batch, store::Batch(partition_)), next));
  segment.announced = true;
  segment.batch_bytes = 0;
  co_return Result<void>();
}

net::Task<Result<void>> IndexWriter::put_chunks(NewSegment& segment, Family family,
                                                std::vector<ChunkWriter::Chunk> chunks) {
  const auto index = static_cast<std::size_t>(family);
  for (ChunkWriter::Chunk& chunk : chunks) {
    if (segment.batch_bytes + chunk.bytes.size() > kBatchBytes) PABAL_CO_TRY_VOID(co_await flush(segment));
    segment.batch_bytes += chunk.bytes.size();
    segment.batch.put(chunk_key(segment.segment.id, family, segment.segment.chunks[index]++),
                      std::move(chunk.bytes));
    segment.directories[index].push_back(chunk.first);
  }
  co_return Result<void>();
}

/// The last part of a segment, and the state that knows it. `next` has the segments that it replaces among
/// its leftovers already.
net::Task<Result<void>> IndexWriter::publish(NewSegment& segment, IndexState next) {
  std::string directories[kFamilies];
  for (std::size_t family = 0; family < kFamilies; ++family) {
    if (segment.directories[family].empty()) continue;
    directories[family] = encode_directory(segment.directories[family]);
    segment.batch_bytes += directories[family].size();
  }
  if (segment.batch_bytes > kBatchBytes) PABAL_CO_TRY_VOID(co_await flush(segment));
  for (std::size_t family = 0; family < kFamilies; ++family) {
    if (directories[family].empty()) continue;
    segment.batch.put(directory_key(segment.segment.id, static_cast<Family>(family)),
                      std::move(directories[family]));
  }
  next.next_segment = segment.segment.id + 1;
  std::erase(next.leftovers, segment.segment.id);
  const auto place = std::ranges::lower_bound(next.segments, segment.segment.first, {}, &Segment::first);
  next.segments.insert(place, segment.segment);
  co_return co_await commit(std::move(segment.batch), next);
}

net::Task<Result<void>> IndexWriter::add(SegmentData data, LetterId through) {
  NewSegment segment = begin_segment(data.first, data.last);
  for (std::size_t family = 0; family < kFamilies; ++family) {
    PABAL_CO_TRY_VOID(
        co_await put_chunks(segment, static_cast<Family>(family), std::move(data.chunks[family])));
  }
  IndexState next = state_;
  next.through = through;
  co_return co_await publish(segment, std::move(next));
}

std::span<const Segment> IndexWriter::due_for_merge() const {
  // The youngest segments, up to a size: once there are many of them they are worth one.
  const std::span<const Segment> all(state_.segments);
  unsigned top = 0;
  for (const Segment& segment : all) top = std::max(top, level_of(segment));
  for (unsigned level = 0; level <= top; ++level) {
    std::size_t begin = all.size();
    std::array<std::uint64_t, kFamilies> chunks{};
    while (begin > 0 && level_of(all[begin - 1]) <= level) {
      const Segment& segment = all[begin - 1];
      for (std::size_t family = 0; family < kFamilies; ++family) chunks[family] += segment.chunks[family];
      if (std::ranges::max(chunks) > kMaxSegmentChunks) break;
      --begin;
    }
    if (all.size() - begin >= kMergeFanOut) return all.subspan(begin);
  }
  return {};
}

net::Task<Result<void>> IndexWriter::merge(std::vector<bool> alive) {
  const std::vector<Segment> inputs(due_for_merge().begin(), due_for_merge().end());
  if (inputs.empty()) co_return Result<void>();
  NewSegment segment = begin_segment(inputs.front().first, inputs.back().last);
  for (std::size_t family = 0; family < kFamilies; ++family) {
    FamilyMerge merge(inputs, static_cast<Family>(family), alive);
    while (true) {
      // Chunks that inputs have come to the end of are read here, the lists are put together by a worker.
      while (const auto wanted = merge.wanted_chunk()) {
        PABAL_CO_TRY(auto chunk, co_await engine_.get_one(partition_, *wanted));
        if (!chunk) co_return fail(ErrorKind::kCorrupt, "a part of the search index is missing");
        merge.feed(std::move(chunk->bytes));
      }
      PABAL_CO_TRY(const bool more, co_await workers_.run([&] { return merge.run(kMergeBytes); }));
      PABAL_CO_TRY_VOID(co_await put_chunks(segment, static_cast<Family>(family), merge.take_chunks()));
      if (!more) break;
    }
  }
  IndexState next = state_;
  std::erase_if(next.segments,
                [&](const Segment& one) { return std::ranges::find(inputs, one) != inputs.end(); });
  for (const Segment& one : inputs) next.leftovers.push_back(one.id);
  PABAL_CO_TRY_VOID(co_await publish(segment, std::move(next)));
  co_return co_await erase_leftovers();
}

net::Task<Result<void>> IndexWriter::erase_leftovers() {
  for (const SegmentId id : state_.leftovers) PABAL_CO_TRY_VOID(co_await erase_segment(id));
  IndexState next = state_;
  next.leftovers.clear();
  co_return co_await commit(store::Batch(partition_), next);
}

net::Task<Result<void>> IndexWriter::erase_segment(SegmentId segment) {
  std::optional<store::KeyRange> rest = store::KeyRange::with_prefix(segment_prefix(segment));
  while (rest) {
    PABAL_CO_TRY(const store::ScanPage page,
                 co_await engine_.scan(partition_, *rest, {.max_entries = 5000, .keys_only = true}));
    store::Batch batch(partition_);
    for (std::size_t i = 0; i < page.size(); ++i) batch.erase(std::string(page[i].key));
    rest = page.next();
    if (page.empty()) continue;
    // Another writer may have begun anew; what it knows of must not be erased by us.
    if (version_) batch.expect(std::string(kStateKey), *version_);
    PABAL_CO_TRY_VOID(co_await engine_.commit(std::move(batch)));
  }
  co_return Result<void>();
}

}  // namespace pabal::mailbox::search
