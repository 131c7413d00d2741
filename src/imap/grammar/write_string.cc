#include "imap/grammar/write_string.h"

#include <algorithm>
#include <cstring>

#include "base/ascii.h"
#include "base/utf8.h"
#include "imap/grammar/sequence_set.h"
#include "message/encoded_word.h"

namespace pabal::imap {
namespace {

/// What the bytes of a text allow.
enum class Shape : std::uint8_t {
  kPlain,    ///< printable ASCII, nothing to escape
  kEscapes,  ///< the same with quotes or backslashes, or controls that a quoted string can hold
  kUtf8,     ///< bytes over ASCII, all of them UTF-8, and perhaps escapes
  kLiteral,  ///< line ends, NUL, or bytes that are no UTF-8
};

/// Eight bytes at once: whether any is over ASCII, a control, a quote or a backslash. A false alarm costs a
/// look at single bytes; nothing is missed.
bool all_plain(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = kOnes * 0x80;
  const auto has_zero = [](std::uint64_t x) { return (x - kOnes) & ~x & kHigh; };
  const std::uint64_t below_space = (word - kOnes * 0x20) & ~word & kHigh;
  return ((word & kHigh) | below_space | has_zero(word ^ (kOnes * '"')) | has_zero(word ^ (kOnes * '\\')) |
          has_zero(word ^ (kOnes * 0x7f))) == 0;
}

Shape shape_by_bytes(std::string_view text) {
  bool high = false;
  for (const char c : text) {
    if (c == '\0' || c == '\r' || c == '\n') return Shape::kLiteral;
    high |= !is_ascii(c);
  }
  if (!high) return Shape::kEscapes;
  return is_utf8(text) ? Shape::kUtf8 : Shape::kLiteral;
}

Shape shape_of(std::string_view text) {
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    if (!all_plain(word)) return shape_by_bytes(text);
  }
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (!is_ascii(c) || is_control(c) || c == '"' || c == '\\') return shape_by_bytes(text);
  }
  return Shape::kPlain;
}

void append_in_quotes(std::string& out, std::string_view text) {
  const std::size_t begin = out.size();
  const std::size_t end = begin + text.size() + 2;
  // libstdc++ 12 tells the capacity where it should tell the size that was asked for.
  out.resize_and_overwrite(end, [&](char* data, std::size_t) {
    data[begin] = '"';
    if (!text.empty()) std::memcpy(data + begin + 1, text.data(), text.size());
    data[end - 1] = '"';
    return end;
  });
}

void append_number_of(std::string& out, std::uint64_t value, std::size_t digits) {
  char text[4];
  for (std::size_t i = digits; i-- > 0; value /= 10) text[i] = static_cast<char>('0' + value % 10);
  out.append(text, digits);
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

void append_string(std::string& out, std::string_view text, const Dialect& dialect) {
  switch (shape_of(text)) {
    case Shape::kPlain:
      return append_in_quotes(out, text);
    case Shape::kEscapes:
      return append_quoted(out, text);
    case Shape::kUtf8:
      if (dialect.utf8) return append_quoted(out, text);
      break;
    case Shape::kLiteral:
      break;
  }
  append_literal_header(out, text.size());
  const std::size_t at = out.size();
  out.append(text);
  if (text.find('\0') != std::string_view::npos)
    std::replace(out.begin() + static_cast<std::ptrdiff_t>(at), out.end(), '\0', '?');
}

void append_header_text(std::string& out, std::string_view text, const Dialect& dialect) {
  if (shape_of(text) == Shape::kPlain) return append_in_quotes(out, text);
  if (dialect.utf8 || dialect.raw_headers == RawHeaders::kAsTheyAre || is_ascii(text)) {
    return append_string(out, text, dialect);
  }
  append_string(out,
                message::encode_words(message::decode_header_text(text), message::EncodedWordPlace::kPhrase),
                dialect);
}

void append_nstring(std::string& out, const std::optional<std::string>& text, const Dialect& dialect) {
  if (!text) {
    out.append("NIL");
  } else {
    append_string(out, *text, dialect);
  }
}

void append_astring(std::string& out, std::string_view text, const Dialect& dialect) {
  if (is_bare_astring(text) && !equals_ignoring_case(text, "NIL")) {
    out.append(text);
  } else {
    append_string(out, text, dialect);
  }
}

void append_literal_header(std::string& out, std::uint64_t size_bytes) {
  out.push_back('{');
  append_number(out, size_bytes);
  out.append("}\r\n");
}

void append_literal8_header(std::string& out, std::uint64_t size_bytes) {
  out.push_back('~');
  append_literal_header(out, size_bytes);
}

void append_date_time(std::string& out, std::chrono::sys_seconds when) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto day = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date(day);
  const auto seconds = static_cast<std::uint64_t>((when - day).count());
  const unsigned day_number = static_cast<unsigned>(date.day());
  out.push_back('"');
  if (day_number < 10) out.push_back(' ');
  append_number_of(out, day_number, day_number < 10 ? 1 : 2);
  out.push_back('-');
  out.append(kMonths.substr((static_cast<unsigned>(date.month()) - 1) * 3, 3));
  out.push_back('-');
  append_number_of(out, static_cast<std::uint64_t>(std::clamp(static_cast<int>(date.year()), 0, 9999)), 4);
  out.push_back(' ');
  append_number_of(out, seconds / 3600, 2);
  out.push_back(':');
  append_number_of(out, seconds / 60 % 60, 2);
  out.push_back(':');
  append_number_of(out, seconds % 60, 2);
  out.append(" +0000\"");
}

void append_text(std::string& out, std::string_view text, const Dialect& dialect) {
  const bool keeps_utf8 = dialect.utf8 && is_utf8(text);
  for (const char c : text) {
    out.push_back(is_control(c) ? ' ' : is_ascii(c) || keeps_utf8 ? c : '?');
  }
}

}  // namespace pabal::imap
