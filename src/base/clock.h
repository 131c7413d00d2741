// Time as an interface, so that a test owns it. Wall time is for people and for the wire; monotonic
// time is for deadlines, and never jumps.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace pabal {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// Any thread may ask.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual MonoTime mono() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime wall() const override;
  MonoTime mono() const override;
};

/// Stands still until a test moves it. Starts at 2026-01-01 00:00:00 UTC.
class ManualClock final : public Clock {
 public:
  WallTime wall() const override;
  MonoTime mono() const override;

  void advance(std::chrono::nanoseconds by);
  void advance_to(MonoTime when);

 private:
  std::atomic<std::int64_t> elapsed_ns_{0};
};

}  // namespace pabal
