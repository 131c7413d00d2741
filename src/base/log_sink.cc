#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <system_error>

#include "base/log_writer.h"

namespace pabal {

namespace {

std::string describe(int error) { return std::generic_category().message(error); }

/// Writes to a descriptor. A pipe or a terminal whose reader stands still fails after the writer's
/// patience instead of blocking for ever: at most PIPE_BUF bytes after poll(2) said "writable" never block.
Result<void> write_patiently(int descriptor, std::string_view& lines) {
  while (!lines.empty()) {
    pollfd waiting{descriptor, POLLOUT, 0};
    const auto patience = std::chrono::milliseconds(LogWriter::kPatience).count();
    const int ready = ::poll(&waiting, 1, static_cast<int>(patience));
    if (ready == 0) return fail(ErrorKind::kDeadline, "nobody reads what is written to it");
    if (ready < 0 && errno != EINTR) return fail(ErrorKind::kRetryLater, "{}", describe(errno));
    if (ready < 0) continue;
    const ssize_t written = ::write(descriptor, lines.data(), std::min<std::size_t>(lines.size(), PIPE_BUF));
    if (written < 0 && errno != EINTR && errno != EAGAIN) {
      return fail(ErrorKind::kRetryLater, "{}", describe(errno));
    }
    if (written > 0) lines.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

class StderrSink final : public LogSink {
 public:
  Result<void> write(std::string_view& lines) override { return write_patiently(STDERR_FILENO, lines); }
};

class FileSink final : public LogSink {
 public:
  static Result<int> open_file(const std::string& path) {
    // Without waiting: a named pipe that nobody reads is refused, not waited for.
    const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    const int descriptor = ::open(path.c_str(), flags, 0640);
    if (descriptor < 0)
      return fail(ErrorKind::kRefuse, "cannot open the log file {}: {}", path, describe(errno));
    return descriptor;
  }

  FileSink(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  ~FileSink() override { ::close(descriptor_); }

  Result<void> write(std::string_view& lines) override {
    // A file takes a whole batch in one call; what it does not take says why at the next one.
    while (!lines.empty()) {
      const ssize_t written = ::write(descriptor_, lines.data(), lines.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0 && errno == EAGAIN) return write_patiently(descriptor_, lines);  // a named pipe
      if (written < 0) return fail(ErrorKind::kRetryLater, "{}: {}", path_, describe(errno));
      lines.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<void> reopen() override {
    PABAL_TRY(const int fresh, open_file(path_));
    ::close(std::exchange(descriptor_, fresh));
    return {};
  }

 private:
  const std::string path_;
  int descriptor_;
};

}  // namespace

std::unique_ptr<LogSink> make_stderr_log_sink() { return std::make_unique<StderrSink>(); }

Result<std::unique_ptr<LogSink>> make_file_log_sink(std::string path) {
  PABAL_TRY(const int descriptor, FileSink::open_file(path));
  return std::make_unique<FileSink>(std::move(path), descriptor);
}

class MemoryLog::Sink final : public LogSink {
 public:
  explicit Sink(std::shared_ptr<State> state) : state_(std::move(state)) {}

  Result<void> write(std::string_view& lines) override {
    const std::lock_guard lock(state_->mutex);
    state_->text.append(std::exchange(lines, {}));
    return {};
  }

 private:
  const std::shared_ptr<State> state_;
};

std::unique_ptr<LogSink> MemoryLog::make_sink() { return std::make_unique<Sink>(state_); }

std::string MemoryLog::text() const {
  const std::lock_guard lock(state_->mutex);
  return state_->text;
}

}  // namespace pabal
