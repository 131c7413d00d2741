// Grams: the short runs of characters by which the index finds where a text may be. What a gram is depends
// on the next characters alone, so whatever stands in a needle gives the same grams wherever it is found:
//
//     번역을         wide characters: two of them, or one and what is beside it      번역 역을 을
//     interval       letters: four                                                  INTE NTER ... AL
//     foo@x.org      with a digit or a sign among them: three                        FOO FOO@→FOO OO@ ...
//     to be          a blank ends a run: what is left of it                          TO BE
//
// Four letters, because three say nothing about a block of neighbouring letters (nearly each block has INT,
// TER and ATE); three where digits and signs are, because random ids would fill the index otherwise.
// A gram is at most four units of 16 bits; characters behind U+FFFF share units, and all blanks are one, for
// candidates are verified anyway.
//
// Pure; any thread. All texts are folded (message/casemap.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pabal::mailbox::search {

using Gram = std::uint64_t;
using Unit = std::uint16_t;

/// The longest gram, in units.
inline constexpr std::size_t kGramUnits = 4;

/// A blank or control character, and the end of a text.
inline constexpr Unit kBlank = 0;

constexpr bool is_wide(Unit u) { return u >= 0x2E80 || (u >= 0x1100 && u < 0x1200); }
constexpr bool is_letter(Unit u) { return (u >= 'A' && u <= 'Z') || u >= 0xAA; }

constexpr Gram pack(Unit a, Unit b, Unit c = 0, Unit d = 0) {
  return Gram{a} << 48 | Gram{b} << 32 | Gram{c} << 16 | Gram{d};
}

/// The gram that begins at units[0], with three more behind it (blanks at the end of a text); 0: none.
constexpr Gram gram_at(const Unit* u) {
  if (u[0] == kBlank) return 0;
  if (is_wide(u[0]) || is_wide(u[1])) return pack(u[0], u[1]);
  if (u[1] == kBlank) return 0;
  if (u[2] == kBlank || is_wide(u[2])) return pack(u[0], u[1]);
  if (u[3] == kBlank || is_wide(u[3])) return pack(u[0], u[1], u[2]);
  const bool word = is_letter(u[0]) && is_letter(u[1]) && is_letter(u[2]) && is_letter(u[3]);
  return word ? pack(u[0], u[1], u[2], u[3]) : pack(u[0], u[1], u[2]);
}

/// Appends the units of folded UTF-8.
void append_units(std::string_view folded, std::vector<Unit>& out);

/// The grams of texts that come in pieces, each cut between two characters.
class GramReader {
 public:
  template <class Emit>
  void feed(std::string_view folded, Emit&& emit) {
    append_units(folded, units_);
    std::size_t i = 0;
    for (; i + kGramUnits <= units_.size(); ++i) {
      if (const Gram gram = gram_at(units_.data() + i); gram != 0) emit(gram);
    }
    units_.erase(units_.begin(), units_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  /// The text has ended; another may begin.
  template <class Emit>
  void end(Emit&& emit) {
    units_.insert(units_.end(), kGramUnits - 1, kBlank);
    for (std::size_t i = 0; i + kGramUnits <= units_.size(); ++i) {
      if (const Gram gram = gram_at(units_.data() + i); gram != 0) emit(gram);
    }
    units_.clear();
  }

 private:
  std::vector<Unit> units_;  ///< between pieces at most three
};

/// What each text that has the needle in it has too: a gram of this range.
struct Term {
  Gram first;
  Gram last;  ///< the range's own
  bool operator==(const Term&) const = default;
};

/// More terms narrow nothing further, and each costs a read.
inline constexpr std::size_t kMaxTerms = 10;

/// All of these must be there. None: a needle so short that each letter must be looked at.
std::vector<Term> terms_of(std::string_view folded_needle);

}  // namespace pabal::mailbox::search
