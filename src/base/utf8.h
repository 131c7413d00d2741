// UTF-8 as RFC 3629 defines it: no surrogates, nothing over U+10FFFF, no longer form than needed.
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pabal {

/// Stands for bytes that are not text (U+FFFD).
inline constexpr char32_t kReplacementCharacter = 0xfffd;

struct Utf8Step {
  /// Nothing for malformed bytes.
  std::optional<char32_t> code_point;
  /// How far to go on: the character, or the malformed bytes that one U+FFFD stands for (the longest
  /// beginning of a possible character, as Unicode recommends). Zero only at the end of the text.
  std::size_t size = 0;
  /// Right so far, but the text ends within the character: more bytes may complete it.
  bool truncated = false;
};

/// Looks at the first character of `text`, and at no more than four bytes.
Utf8Step decode_utf8(std::string_view text);

bool is_utf8(std::string_view text);

/// A surrogate, or a number over U+10FFFF, becomes U+FFFD.
void append_utf8(std::string& out, char32_t code_point);

/// The text with U+FFFD in place of what is malformed: for logs and for people, never for mail.
std::string repair_utf8(std::string_view text);

/// The longest beginning of at most `max_bytes` that cuts no character in two.
std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes);

}  // namespace pabal
