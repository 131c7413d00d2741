#include "message/charset.h"

#include <unicode/ucnv.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "base/ascii.h"
#include "base/utf8.h"
#include "message/detail/bytes.h"

namespace pabal::message {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::size_t kMaxCharsetName = 60;

/// Names as mail has them, without case and punctuation, and the ICU converter that reads them. Each leads to
/// the superset that agents write under the smaller name: windows-949 as euc-kr, windows-1252 as Latin-1, GB
/// 18030 as GB 2312.
struct Alias {
  std::string_view squeezed;
  const char* converter;
};
constexpr Alias kAliases[] = {
    {"88591", "windows-1252"},
    {"ansix341968", "windows-1252"},
    {"big5", "windows-950"},
    {"big5hkscs", "Big5-HKSCS"},
    {"cn", "gb18030"},
    {"cngb", "gb18030"},
    {"cp1252", "windows-1252"},
    {"cp50220", "ISO-2022-JP"},
    {"cp50221", "ISO-2022-JP"},
    {"cp932", "windows-31j"},
    {"cp936", "gb18030"},
    {"cp949", "windows-949"},
    {"cp950", "windows-950"},
    {"csbig5", "windows-950"},
    {"cseuckr", "windows-949"},
    {"csiso2022jp", "ISO-2022-JP"},
    {"csiso2022kr", "ISO-2022-KR"},
    {"csksc56011987", "windows-949"},
    {"csshiftjis", "windows-31j"},
    {"euccn", "gb18030"},
    {"euckr", "windows-949"},
    {"gb18030", "gb18030"},
    {"gb2312", "gb18030"},
    {"gb231280", "gb18030"},
    {"gbk", "gb18030"},
    {"hzgb2312", "HZ"},
    {"iso2022cn", "ISO-2022-CN"},
    {"iso2022jpms", "ISO-2022-JP"},
    {"iso88591", "windows-1252"},
    {"iso885911", "windows-874"},
    {"iso885915", "iso-8859-15"},
    {"iso88598e", "iso-8859-8"},
    {"iso88598i", "iso-8859-8"},
    {"iso88599", "windows-1254"},
    {"isoir149", "windows-949"},
    {"korean", "windows-949"},
    {"ksc5601", "windows-949"},
    {"ksc56011987", "windows-949"},
    {"ksc56011989", "windows-949"},
    {"ksc5861", "windows-949"},
    {"ksx1001", "windows-949"},
    {"l1", "windows-1252"},
    {"latin1", "windows-1252"},
    {"ms932", "windows-31j"},
    {"ms949", "windows-949"},
    {"mskanji", "windows-31j"},
    {"shiftjis", "windows-31j"},
    {"sjis", "windows-31j"},
    {"tis620", "windows-874"},
    {"uhc", "windows-949"},
    {"windows1252", "windows-1252"},
    {"windows31j", "windows-31j"},
    {"windows936", "gb18030"},
    {"windows949", "windows-949"},
    {"xeuckr", "windows-949"},
    {"xeucjp", "EUC-JP"},
    {"xgbk", "gb18030"},
    {"xksc56011987", "windows-949"},
    {"xsjis", "windows-31j"},
    {"xuhc", "windows-949"},
    {"xwindows949", "windows-949"},
    {"xxbig5", "windows-950"},
};

/// `ks_c_5601-1987` -> `ksc56011987`. A language behind a star (RFC 2231 §5) and quotes fall off.
std::string squeeze(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, std::min(name.find('*'), kMaxCharsetName))) {
    if (is_alnum(c)) out.push_back(to_lower(c));
  }
  return out;
}

bool is_ascii_name(std::string_view squeezed) {
  // `default`, `unknown-8bit` and friends say as little as nothing does.
  static constexpr std::string_view kNames[] = {"",      "usascii", "ascii",    "us",       "7bit",
                                                "8bit",  "default", "unknown",  "xunknown", "none",
                                                "plain", "binary",  "us7ascii", "iso646us", "unknown8bit"};
  return std::ranges::find(kNames, squeezed) != std::end(kNames);
}

bool is_utf8_name(std::string_view squeezed) {
  static constexpr std::string_view kNames[] = {"utf8",    "xutf8",   "unicode11utf8",
                                                "utf8mb4", "cp65001", "utf"};
  return std::ranges::find(kNames, squeezed) != std::end(kNames);
}

/// The converter's name, or what ICU may make of the name as it came.
std::string converter_name(std::string_view charset, std::string_view squeezed) {
  const auto* alias = std::ranges::find(kAliases, squeezed, &Alias::squeezed);
  if (alias != std::end(kAliases)) return alias->converter;
  std::string name;
  for (const char c : charset.substr(0, std::min(charset.find('*'), kMaxCharsetName))) {
    // A comma would hand ICU options, and nobody's letter has any to give.
    if (is_alnum(c) || c == '-' || c == '_' || c == '.' || c == ':') name.push_back(c);
  }
  return name;
}

struct Utf8Count {
  std::size_t valid = 0;  ///< Characters over ASCII.
  std::size_t invalid = 0;
};

Utf8Count count_utf8(std::string_view text, bool at_end) {
  Utf8Count count;
  while (!text.empty()) {
    const Utf8Step step = pabal::decode_utf8(text);
    if (step.code_point) {
      count.valid += step.size > 1;
    } else {
      count.invalid += !step.truncated || at_end;
    }
    text.remove_prefix(step.size);
  }
  return count;
}

}  // namespace

struct CharsetDecoder::Converter {
  explicit Converter(const std::string& name) {
    UErrorCode status = U_ZERO_ERROR;
    if (!name.empty()) handle = ucnv_open(name.c_str(), &status);
  }
  ~Converter() {
    if (handle) ucnv_close(handle);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  void append_utf16(std::span<const UChar> units, std::string& out) {
    for (const UChar unit : units) {
      const bool is_low = U16_IS_TRAIL(unit);
      if (lead != 0 && !is_low) out.append(kReplacement);
      if (U16_IS_LEAD(unit)) {
        lead = unit;
        continue;
      }
      if (is_low) {
        append_utf8(out, lead == 0 ? 0xFFFD : static_cast<char32_t>(U16_GET_SUPPLEMENTARY(lead, unit)));
      } else {
        append_utf8(out, unit);
      }
      lead = 0;
    }
  }

  UConverter* handle = nullptr;
  UChar lead = 0;  ///< A surrogate whose other half is still to come.
};

CharsetDecoder::CharsetDecoder(std::string_view charset) {
  const std::string squeezed = squeeze(charset);
  if (is_ascii_name(squeezed)) return;
  if (is_utf8_name(squeezed)) {
    labelled_utf8_ = true;
    return;
  }
  const std::string name = converter_name(charset, squeezed);
  if (name == "windows-1252") return;
  converter_ = std::make_unique<Converter>(name);
  if (converter_->handle) {
    mode_ = Mode::kConverter;
  } else {
    converter_.reset();
  }
}

CharsetDecoder::~CharsetDecoder() = default;
CharsetDecoder::CharsetDecoder(CharsetDecoder&&) noexcept = default;
CharsetDecoder& CharsetDecoder::operator=(CharsetDecoder&&) noexcept = default;

void CharsetDecoder::decode(std::string_view bytes, std::string& out) {
  if (mode_ == Mode::kUndecided) {
    if (held_.empty()) {
      const std::size_t ascii = detail::ascii_prefix(bytes);
      out.append(bytes.substr(0, ascii));
      bytes.remove_prefix(ascii);
    }
    const std::size_t taken = std::min(bytes.size(), kSniffBytes - held_.size());
    held_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (held_.size() < kSniffBytes) return;
    decide(false);
    const std::string sniffed = std::exchange(held_, {});
    decode(sniffed, out);
  }
  if (bytes.empty()) return;
  if (mode_ == Mode::kUtf8) {
    decode_utf8(bytes, out);
  } else {
    decode_converted(bytes, false, out);
  }
}

void CharsetDecoder::finish(std::string& out) {
  if (mode_ == Mode::kUndecided) {
    if (held_.empty()) return;
    decide(true);
    const std::string sniffed = std::exchange(held_, {});
    decode(sniffed, out);
  }
  if (mode_ == Mode::kConverter) {
    decode_converted({}, true, out);
    if (std::exchange(converter_->lead, 0) != 0) out.append(kReplacement);
  } else if (!held_.empty()) {
    out.append(kReplacement);
    held_.clear();
  }
}

/// A doubtful text is UTF-8 when all of it is; one labelled UTF-8 when any of it is. Else Latin-1, as Windows
/// has it.
void CharsetDecoder::decide(bool at_end) {
  const Utf8Count count = count_utf8(held_, at_end);
  const bool utf8 = labelled_utf8_ ? count.valid > 0 || count.invalid == 0 : count.invalid == 0;
  if (!utf8) converter_ = std::make_unique<Converter>("windows-1252");
  mode_ = utf8 || !converter_->handle ? Mode::kUtf8 : Mode::kConverter;
}

void CharsetDecoder::decode_utf8(std::string_view bytes, std::string& out) {
  while (!held_.empty() && !bytes.empty()) {
    held_.push_back(bytes.front());
    const Utf8Step step = pabal::decode_utf8(held_);
    if (step.truncated) {
      bytes.remove_prefix(1);
      continue;
    }
    if (step.code_point) {
      bytes.remove_prefix(1);
      out.append(held_);
    } else {
      out.append(kReplacement);  // the byte that broke it is looked at again, on its own
    }
    held_.clear();
  }
  while (!bytes.empty()) {
    Utf8Step step;
    std::size_t good = 0;
    do {
      good += step.size;
      good += detail::ascii_prefix(bytes.substr(good));
      step = pabal::decode_utf8(bytes.substr(good));
    } while (step.code_point);
    out.append(bytes.substr(0, good));
    bytes.remove_prefix(good);
    if (step.truncated) {
      held_ = bytes;
      return;
    }
    if (step.size > 0) out.append(kReplacement);
    bytes.remove_prefix(step.size);
  }
}

void CharsetDecoder::decode_converted(std::string_view bytes, bool flush, std::string& out) {
  std::array<UChar, 1024> units;
  const char* source = bytes.data();
  const char* const source_end = source + bytes.size();
  while (true) {
    UErrorCode status = U_ZERO_ERROR;
    UChar* target = units.data();
    ucnv_toUnicode(converter_->handle, &target, target + units.size(), &source, source_end, nullptr, flush,
                   &status);
    converter_->append_utf16({units.data(), target}, out);
    if (status == U_BUFFER_OVERFLOW_ERROR) continue;
    if (U_SUCCESS(status)) return;
    // The converter replaces what it cannot read; an error past that is its own, and must not stop the rest.
    out.append(kReplacement);
    ucnv_resetToUnicode(converter_->handle);
    if (source == source_end) return;
    ++source;
  }
}

std::string to_utf8(std::string_view bytes, std::string_view charset) {
  std::string out;
  out.reserve(bytes.size());
  CharsetDecoder decoder(charset);
  decoder.decode(bytes, out);
  decoder.finish(out);
  return out;
}

bool is_known_charset(std::string_view charset) {
  const std::string squeezed = squeeze(charset);
  if (squeezed.empty()) return false;
  if (is_ascii_name(squeezed) || is_utf8_name(squeezed)) return true;
  return CharsetDecoder::Converter(converter_name(charset, squeezed)).handle != nullptr;
}

}  // namespace pabal::message
