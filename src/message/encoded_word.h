// Encoded words (RFC 2047): text of any script in a header of ASCII.
//
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pabal::message {

/// A field's text as UTF-8: folds taken out, encoded words decoded, neighbours joined even where a character
/// was cut in two between them. A word that is broken stays as it stands. Raw bytes that are no UTF-8 are
/// read as `raw_charset`, which may be the charset of the letter's text: who forgets to encode a header uses
/// the same for both.
std::string decode_header_text(std::string_view value, std::string_view raw_charset = {});

/// RFC 2047 §2: an encoded word has at most 75 characters.
inline constexpr std::size_t kMaxEncodedWord = 75;

/// Where in a field a word is to stand decides which characters Q may leave bare (RFC 2047 §5).
enum class EncodedWordPlace : unsigned char { kText, kPhrase };

/// `utf8` as encoded words of UTF-8 with a blank between, each whole characters and the shorter of B and Q.
/// The first word leaves `first_column` columns of its line to what stands before it.
std::string encode_words(std::string_view utf8, EncodedWordPlace place, std::size_t first_column = 0);

/// Whether text must be encoded to stand in a header of ASCII: bytes over ASCII, controls, or what a reader
/// would take for an encoded word.
bool needs_encoding(std::string_view text);

}  // namespace pabal::message
