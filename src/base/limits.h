// Bounds on how often and how much. Both answer at once and never wait: what to do when there is no more
// (wait, refuse, close) is the caller's to know.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/clock.h"

namespace pabal {

/// So many in each period on the average, and so many at once after a rest.
struct Rate {
  std::uint32_t count = 1;
  std::chrono::nanoseconds period = std::chrono::seconds(1);
  std::uint32_t burst = 1;
};

/// Keeps one point in time (the generic cell rate algorithm), so that a table may hold a million. Not for
/// several threads at once.
class TokenBucket {
 public:
  /// Starts full. `count` and `burst` are above zero; a period of more than 292 years overflows.
  explicit TokenBucket(Rate rate);

  /// True, and the tokens are gone; or false, and nothing changed. More than `burst` is always false.
  bool take(std::uint32_t tokens, MonoTime now);
  /// When take() would succeed; MonoTime::max() for more than `burst`.
  MonoTime ready_at(std::uint32_t tokens, MonoTime now) const;

 private:
  std::chrono::nanoseconds interval_;  // between two tokens
  std::uint32_t burst_;
  MonoTime full_at_ = MonoTime::min();  // when the bucket is full again
};

/// A share of memory that many draw on. Any thread; the budget outlives its leases.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t max_bytes) : max_bytes_(max_bytes) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  /// Gives its bytes back when it is destroyed.
  class [[nodiscard]] Lease {
   public:
    Lease() = default;
    ~Lease() { shrink_to(0); }
    Lease(Lease&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), size_bytes_(std::exchange(other.size_bytes_, 0)) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(size_bytes_, other.size_bytes_);
      return *this;
    }

    std::size_t size_bytes() const { return size_bytes_; }
    /// True, and the lease is that much larger; or false, and nothing changed.
    bool grow_by(std::size_t bytes);
    void shrink_to(std::size_t bytes);

   private:
    friend class ByteBudget;
    Lease(ByteBudget& budget, std::size_t bytes) : budget_(&budget), size_bytes_(bytes) {}

    ByteBudget* budget_ = nullptr;
    std::size_t size_bytes_ = 0;
  };

  /// Nothing when fewer are left.
  std::optional<Lease> lease(std::size_t bytes);

  std::size_t used_bytes() const { return used_.load(std::memory_order_relaxed); }
  std::size_t max_bytes() const { return max_bytes_; }

 private:
  bool reserve(std::size_t bytes);

  const std::size_t max_bytes_;
  std::atomic<std::size_t> used_{0};
};

}  // namespace pabal
