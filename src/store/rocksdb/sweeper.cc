#include "store/rocksdb/sweeper.h"

#include <algorithm>
#include <unordered_set>

#include "store/rocksdb/replay.h"

namespace pabal::store {

namespace {

// How many blobs one job on the committer's thread looks at: a few milliseconds.
constexpr std::size_t kDropsAtOnce = 256;
constexpr std::size_t kMoveBytesAtOnce = 1024 * 1024;

// A segment is worth rewriting when at most half of it lives: each byte that is copied frees at least one.
bool is_sparse(const SegmentUse& use) { return use.live_bytes > 0 && use.live_bytes * 2 <= use.end_offset; }

}  // namespace

net::Task<Result<SweepReport>> Sweeper::sweep() {
  if (running_.exchange(true)) co_return SweepReport();
  auto report = co_await sweep_once();
  running_.store(false);
  co_return report;
}

net::Task<Result<SweepReport>> Sweeper::sweep_once() {
  SweepReport report;
  PABAL_CO_TRY_VOID(co_await drop_loose_blobs(report));
  if (!orphans_removed_) {
    PABAL_CO_TRY_VOID(co_await remove_orphans(report));
    orphans_removed_ = true;
  }
  const Result<void> compacted = co_await compact_sparse_segments();
  // Segments go only when no replay needs them: so a checkpoint first.
  PABAL_CO_TRY(const Applied reached, co_await parts_.committer.run([this]() -> Result<Applied> {
    return parts_.committer.applied();
  }));
  PABAL_CO_TRY_VOID(co_await parts_.upkeep.run([this] { return parts_.index.flush(); }));
  PABAL_CO_TRY(const std::uint64_t given_back, co_await parts_.committer.run([&]() -> Result<std::uint64_t> {
    parts_.committer.reached_checkpoint(reached);
    return parts_.committer.remove_dead_segments();
  }));
  report.bytes_given_back += given_back;
  PABAL_CO_TRY_VOID(compacted);
  co_return report;
}

net::Task<Result<void>> Sweeper::drop_loose_blobs(SweepReport& report) {
  PABAL_CO_TRY(const std::vector<BlobId> loose, co_await parts_.upkeep.run([this] { return loose_blobs(); }));
  for (std::size_t at = 0; at < loose.size(); at += kDropsAtOnce) {
    const std::vector<BlobId> ids(
        loose.begin() + static_cast<std::ptrdiff_t>(at),
        loose.begin() + static_cast<std::ptrdiff_t>(std::min(loose.size(), at + kDropsAtOnce)));
    PABAL_CO_TRY_VOID(co_await parts_.committer.run([&] { return drop_unheld(ids, report); }));
  }
  co_return Result<void>();
}

Result<std::vector<BlobId>> Sweeper::loose_blobs() const {
  std::vector<BlobId> ids;
  bool sound = true;
  PABAL_TRY_VOID(parts_.index.for_each(KeyTag::kLoose, [&](std::string_view key, std::string_view) {
    const auto id = decode_blob_key(key);
    sound = id.has_value();
    if (sound) ids.push_back(*id);
    return sound;
  }));
  if (!sound) return fail(ErrorKind::kCorrupt, "the index holds a loose blob's key that can't be decoded");
  return ids;
}

Result<void> Sweeper::drop_unheld(const std::vector<BlobId>& ids, SweepReport& report) {
  if (parts_.committer.removals_held()) return {};
  DropRecord record;
  std::vector<BlobId> large;
  for (const BlobId& id : ids) {
    PABAL_TRY(const bool held, parts_.index.is_held(id));
    PABAL_TRY(const auto location, *parts_.index.find_blob(id, Reach::kDisk));
    if (held || !location) {
      record.kept.push_back(id);
      continue;
    }
    record.dropped.push_back({id, location->segment, location->size});
    if (location->large()) large.push_back(id);
  }
  const std::vector<Record> records{std::move(record)};
  PABAL_TRY_VOID(parts_.committer.write_group(records, {}));
  for (const auto& dropped : std::get<DropRecord>(records.front()).dropped) {
    ++report.blobs_dropped;
    report.bytes_dropped += dropped.size;
  }
  for (const BlobId& id : large) {
    PABAL_TRY(const std::uint64_t bytes, parts_.large.remove_unless_pinned(id));
    report.bytes_given_back += bytes;
  }
  return {};
}

// Large files that a crash left without an entry in the index.
net::Task<Result<void>> Sweeper::remove_orphans(SweepReport& report) {
  PABAL_CO_TRY(const std::vector<BlobId> ids, co_await parts_.upkeep.run([this] { return orphans(); }));
  co_return co_await parts_.committer.run([&]() -> Result<void> {
    if (parts_.committer.removals_held()) return {};
    for (const BlobId& id : ids) {
      PABAL_TRY(const auto location, *parts_.index.find_blob(id, Reach::kDisk));
      if (location) continue;
      PABAL_TRY(const std::uint64_t bytes, parts_.large.remove_unless_pinned(id));
      report.bytes_given_back += bytes;
    }
    return {};
  });
}

Result<std::vector<BlobId>> Sweeper::orphans() const {
  std::vector<BlobId> ids;
  PABAL_TRY(const auto names, parts_.disk.list(parts_.large.directory()));
  for (const std::string& name : names) {
    const auto id = LargeFiles::parse_name(name);
    if (!id) continue;
    PABAL_TRY(const auto location, *parts_.index.find_blob(*id, Reach::kDisk));
    if (!location) ids.push_back(*id);
  }
  return ids;
}

void Sweeper::remove_abandoned() {
  std::vector<BlobId> ids = parts_.large.take_abandoned();
  if (parts_.committer.removals_held()) {
    parts_.large.give_back_abandoned(std::move(ids));
    return;
  }
  for (const BlobId& id : ids) {
    const auto location = *parts_.index.find_blob(id, Reach::kDisk);
    // What can't be removed now is an orphan, which the first sweep after the next opening finds.
    if (location && !*location) (void)parts_.large.remove_unless_pinned(id);
  }
}

std::vector<SegmentId> Sweeper::sparse_segments() const {
  std::vector<SegmentId> sparse;
  if (parts_.committer.removals_held()) return sparse;
  for (const auto& [id, use] : parts_.committer.segments().uses()) {
    if (id != SegmentId() && id < parts_.committer.applied().segment && is_sparse(use)) sparse.push_back(id);
  }
  return sparse;
}

net::Task<Result<void>> Sweeper::compact_sparse_segments() {
  PABAL_CO_TRY(const std::vector<SegmentId> sparse,
               co_await parts_.committer.run(
                   [this]() -> Result<std::vector<SegmentId>> { return sparse_segments(); }));
  // A damaged segment must not keep the others from being swept.
  Result<void> outcome;
  for (const SegmentId id : sparse) {
    if (auto compacted = co_await compact(id); !compacted) outcome = std::move(compacted);
  }
  co_return outcome;
}

net::Task<Result<void>> Sweeper::compact(SegmentId id) {
  PABAL_CO_TRY(const std::vector<BlobId> ids,
               co_await parts_.upkeep.run([&] { return blobs_written_in(id); }));
  for (std::size_t next = 0; next < ids.size();) {
    PABAL_CO_TRY(const std::vector<LiveBlob> live,
                 co_await parts_.upkeep.run([&] { return read_live(id, ids, next); }));
    if (live.empty()) continue;
    PABAL_CO_TRY_VOID(co_await parts_.committer.run([&] { return move_blobs(id, live); }));
  }
  co_return Result<void>();
}

// Every blob that was ever placed in the segment, as its own records tell.
Result<std::vector<BlobId>> Sweeper::blobs_written_in(SegmentId id) const {
  PABAL_TRY(auto file, parts_.segment_files.open(id));
  if (!file) return std::vector<BlobId>();
  std::vector<BlobId> ids;
  std::unordered_set<BlobId> seen;  // dropped and stored again, one may stand there twice
  PABAL_TRY_VOID(
      for_each_group(file, id, [&](const GroupPlace&, std::span<const Record> records) -> Result<void> {
        for (const Record& record : records) {
          for (const PlacedBlob& blob : blobs_of(record)) {
            if (!blob.large && seen.insert(blob.id).second) ids.push_back(blob.id);
          }
        }
        return {};
      }));
  return ids;
}

// Reads the next of `ids` that still live in the segment, about kMoveBytesAtOnce of them.
Result<std::vector<Sweeper::LiveBlob>> Sweeper::read_live(SegmentId id, std::span<const BlobId> ids,
                                                          std::size_t& next) {
  std::vector<LiveBlob> live;
  for (std::size_t bytes = 0; next < ids.size() && bytes < kMoveBytesAtOnce; ++next) {
    PABAL_TRY(auto location, *parts_.index.find_blob(ids[next], Reach::kDisk));
    if (!location || location->segment != id) continue;
    PABAL_TRY(auto read, parts_.reader.read_at(ids[next], *location, 0, location->size));
    if (!read) continue;
    bytes += read->size();
    live.push_back({ids[next], *std::move(location), *std::move(read)});
  }
  return live;
}

Result<void> Sweeper::move_blobs(SegmentId from, const std::vector<LiveBlob>& blobs) {
  if (parts_.committer.removals_held()) return {};
  MoveRecord record{from, {}};
  std::vector<std::string_view> bytes;
  std::uint64_t offset = 0;
  for (const LiveBlob& blob : blobs) {
    // Dropped, or stored anew, since it was read?
    PABAL_TRY(const auto now, *parts_.index.find_blob(blob.id, Reach::kDisk));
    if (now != blob.location) continue;
    record.blobs.push_back({blob.id, false, blob.location.size, offset, blob.location.sums});
    bytes.push_back(blob.bytes);
    offset += blob.bytes.size();
  }
  if (bytes.empty()) return {};
  const std::vector<Record> records{std::move(record)};
  return parts_.committer.write_group(records, bytes);
}

}  // namespace pabal::store
