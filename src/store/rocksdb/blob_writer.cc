#include "store/rocksdb/blob_writer.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "base/digest.h"

namespace pabal::store {

namespace {

class EmbeddedBlobWriter final : public BlobWriter {
 public:
  EmbeddedBlobWriter(std::shared_ptr<LargeFiles> files, net::WorkerPool& pool)
      : files_(std::move(files)), pool_(pool) {}

  ~EmbeddedBlobWriter() override {
    // Removing a large file takes a while: not here, if there is another thread for it.
    if (file_) (void)pool_.submit([file = std::move(file_)]() mutable { file.reset(); });
  }

  net::Task<Result<void>> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      // Spilled when more comes, not when full: what just fits is a small blob.
      if (buffer_.size() == kMaxSmallBlobBytes) PABAL_CO_TRY_VOID(co_await spill());
      const std::string_view piece = bytes.substr(0, kMaxSmallBlobBytes - buffer_.size());
      buffer_.append(piece);
      bytes.remove_prefix(piece.size());
      size_ += piece.size();
      // Small blobs are hashed as they come, in pieces that do not hold up the loop; of large ones, the pool
      // hashes what it writes.
      if (!file_) hash_.update(piece);
    }
    co_return Result<void>();
  }

  net::Task<Result<StagedBlob>> finish() override {
    PABAL_CHECK(!finished_);
    finished_ = true;
    if (failure_) co_return std::unexpected(*failure_);
    if (!file_) {
      const BlobId id(hash_.finish());
      co_return StagedBlob{id, size_, std::make_shared<const SmallStaged>(id, std::move(buffer_))};
    }
    PABAL_CO_TRY_VOID(co_await spill());
    PABAL_CO_TRY(auto staged, co_await pool_.run([this] { return file_->finish(hash_); }));
    file_.reset();
    const BlobId id = staged->id;
    co_return StagedBlob{id, size_, std::move(staged)};
  }

 private:
  net::Task<Result<void>> spill() {
    if (failure_) co_return std::unexpected(*failure_);
    const std::size_t hashed = file_ ? 0 : buffer_.size();
    if (!file_) file_ = std::make_unique<LargeFileWriter>(files_);
    const Result<void> written =
        co_await pool_.run([this, hashed] { return file_->append(buffer_, hash_, hashed); });
    // A part is missing now: the blob can't become whole any more.
    if (!written) failure_ = written.error();
    buffer_.clear();
    co_return written;
  }

  std::shared_ptr<LargeFiles> files_;
  net::WorkerPool& pool_;
  std::string buffer_;
  std::uint64_t size_ = 0;
  Sha256 hash_;
  std::unique_ptr<LargeFileWriter> file_;
  std::optional<Error> failure_;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<BlobWriter> make_blob_writer(std::shared_ptr<LargeFiles> files, net::WorkerPool& pool) {
  return std::make_unique<EmbeddedBlobWriter>(std::move(files), pool);
}

}  // namespace pabal::store
