// One value that another thread brings to a waiting coroutine. It can't be cancelled: what another
// thread has begun is waited for, so that nothing it points to goes away under it.
#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "net/loop.h"

namespace pabal::net {

/// Lives in the waiting coroutine's frame. Exactly one set() and one co_await.
template <class T>
class Handoff {
 public:
  Handoff() = default;
  Handoff(const Handoff&) = delete;
  Handoff& operator=(const Handoff&) = delete;

  /// From any thread, once. The handoff may be gone when this returns.
  void set(T value) {
    value_.emplace(std::move(value));
    publish();
  }
  void set_exception(std::exception_ptr exception) {
    exception_ = std::move(exception);
    publish();
  }

  bool await_ready() const noexcept { return state_.load(std::memory_order_acquire) == State::kSet; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) noexcept {
    handle_ = handle;
    loop_ = handle.promise().context.loop;
    State expected = State::kEmpty;
    loop_->expect_result();
    suspended_ = true;
    return state_.compare_exchange_strong(expected, State::kAwaited, std::memory_order_acq_rel);
  }
  T await_resume() {
    if (suspended_) loop_->result_arrived();
    if (exception_) std::rethrow_exception(exception_);
    return *std::move(value_);
  }

 private:
  enum class State { kEmpty, kAwaited, kSet };

  void publish() {
    if (state_.exchange(State::kSet, std::memory_order_acq_rel) != State::kAwaited) return;
    // Still alive: its coroutine sleeps until the next line.
    loop_->resume_soon(handle_);
  }

  std::atomic<State> state_{State::kEmpty};
  bool suspended_ = false;
  Loop* loop_ = nullptr;
  std::coroutine_handle<> handle_;
  std::optional<T> value_;
  std::exception_ptr exception_;
};

}  // namespace pabal::net
