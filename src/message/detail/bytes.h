// Questions about runs of bytes, asked eight at a time because they are asked of every byte of every letter.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace pabal::message::detail {

/// How many bytes at the front are ASCII.
inline std::size_t ascii_prefix(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  std::size_t i = 0;
  for (std::uint64_t word = 0; i + sizeof(word) <= text.size(); i += sizeof(word)) {
    std::memcpy(&word, text.data() + i, sizeof(word));
    if (word & kHighBits) break;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

inline bool has_8bit(std::string_view text) { return ascii_prefix(text) != text.size(); }

inline bool has_nul(std::string_view text) {
  return !text.empty() && std::memchr(text.data(), 0, text.size()) != nullptr;
}

}  // namespace pabal::message::detail
