#include "store/engine.h"

namespace pabal::store {

KeyRange KeyRange::with_prefix(std::string_view prefix) {
  KeyRange range{std::string(prefix), std::string(prefix)};
  // The first key after the prefix: its last byte plus one, once trailing 0xff bytes are gone.
  while (!range.end.empty() && range.end.back() == '\xff') range.end.pop_back();
  if (!range.end.empty()) range.end.back() = static_cast<char>(range.end.back() + 1);
  return range;
}

ScanPage::Entry ScanPage::operator[](std::size_t index) const {
  const Slot& slot = slots_[index];
  const std::string_view bytes = std::string_view(buffer_).substr(slot.offset);
  return {bytes.substr(0, slot.key_bytes), bytes.substr(slot.key_bytes, slot.value_bytes), slot.version};
}

void ScanPage::append(std::string_view key, std::string_view value, Version version) {
  slots_.push_back({buffer_.size(), static_cast<std::uint32_t>(key.size()),
                    static_cast<std::uint32_t>(value.size()), version});
  buffer_.append(key);
  buffer_.append(value);
}

namespace {

Result<void> check_key(std::string_view key) {
  if (key.empty()) return fail(ErrorKind::kRefuse, "a key is empty");
  if (key.size() > kMaxKeyBytes) {
    return fail(ErrorKind::kRefuse, "a key has {} bytes; at most {} are allowed", key.size(), kMaxKeyBytes);
  }
  return {};
}

}  // namespace

Result<void> Batch::check_limits() const {
  if (partition_.value().empty() || partition_.value().size() > kMaxPartitionBytes) {
    return fail(ErrorKind::kRefuse, "a partition id has {} bytes; 1 to {} are allowed",
                partition_.value().size(), kMaxPartitionBytes);
  }
  const std::size_t operations = expectations_.size() + writes_.size() + references_.size() + blobs_.size();
  if (operations > kMaxBatchOperations) {
    return fail(ErrorKind::kRefuse, "a batch has {} operations; at most {} are allowed", operations,
                kMaxBatchOperations);
  }
  std::size_t total = 0;
  for (const Expectation& expectation : expectations_) {
    PABAL_TRY_VOID(check_key(expectation.key));
    total += expectation.key.size();
  }
  for (const Reference& reference : references_) {
    PABAL_TRY_VOID(check_key(reference.name));
    total += reference.name.size();
  }
  for (const Write& write : writes_) {
    PABAL_TRY_VOID(check_key(write.key));
    const std::size_t value_bytes = write.value ? write.value->size() : 0;
    if (value_bytes > kMaxValueBytes) {
      return fail(ErrorKind::kRefuse, "a value has {} bytes; at most {} are allowed", value_bytes,
                  kMaxValueBytes);
    }
    total += write.key.size() + value_bytes;
  }
  if (total > kMaxBatchBytes) {
    return fail(ErrorKind::kRefuse, "a batch has {} bytes; at most {} are allowed", total, kMaxBatchBytes);
  }
  return {};
}

net::Task<Result<std::optional<Value>>> Engine::get_one(const PartitionId& partition, std::string key) {
  PABAL_CO_TRY(auto values, co_await get(partition, std::span(&key, 1)));
  co_return std::move(values.front());
}

}  // namespace pabal::store
