#include "net/signal.h"

namespace pabal::net {

void Signal::notify_all() {
  while (first_ != nullptr) first_->end(Wait::Outcome::kWoken);
}

bool Signal::Wait::begin(std::coroutine_handle<> handle, const Context& context) {
  if (!attach(context.cancel)) {
    outcome_ = Outcome::kCancelled;
    return false;
  }
  handle_ = handle;
  loop_ = context.loop;
  timer_.emplace(*loop_).arm(deadline_, [this] { end(Outcome::kDeadline); });
  next_ = signal_.first_;
  if (next_ != nullptr) next_->previous_ = this;
  signal_.first_ = this;
  listed_ = true;
  return true;
}

void Signal::Wait::end(Outcome outcome) {
  outcome_ = outcome;
  leave();
  loop_->resume_soon(handle_);
}

void Signal::Wait::leave() {
  if (!listed_) return;
  listed_ = false;
  detach();
  timer_->disarm();
  (previous_ != nullptr ? previous_->next_ : signal_.first_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

Result<void> Signal::Wait::await_resume() const {
  switch (outcome_) {
    case Outcome::kDeadline:
      return fail(ErrorKind::kDeadline, "nothing happened in time");
    case Outcome::kCancelled:
      return fail(ErrorKind::kCancelled, "told to stop");
    default:
      return {};
  }
}

}  // namespace pabal::net
