#include "store/rocksdb/embedded_engine.h"

#include "store/rocksdb/blob_writer.h"
#include "store/rocksdb/open.h"
#include "store/rocksdb/replay.h"

namespace pabal::store {

namespace {

// Two large letters may be synced while a third comes in.
constexpr std::size_t kWriterThreads = 2;
// One may zero the next segment while the other writes a checkpoint.
constexpr std::size_t kUpkeepThreads = 2;
// The index takes what a replay brings in pieces of this size.
constexpr std::size_t kReplayPieceBytes = 1024 * 1024;

}  // namespace

RocksEngine::RocksEngine(EmbeddedOptions options, Disk disk)
    : options_(std::move(options)),
      layout_(options_.directory),
      disk_(std::move(disk)),
      segment_files_(layout_.journal()),
      readers_({"store-read", std::max<std::size_t>(options_.reader_threads, 1), 4096}),
      writers_({"store-large", kWriterThreads, 4096}),
      upkeep_(std::make_unique<net::WorkerPool>(net::WorkerPoolOptions{"store-keep", kUpkeepThreads, 64})) {}

Result<std::unique_ptr<RocksEngine>> RocksEngine::open(EmbeddedOptions options,
                                                       std::shared_ptr<rocksdb::FileSystem> files) {
  std::unique_ptr<RocksEngine> engine(new RocksEngine(std::move(options), Disk(std::move(files))));
  PABAL_TRY_VOID(engine->start());
  return engine;
}

Result<void> RocksEngine::start() {
  PABAL_TRY(const Found found, look_at(layout_));
  if (found == Found::kEmpty) {
    if (!options_.create_if_missing) return fail(ErrorKind::kRefuse, "there is no store in {}", layout_.root);
    PABAL_TRY_VOID(make_directories(options_.directory, disk_));
  }
  PABAL_TRY(lock_, StoreLock::take(layout_));
  if (found == Found::kEmpty) PABAL_TRY_VOID(write_format(layout_.root, disk_));
  PABAL_TRY_VOID(migrate(layout_, disk_));
  PABAL_TRY_VOID(disk_.make_directory(layout_.journal()));
  PABAL_TRY_VOID(disk_.remove_directory(layout_.checkpoint()));  // a backup that a crash cut short
  PABAL_TRY(large_, LargeFiles::open(layout_.root, disk_));

  PABAL_TRY(index_,
            Index::open({layout_.index(), options_.cache_bytes, options_.write_buffer_bytes, false}, disk_));
  PABAL_TRY(const auto known, index_->load_applied());
  if (!known) {
    PABAL_TRY(const bool is_new, has_no_journal(layout_.journal(), disk_));
    if (is_new) PABAL_TRY_VOID(Journal::create(layout_.journal(), disk_, random_));
  }
  PABAL_TRY_VOID(disk_.sync_directory(layout_.root));

  const Applied from = known.value_or(journal_start());
  PABAL_TRY(SegmentTable segments, load_segments(from));
  journal_ = std::make_unique<Journal>(
      JournalOptions{layout_.journal(), options_.segment_bytes, options_.zero_ahead, options_.reserve_bytes},
      disk_, random_, *upkeep_);
  PABAL_TRY(const Applied applied, replay(from, segments));
  reader_ = std::make_unique<BlobReader>(*index_, segment_files_, *large_, readers_);
  committer_ = std::make_unique<Committer>(
      CommitterOptions{layout_.root, options_.reserve_bytes},
      CommitterParts{disk_, *index_, *journal_, *large_, segment_files_, watches_, *upkeep_}, applied, from,
      std::move(segments));
  sweeper_ = std::make_unique<Sweeper>(
      SweeperParts{disk_, *index_, *committer_, *reader_, *large_, segment_files_, *upkeep_});
  large_->on_abandoned([this] { sweep_abandoned_soon(); });
  return {};
}

void RocksEngine::sweep_abandoned_soon() {
  (void)committer_->submit([this] { sweeper_->remove_abandoned(); });
}

Result<SegmentTable> RocksEngine::load_segments(const Applied& applied) const {
  SegmentTable segments;
  // A segment that a crash kept from being removed is in no table: it holds nothing.
  PABAL_TRY(const auto names, disk_.list(layout_.journal()));
  for (const std::string& name : names) {
    if (const auto id = parse_segment_file_name(name); id && *id < applied.segment) segments.load(*id, {});
  }
  bool sound = true;
  PABAL_TRY_VOID(index_->for_each(KeyTag::kSegment, [&](std::string_view key, std::string_view value) {
    const auto id = decode_segment_key(key);
    const auto use = decode_segment_use(value);
    sound = id && use;
    if (sound) segments.load(*id, *use);
    return sound;
  }));
  if (!sound) return fail(ErrorKind::kCorrupt, "the index holds a segment's use that can't be decoded");
  return segments;
}

Result<Applied> RocksEngine::replay(const Applied& from, SegmentTable& segments) {
  Applied applied = from;
  rocksdb::WriteBatch batch;
  const auto take = [&](const GroupPlace& place, std::span<const Record> records) -> Result<void> {
    apply_group(place, records, segments, applied, batch);
    if (batch.GetDataSize() < kReplayPieceBytes) return {};
    PABAL_TRY_VOID(index_->apply(batch));
    batch.Clear();
    return {};
  };
  PABAL_TRY(const JournalWalk walk, walk_journal(layout_.journal(), disk_, from, take));
  PABAL_TRY_VOID(index_->apply(batch));
  PABAL_TRY_VOID(tidy_journal(layout_.journal(), disk_, walk));
  PABAL_TRY_VOID(journal_->resume(walk.end));
  return applied;
}

RocksEngine::~RocksEngine() {
  if (large_) large_->on_abandoned({});
  if (!committer_) return;
  committer_->stop();
  upkeep_.reset();
  // A failure here costs a replay, no more.
  (void)index_->flush();
  journal_->close();
}

net::Task<Result<std::vector<std::optional<Value>>>> RocksEngine::get(const PartitionId& partition,
                                                                      std::span<const std::string> keys) {
  if (auto found = index_->get(partition, keys, Reach::kMemory)) co_return *std::move(found);
  co_return co_await readers_.run([&] { return *index_->get(partition, keys, Reach::kDisk); });
}

net::Task<Result<ScanPage>> RocksEngine::scan(const PartitionId& partition, const KeyRange& range,
                                              ScanLimits limits) {
  if (auto found = index_->scan(partition, range, limits, Reach::kMemory)) co_return *std::move(found);
  co_return co_await readers_.run([&] { return *index_->scan(partition, range, limits, Reach::kDisk); });
}

std::unique_ptr<BlobWriter> RocksEngine::new_blob() { return make_blob_writer(large_, writers_); }

EmbeddedStats RocksEngine::stats() const {
  EmbeddedStats stats;
  stats.commits = committer_->commits();
  stats.groups = committer_->groups();
  stats.blobs_stored = committer_->blobs_stored();
  stats.disk_bytes = committer_->blob_and_journal_bytes() + index_->disk_bytes();
  stats.write_failure = committer_->write_failure();
  return stats;
}

Result<std::unique_ptr<EmbeddedEngine>> open_embedded_on(EmbeddedOptions options,
                                                         std::shared_ptr<rocksdb::FileSystem> files) {
  return RocksEngine::open(std::move(options), std::move(files));
}

Result<std::unique_ptr<EmbeddedEngine>> open_embedded(EmbeddedOptions options) {
  return open_embedded_on(std::move(options), rocksdb::FileSystem::Default());
}

}  // namespace pabal::store
