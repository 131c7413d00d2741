// A file descriptor on a loop, and the wait for its readiness: the one place where a coroutine meets
// Asio's reactor. The system calls themselves are made by whoever owns the descriptor.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <coroutine>
#include <optional>

#include "base/result.h"
#include "net/cancel.h"
#include "net/loop.h"
#include "net/task.h"

namespace pabal::net {

/// Closes its descriptor.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd();
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// `errno` in words.
std::string error_text(int error);

class Descriptor {
 public:
  enum class Ready { kRead, kWrite };
  class Wait;

  /// The descriptor must be non-blocking. Fails if the reactor can't take it.
  static Result<std::unique_ptr<Descriptor>> adopt(Loop& loop, UniqueFd fd);
  /// No wait may be under way.
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int fd() { return asio_.native_handle(); }
  bool closed() const { return !asio_.is_open(); }
  Loop& loop() { return loop_; }

  /// `co_await descriptor.wait(Ready::kRead, deadline)` is a Result<void>: one wait of each kind at a time.
  Wait wait(Ready what, Deadline deadline);
  /// Waits under way end with kClose.
  void close();

 private:
  using Asio = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

  explicit Descriptor(Loop& loop);

  Loop& loop_;
  Asio asio_;
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
  enum class Outcome { kWaiting, kReady, kDeadline, kCancelled, kFailed };

  bool begin(std::coroutine_handle<> handle, const Context& context);
  void start();
  void on_ready(const boost::system::error_code& error);
  void give_up(Outcome outcome);
  void on_cancel() override { give_up(Outcome::kCancelled); }

  Descriptor& descriptor_;
  Ready what_;
  Deadline deadline_;
  Outcome outcome_ = Outcome::kWaiting;
  std::coroutine_handle<> handle_;
  std::optional<Loop::Timer> timer_;
};

inline Descriptor::Wait Descriptor::wait(Ready what, Deadline deadline) {
  return Wait(*this, what, deadline);
}

}  // namespace pabal::net
