// What account needs of Unicode, behind one door (ICU, libidn2). Pure functions; any thread. Input that is
// not UTF-8 gives nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pabal::account::detail {

/// Normalization form C.
std::optional<std::string> to_nfc(std::string_view text);
/// Equal for texts that differ in case or in composition only (Unicode's canonical caseless match, D145),
/// written in form C.
std::optional<std::string> to_fold(std::string_view text);

/// Whether every character is one that PRECIS admits in free text (RFC 8264 §4.3, FreeformClass, without
/// its contextual rules: joiners are out): no controls, no unassigned code points, nothing invisible.
bool is_freeform(std::string_view text);
/// OpaqueString's mapping (RFC 8265 §4.2.2): other spaces become U+0020.
std::string map_spaces(std::string_view text);
std::size_t count_characters(std::string_view text);

/// IDNA2008 with UTS #46's mapping, non-transitional; nothing if a label is not allowed. Checks no more
/// than IDNA does: the caller still checks the ASCII that comes out.
std::optional<std::string> domain_to_ascii(std::string_view utf8);
/// Nothing if a label is no A-label after all.
std::optional<std::string> domain_to_unicode(const std::string& ascii);

}  // namespace pabal::account::detail
