#include "base/cursor.h"

#include "base/ascii.h"

namespace pabal {

std::optional<char> Cursor::take() {
  if (at_end()) return std::nullopt;
  return text_[position_++];
}

bool Cursor::take_char(char c) {
  if (!peek_is(c)) return false;
  ++position_;
  return true;
}

bool Cursor::take_word(std::string_view word) {
  if (!rest().starts_with(word)) return false;
  position_ += word.size();
  return true;
}

bool Cursor::take_word_ignoring_case(std::string_view word) {
  if (!equals_ignoring_case(rest().substr(0, word.size()), word)) return false;
  position_ += word.size();
  return true;
}

std::optional<std::string_view> Cursor::take_bytes(std::size_t count) {
  if (count > text_.size() - position_) return std::nullopt;
  const std::string_view bytes = text_.substr(position_, count);
  position_ += count;
  return bytes;
}

std::optional<std::uint64_t> Cursor::take_number(std::uint64_t max) {
  const std::size_t start = position_;
  std::uint64_t value = 0;
  while (!at_end() && is_digit(text_[position_])) {
    const auto digit = static_cast<std::uint64_t>(text_[position_] - '0');
    if (digit > max || value > (max - digit) / 10) {
      position_ = start;
      return std::nullopt;
    }
    value = value * 10 + digit;
    ++position_;
  }
  if (position_ == start) return std::nullopt;
  return value;
}

namespace {

template <class Number>
std::optional<Number> take_big_endian(Cursor& cursor) {
  const auto bytes = cursor.take_bytes(sizeof(Number));
  if (!bytes) return std::nullopt;
  Number value = 0;
  for (const char c : *bytes)
    value = static_cast<Number>((std::uint64_t{value} << 8) | static_cast<std::uint8_t>(c));
  return value;
}

template <class Number>
void append_big_endian(std::string& out, Number value) {
  for (int shift = 8 * (static_cast<int>(sizeof(Number)) - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xff));
  }
}

}  // namespace

std::optional<std::uint8_t> Cursor::take_u8() { return take_big_endian<std::uint8_t>(*this); }
std::optional<std::uint16_t> Cursor::take_u16() { return take_big_endian<std::uint16_t>(*this); }
std::optional<std::uint32_t> Cursor::take_u32() { return take_big_endian<std::uint32_t>(*this); }
std::optional<std::uint64_t> Cursor::take_u64() { return take_big_endian<std::uint64_t>(*this); }

std::optional<std::uint64_t> Cursor::take_varint() {
  const std::size_t start = position_;
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto byte = take_u8();
    if (!byte) break;
    const std::uint64_t bits = *byte & 0x7f;
    if (shift == 63 && bits > 1) break;
    value |= bits << shift;
    if ((*byte & 0x80) == 0) return value;
  }
  position_ = start;
  return std::nullopt;
}

std::optional<std::string_view> Cursor::take_sized() {
  const std::size_t start = position_;
  if (const auto size = take_varint(); size && *size <= rest().size()) return take_bytes(*size);
  position_ = start;
  return std::nullopt;
}

void append_u8(std::string& out, std::uint8_t value) { append_big_endian(out, value); }
void append_u16(std::string& out, std::uint16_t value) { append_big_endian(out, value); }
void append_u32(std::string& out, std::uint32_t value) { append_big_endian(out, value); }
void append_u64(std::string& out, std::uint64_t value) { append_big_endian(out, value); }

void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>((value & 0x7f) | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void append_sized(std::string& out, std::string_view bytes) {
  append_varint(out, bytes.size());
  out.append(bytes);
}

}  // namespace pabal
