#include "net/detail/descriptor.h"

#include <unistd.h>

#include <system_error>

#include "base/check.h"
#include "net/detail/loop_io.h"

namespace pabal::net {

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) ::close(fd_);
}

std::string error_text(int error) { return std::generic_category().message(error); }

Descriptor::Descriptor(Loop& loop) : loop_(loop), asio_(loop.io().context.get_executor()) {}

Result<std::unique_ptr<Descriptor>> Descriptor::adopt(Loop& loop, UniqueFd fd) {
  std::unique_ptr<Descriptor> descriptor(new Descriptor(loop));
  boost::system::error_code error;
  descriptor->asio_.assign(fd.get(), error);
  if (error) return fail(ErrorKind::kRetryLater, "watching a socket: {}", error.message());
  fd.release();
  return descriptor;
}

void Descriptor::close() {
  if (closed()) return;
  for (Wait* wait : waits_) {
    if (wait != nullptr && wait->outcome_ == Wait::Outcome::kWaiting) wait->outcome_ = Wait::Outcome::kFailed;
  }
  boost::system::error_code ignored;
  asio_.close(ignored);
}

bool Descriptor::Wait::begin(std::coroutine_handle<> handle, const Context& context) {
  if (!attach(context.cancel)) {
    outcome_ = Outcome::kCancelled;
    return false;
  }
  Wait*& place = descriptor_.waits_[static_cast<std::size_t>(what_)];
  PABAL_CHECK(place == nullptr);
  place = this;
  handle_ = handle;
  if (deadline_.at != MonoTime::max()) {
    timer_.emplace(descriptor_.loop_).arm(deadline_, [this] { give_up(Outcome::kDeadline); });
  }
  start();
  return true;
}

void Descriptor::Wait::start() {
  const auto kind = what_ == Ready::kRead ? Asio::wait_read : Asio::wait_write;
  descriptor_.asio_.async_wait(kind, [this](const boost::system::error_code& error) { on_ready(error); });
}

// The only place that resumes: whatever ended the wait, Asio has let go of this object by then.
void Descriptor::Wait::on_ready(const boost::system::error_code& error) {
  if (error == boost::asio::error::operation_aborted && outcome_ == Outcome::kWaiting) {
    // Asio cancels by descriptor: it was the other direction's wait that gave up.
    start();
    return;
  }
  if (!error) {
    outcome_ = Outcome::kReady;
  } else if (outcome_ == Outcome::kWaiting) {
    outcome_ = Outcome::kFailed;
  }
  timer_.reset();
  detach();
  descriptor_.waits_[static_cast<std::size_t>(what_)] = nullptr;
  handle_.resume();
}

void Descriptor::Wait::give_up(Outcome outcome) {
  if (outcome_ != Outcome::kWaiting) return;
  outcome_ = outcome;
  boost::system::error_code ignored;
  descriptor_.asio_.cancel(ignored);
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
