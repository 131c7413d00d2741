// A place to wait until somebody on the same loop says that something changed. Waiters check their
// condition again after each wake-up:
//
//     while (queue.empty()) PABAL_CO_TRY_VOID(co_await changed.wait(deadline));
#pragma once

#include <coroutine>
#include <optional>

#include "base/result.h"
#include "net/cancel.h"
#include "net/loop.h"
#include "net/task.h"

namespace pabal::net {

/// Must outlive those who wait on it. Lives on one loop's thread.
class Signal {
 public:
  class Wait;

  Signal() = default;
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  /// `co_await signal.wait(deadline)` is a Result<void>: woken, kDeadline, or kCancelled.
  Wait wait(Deadline deadline);
  /// Wakes all who wait now. They run on the loop's next turn.
  void notify_all();

 private:
  Wait* first_ = nullptr;
};

class [[nodiscard]] Signal::Wait final : private CancelHook {
 public:
  Wait(Signal& signal, Deadline deadline) : signal_(signal), deadline_(deadline) {}
  ~Wait() { leave(); }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    return begin(handle, handle.promise().context);
  }
  Result<void> await_resume() const;

 private:
  friend class Signal;
  enum class Outcome { kWaiting, kWoken, kDeadline, kCancelled };

  bool begin(std::coroutine_handle<> handle, const Context& context);
  void end(Outcome outcome);
  void leave();
  void on_cancel() override { end(Outcome::kCancelled); }

  Signal& signal_;
  Deadline deadline_;
  Outcome outcome_ = Outcome::kWaiting;
  Loop* loop_ = nullptr;
  std::coroutine_handle<> handle_;
  std::optional<Loop::Timer> timer_;
  bool listed_ = false;
  Wait* next_ = nullptr;
  Wait* previous_ = nullptr;
};

inline Signal::Wait Signal::wait(Deadline deadline) { return Wait(*this, deadline); }

}  // namespace pabal::net
