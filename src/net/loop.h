// The event loop: one a thread, usually one a core. A connection lives on one loop and only that
// loop's thread touches it; threads talk by posting. Time comes from the Clock given at birth, so
// that a test owns it (net/testing.h has the loop whose time a test moves).
#pragma once

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "net/block_pool.h"
#include "net/cancel.h"
#include "net/task.h"

namespace pabal::net {

/// The moment at which a wait gives up. Every wait on a peer takes one.
struct Deadline {
  MonoTime at = MonoTime::max();
  static constexpr Deadline never() { return {}; }
};

class Loop {
 public:
  /// The clock must outlive the loop.
  explicit Loop(const Clock& clock);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  const Clock& clock() const { return clock_; }
  Deadline in(std::chrono::nanoseconds from_now) const { return {clock_.mono() + from_now}; }

  /// Runs until stop(). The calling thread becomes the loop's thread.
  void run();
  /// Waits for something to become ready or due, and runs it.
  void run_one();
  /// Runs all that is ready or due, waits for nothing; returns how many things it ran.
  std::size_t run_ready();
  /// Runs the task to its end on the calling thread: for the command line and for tests.
  template <class T>
  T run_until_done(Task<T> task);

  // From any thread:
  void stop();
  void post(std::move_only_function<void()> work);
  void resume_soon(std::coroutine_handle<> handle);

  /// Calls back once at its time, on the loop's thread; silent once disarmed or destroyed.
  class Timer {
   public:
    explicit Timer(Loop& loop) : loop_(loop) {}
    ~Timer() { disarm(); }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    /// Replaces an earlier arming. Deadline::never() never fires.
    void arm(Deadline deadline, std::move_only_function<void()> fire);
    void disarm();

   private:
    friend class Loop;
    static constexpr std::size_t kDisarmed = static_cast<std::size_t>(-1);

    Loop& loop_;
    MonoTime at_{};
    std::size_t position_ = kDisarmed;  // in the loop's heap
    std::move_only_function<void()> fire_;
  };
  /// When the next timer is due, if any is armed.
  std::optional<MonoTime> next_timer() const;

  /// Brackets what another thread does for this loop, so that simulated time stands still meanwhile.
  void expect_result() { ++results_expected_; }
  void result_arrived() { --results_expected_; }
  bool expects_results() const { return results_expected_ > 0; }

  /// Buffers for connections, shared by all of this loop.
  BlockPool& blocks() { return blocks_; }

  /// Sockets and wake-ups: net's own, in detail/loop_io.h.
  class Io;
  Io& io() { return *io_; }

 private:
  class Timers;

  std::size_t turn(bool may_wait);
  std::chrono::milliseconds until_next_timer() const;
  std::size_t fire_due_timers();

  const Clock& clock_;
  std::atomic<bool> stopping_ = false;
  std::size_t results_expected_ = 0;
  BlockPool blocks_;
  std::unique_ptr<Timers> timers_;
  std::unique_ptr<Io> io_;
};

/// Waits until the deadline; kCancelled if told to stop before it.
Task<Result<void>> sleep_until(Deadline deadline);

/// Runs `work`, cancels it when the deadline passes, and waits until it has ended either way.
/// A cancellation that the deadline caused comes back as kDeadline.
template <class T>
Task<Result<T>> with_deadline(Deadline deadline, Task<Result<T>> work) {
  const Context context = co_await current_context();
  CancelSource source(context.cancel);
  bool expired = false;
  Loop::Timer timer(*context.loop);
  timer.arm(deadline, [&] {
    expired = true;
    source.cancel();
  });
  Result<T> result = co_await std::move(work).in({context.loop, &source});
  if (!result && expired && result.error().kind == ErrorKind::kCancelled) {
    co_return fail(ErrorKind::kDeadline, "it took too long");
  }
  co_return result;
}

namespace detail {

template <class T>
struct Outcome {
  bool done = false;
  std::exception_ptr exception;
  std::optional<T> value;
};
template <>
struct Outcome<void> {
  bool done = false;
  std::exception_ptr exception;
};

template <class T>
Root run_to_outcome(Task<T> task, Outcome<T>& outcome) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::move(task);
    } else {
      outcome.value.emplace(co_await std::move(task));
    }
  } catch (...) {
    outcome.exception = std::current_exception();
  }
  outcome.done = true;
}

template <class T>
T take(Outcome<T>& outcome) {
  if (outcome.exception) std::rethrow_exception(outcome.exception);
  if constexpr (!std::is_void_v<T>) return *std::move(outcome.value);
}

}  // namespace detail

template <class T>
T Loop::run_until_done(Task<T> task) {
  detail::Outcome<T> outcome;
  detail::run_to_outcome(std::move(task), outcome).start({this, nullptr});
  while (!outcome.done) run_one();
  return detail::take(outcome);
}

}  // namespace pabal::net
