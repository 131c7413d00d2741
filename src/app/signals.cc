#include "app/signals.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

namespace pabal::app {

Result<Signals> Signals::block() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int each : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, each);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A peer that is gone shows in what write() returns.
  ::signal(SIGPIPE, SIG_IGN);
  const int signals = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  const int wake_up = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (signals < 0 || wake_up < 0)
    return fail(ErrorKind::kRetryLater, "can't wait for signals: {}", std::strerror(errno));
  return Signals(signals, wake_up);
}

Signals::Signals(Signals&& other) noexcept
    : signals_(std::exchange(other.signals_, -1)), wake_up_(std::exchange(other.wake_up_, -1)) {}

Signals::~Signals() {
  if (signals_ >= 0) ::close(signals_);
  if (wake_up_ >= 0) ::close(wake_up_);
}

std::optional<int> Signals::wait(std::optional<std::chrono::milliseconds> patience) {
  pollfd fds[] = {{signals_, POLLIN, 0}, {wake_up_, POLLIN, 0}};
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  const int timeout = patience ? static_cast<int>(std::min<std::int64_t>(patience->count(), kMost)) : -1;
  if (::poll(fds, std::size(fds), timeout) <= 0) return std::nullopt;
  std::uint64_t count = 0;
  [[maybe_unused]] const auto emptied = ::read(wake_up_, &count, sizeof count);
  signalfd_siginfo info{};
  if (::read(signals_, &info, sizeof info) != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

void Signals::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_up_, &one, sizeof one);
}

}  // namespace pabal::app
