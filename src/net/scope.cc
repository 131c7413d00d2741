#include "net/scope.h"

#include "base/check.h"

namespace pabal::net {

Scope::Scope(Loop& loop, CancelSource* parent, OnBug on_bug)
    : loop_(loop), cancel_(parent), on_bug_(std::move(on_bug)) {}

Scope::~Scope() { PABAL_CHECK(running_ == 0); }

void Scope::spawn(Task<void> task) {
  ++running_;
  run(std::move(task)).start({&loop_, &cancel_});
}

detail::Root Scope::run(Task<void> task) {
  try {
    co_await std::move(task);
  } catch (...) {
    PABAL_CHECK(on_bug_ != nullptr);
    on_bug_(std::current_exception());
  }
  if (--running_ == 0 && joiner_) loop_.resume_soon(std::exchange(joiner_, nullptr));
}

Task<void> Scope::join() {
  struct Join {
    Scope& scope;
    bool await_ready() const noexcept { return scope.running_ == 0; }
    void await_suspend(std::coroutine_handle<> handle) const noexcept {
      PABAL_CHECK(!scope.joiner_);
      scope.joiner_ = handle;
    }
    void await_resume() const noexcept {}
  };
  // A task that joined work spawned meanwhile would be resumed for the first batch only.
  while (running_ > 0) co_await Join{*this};
}

}  // namespace pabal::net
