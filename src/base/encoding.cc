#include "base/encoding.h"

#include <array>
#include <cstdint>

namespace pabal {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNoDigit = 0xff;

using Digits = std::array<std::uint8_t, 256>;

constexpr Digits digits_of(std::string_view alphabet) {
  Digits digits{};
  digits.fill(kNoDigit);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    digits[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return digits;
}

constexpr Digits kDigits = digits_of(kAlphabet);
constexpr Digits kUrlDigits = digits_of(kUrlAlphabet);

constexpr Digits hex_digits() {
  Digits digits = digits_of("0123456789abcdef");
  for (std::uint8_t i = 0; i < 6; ++i)
    digits[static_cast<std::size_t>('A') + i] = static_cast<std::uint8_t>(10 + i);
  return digits;
}
constexpr Digits kHexDigits = hex_digits();

std::uint8_t digit(const Digits& digits, char c) { return digits[static_cast<unsigned char>(c)]; }

std::string encode(std::string_view bytes, std::string_view alphabet) {
  std::string out;
  out.reserve(base64_size(bytes.size()));
  std::uint32_t held = 0;
  int held_bits = 0;
  for (const char c : bytes) {
    held = (held << 8) | static_cast<unsigned char>(c);
    held_bits += 8;
    while (held_bits >= 6) {
      held_bits -= 6;
      out.push_back(alphabet[(held >> held_bits) & 0x3f]);
    }
  }
  if (held_bits > 0) out.push_back(alphabet[(held << (6 - held_bits)) & 0x3f]);
  return out;
}

/// `text` is without its padding.
std::optional<std::string> decode(std::string_view text, const Digits& digits) {
  if (text.size() % 4 == 1) return std::nullopt;  // six bits are not a byte
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t held = 0;
  int held_bits = 0;
  for (const char c : text) {
    const std::uint8_t value = digit(digits, c);
    if (value == kNoDigit) return std::nullopt;
    held = (held << 6) | value;
    held_bits += 6;
    if (held_bits >= 8) {
      held_bits -= 8;
      out.push_back(static_cast<char>((held >> held_bits) & 0xff));
    }
  }
  if ((held & ((1U << held_bits) - 1)) != 0) return std::nullopt;
  return out;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string out = encode(bytes, kAlphabet);
  out.append(base64_size(bytes.size()) - out.size(), '=');
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  return decode(text, kDigits);
}

std::string to_base64url(std::string_view bytes) { return encode(bytes, kUrlAlphabet); }

std::optional<std::string> from_base64url(std::string_view text) { return decode(text, kUrlDigits); }

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::uint8_t high = digit(kHexDigits, text[i]);
    const std::uint8_t low = digit(kHexDigits, text[i + 1]);
    if (high == kNoDigit || low == kNoDigit) return std::nullopt;
    out.push_back(static_cast<char>((high << 4) | low));
  }
  return out;
}

}  // namespace pabal
