// Binary as text: base64 and base64url (RFC 4648 §4, §5), hexadecimal. Decoding is strict, because two
// texts that decode to the same bytes are a way around whoever compares the texts. (Letters are decoded
// leniently, and as a stream; that is the message module's work.)
//
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"  // to_hex, whose inverse is here

namespace pabal {

/// With padding, without line breaks.
std::string to_base64(std::string_view bytes);

/// Nothing unless `text` is exactly what to_base64 writes for some bytes: no white space, padding where
/// it belongs, and no bits set that no byte carries (RFC 4648 §3.5).
std::optional<std::string> from_base64(std::string_view text);

/// The alphabet for addresses and file names, without padding (RFC 4648 §5, RFC 7515 §2).
std::string to_base64url(std::string_view bytes);
/// As strict as from_base64; padding is refused.
std::optional<std::string> from_base64url(std::string_view text);

/// How many characters to_base64 writes for so many bytes.
constexpr std::size_t base64_size(std::size_t size_bytes) { return (size_bytes + 2) / 3 * 4; }

/// Digits in either case; nothing for an odd number of them or for anything else.
std::optional<std::string> from_hex(std::string_view text);

}  // namespace pabal
