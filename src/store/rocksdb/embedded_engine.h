// The embedded engine put together: each part of the work in a file of its own, this one connects them.
#pragma once

#include <rocksdb/file_system.h>

#include <memory>

#include "base/random.h"
#include "net/worker_pool.h"
#include "store/embedded.h"
#include "store/rocksdb/committer.h"
#include "store/rocksdb/layout.h"
#include "store/rocksdb/sweeper.h"
#include "store/watch_hub.h"

namespace pabal::store {

class RocksEngine final : public EmbeddedEngine {
 public:
  static Result<std::unique_ptr<RocksEngine>> open(EmbeddedOptions options,
                                                   std::shared_ptr<rocksdb::FileSystem> files);
  /// Finishes what is queued and leaves a checkpoint, so that the next opening has nothing to replay.
  ~RocksEngine() override;

  net::Task<Result<std::vector<std::optional<Value>>>> get(const PartitionId& partition,
                                                           std::span<const std::string> keys) override;
  net::Task<Result<ScanPage>> scan(const PartitionId& partition, const KeyRange& range,
                                   ScanLimits limits) override;
  net::Task<Result<Version>> commit(Batch batch) override { return committer_->commit(std::move(batch)); }
  std::unique_ptr<Watch> watch(const PartitionId& partition) override { return watches_.watch(partition); }
  std::unique_ptr<BlobWriter> new_blob() override;
  net::Task<Result<std::optional<std::uint64_t>>> blob_size(BlobId blob) override {
    return reader_->size(blob);
  }
  net::Task<Result<std::string>> read_blob(BlobId blob, std::uint64_t offset, std::size_t size) override {
    return reader_->read(blob, offset, size);
  }
  net::Task<Result<SweepReport>> sweep() override { return sweeper_->sweep(); }
  net::Task<Result<void>> backup(std::filesystem::path to) override;
  EmbeddedStats stats() const override;

 private:
  RocksEngine(EmbeddedOptions options, Disk disk);

  Result<void> start();
  Result<Applied> replay(const Applied& from, SegmentTable& segments);
  Result<SegmentTable> load_segments(const Applied& applied) const;
  net::Task<Result<void>> copy_running_store(std::string to);
  Result<void> copy_files(const Layout& target, SegmentId end) const;
  void sweep_abandoned_soon();

  const EmbeddedOptions options_;
  const Layout layout_;
  const Disk disk_;
  SystemRandom random_;
  std::unique_ptr<StoreLock> lock_;
  std::unique_ptr<Index> index_;
  std::shared_ptr<LargeFiles> large_;
  WatchHub watches_;
  SegmentFiles segment_files_;
  net::WorkerPool readers_;
  net::WorkerPool writers_;  ///< of large blobs
  std::unique_ptr<net::WorkerPool> upkeep_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<BlobReader> reader_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Sweeper> sweeper_;
  std::atomic<bool> backing_up_{false};
};

}  // namespace pabal::store
