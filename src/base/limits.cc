#include "base/limits.h"

#include <algorithm>

#include "base/check.h"

namespace pabal {

TokenBucket::TokenBucket(Rate rate) : interval_(rate.period / std::max(rate.count, 1U)), burst_(rate.burst) {
  PABAL_CHECK(rate.count > 0 && rate.burst > 0 && rate.period > std::chrono::nanoseconds::zero());
  // A burst's worth of time is added to points in time: it must fit.
  PABAL_CHECK(interval_ <= std::chrono::nanoseconds::max() / 4 / burst_);
}

MonoTime TokenBucket::ready_at(std::uint32_t tokens, MonoTime now) const {
  if (tokens > burst_) return MonoTime::max();
  const MonoTime from = std::max(full_at_, now);
  // After taking, the bucket may be at most a burst away from full.
  return std::max(now, from + interval_ * tokens - interval_ * burst_);
}

bool TokenBucket::take(std::uint32_t tokens, MonoTime now) {
  if (ready_at(tokens, now) > now) return false;
  full_at_ = std::max(full_at_, now) + interval_ * tokens;
  return true;
}

bool ByteBudget::reserve(std::size_t bytes) {
  std::size_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > max_bytes_ - used) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

std::optional<ByteBudget::Lease> ByteBudget::lease(std::size_t bytes) {
  if (!reserve(bytes)) return std::nullopt;
  return Lease(*this, bytes);
}

bool ByteBudget::Lease::grow_by(std::size_t bytes) {
  if (budget_ == nullptr || !budget_->reserve(bytes)) return false;
  size_bytes_ += bytes;
  return true;
}

void ByteBudget::Lease::shrink_to(std::size_t bytes) {
  if (budget_ == nullptr || bytes >= size_bytes_) return;
  const std::size_t before = std::exchange(size_bytes_, bytes);
  budget_->used_.fetch_sub(before - bytes, std::memory_order_relaxed);
}

}  // namespace pabal
