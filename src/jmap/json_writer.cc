#include "jmap/json_writer.h"

#include <algorithm>
#include <charconv>

#include "base/utf8.h"

namespace pabal::jmap {
namespace {

constexpr bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

void append_escaped(std::string& out, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto stop = std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_plain);
    const auto next = static_cast<std::size_t>(stop - text.begin());
    out.append(text, at, next - at);
    at = next;
    if (at == text.size()) return;
    const char c = text[at++];
    switch (c) {
      case '"':
      case '\\':
        out.push_back('\\');
        out.push_back(c);
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    }
  }
}

}  // namespace

JsonWriter& JsonWriter::key(std::string_view name) {
  text(name);
  out_.push_back(':');
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  separate();
  out_.push_back('"');
  if (is_utf8(value)) {
    append_escaped(out_, value);
  } else {
    append_escaped(out_, repair_utf8(value));
  }
  out_.push_back('"');
  return *this;
}

JsonWriter& JsonWriter::number(std::uint64_t value) {
  char digits[20];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  return raw({digits, static_cast<std::size_t>(end - digits)});
}

JsonWriter& JsonWriter::json(const Json& value) { return raw(value.to_text()); }

JsonWriter& JsonWriter::raw(std::string_view value) {
  separate();
  out_ += value;
  return *this;
}

JsonWriter& JsonWriter::utc_date(std::chrono::sys_seconds when) {
  return date(when, std::chrono::minutes(0));
}

JsonWriter& JsonWriter::date(std::chrono::sys_seconds utc, std::chrono::minutes offset) {
  const auto local = utc + offset;
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(local - day);
  separate();
  fmt::format_to(std::back_inserter(out_), "\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
                 static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                 static_cast<unsigned>(date.day()), time.hours().count(), time.minutes().count(),
                 time.seconds().count());
  if (offset.count() == 0) {
    out_ += "Z\"";
  } else {
    const auto size = std::abs(offset.count());
    fmt::format_to(std::back_inserter(out_), "{}{:02}:{:02}\"", offset.count() < 0 ? '-' : '+', size / 60,
                   size % 60);
  }
  return *this;
}

}  // namespace pabal::jmap
