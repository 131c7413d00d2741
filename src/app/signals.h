// Signals as values that one thread waits for. No handler ever runs: the signals are blocked in every thread,
// and read from a descriptor here.
#pragma once

#include <chrono>
#include <optional>

#include "base/result.h"

namespace pabal::app {

class Signals {
 public:
  /// Blocks SIGTERM, SIGINT and SIGHUP, and ignores SIGPIPE, in this thread and all that it starts later:
  /// call it before there are any.
  static Result<Signals> block();
  ~Signals();
  Signals(Signals&& other) noexcept;
  Signals& operator=(Signals&&) = delete;

  /// The next signal; nothing when the time is over or somebody called wake(). One thread waits.
  std::optional<int> wait(std::optional<std::chrono::milliseconds> patience);
  /// Ends a wait, the next one if none is under way. Any thread.
  void wake() const;

 private:
  Signals(int signals, int wake_up) : signals_(signals), wake_up_(wake_up) {}

  int signals_;
  int wake_up_;
};

}  // namespace pabal::app
