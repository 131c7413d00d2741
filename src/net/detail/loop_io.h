// The loop's own part: what its thread sleeps on, and the queues of what is to run next.
//
// Every descriptor of the loop is in one epoll set, once, for both directions and edge by edge: the kernel
// tells each change once, and net/detail/descriptor.h remembers it. So a wait costs no system call of its
// own.
#pragma once

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"
#include "net/detail/unique_fd.h"
#include "net/loop.h"

namespace pabal::net {

class Descriptor;

class Loop::Io {
 public:
  Io();

  // From any thread:
  void post(std::move_only_function<void()> work);
  void resume_soon(std::coroutine_handle<> handle);
  /// Ends a wait() that is under way or else the next.
  void wake();

  // On the loop's thread:
  Result<void> watch(int fd, Descriptor& descriptor);
  void forget(int fd);
  void become_owner() { owner_.store(std::this_thread::get_id(), std::memory_order_relaxed); }
  bool has_work();
  /// Waits for the kernel's events, at most so long (forever if negative), and tells them to their
  /// descriptors.
  void wait(std::chrono::milliseconds patience);
  /// Runs what was due to run when it was called; returns how many things that were.
  std::size_t run_work();

 private:
  bool is_owner() const { return owner_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

  UniqueFd epoll_;
  UniqueFd wake_;
  std::atomic<std::thread::id> owner_{};
  std::vector<std::coroutine_handle<>> ready_;  // of the loop's thread alone
  std::mutex mutex_;
  std::vector<std::move_only_function<void()>> posted_work_;
  std::vector<std::coroutine_handle<>> posted_handles_;
};

}  // namespace pabal::net
