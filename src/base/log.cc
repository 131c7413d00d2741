#include "base/log.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/ascii.h"
#include "base/log_writer.h"
#include "base/utf8.h"

namespace pabal {

namespace {

constexpr std::array<std::string_view, 5> kLevelNames = {"debug", "info", "warning", "error", "fatal"};

/// What a terminal or a viewer would obey rather than show: controls (C0, DEL, C1), line and paragraph
/// separators, marks that turn the direction of text, and the invisible joiners among them.
bool commands_a_screen(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

/// Fits into a text line without quotes.
bool is_bare(std::string_view value) {
  return !value.empty() &&
         std::ranges::all_of(value, [](char c) { return is_vchar(c) && c != '"' && c != '\\' && c != '='; });
}

void append_quoted(std::string& out, LogFormat format, std::string_view text) {
  const auto into = std::back_inserter(out);
  out.push_back('"');
  while (!text.empty()) {
    const Utf8Step step = decode_utf8(text);
    const std::string_view bytes = text.substr(0, step.size);
    text.remove_prefix(step.size);
    if (!step.code_point) {
      if (format == LogFormat::kJson) {
        append_utf8(out, kReplacementCharacter);  // JSON holds text only (RFC 8259 §8.1)
      } else {
        for (const char c : bytes) fmt::format_to(into, "\\x{:02x}", static_cast<unsigned char>(c));
      }
    } else if (*step.code_point == U'"' || *step.code_point == U'\\') {
      out.push_back('\\');
      out.append(bytes);
    } else if (*step.code_point == U'\n') {
      out.append("\\n");
    } else if (*step.code_point == U'\r') {
      out.append("\\r");
    } else if (*step.code_point == U'\t') {
      out.append("\\t");
    } else if (commands_a_screen(*step.code_point)) {
      fmt::format_to(into, "\\u{:04x}", static_cast<std::uint32_t>(*step.code_point));
    } else {
      out.append(bytes);
    }
  }
  out.push_back('"');
}

void append_text(std::string& out, LogFormat format, std::string_view text) {
  const std::string_view shown = utf8_prefix(text, kMaxLogValueBytes);
  if (shown.size() < text.size()) {
    const std::string cut = fmt::format("{}... ({} bytes more)", shown, text.size() - shown.size());
    append_quoted(out, format, cut);
  } else if (format == LogFormat::kText && is_bare(shown)) {
    out.append(shown);
  } else {
    append_quoted(out, format, shown);
  }
}

void append_number(std::string& out, LogFormat format, double number, std::string_view unit) {
  const auto into = std::back_inserter(out);
  if (format == LogFormat::kText) {
    fmt::format_to(into, "{}{}", number, unit);
  } else if (std::isfinite(number)) {
    fmt::format_to(into, "{}", number);
  } else {
    out.append("null");  // JSON has no word for it
  }
}

struct AppendValue {
  std::string& out;
  LogFormat format;

  void operator()(bool value) const { out.append(value ? "true" : "false"); }
  void operator()(std::int64_t value) const { fmt::format_to(std::back_inserter(out), "{}", value); }
  void operator()(std::uint64_t value) const { fmt::format_to(std::back_inserter(out), "{}", value); }
  void operator()(double value) const { append_number(out, format, value, ""); }
  void operator()(LogValue::Seconds value) const { append_number(out, format, value.count, "s"); }
  void operator()(std::string_view value) const { append_text(out, format, value); }
  void operator()(const LogValue::Object& value) const {
    std::string text;
    value.append(text, value.object);
    append_text(out, format, text);
  }
};

void append_time(std::string& out, WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                 static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(),
                 clock.seconds().count(), clock.subseconds().count());
}

}  // namespace

std::string_view to_string(LogLevel level) { return kLevelNames[static_cast<std::size_t>(level)]; }

std::optional<LogLevel> parse_log_level(std::string_view name) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == name) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

LogValue::LogValue(const Error& error)
    : storage_(Object{&error, [](std::string& out, const void* object) {
                        const Error& shown = *static_cast<const Error*>(object);
                        fmt::format_to(std::back_inserter(out), "{} ({})", shown.detail,
                                       to_string(shown.kind));
                      }}) {}

void append_log_fields(std::string& out, LogFormat format, LogFields fields) {
  for (const LogField& field : fields) {
    if (format == LogFormat::kText) {
      out.push_back(' ');
      out.append(field.key.text());
      out.push_back('=');
    } else {
      out.append(",\"");
      out.append(field.key.text());
      out.append("\":");
    }
    std::visit(AppendValue{out, format}, field.value.storage());
  }
}

std::string render_log_line(LogFormat format, WallTime time, LogLevel level, LogMessage message,
                            std::string_view inherited, LogFields fields) {
  std::string line;
  line.reserve(160 + inherited.size());
  const bool text = format == LogFormat::kText;
  line.append(text ? "" : R"({"time":")");
  append_time(line, time);
  line.append(text ? " " : R"(","level":")");
  line.append(to_string(level));
  line.append(text ? " " : R"(","message":")");
  line.append(message.text());
  line.append(text ? "" : "\"");
  line.append(inherited);
  append_log_fields(line, format, fields);
  line.append(text ? "\n" : "}\n");
  return line;
}

Logger Logger::with(LogFields fields) const {
  Logger result = *this;
  if (writer_ == nullptr) return result;
  std::string inherited = inherited_ ? *inherited_ : std::string();
  append_log_fields(inherited, writer_->format(), fields);
  result.inherited_ = std::make_shared<const std::string>(std::move(inherited));
  return result;
}

bool Logger::enabled(LogLevel level) const { return writer_ != nullptr && writer_->accepts(level); }

void Logger::write(LogLevel level, LogMessage message, LogFields fields) const {
  if (!enabled(level)) return;
  const std::string_view inherited = inherited_ ? std::string_view(*inherited_) : std::string_view();
  writer_->submit(
      level, render_log_line(writer_->format(), writer_->clock().wall(), level, message, inherited, fields));
}

void Logger::fatal(LogMessage message, LogFields fields) const {
  write(LogLevel::kFatal, message, fields);
  if (writer_ != nullptr) writer_->flush();
}

}  // namespace pabal
