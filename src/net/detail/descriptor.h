// A file descriptor on a loop, and the wait for its readiness: the one place where a coroutine meets
// the kernel's events. The system calls themselves are made by whoever owns the descriptor.
//
// The kernel tells only changes, so readiness is remembered here: a wait for what is ready ends on the loop's
// next turn, until the owner says that a call found nothing (drained()).
#pragma once

#include <array>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "net/cancel.h"
#include "net/detail/unique_fd.h"
#include "net/loop.h"
#include "net/task.h"

namespace pabal::net {

class Descriptor {
 public:
  enum class Ready : std::uint8_t { kRead, kWrite };
  class Wait;

  /// The descriptor must be non-blocking. Fails if the kernel can't watch it.
  static Result<std::unique_ptr<Descriptor>> adopt(Loop& loop, UniqueFd fd);
  /// No wait may be under way.
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int fd() const { return fd_.get(); }
  bool closed() const { return !fd_; }
  Loop& loop() { return loop_; }

  /// `co_await descriptor.wait(Ready::kRead, deadline)` is a Result<void>: one wait of each kind at a time.
  Wait wait(Ready what, Deadline deadline);
  /// A call would block: the next wait is for the next change.
  void drained(Ready what) { ready_[index(what)] = false; }
  /// A read got less than it had room for, so all is read, unless what is left is the peer's end.
  void read_short() { ready_[index(Ready::kRead)] = peer_ended_; }
  /// Waits under way end with kClose.
  void close();

  /// The loop's: what epoll said.
  void on_events(std::uint32_t events);

 private:
  explicit Descriptor(Loop& loop) : loop_(loop) {}
  static constexpr std::size_t index(Ready what) { return static_cast<std::size_t>(what); }
  void make_ready(Ready what);

  Loop& loop_;
  UniqueFd fd_;
  std::array<bool, 2> ready_{};
  bool peer_ended_ = false;
  std::array<Wait*, 2> waits_{};
};

class [[nodiscard]] Descriptor::Wait final : private CancelHook {
 public:
  Wait(Descriptor& descriptor, Ready what, Deadline deadline)
      : descriptor_(descriptor), what_(what), deadline_(deadline) {}

  bool await_ready() const noexcept { return descriptor_.closed(); }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) {
    return begin(handle, handle.promise().context);
  }
  Result<void> await_resume() const;

 private:
  friend class Descriptor;
  enum class Outcome : std::uint8_t { kWaiting, kReady, kDeadline, kCancelled, kFailed };

  bool begin(std::coroutine_handle<> handle, const Context& context);
  void end(Outcome outcome);
  void on_cancel() override { end(Outcome::kCancelled); }

  Descriptor& descriptor_;
  Ready what_;
  Outcome outcome_ = Outcome::kWaiting;
  Deadline deadline_;
  std::coroutine_handle<> handle_;
  std::optional<Loop::Timer> timer_;
};

inline Descriptor::Wait Descriptor::wait(Ready what, Deadline deadline) {
  return Wait(*this, what, deadline);
}

}  // namespace pabal::net
