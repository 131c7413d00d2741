#include "net/detail/loop_io.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/check.h"
#include "net/detail/descriptor.h"

namespace pabal::net {

namespace {
constexpr std::size_t kMaxEventsAtOnce = 256;
}  // namespace

Loop::Io::Io() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  // No descriptors left at the start: nothing of the server can work.
  PABAL_CHECK(epoll_ && wake_);
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  PABAL_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0);
}

Result<void> Loop::Io::watch(int fd, Descriptor& descriptor) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &descriptor}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return fail(ErrorKind::kRetryLater, "watching a socket: {}", error_text(errno));
  return {};
}

// Closing alone would do unless a child that is being started still holds the descriptor for a moment.
void Loop::Io::forget(int fd) { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

// Edge by edge, each write is an event, though nobody ever reads the count.
void Loop::Io::wake() {
  const std::uint64_t one = 1;
  std::ignore = ::write(wake_.get(), &one, sizeof(one));
}

void Loop::Io::post(std::move_only_function<void()> work) {
  bool is_first;
  {
    const std::lock_guard lock(mutex_);
    is_first = posted_work_.empty() && posted_handles_.empty();
    posted_work_.push_back(std::move(work));
  }
  // One wake-up serves all that is posted before the loop comes round to it.
  if (is_first && !is_owner()) wake();
}

void Loop::Io::resume_soon(std::coroutine_handle<> handle) {
  if (is_owner()) {
    ready_.push_back(handle);
    return;
  }
  bool is_first;
  {
    const std::lock_guard lock(mutex_);
    is_first = posted_work_.empty() && posted_handles_.empty();
    posted_handles_.push_back(handle);
  }
  if (is_first) wake();
}

bool Loop::Io::has_work() {
  if (!ready_.empty()) return true;
  const std::lock_guard lock(mutex_);
  return !posted_work_.empty() || !posted_handles_.empty();
}

// Nothing runs in here, so whatever an event points to is still there.
void Loop::Io::wait(std::chrono::milliseconds patience) {
  std::array<epoll_event, kMaxEventsAtOnce> events;
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24);
  const int timeout = static_cast<int>(std::min(patience, kLongest).count());
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr != nullptr) static_cast<Descriptor*>(event.data.ptr)->on_events(event.events);
  }
}

std::size_t Loop::Io::run_work() {
  std::vector<std::move_only_function<void()>> work;
  std::vector<std::coroutine_handle<>> handles;
  {
    const std::lock_guard lock(mutex_);
    work.swap(posted_work_);
    handles.swap(posted_handles_);
  }
  const std::size_t count = ready_.size() + handles.size() + work.size();
  // What these make ready in turn waits for the next round.
  std::vector<std::coroutine_handle<>> ready;
  ready.swap(ready_);
  for (const std::coroutine_handle<> handle : ready) handle.resume();
  ready.clear();
  if (ready_.empty()) ready_.swap(ready);  // its memory serves again
  for (const std::coroutine_handle<> handle : handles) handle.resume();
  for (auto& each : work) each();
  return count;
}

}  // namespace pabal::net
