#include "base/clock.h"

namespace pabal {

namespace {
constexpr WallTime kManualEpoch = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
}

WallTime SystemClock::wall() const {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

MonoTime SystemClock::mono() const { return std::chrono::steady_clock::now(); }

WallTime ManualClock::wall() const {
  return kManualEpoch + std::chrono::duration_cast<std::chrono::microseconds>(
                            std::chrono::nanoseconds(elapsed_ns_.load(std::memory_order_relaxed)));
}

MonoTime ManualClock::mono() const {
  return MonoTime(std::chrono::nanoseconds(elapsed_ns_.load(std::memory_order_relaxed)));
}

void ManualClock::advance(std::chrono::nanoseconds by) {
  elapsed_ns_.fetch_add(by.count(), std::memory_order_relaxed);
}

void ManualClock::advance_to(MonoTime when) {
  const std::int64_t target = when.time_since_epoch().count();
  std::int64_t now = elapsed_ns_.load(std::memory_order_relaxed);
  while (now < target && !elapsed_ns_.compare_exchange_weak(now, target, std::memory_order_relaxed)) {
  }
}

}  // namespace pabal
