#include "smtp/xtext.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/encoding.h"
#include "base/utf8.h"

namespace pabal::smtp {
namespace {

/// xchar: "!" to "~" without "+" and "=".
bool is_xchar(char c) { return is_vchar(c) && c != '+' && c != '='; }

/// QCHAR of RFC 6533 §3.
bool is_qchar(char c) { return is_xchar(c) && c != '\\'; }

std::optional<char32_t> take_hexpoint(Cursor& in) {
  constexpr std::size_t kMaxDigits = 6;
  if (!in.take_word("\\x{")) return {};
  const auto is_hex = [](char c) { return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f'); };
  const std::string_view digits = in.take_while(is_hex);
  if (digits.size() < 2 || digits.size() > kMaxDigits || !in.take_char('}')) return {};
  char32_t value = 0;
  for (const char c : digits) {
    value = value * 16 + static_cast<char32_t>(is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10);
  }
  const bool is_surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value == 0 || value > 0x10ffff || is_surrogate) return {};
  return value;
}

}  // namespace

std::string to_xtext(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    if (is_xchar(c)) {
      out += c;
    } else {
      out += fmt::format("+{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::optional<std::string> from_xtext(std::string_view text) {
  std::string out;
  Cursor in(text);
  while (!in.at_end()) {
    if (in.take_char('+')) {
      const auto digits = in.take_bytes(2);
      const auto byte = digits ? from_hex(*digits) : std::nullopt;
      if (!byte) return {};
      out += *byte;
    } else if (is_xchar(*in.peek())) {
      out += *in.take();
    } else {
      return {};
    }
  }
  return out;
}

std::string to_unitext(std::string_view utf8, bool utf8_allowed) {
  std::string out;
  while (!utf8.empty()) {
    const Utf8Step step = decode_utf8(utf8);
    const char32_t code_point = step.code_point.value_or(kReplacementCharacter);
    const bool goes_as_it_is = code_point < 0x80 ? is_qchar(utf8.front()) : utf8_allowed;
    if (goes_as_it_is) {
      append_utf8(out, code_point);
    } else {
      out += fmt::format("\\x{{{:02X}}}", static_cast<std::uint32_t>(code_point));
    }
    utf8.remove_prefix(step.size);
  }
  return out;
}

std::optional<std::string> from_unitext(std::string_view text) {
  std::string out;
  Cursor in(text);
  while (!in.at_end()) {
    if (in.peek_is('\\')) {
      const auto code_point = take_hexpoint(in);
      if (!code_point) return {};
      append_utf8(out, *code_point);
      continue;
    }
    const Utf8Step step = decode_utf8(in.rest());
    if (!step.code_point || (*step.code_point < 0x80 && !is_qchar(*in.peek()))) return {};
    out += *in.take_bytes(step.size);
  }
  return out;
}

}  // namespace pabal::smtp
