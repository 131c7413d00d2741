// Reading blobs by range, out of segments and large files. Every byte that is handed out has been
// compared with its checksum.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "net/task.h"
#include "net/worker_pool.h"
#include "store/rocksdb/index.h"
#include "store/rocksdb/large_files.h"

namespace pabal::store {

/// Open segments, so that a letter costs no open(2). Any thread.
class SegmentFiles {
 public:
  explicit SegmentFiles(std::string directory) : directory_(std::move(directory)) {}

  /// Nothing if the segment is gone.
  Result<std::shared_ptr<const ReadableFile>> open(SegmentId id);
  /// The segment is removed; who reads it now may finish.
  void forget(SegmentId id);

 private:
  // 16 GiB of journal; of a process's 20,000 descriptors a hundredth.
  static constexpr std::size_t kMaxOpen = 256;

  struct Entry {
    std::shared_ptr<const ReadableFile> file;
    std::list<SegmentId>::iterator place;
  };

  const std::string directory_;
  std::mutex mutex_;
  std::unordered_map<SegmentId, Entry> open_;
  std::list<SegmentId> newest_first_;
};

class BlobReader {
 public:
  /// All must outlive the reader; `pool` does the reads that must wait for the disk.
  BlobReader(const Index& index, SegmentFiles& segments, const LargeFiles& large, net::WorkerPool& pool)
      : index_(index), segments_(segments), large_(large), pool_(pool) {}

  net::Task<Result<std::optional<std::uint64_t>>> size(BlobId id);
  net::Task<Result<std::string>> read(BlobId id, std::uint64_t offset, std::size_t size);

  /// The bytes at `location`, checked. Nothing if its file is gone. Blocks.
  Result<std::optional<std::string>> read_at(const BlobId& id, const BlobLocation& location,
                                             std::uint64_t offset, std::uint64_t size);

 private:
  struct Part;

  net::Task<Result<std::optional<BlobLocation>>> find(const BlobId& id);
  std::optional<std::string> read_cached(const BlobLocation& location, const Part& part);
  Result<std::string> read_from_disk(BlobId id, BlobLocation location, std::uint64_t offset,
                                     std::uint64_t size);
  Result<std::shared_ptr<const ReadableFile>> open_file(const BlobId& id, const BlobLocation& location);

  const Index& index_;
  SegmentFiles& segments_;
  const LargeFiles& large_;
  net::WorkerPool& pool_;
};

}  // namespace pabal::store
