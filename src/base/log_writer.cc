#include "base/log_writer.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace pabal {

namespace {
/// A burst may leave a large buffer behind; between bursts less will do.
constexpr std::size_t kKeptBytes = std::size_t{64} << 10;
/// After a write, for more to come: a busy server pays for a hundred wake-ups and writes a second, not for
/// one a line. A person who looks on does not see it.
constexpr std::chrono::milliseconds kGather{10};
}  // namespace

LogWriter::LogWriter(LogWriterOptions options, std::unique_ptr<LogSink> sink, const Clock& clock)
    : options_(options), clock_(clock), level_(options.level), sink_(std::move(sink)), thread_([this] {
        write_until_told_to_stop();
      }) {}

LogWriter::~LogWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void LogWriter::submit(LogLevel level, std::string_view line) {
  bool wake = false;
  {
    // Held for the copy of one line here, and for a swap by the writer thread: never over a write.
    const std::lock_guard lock(mutex_);
    if (queue_.size() + line.size() > options_.max_queued_bytes) {
      ++counts_.dropped_lines;
      return;
    }
    ++counts_.lines_by_level[static_cast<std::size_t>(level)];
    const bool was_urgent = is_urgent();
    queue_.append(line);
    ++asked_;
    wake = std::exchange(sleeping_, false) || (is_urgent() && !was_urgent);
  }
  if (wake) wake_.notify_one();
}

void LogWriter::reopen() {
  {
    const std::lock_guard lock(mutex_);
    reopen_wanted_ = true;
    ++asked_;
  }
  wake_.notify_one();
}

LogCounts LogWriter::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

bool LogWriter::flush() {
  std::unique_lock lock(mutex_);
  const std::uint64_t target = asked_;
  hurried_ = std::max(hurried_, target);
  wake_.notify_one();
  return settled_.wait_for(lock, kPatience, [this, target] { return done_ >= target; });
}

// Under the lock.
bool LogWriter::is_urgent() const { return queue_.size() > options_.max_queued_bytes / 2; }

void LogWriter::write_until_told_to_stop() {
  std::string batch;
  std::unique_lock lock(mutex_);
  for (;;) {
    sleeping_ = asked_ == done_;
    wake_.wait(lock, [this] { return stopping_ || asked_ != done_; });
    if (asked_ == done_) return;
    std::swap(batch, queue_);
    const std::uint64_t taken = asked_;
    const std::uint64_t newly_dropped =
        counts_.dropped_lines - std::exchange(reported_drops_, counts_.dropped_lines);
    const bool reopen = std::exchange(reopen_wanted_, false);
    lock.unlock();

    write_lines(batch);
    if (newly_dropped > 0) report_drops(newly_dropped);
    if (reopen) reopen_sink();
    batch.clear();
    if (batch.capacity() > kKeptBytes) batch = std::string();

    lock.lock();
    done_ = taken;
    settled_.notify_all();
    wake_.wait_for(lock, kGather, [this] { return stopping_ || hurried_ > done_ || is_urgent(); });
  }
}

void LogWriter::write_lines(std::string_view lines) {
  if (lines.empty()) return;
  // What a failed write cut off must not become one line with what comes next.
  std::string_view mend = "\n";
  if (line_is_torn_ && sink_->write(mend)) line_is_torn_ = false;

  std::string_view rest = lines;
  const Result<void> outcome = sink_->write(rest);
  if (outcome) {
    sink_failed_ = false;
    return;
  }
  const std::size_t written = lines.size() - rest.size();
  if (written > 0) line_is_torn_ = lines[written - 1] != '\n';
  if (!std::exchange(sink_failed_, true)) {
    fmt::print(stderr, "pabal: the log can't be written, lines are lost: {}\n", outcome.error().detail);
  }
  const std::lock_guard lock(mutex_);
  counts_.dropped_lines += static_cast<std::uint64_t>(std::ranges::count(rest, '\n'));
}

void LogWriter::report_drops(std::uint64_t newly_dropped) {
  write_lines(render_log_line(options_.format, clock_.wall(), LogLevel::kWarning,
                              "log lines were dropped: they came faster than they could be written", {},
                              {{"dropped", newly_dropped}}));
}

void LogWriter::reopen_sink() {
  const Result<void> outcome = sink_->reopen();
  if (outcome) return;
  write_lines(render_log_line(options_.format, clock_.wall(), LogLevel::kError,
                              "the log file can't be opened anew; logging goes on into the old one", {},
                              {{"error", outcome.error()}}));
}

}  // namespace pabal
