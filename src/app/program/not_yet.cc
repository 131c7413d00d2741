// Stands in for what is still being built: a store that forgets.
#include "store/embedded.h"
#include "store/memory.h"

namespace pabal::store {
namespace {

class ForgetfulEngine final : public EmbeddedEngine {
 public:
  net::Task<Result<std::vector<std::optional<Value>>>> get(const PartitionId& partition,
                                                           std::span<const std::string> keys) override {
    return memory_->get(partition, keys);
  }
  net::Task<Result<ScanPage>> scan(const PartitionId& partition, const KeyRange& range,
                                   ScanLimits limits) override {
    return memory_->scan(partition, range, limits);
  }
  net::Task<Result<Version>> commit(Batch batch) override { return memory_->commit(std::move(batch)); }
  std::unique_ptr<Watch> watch(const PartitionId& partition) override { return memory_->watch(partition); }
  std::unique_ptr<BlobWriter> new_blob() override { return memory_->new_blob(); }
  net::Task<Result<std::optional<std::uint64_t>>> blob_size(BlobId blob) override {
    return memory_->blob_size(blob);
  }
  net::Task<Result<std::string>> read_blob(BlobId blob, std::uint64_t offset, std::size_t size) override {
    return memory_->read_blob(blob, offset, size);
  }
  net::Task<Result<SweepReport>> sweep() override { return memory_->sweep(); }
  net::Task<Result<void>> backup(std::filesystem::path) override {
    co_return fail(ErrorKind::kRefuse, "not yet");
  }
  EmbeddedStats stats() const override { return {}; }

 private:
  std::unique_ptr<Engine> memory_ = make_memory_engine();
};

}  // namespace

Result<std::unique_ptr<EmbeddedEngine>> open_embedded(EmbeddedOptions) {
  return std::make_unique<ForgetfulEngine>();
}
Result<VerifyReport> verify_embedded(const std::filesystem::path&) {
  return fail(ErrorKind::kRefuse, "not yet");
}
Result<void> restore_embedded(const std::filesystem::path&, const std::filesystem::path&) {
  return fail(ErrorKind::kRefuse, "not yet");
}

}  // namespace pabal::store
