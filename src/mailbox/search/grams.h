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

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace pabal::mailbox::search {

using Gram = std::uint64_t;
using Unit = std::uint16_t;

/// The longest gram, in units.
inline constexpr std::size_t kGramUnits = 4;

/// A blank or control character, and the end of a text.
inline constexpr Unit kBlank = 0;
constexpr bool is_blank(char byte) { return static_cast<unsigned char>(byte) <= 0x20 || byte == 0x7F; }

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

/// Writes the units of folded UTF-8, at most one a byte, and returns their end.
Unit* write_units(std::string_view folded, Unit* out);

/// Runs that were met of late. Forgets one for another at will, so that it needs no care: what it says is new
/// may have been met before.
class RecentRuns {
 public:
  RecentRuns() : runs_(kSlots) {}
  /// Notes the run, which has no blank in it; true: it is new, or was forgotten, or is long.
  bool note(std::string_view run) {
    if (run.size() > sizeof(Run)) return true;
    Run key{};
    std::memcpy(&key, run.data(), run.size());
    Run& slot = runs_[(key.first * 0x9E37'79B9'7F4A'7C15U ^ key.second * 0xC2B2'AE3D'27D4'EB4FU) >> kShift];
    if (slot == key) return false;
    slot = key;
    return true;
  }
  void clear() { std::ranges::fill(runs_, Run{}); }

 private:
  // The words of eight letters; within the second level of a processor's cache.
  static constexpr int kShift = 64 - 12;
  static constexpr std::size_t kSlots = std::size_t{1} << (64 - kShift);
  using Run = std::pair<std::uint64_t, std::uint64_t>;  // its bytes, and zeros, which no run has

  std::vector<Run> runs_;
};

/// The grams of texts that come in pieces, each cut between two characters.
class GramReader {
 public:
  template <class Emit>
  void feed(std::string_view folded, Emit&& emit) {
    feed(folded, [](std::string_view) { return true; }, emit);
  }
  /// Leaves out the runs, as far as they are whole in a piece, that `is_new` says no to: no gram goes
  /// beyond its run.
  template <class IsNew, class Emit>
  void feed(std::string_view folded, IsNew&& is_new, Emit&& emit) {
    while (!folded.empty()) {
      const std::string_view run = folded.substr(0, run_size(folded));
      const bool ends = run.size() < folded.size();
      if (!ends || !units_.empty()) {
        gather(run, emit);
        if (ends) end(emit);
      } else if (!run.empty() && is_new(run)) {
        gather_whole(run, emit);
      }
      folded.remove_prefix(run.size() + (ends ? 1 : 0));
    }
  }
  /// The text has ended; another may begin.
  template <class Emit>
  void end(Emit&& emit) {
    if (units_.empty()) return;
    units_.insert(units_.end(), kGramUnits - 1, kBlank);
    emit_all(units_, emit);
    units_.clear();
  }

 private:
  static std::size_t run_size(std::string_view folded) {
    return static_cast<std::size_t>(std::ranges::find_if(folded, is_blank) - folded.begin());
  }
  template <class Emit>
  void gather_whole(std::string_view run, Emit&& emit) {
    std::array<Unit, 64 + kGramUnits> units;
    if (run.size() > 64) {
      gather(run, emit);
      return end(emit);
    }
    Unit* const after = write_units(run, units.data());
    std::fill_n(after, kGramUnits - 1, kBlank);
    emit_all(std::span(units.data(), after + kGramUnits - 1), emit);
  }
  template <class Emit>
  void gather(std::string_view run, Emit&& emit) {
    const std::size_t before = units_.size();
    units_.resize(before + run.size());
    units_.resize(static_cast<std::size_t>(write_units(run, units_.data() + before) - units_.data()));
    const std::size_t told = emit_all(units_, emit);
    units_.erase(units_.begin(), units_.begin() + static_cast<std::ptrdiff_t>(told));
  }
  /// Of all units but the last three; returns how many.
  template <class Emit>
  static std::size_t emit_all(std::span<const Unit> units, Emit&& emit) {
    std::size_t i = 0;
    for (; i + kGramUnits <= units.size(); ++i) {
      if (const Gram gram = gram_at(units.data() + i); gram != 0) emit(gram);
    }
    return i;
  }

  std::vector<Unit> units_;  ///< of a run that has begun; between pieces at most three
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
