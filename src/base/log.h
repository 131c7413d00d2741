// Structured logging. A line is a time, a level, a constant message, and fields:
//
//     log.info("connection accepted", {{"peer", peer}, {"port", port}});
//     const Logger session_log = log.with({{"session", session}});
//
//     2026-11-21T12:00:00.123456Z info connection accepted session=s7 peer=192.0.2.1 port=25
//
// The message and the keys are literals, checked by the compiler, so that a log can be searched by
// them; whatever varies is a value. Values may be a peer's bytes: they are bounded and escaped here, and
// can forge neither a line nor a field. A credential is a Secret (base/secret.h), which no value takes.
//
// A Logger is a cheap value; any thread may log, and no call waits: the line goes to the queue of a
// LogWriter (base/log_writer.h), which must outlive its Loggers.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/clock.h"
#include "base/result.h"

namespace pabal {

enum class LogLevel : std::uint8_t {
  kDebug,    ///< For whoever looks for a fault; may be a lot.
  kInfo,     ///< What happened, for the record.
  kWarning,  ///< Worth a look on Monday.
  kError,    ///< Something does not work; somebody should look now.
  kFatal,    ///< Why the process ends.
};
std::string_view to_string(LogLevel level);
std::optional<LogLevel> parse_log_level(std::string_view name);

enum class LogFormat : std::uint8_t {
  kText,  ///< key=value, for people and grep
  kJson,  ///< one JSON object a line, for programs
};

/// A value longer than this is cut, and says how much of it is missing: it shows what a peer sent, and
/// a thousand lines of it still fit on a screenful of disk.
inline constexpr std::size_t kMaxLogValueBytes = 1024;

/// Words of our own, so they need no escaping; a literal, or it does not compile.
class LogMessage {
 public:
  template <class Text>
    requires std::convertible_to<const Text&, std::string_view>
  consteval LogMessage(const Text& text) : text_(text) {  // NOLINT(google-explicit-constructor)
    for (const char c : text_) {
      if (c < ' ' || c > '~' || c == '"' || c == '\\' || c == '=') throw "a log message is plain words";
    }
  }
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

/// snake_case, and none of the names that every JSON line has already.
class LogKey {
 public:
  template <class Text>
    requires std::convertible_to<const Text&, std::string_view>
  consteval LogKey(const Text& text) : text_(text) {  // NOLINT(google-explicit-constructor)
    if (text_.empty() || text_ == "time" || text_ == "level" || text_ == "message")
      throw "a reserved log key";
    for (const char c : text_) {
      const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
      if (!fits) throw "a log key is snake_case";
    }
  }
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

/// Refers to what it was made from, and is formatted only if its line is written: a parameter, never kept.
class LogValue {
 public:
  struct Seconds {
    double count;
  };
  /// Anything that fmt can format: ids, endpoints.
  struct Object {
    const void* object;
    void (*append)(std::string& out, const void* object);
  };
  using Storage = std::variant<bool, std::int64_t, std::uint64_t, double, Seconds, std::string_view, Object>;

  // NOLINTBEGIN(google-explicit-constructor)
  template <class T>
    requires(fmt::is_formattable<T>::value || std::convertible_to<const T&, std::string_view>)
  LogValue(const T& value) : storage_(store(value)) {}
  template <class Rep, class Period>
  LogValue(std::chrono::duration<Rep, Period> value)
      : storage_(Seconds{std::chrono::duration<double>(value).count()}) {}
  LogValue(const Error& error);
  // NOLINTEND(google-explicit-constructor)

  const Storage& storage() const { return storage_; }

 private:
  template <class T>
  static Storage store(const T& value) {
    if constexpr (std::same_as<T, bool>) {
      return value;
    } else if constexpr (std::signed_integral<T> && !std::same_as<T, char>) {
      return std::int64_t{value};
    } else if constexpr (std::unsigned_integral<T>) {
      return std::uint64_t{value};
    } else if constexpr (std::floating_point<T>) {
      return double{value};
    } else if constexpr (std::convertible_to<const T&, std::string_view>) {
      return std::string_view(value);
    } else {
      return Object{&value, [](std::string& out, const void* object) {
                      fmt::format_to(std::back_inserter(out), "{}", *static_cast<const T*>(object));
                    }};
    }
  }

  Storage storage_;
};

struct LogField {
  LogKey key;
  LogValue value;
};
using LogFields = std::initializer_list<LogField>;

class LogWriter;

class Logger {
 public:
  /// Discards everything: for tests that do not look.
  Logger() = default;
  explicit Logger(LogWriter& writer) : writer_(&writer) {}

  /// A logger whose lines carry these fields too, before their own. They are rendered here, once.
  Logger with(LogFields fields) const;

  void debug(LogMessage message, LogFields fields = {}) const { write(LogLevel::kDebug, message, fields); }
  void info(LogMessage message, LogFields fields = {}) const { write(LogLevel::kInfo, message, fields); }
  void warn(LogMessage message, LogFields fields = {}) const { write(LogLevel::kWarning, message, fields); }
  void error(LogMessage message, LogFields fields = {}) const { write(LogLevel::kError, message, fields); }
  /// Returns when the line is written, or when the writer's patience ends: the process is about to.
  void fatal(LogMessage message, LogFields fields = {}) const;

  void write(LogLevel level, LogMessage message, LogFields fields = {}) const;
  /// Whether such a line would be written: for fields that are costly to make.
  bool enabled(LogLevel level) const;

 private:
  LogWriter* writer_ = nullptr;
  std::shared_ptr<const std::string> inherited_;
};

/// One line with its line end. `inherited` is what append_log_fields wrote in the same format.
std::string render_log_line(LogFormat format, WallTime time, LogLevel level, LogMessage message,
                            std::string_view inherited, LogFields fields);
void append_log_fields(std::string& out, LogFormat format, LogFields fields);

}  // namespace pabal
