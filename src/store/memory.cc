#include "store/memory.h"

#include <algorithm>
#include <coroutine>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

#include "net/loop.h"
#include "store/watch_hub.h"

namespace pabal::store {
namespace {

using Bytes = std::shared_ptr<const std::string>;

struct MemoryBytes final : StagedBytes {
  explicit MemoryBytes(Bytes from) : bytes(std::move(from)) {}
  const Bytes bytes;
};

/// Resumes in a later round of the loop.
struct LaterRound {
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> handle) const {
    handle.promise().context.loop->resume_soon(handle);
  }
  void await_resume() const noexcept {}
};

class MemoryWriter final : public BlobWriter {
 public:
  net::Task<Result<void>> write(std::string_view bytes) override {
    bytes_.append(bytes);
    co_return Result<void>{};
  }
  net::Task<Result<StagedBlob>> finish() override {
    co_await LaterRound{};
    const std::uint64_t size_bytes = bytes_.size();
    const BlobId id = BlobId::of(bytes_);
    co_return StagedBlob{
        id, size_bytes,
        std::make_shared<MemoryBytes>(std::make_shared<const std::string>(std::move(bytes_)))};
  }

 private:
  std::string bytes_;
};

class MemoryEngine final : public Engine {
 public:
  net::Task<Result<std::vector<std::optional<Value>>>> get(const PartitionId& partition,
                                                           std::span<const std::string> keys) override {
    std::vector<std::optional<Value>> values(keys.size());
    const std::lock_guard lock(mutex_);
    const Partition& held = partition_or_empty(partition);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (const auto found = held.find(keys[i]); found != held.end()) values[i] = found->second;
    }
    co_return values;
  }

  net::Task<Result<ScanPage>> scan(const PartitionId& partition, const KeyRange& range,
                                   ScanLimits limits) override {
    const std::lock_guard lock(mutex_);
    const Partition& held = partition_or_empty(partition);
    if (!range.end.empty() && range.start >= range.end) co_return ScanPage{};
    const auto first = held.lower_bound(range.start);
    const auto last = range.end.empty() ? held.end() : held.lower_bound(range.end);
    if (limits.reverse) {
      co_return fill_page(std::make_reverse_iterator(last), std::make_reverse_iterator(first), range, limits);
    }
    co_return fill_page(first, last, range, limits);
  }

  net::Task<Result<Version>> commit(Batch batch) override {
    PABAL_CO_TRY_VOID(batch.check_limits());
    co_await LaterRound{};  // others may commit first, and what the caller has read is old
    Result<Version> version = apply(batch);
    co_await LaterRound{};  // others may see the commit before the caller goes on
    co_return version;
  }

  std::unique_ptr<Watch> watch(const PartitionId& partition) override { return watches_.watch(partition); }

  std::unique_ptr<BlobWriter> new_blob() override { return std::make_unique<MemoryWriter>(); }

  net::Task<Result<std::optional<std::uint64_t>>> blob_size(BlobId blob) override {
    const Bytes bytes = find_blob(blob);
    if (bytes == nullptr) co_return std::optional<std::uint64_t>();
    co_return std::optional<std::uint64_t>(bytes->size());
  }

  net::Task<Result<std::string>> read_blob(BlobId blob, std::uint64_t offset, std::size_t size) override {
    const Bytes bytes = find_blob(blob);
    if (bytes == nullptr) co_return fail(ErrorKind::kRefuse, "blob {} is not stored", blob.to_hex());
    if (offset >= bytes->size()) co_return std::string();
    co_return bytes->substr(offset, size);
  }

  net::Task<Result<SweepReport>> sweep() override {
    SweepReport report = drop_unheld();
    co_await LaterRound{};
    co_return report;
  }

 private:
  using Partition = std::map<std::string, Value, std::less<>>;
  struct Blob {
    Bytes bytes;
    std::set<std::pair<PartitionId, std::string>> holders;
  };

  // For these, the mutex is held.
  const Partition& partition_or_empty(const PartitionId& partition) const {
    static const Partition kEmpty;
    const auto found = partitions_.find(partition);
    return found == partitions_.end() ? kEmpty : found->second;
  }
  Result<void> check_expectations(const Batch& batch) const;
  Result<void> check_blobs(const Batch& batch) const;
  void apply_writes(const Batch& batch, Version version);
  void apply_references(const Batch& batch);

  template <class Iterator>
  static ScanPage fill_page(Iterator at, Iterator end, const KeyRange& range, const ScanLimits& limits);

  Result<Version> apply(const Batch& batch);
  Bytes find_blob(const BlobId& blob) const;
  SweepReport drop_unheld();

  mutable std::mutex mutex_;
  std::unordered_map<PartitionId, Partition> partitions_;
  std::unordered_map<BlobId, Blob> blobs_;
  std::uint64_t last_version_ = 0;
  WatchHub watches_;
};

template <class Iterator>
ScanPage MemoryEngine::fill_page(Iterator at, Iterator end, const KeyRange& range, const ScanLimits& limits) {
  const std::size_t max_bytes = std::min(limits.max_bytes, kMaxPageBytes);
  ScanPage page;
  std::string_view last;
  for (; at != end; ++at) {
    const std::string_view key = at->first;
    const std::string_view value = limits.keys_only ? std::string_view() : std::string_view(at->second.bytes);
    const bool full =
        page.size() >= limits.max_entries || page.bytes() + key.size() + value.size() > max_bytes;
    if (full && !page.empty()) {
      // Right behind the last entry, not at the one to come: what is written between them meanwhile counts.
      page.set_next(limits.reverse ? KeyRange{range.start, std::string(last)}
                                   : KeyRange{std::string(last) + '\0', range.end});
      break;
    }
    page.append(key, value, at->second.version);
    last = key;
  }
  return page;
}

Result<Version> MemoryEngine::apply(const Batch& batch) {
  Version version;
  {
    const std::lock_guard lock(mutex_);
    PABAL_TRY_VOID(check_expectations(batch));
    PABAL_TRY_VOID(check_blobs(batch));
    version = Version(++last_version_);
    apply_writes(batch, version);
    apply_references(batch);
  }
  if (!batch.writes().empty() || !batch.references().empty()) watches_.notify(batch.partition());
  return version;
}

Result<void> MemoryEngine::check_expectations(const Batch& batch) const {
  const Partition& held = partition_or_empty(batch.partition());
  for (const Batch::Expectation& expectation : batch.expectations()) {
    const auto found = held.find(expectation.key);
    std::optional<Version> version;
    if (found != held.end()) version = found->second.version;
    if (version != expectation.version) return fail(ErrorKind::kConflict, "a key was changed meanwhile");
  }
  return {};
}

Result<void> MemoryEngine::check_blobs(const Batch& batch) const {
  std::set<BlobId> attached;
  for (const StagedBlob& staged : batch.blobs()) {
    if (dynamic_cast<const MemoryBytes*>(staged.bytes.get()) == nullptr) {
      return fail(ErrorKind::kRefuse, "blob {} was staged for another engine", staged.id.to_hex());
    }
    attached.insert(staged.id);
  }
  for (const Batch::Reference& reference : batch.references()) {
    if (reference.held && !blobs_.contains(reference.blob) && !attached.contains(reference.blob)) {
      return fail(ErrorKind::kRefuse, "blob {} is not stored", reference.blob.to_hex());
    }
  }
  return {};
}

void MemoryEngine::apply_writes(const Batch& batch, Version version) {
  if (batch.writes().empty()) return;
  Partition& held = partitions_[batch.partition()];
  for (const Batch::Write& write : batch.writes()) {
    if (write.value) {
      held.insert_or_assign(write.key, Value{*write.value, version});
    } else {
      held.erase(write.key);
    }
  }
}

void MemoryEngine::apply_references(const Batch& batch) {
  for (const StagedBlob& staged : batch.blobs()) {
    blobs_.try_emplace(staged.id, Blob{static_cast<const MemoryBytes&>(*staged.bytes).bytes, {}});
  }
  for (const Batch::Reference& reference : batch.references()) {
    const auto found = blobs_.find(reference.blob);
    if (found == blobs_.end()) continue;  // the release of what nobody holds
    std::pair holder(batch.partition(), reference.name);
    if (reference.held) {
      found->second.holders.insert(std::move(holder));
    } else {
      found->second.holders.erase(holder);
    }
  }
}

Bytes MemoryEngine::find_blob(const BlobId& blob) const {
  const std::lock_guard lock(mutex_);
  const auto found = blobs_.find(blob);
  return found == blobs_.end() ? nullptr : found->second.bytes;
}

SweepReport MemoryEngine::drop_unheld() {
  SweepReport report;
  const std::lock_guard lock(mutex_);
  std::erase_if(blobs_, [&report](const auto& entry) {
    if (!entry.second.holders.empty()) return false;
    ++report.blobs_dropped;
    report.bytes_dropped += entry.second.bytes->size();
    return true;
  });
  report.bytes_given_back = report.bytes_dropped;
  return report;
}

}  // namespace

std::unique_ptr<Engine> make_memory_engine() { return std::make_unique<MemoryEngine>(); }

}  // namespace pabal::store
