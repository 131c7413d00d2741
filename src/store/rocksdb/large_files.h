// Blobs too large for the journal: each in a file of its own, large/<hash in hex>, written under tmp/
// and renamed once it is whole and synced. Drawn in docs/store-format.md:
//
//     the blob's bytes | crc32c of each chunk | "PABALBIG" | size | crc32c of the chunks' sums and the size
//
// The index says which of them are blobs; a file that is not in the index is held by a pin as long as a
// StagedBlob of it lives, and is removed after that.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/digest.h"
#include "store/blob.h"
#include "store/rocksdb/disk.h"

namespace pabal::store {

class LargeFiles {
 public:
  /// Directories under the store's; made if missing, and tmp/ is emptied.
  static Result<std::shared_ptr<LargeFiles>> open(const std::string& store_directory, const Disk& disk);

  /// The same, to be read only: nothing is made or removed.
  static Result<std::shared_ptr<LargeFiles>> look(const std::string& store_directory, const Disk& disk);

  std::string path_of(const BlobId& id) const { return directory_ + "/" + id.to_hex(); }
  /// The blob whose file bears this name; nothing for any other name.
  static std::optional<BlobId> parse_name(std::string_view name);
  std::string new_unfinished_path();
  const std::string& directory() const { return directory_; }
  const Disk& disk() const { return disk_; }

  // Any thread:
  void pin(const BlobId& id);
  /// `committed`: the index points to the file, so nobody needs to look whether it is to go.
  void unpin(const BlobId& id, bool committed);
  bool pinned(const BlobId& id) const;
  /// Ids whose last pin went before a commit; each is handed out once.
  std::vector<BlobId> take_abandoned();
  void give_back_abandoned(std::vector<BlobId> ids);
  /// Called from any thread when there is something to take. Replaced by an empty one before what it refers
  /// to goes.
  void on_abandoned(std::function<void()> call);

  /// Removes the file unless a pin holds it; the answer is how many bytes came free.
  Result<std::uint64_t> remove_unless_pinned(const BlobId& id);

 private:
  LargeFiles(std::string store_directory, const Disk& disk)
      : directory_(store_directory + "/large"), unfinished_(store_directory + "/tmp"), disk_(disk) {}

  const std::string directory_;
  const std::string unfinished_;
  const Disk disk_;
  std::atomic<std::uint64_t> next_unfinished_{0};
  mutable std::mutex mutex_;
  std::unordered_map<BlobId, int> pins_;
  std::vector<BlobId> abandoned_;
  std::function<void()> on_abandoned_;
};

/// A small blob between finish() and its commit: its bytes, in memory.
class SmallStaged final : public StagedBytes {
 public:
  SmallStaged(BlobId blob_id, std::string blob_bytes);

  const BlobId id;
  const std::string bytes;
  const std::string sums;
};

/// A large blob between finish() and its commit: its file, pinned.
class LargeStaged final : public StagedBytes {
 public:
  LargeStaged(std::shared_ptr<LargeFiles> files, BlobId blob_id, std::uint64_t size);
  ~LargeStaged() override;

  void set_committed() const { committed_.store(true, std::memory_order_relaxed); }

  const BlobId id;
  const std::uint64_t size_bytes;

 private:
  std::shared_ptr<LargeFiles> files_;
  mutable std::atomic<bool> committed_{false};
};

/// Writes one large file. One caller at a time, on a thread that may block. Going before finish() removes
/// what was written.
class LargeFileWriter {
 public:
  explicit LargeFileWriter(std::shared_ptr<LargeFiles> files) : files_(std::move(files)) {}
  ~LargeFileWriter();
  LargeFileWriter(const LargeFileWriter&) = delete;
  LargeFileWriter& operator=(const LargeFileWriter&) = delete;

  /// Every call but the last brings a multiple of kChunkBytes. `hash` takes the bytes after the first
  /// `hashed`.
  Result<void> append(std::string_view bytes, Sha256& hash, std::size_t hashed);
  Result<std::shared_ptr<const LargeStaged>> finish(Sha256& hash);

 private:
  std::shared_ptr<LargeFiles> files_;
  std::unique_ptr<rocksdb::FSWritableFile> file_;
  std::string path_;
  std::uint64_t size_ = 0;
  std::string sums_;
};

/// Where the sums stand, and the whole footer behind the bytes; for readers.
std::string encode_large_footer(std::uint64_t size, std::string_view sums);

}  // namespace pabal::store
