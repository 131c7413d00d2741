// A Scope owns coroutines that run side by side. It is closed and awaited before its owner dies, so
// no work outlives what it stands on. Lives on one loop's thread.
//
//     Scope sessions(loop, nullptr, on_bug);
//     sessions.spawn(serve(std::move(stream)));
//     ...
//     sessions.cancel();
//     co_await sessions.join();
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <functional>

#include "net/cancel.h"
#include "net/loop.h"
#include "net/task.h"

namespace pabal::net {

class Scope {
 public:
  /// Receives an exception that a task let out. That is a bug of ours or a lack of memory: log it,
  /// count it; the task has ended, the others go on.
  using OnBug = std::function<void(std::exception_ptr)>;

  /// Without `on_bug` such an exception ends the process.
  explicit Scope(Loop& loop, CancelSource* parent = nullptr, OnBug on_bug = {});
  /// Every task must have ended: join() first.
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  /// Starts the task at once; it runs until its first wait before this returns.
  void spawn(Task<void> task);
  /// Tells every task to stop, those spawned later too.
  void cancel() { cancel_.cancel(); }
  /// Waits until every task has ended. One at a time may wait.
  Task<void> join();

  std::size_t size() const { return running_; }

 private:
  detail::Root run(Task<void> task);

  Loop& loop_;
  CancelSource cancel_;
  OnBug on_bug_;
  std::size_t running_ = 0;
  std::coroutine_handle<> joiner_;
};

}  // namespace pabal::net
