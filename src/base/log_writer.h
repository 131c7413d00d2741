// Where log lines go: a bounded queue that one thread empties into a sink, so that a slow disk or a
// stopped reader never holds up whoever logs. When the queue is full, lines are dropped and counted, and
// the log says how many. Built once, before everything that logs, and destroyed after it.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"

namespace pabal {

/// Only the writer's thread calls it.
class LogSink {
 public:
  virtual ~LogSink() = default;
  /// Writes whole lines, and takes from the front of `lines` what is written; on failure the rest is left.
  virtual Result<void> write(std::string_view& lines) = 0;
  /// Opens its file anew, after logrotate moved the old one away. On failure goes on with the old one.
  virtual Result<void> reopen() { return {}; }
};

/// Never closes the descriptor.
std::unique_ptr<LogSink> make_stderr_log_sink();
/// Appends to the file, which is made with mode 0640 if it is not there.
Result<std::unique_ptr<LogSink>> make_file_log_sink(std::string path);

/// For tests: keeps the lines. Any thread may look; flush the writer first.
class MemoryLog {
 public:
  std::unique_ptr<LogSink> make_sink();
  std::string text() const;

 private:
  class Sink;
  struct State {
    mutable std::mutex mutex;
    std::string text;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

struct LogWriterOptions {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kText;
  /// Twenty thousand lines or so: a burst passes, a log that can't be written costs no more than this.
  std::size_t max_queued_bytes = std::size_t{4} << 20;
};

struct LogCounts {
  std::array<std::uint64_t, 5> lines_by_level{};  ///< queued, by LogLevel
  std::uint64_t dropped_lines = 0;                ///< the queue was full, or the sink failed
};

class LogWriter {
 public:
  /// How long flush() and the end of the process wait for a sink that stands still.
  static constexpr std::chrono::seconds kPatience{5};

  /// The clock must outlive the writer.
  LogWriter(LogWriterOptions options, std::unique_ptr<LogSink> sink, const Clock& clock);
  /// Writes what is queued.
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // From any thread; none of these waits for the sink:
  bool accepts(LogLevel level) const { return level >= level_.load(std::memory_order_relaxed); }
  void set_level(LogLevel level) { level_.store(level, std::memory_order_relaxed); }
  LogFormat format() const { return options_.format; }
  const Clock& clock() const { return clock_; }
  /// `line` ends in a line feed and holds no other.
  void submit(LogLevel level, std::string_view line);
  /// The writer's thread opens the file anew (SIGHUP); if that fails, the log says so.
  void reopen();
  LogCounts counts() const;

  /// Waits until all that is queued now is written; false if that takes longer than kPatience.
  bool flush();

 private:
  bool is_urgent() const;
  void write_until_told_to_stop();
  void write_lines(std::string_view lines);
  void report_drops(std::uint64_t newly_dropped);
  void reopen_sink();

  const LogWriterOptions options_;
  const Clock& clock_;
  std::atomic<LogLevel> level_;

  // The writer thread's own:
  const std::unique_ptr<LogSink> sink_;
  bool line_is_torn_ = false;
  bool sink_failed_ = false;

  mutable std::mutex mutex_;
  std::condition_variable wake_;     // the writer thread
  std::condition_variable settled_;  // whoever flushes
  std::string queue_;
  LogCounts counts_;
  std::uint64_t reported_drops_ = 0;
  std::uint64_t asked_ = 0;    // lines and reopenings asked for,
  std::uint64_t done_ = 0;     // and how far the writer thread got with them
  std::uint64_t hurried_ = 0;  // how far somebody waits for
  bool sleeping_ = false;      // the writer thread, until somebody wakes it
  bool reopen_wanted_ = false;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace pabal
