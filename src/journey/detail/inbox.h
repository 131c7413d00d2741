// What any thread puts down for one coroutine to take: bounded, and the putting waits for nothing but a short
// lock. The coroutine takes all that is there at once, so that the busier it is, the more it gets done in one
// go.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>

#include "base/result.h"
#include "net/loop.h"
#include "net/signal.h"
#include "net/task.h"

namespace pabal::journey::detail {

template <class T>
class Inbox {
 public:
  explicit Inbox(std::size_t max_cost) : state_(std::make_shared<State>(max_cost)) {}

  /// From any thread. False when there is no room, or it is closed.
  bool put(T item, std::size_t cost = 1) {
    State& state = *state_;
    const std::lock_guard lock(state.mutex);
    if (state.closed || cost > state.max_cost - state.cost) return false;
    state.cost += cost;
    state.items.push_back(std::move(item));
    state.wake_sleeper(state_);
    return true;
  }

  /// From any thread. Who takes gets what is there, then kClose.
  void close() {
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
    state_->wake_sleeper(state_);
  }

  /// Waits until there is something, and takes it all. kDeadline, kCancelled; kClose when it is closed and
  /// empty. One at a time.
  net::Task<Result<std::deque<T>>> take_all(net::Deadline deadline) {
    const std::shared_ptr<State> state = state_;
    const net::Context context = co_await net::current_context();
    for (;;) {
      {
        const std::lock_guard lock(state->mutex);
        if (!state->items.empty()) {
          state->cost = 0;
          co_return std::exchange(state->items, {});
        }
        if (state->closed) co_return fail(ErrorKind::kClose, "nothing more will come");
        state->sleeper = context.loop;
      }
      const Result<void> woken = co_await state->arrived.wait(deadline);
      if (woken) continue;
      const std::lock_guard lock(state->mutex);
      state->sleeper = nullptr;  // nobody is to touch a loop where nobody waits
      co_return std::unexpected(woken.error());
    }
  }

 private:
  struct State {
    explicit State(std::size_t max) : max_cost(max) {}

    // Under the lock: while it is held, the sleeper can't leave its loop.
    void wake_sleeper(const std::shared_ptr<State>& self) {
      if (net::Loop* const loop = std::exchange(sleeper, nullptr))
        loop->post([self] { self->arrived.notify_all(); });
    }

    const std::size_t max_cost;
    std::mutex mutex;
    std::deque<T> items;
    std::size_t cost = 0;
    bool closed = false;
    net::Loop* sleeper = nullptr;
    net::Signal arrived;  // the sleeper's loop alone
  };

  std::shared_ptr<State> state_;
};

}  // namespace pabal::journey::detail
