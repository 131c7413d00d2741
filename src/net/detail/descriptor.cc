#include "net/detail/descriptor.h"

#include <sys/epoll.h>

#include <system_error>

#include "base/check.h"
#include "net/detail/loop_io.h"

namespace pabal::net {

std::string error_text(int error) { return std::generic_category().message(error); }

Result<std::unique_ptr<Descriptor>> Descriptor::adopt(Loop& loop, UniqueFd fd) {
  std::unique_ptr<Descriptor> descriptor(new Descriptor(loop));
  PABAL_TRY_VOID(loop.io().watch(fd.get(), *descriptor));
  descriptor->fd_ = std::move(fd);
  return descriptor;
}

void Descriptor::close() {
  if (closed()) return;
  loop_.io().forget(fd());
  fd_.reset();
  for (Wait* wait : waits_) {
    if (wait != nullptr) wait->end(Wait::Outcome::kFailed);
  }
}

void Descriptor::on_events(std::uint32_t events) {
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) peer_ended_ = true;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) make_ready(Ready::kRead);
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) make_ready(Ready::kWrite);
}

void Descriptor::make_ready(Ready what) {
  ready_[index(what)] = true;
  if (Wait* const wait = waits_[index(what)]) wait->end(Wait::Outcome::kReady);
}

bool Descriptor::Wait::begin(std::coroutine_handle<> handle, const Context& context) {
  if (!attach(context.cancel)) {
    outcome_ = Outcome::kCancelled;
    return false;
  }
  Wait*& place = descriptor_.waits_[index(what_)];
  PABAL_CHECK(place == nullptr);
  place = this;
  handle_ = handle;
  if (descriptor_.ready_[index(what_)]) {
    end(Outcome::kReady);  // on the loop's next turn, so that a fast peer leaves the others theirs
  } else if (deadline_.at != MonoTime::max()) {
    timer_.emplace(descriptor_.loop_).arm(deadline_, [this] { end(Outcome::kDeadline); });
  }
  return true;
}

// Whatever ended the wait, its coroutine is resumed by the loop and not from in here.
void Descriptor::Wait::end(Outcome outcome) {
  outcome_ = outcome;
  timer_.reset();
  detach();
  descriptor_.waits_[index(what_)] = nullptr;
  descriptor_.loop_.resume_soon(handle_);
}

Result<void> Descriptor::Wait::await_resume() const {
  switch (outcome_) {
    case Outcome::kReady:
      return {};
    case Outcome::kDeadline:
      return fail(ErrorKind::kDeadline, "the peer took too long");
    case Outcome::kCancelled:
      return fail(ErrorKind::kCancelled, "told to stop");
    default:
      return fail(ErrorKind::kClose, "the connection was closed");
  }
}

}  // namespace pabal::net
