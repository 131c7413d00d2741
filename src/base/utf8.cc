#include "base/utf8.h"

#include <cstdint>
#include <cstring>

namespace pabal {

namespace {

constexpr std::size_t kMaxSize = 4;

/// What the first byte promises (RFC 3629 §4). Only the second byte's range depends on the first:
/// that is where long forms, surrogates and numbers over U+10FFFF are kept out.
struct Lead {
  std::size_t size;  // 0: no character begins so
  std::uint8_t bits;
  std::uint8_t second_min, second_max;
};

constexpr Lead lead_of(std::uint8_t byte) {
  if (byte < 0x80) return {1, byte, 0, 0};
  if (byte < 0xc2) return {0, 0, 0, 0};
  if (byte < 0xe0) return {2, static_cast<std::uint8_t>(byte & 0x1f), 0x80, 0xbf};
  const auto three = static_cast<std::uint8_t>(byte & 0x0f);
  if (byte == 0xe0) return {3, three, 0xa0, 0xbf};
  if (byte == 0xed) return {3, three, 0x80, 0x9f};
  if (byte < 0xf0) return {3, three, 0x80, 0xbf};
  const auto four = static_cast<std::uint8_t>(byte & 0x07);
  if (byte == 0xf0) return {4, four, 0x90, 0xbf};
  if (byte < 0xf4) return {4, four, 0x80, 0xbf};
  if (byte == 0xf4) return {4, four, 0x80, 0x8f};
  return {0, 0, 0, 0};
}

/// Mail is mostly ASCII: eight bytes at a time of it.
std::size_t ascii_run(std::string_view text) {
  std::size_t size = 0;
  for (std::uint64_t word = 0; text.size() - size >= sizeof word; size += sizeof word) {
    std::memcpy(&word, text.data() + size, sizeof word);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  while (size < text.size() && static_cast<unsigned char>(text[size]) < 0x80) ++size;
  return size;
}

}  // namespace

Utf8Step decode_utf8(std::string_view text) {
  if (text.empty()) return {};
  const auto first = static_cast<std::uint8_t>(text.front());
  if (first < 0x80) return {first, 1};
  // Kana, nearly all Han and Hangul: most of what is not ASCII.
  if (first >= 0xe1 && first < 0xed && text.size() >= 3) {
    const unsigned second = static_cast<std::uint8_t>(text[1]) ^ 0x80U;
    const unsigned third = static_cast<std::uint8_t>(text[2]) ^ 0x80U;
    if ((second | third) < 0x40) return {(first & 0xfU) << 12 | second << 6 | third, 3};
  }
  const Lead lead = lead_of(first);
  if (lead.size == 0) return {std::nullopt, 1};
  char32_t code_point = lead.bits;
  for (std::size_t i = 1; i < lead.size; ++i) {
    if (i == text.size()) return {std::nullopt, i, true};
    const auto byte = static_cast<std::uint8_t>(text[i]);
    const std::uint8_t min = i == 1 ? lead.second_min : 0x80;
    const std::uint8_t max = i == 1 ? lead.second_max : 0xbf;
    if (byte < min || byte > max) return {std::nullopt, i};
    code_point = (code_point << 6) | (byte & 0x3fU);
  }
  return {code_point, lead.size};
}

bool is_utf8(std::string_view text) {
  for (;;) {
    text.remove_prefix(ascii_run(text));
    if (text.empty()) return true;
    const Utf8Step step = decode_utf8(text);
    if (!step.code_point) return false;
    text.remove_prefix(step.size);
  }
}

void append_utf8(std::string& out, char32_t code_point) {
  const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (surrogate || code_point > 0x10ffff) code_point = kReplacementCharacter;
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((code_point >> shift) & 0x3f)); };
  if (code_point < 0x80) {
    out.push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    out.append({static_cast<char>(0xc0 | (code_point >> 6)), tail(0)});
  } else if (code_point < 0x10000) {
    out.append({static_cast<char>(0xe0 | (code_point >> 12)), tail(6), tail(0)});
  } else {
    out.append({static_cast<char>(0xf0 | (code_point >> 18)), tail(12), tail(6), tail(0)});
  }
}

std::string repair_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t plain = ascii_run(text);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const Utf8Step step = decode_utf8(text);
    append_utf8(out, step.code_point.value_or(kReplacementCharacter));
    text.remove_prefix(step.size);
  }
  return out;
}

std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  // A character may have begun in the last bytes before the cut and end behind it.
  for (std::size_t back = 1; back < kMaxSize && back <= max_bytes; ++back) {
    const Utf8Step step = decode_utf8(text.substr(max_bytes - back));
    if (step.code_point && step.size > back) return text.substr(0, max_bytes - back);
  }
  return text.substr(0, max_bytes);
}

}  // namespace pabal
