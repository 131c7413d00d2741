#include "account/detail/unicode.h"

#include <idn2.h>
#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include <cstdlib>
#include <limits>
#include <memory>

#include "base/utf8.h"

namespace pabal::account::detail {
namespace {

// Bound for what ICU is given; everything here is an address or a password.
constexpr std::size_t kMaxTextBytes = 64 * 1024;

icu::StringPiece piece(std::string_view text) {
  return {text.data(), static_cast<std::int32_t>(text.size())};
}

bool is_text(std::string_view text) { return text.size() <= kMaxTextBytes && is_utf8(text); }

std::optional<std::string> normalize(const icu::Normalizer2* form, std::string_view text, UErrorCode status) {
  std::string out;
  icu::StringByteSink<std::string> sink(&out);
  if (U_FAILURE(status)) return {};
  form->normalizeUTF8(0, piece(text), sink, nullptr, status);
  if (U_FAILURE(status)) return {};
  return out;
}

std::optional<std::string> nfc(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* form = icu::Normalizer2::getNFCInstance(status);
  return normalize(form, text, status);
}

std::optional<std::string> nfd(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* form = icu::Normalizer2::getNFDInstance(status);
  return normalize(form, text, status);
}

bool is_freeform(char32_t code_point) {
  const auto c = static_cast<UChar32>(code_point);
  switch (u_charType(c)) {
    case U_UNASSIGNED:
    case U_CONTROL_CHAR:
    case U_SURROGATE:
    case U_PRIVATE_USE_CHAR:
    case U_LINE_SEPARATOR:
    case U_PARAGRAPH_SEPARATOR:
      return false;
    default:
      break;
  }
  if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT)) return false;
  // OldHangulJamo (RFC 8264 §9.9): composed syllables are what Korean is written in.
  const auto syllable = u_getIntPropertyValue(c, UCHAR_HANGUL_SYLLABLE_TYPE);
  return syllable != U_HST_LEADING_JAMO && syllable != U_HST_VOWEL_JAMO && syllable != U_HST_TRAILING_JAMO;
}

struct FreedByIdn2 {
  void operator()(char* text) const { idn2_free(text); }
};
using Idn2Text = std::unique_ptr<char, FreedByIdn2>;

}  // namespace

std::optional<std::string> to_nfc(std::string_view text) {
  if (!is_text(text)) return {};
  return nfc(text);
}

std::optional<std::string> to_fold(std::string_view text) {
  if (!is_text(text)) return {};
  const auto decomposed = nfd(text);
  if (!decomposed) return {};
  std::string folded;
  icu::StringByteSink<std::string> sink(&folded);
  UErrorCode status = U_ZERO_ERROR;
  icu::CaseMap::utf8Fold(U_FOLD_CASE_DEFAULT, piece(*decomposed), sink, nullptr, status);
  if (U_FAILURE(status)) return {};
  return nfc(folded);
}

bool is_freeform(std::string_view text) {
  while (!text.empty()) {
    const Utf8Step step = decode_utf8(text);
    if (!step.code_point || !is_freeform(*step.code_point)) return false;
    text.remove_prefix(step.size);
  }
  return true;
}

std::string map_spaces(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Step step = decode_utf8(text);
    const bool is_space =
        step.code_point && u_charType(static_cast<UChar32>(*step.code_point)) == U_SPACE_SEPARATOR;
    out.append(is_space ? std::string_view(" ") : text.substr(0, step.size));
    text.remove_prefix(step.size);
  }
  return out;
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(decode_utf8(text).size);
  return count;
}

std::optional<std::string> domain_to_ascii(std::string_view utf8) {
  if (!is_text(utf8)) return {};
  const std::string input(utf8);
  char* out = nullptr;
  const int code = idn2_to_ascii_8z(input.c_str(), &out, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const Idn2Text owned(out);
  if (code != IDN2_OK) return {};
  return std::string(owned.get());
}

std::optional<std::string> domain_to_unicode(const std::string& ascii) {
  char* out = nullptr;
  const int code = idn2_to_unicode_8z8z(ascii.c_str(), &out, 0);
  const Idn2Text owned(out);
  if (code != IDN2_OK) return {};
  return std::string(owned.get());
}

}  // namespace pabal::account::detail
