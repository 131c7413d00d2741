// The encodings that carry any text inside a parameter: xtext (RFC 3461 §4) and the UTF-8 address type's
// unitext (RFC 6533 §3). Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pabal::smtp {

std::string to_xtext(std::string_view bytes);
/// Nothing unless every byte is an xchar or part of "+" and two upper-case hexadecimal digits. (Digits in
/// lower case come from the field, and are taken.)
std::optional<std::string> from_xtext(std::string_view text);

/// utf-8-addr-unitext when UTF-8 may be sent as it is, else utf-8-addr-xtext: \x{HEX} for the rest.
std::string to_unitext(std::string_view utf8, bool utf8_allowed);
/// Nothing for bad UTF-8, for bytes that must be escaped, and for escapes that name no character.
std::optional<std::string> from_unitext(std::string_view text);

}  // namespace pabal::smtp
