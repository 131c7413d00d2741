#include "message/casemap.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/ascii.h"
#include "base/check.h"
#include "base/utf8.h"

namespace pabal::message {
namespace {

// Hangul by arithmetic (Unicode §3.12).
constexpr char32_t kLeadBase = 0x1100, kVowelBase = 0x1161, kTailBase = 0x11A7, kSyllableBase = 0xAC00;
constexpr char32_t kLeads = 19, kVowels = 21, kTails = 28;

bool is_lead(char32_t c) { return c >= kLeadBase && c < kLeadBase + kLeads; }
bool is_vowel(char32_t c) { return c >= kVowelBase && c < kVowelBase + kVowels; }
bool is_tail(char32_t c) { return c > kTailBase && c < kTailBase + kTails; }
bool is_syllable(char32_t c) { return c >= kSyllableBase && c < kSyllableBase + kLeads * kVowels * kTails; }
bool is_open_syllable(char32_t c) { return is_syllable(c) && (c - kSyllableBase) % kTails == 0; }
/// Letters that stand alone: their compatibility decomposition would make parts of syllables of them.
bool is_lone_jamo(char32_t c) { return c >= 0x3131 && c <= 0x318E; }

/// The syllable of two neighbours, or 0.
char32_t join(char32_t first, char32_t second) {
  if (is_lead(first) && is_vowel(second))
    return kSyllableBase + ((first - kLeadBase) * kVowels + (second - kVowelBase)) * kTails;
  if (is_open_syllable(first) && is_tail(second)) return first + (second - kTailBase);
  return 0;
}

/// What each character becomes, made from ICU's tables once. Pages of 128 characters, and a pool of the
/// folded forms; pages that nothing happens in are page 0.
class FoldTable {
 public:
  FoldTable() {
    UErrorCode status = U_ZERO_ERROR;
    decomposition_ = unorm2_getNFKDInstance(&status);
    PABAL_CHECK(U_SUCCESS(status));
    entries_.resize(kPageSize);
    // Where characters with a case or a decomposition are; between these are Han, Hangul and private use.
    add_range(0x80, 0x3400);
    add_range(0xA000, 0xAC00);
    add_range(0xF900, 0x10000);
    add_range(0x10000, 0x20000);
    add_range(0x2F800, 0x2FA80);
  }

  /// The folded form as UTF-8; empty: the character itself.
  std::string_view find(char32_t c) const {
    const std::uint32_t entry = entries_[std::size_t{pages_[c >> 7]} * kPageSize + (c & 127)];
    return {pool_.data() + (entry >> 8), entry & 0xff};
  }

 private:
  static constexpr std::size_t kPageSize = 128;

  void add_range(char32_t begin, char32_t end) {
    for (char32_t page = begin; page < end; page += kPageSize) add_page(page);
  }

  void add_page(char32_t begin) {
    std::array<std::uint32_t, kPageSize> page{};
    bool any = false;
    for (char32_t c = begin; c < begin + kPageSize; ++c) {
      if (c >= 0xD800 && c < 0xE000) continue;
      const std::string folded = fold(c);
      if (folded.empty()) continue;
      page[c - begin] = static_cast<std::uint32_t>(pool_.size() << 8 | folded.size());
      pool_ += folded;
      any = true;
    }
    if (!any) return;
    pages_[begin >> 7] = static_cast<std::uint16_t>(entries_.size() / kPageSize);
    entries_.insert(entries_.end(), page.begin(), page.end());
  }

  std::string fold(char32_t c) const {
    std::u32string now(1, c);
    // Twice is enough for all of Unicode; the bound is against a table that has a circle.
    for (int round = 0; round < 4; ++round) {
      std::u32string next;
      for (const char32_t one : now) append_decomposed(titled(one), next);
      if (next == now) break;
      now = std::move(next);
    }
    if (now == std::u32string(1, c)) return {};
    std::string out;
    for (const char32_t one : now) append_utf8(out, one);
    return out.size() < 256 ? out : std::string();
  }

  static char32_t titled(char32_t c) { return static_cast<char32_t>(u_totitle(static_cast<UChar32>(c))); }

  void append_decomposed(char32_t c, std::u32string& out) const {
    if (is_syllable(c) || is_lone_jamo(c)) return out.push_back(c);
    std::array<UChar, 64> buffer;
    UErrorCode status = U_ZERO_ERROR;
    const bool half_width_jamo = c >= 0xFFA0 && c <= 0xFFDC;
    const auto decompose = half_width_jamo ? unorm2_getRawDecomposition : unorm2_getDecomposition;
    const std::int32_t size =
        decompose(decomposition_, static_cast<UChar32>(c), buffer.data(), buffer.size(), &status);
    if (size < 0 || U_FAILURE(status)) return out.push_back(c);
    const std::size_t before = out.size();
    for (std::int32_t i = 0; i < size;) {
      UChar32 one;
      U16_NEXT(buffer.data(), i, size, one);
      const char32_t joined = out.empty() ? 0 : join(out.back(), static_cast<char32_t>(one));
      if (joined != 0) {
        out.back() = joined;
      } else {
        out.push_back(static_cast<char32_t>(one));
      }
    }
    // A letter in a circle is no part of the syllable beside it.
    if (is_lead(out.back()) || is_lead(out[before]) ||
        (out.size() > before + 1 && is_lead(out[before + 1]))) {
      out.resize(before);
      out.push_back(c);
    }
  }

  const UNormalizer2* decomposition_ = nullptr;
  std::array<std::uint16_t, 0x110000 / kPageSize> pages_{};
  std::vector<std::uint32_t> entries_;
  std::string pool_;
};

const FoldTable& fold_table() {
  static const FoldTable table;
  return table;
}

/// How many bytes at the front are ASCII, eight at a time.
std::size_t ascii_prefix(std::string_view text) {
  std::size_t size = 0;
  for (std::uint64_t word; size + sizeof word <= text.size(); size += sizeof word) {
    std::memcpy(&word, text.data() + size, sizeof word);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  while (size < text.size() && is_ascii(text[size])) ++size;
  return size;
}

void append_upper(std::string& out, std::string_view ascii) {
  const std::size_t begin = out.size();
  out.append(ascii);
  char* const to = out.data() + begin;
  for (std::size_t i = 0; i < ascii.size(); ++i) {
    const bool lower = static_cast<unsigned char>(to[i] - 'a') < 26;
    to[i] = static_cast<char>(to[i] ^ (lower ? 0x20 : 0));
  }
}

}  // namespace

void CaseFolder::flush_syllable(std::string& out) {
  if (syllable_ != 0) append_utf8(out, syllable_);
  syllable_ = 0;
}

/// Whether the character went into a syllable, or may begin one.
bool CaseFolder::join_jamo(char32_t c, std::string& out) {
  if (const char32_t joined = join(syllable_, c); joined != 0) {
    syllable_ = joined;
    return true;
  }
  flush_syllable(out);
  if (!is_lead(c) && !is_open_syllable(c)) return false;
  syllable_ = c;
  return true;
}

void CaseFolder::fold_character(char32_t c, std::string_view bytes, std::string& out) {
  if ((c >= kLeadBase && c < 0x1200) || is_open_syllable(c)) {
    if (join_jamo(c, out)) return;
  } else {
    flush_syllable(out);
  }
  const std::string_view folded = fold_table().find(c);
  out.append(folded.empty() ? bytes : folded);
}

void CaseFolder::fold(std::string_view text, std::string& out) {
  while (!cut_.empty() && !text.empty()) {
    cut_.push_back(text.front());
    text.remove_prefix(1);
    const Utf8Step step = decode_utf8(cut_);
    if (step.truncated) continue;
    const std::string bytes = std::move(cut_);
    cut_.clear();
    if (step.code_point) {
      fold_character(*step.code_point, bytes, out);
    } else {
      // The byte that did not go on may begin something of its own.
      fold_character(kReplacementCharacter, "\xEF\xBF\xBD", out);
      fold(std::string_view(bytes).substr(step.size), out);
    }
  }
  while (!text.empty()) {
    if (const std::size_t ascii = ascii_prefix(text); ascii > 0) {
      flush_syllable(out);
      append_upper(out, text.substr(0, ascii));
      text.remove_prefix(ascii);
      continue;
    }
    const Utf8Step step = decode_utf8(text);
    if (step.truncated) {
      cut_ = text;
      return;
    }
    fold_character(step.code_point.value_or(kReplacementCharacter),
                   step.code_point ? text.substr(0, step.size) : "\xEF\xBF\xBD", out);
    text.remove_prefix(step.size);
  }
}

void CaseFolder::finish(std::string& out) {
  flush_syllable(out);
  if (!cut_.empty()) out.append("\xEF\xBF\xBD");
  cut_.clear();
}

std::string fold_case(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  CaseFolder folder;
  folder.fold(utf8, out);
  folder.finish(out);
  return out;
}

}  // namespace pabal::message
