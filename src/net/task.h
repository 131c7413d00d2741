// Task<T>: a coroutine that is lazy (it starts when awaited), has one owner, and must be awaited or
// handed to a Scope. Awaiting hands down the context: the loop that the work runs on, and the source
// that may cancel it, so that no wait can forget to observe either.
//
//     Task<Result<Letter>> read_letter(Stream& stream);
//     ...
//     auto letter = co_await read_letter(stream);
//
// A parameter must be a value, or a reference to what the awaiting frame keeps alive.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/check.h"

namespace pabal::net {

class CancelSource;
class Loop;

/// What a coroutine inherits from whoever awaits it.
struct Context {
  Loop* loop = nullptr;
  CancelSource* cancel = nullptr;
};

namespace detail {

struct PromiseBase {
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) const noexcept {
      return finished.promise().continuation;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }

  Context context;
  std::coroutine_handle<> continuation = std::noop_coroutine();
  std::exception_ptr exception;
};

template <class T>
struct Promise : PromiseBase {
  template <class U>
    requires std::is_constructible_v<T, U&&>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() {
    if (exception) std::rethrow_exception(exception);
    PABAL_CHECK(value.has_value());
    return *std::move(value);
  }
  std::optional<T> value;
};

template <>
struct Promise<void> : PromiseBase {
  void return_void() const noexcept {}
  void take() const {
    if (exception) std::rethrow_exception(exception);
  }
};

/// The outermost coroutine of a chain, which nobody awaits: it starts when told, and destroys itself.
/// Its body catches everything; only Loop and Scope make one.
struct Root {
  struct promise_type {
    Root get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { PABAL_CHECK(false); }
    Context context;
  };

  void start(Context context) const {
    handle.promise().context = context;
    handle.resume();
  }

  std::coroutine_handle<promise_type> handle;
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  struct promise_type : detail::Promise<T> {
    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
  };
  using value_type = T;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  auto operator co_await() && noexcept { return Awaiter{std::exchange(handle_, nullptr), std::nullopt}; }

  /// The same task, run in another context: `co_await std::move(task).in({&loop, &cancel})`.
  auto in(Context context) && noexcept { return Awaiter{std::exchange(handle_, nullptr), context}; }

 private:
  struct [[nodiscard]] Awaiter {
    std::coroutine_handle<promise_type> handle;
    std::optional<Context> context;

    Awaiter(std::coroutine_handle<promise_type> task, std::optional<Context> other)
        : handle(task), context(other) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      if (handle) handle.destroy();
    }

    bool await_ready() const noexcept { return false; }
    template <class Parent>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Parent> parent) noexcept {
      handle.promise().context = context.value_or(parent.promise().context);
      handle.promise().continuation = parent;
      return handle;
    }
    T await_resume() { return handle.promise().take(); }
  };

  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

/// `const Context context = co_await current_context();` suspends nothing.
struct CurrentContext {
  Context context;
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> handle) noexcept {
    context = handle.promise().context;
    return false;
  }
  Context await_resume() const noexcept { return context; }
};
inline CurrentContext current_context() { return {}; }

}  // namespace pabal::net
