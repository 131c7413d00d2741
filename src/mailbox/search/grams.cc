#include "mailbox/search/grams.h"

#include <optional>

#include "base/utf8.h"

namespace pabal::mailbox::search {
namespace {

Unit unit_of(char32_t c) {
  if (c <= 0x20 || c == 0x7F) return kBlank;
  return static_cast<Unit>(c < 0x10000 ? c : 0xE000 + c % 0x1900);
}

/// All grams that begin with these units.
Term prefix(Unit a, Unit b = 0, Unit c = 0) {
  const Gram mask = b == 0 ? 0xFFFF'FFFF'FFFFU : c == 0 ? 0xFFFF'FFFFU : 0xFFFFU;
  return {pack(a, b, c), pack(a, b, c) | mask};
}

/// The term of the gram at `u`, when `left` units of the needle are left, and anything may stand behind them.
std::optional<Term> term_at(const Unit* u, std::size_t left) {
  const auto exact = [](Gram gram) { return Term{gram, gram}; };
  if (u[0] == kBlank) return std::nullopt;
  if (left == 1) return is_wide(u[0]) ? std::optional(prefix(u[0])) : std::nullopt;
  if (is_wide(u[0]) || is_wide(u[1])) return exact(pack(u[0], u[1]));
  if (u[1] == kBlank) return std::nullopt;
  if (left == 2) return prefix(u[0], u[1]);
  if (u[2] == kBlank || is_wide(u[2])) return exact(pack(u[0], u[1]));
  if (left == 3) {
    const bool word = is_letter(u[0]) && is_letter(u[1]) && is_letter(u[2]);
    return word ? prefix(u[0], u[1], u[2]) : exact(pack(u[0], u[1], u[2]));
  }
  return exact(gram_at(u));
}

/// Leaves kMaxTerms of them, from all over the needle: neighbours say nearly the same.
void thin_out(std::vector<Term>& terms) {
  if (terms.size() <= kMaxTerms) return;
  std::vector<Term> kept;
  for (std::size_t i = 0; i < kMaxTerms; ++i) kept.push_back(terms[i * (terms.size() - 1) / (kMaxTerms - 1)]);
  terms = std::move(kept);
}

}  // namespace

Unit* write_units(std::string_view folded, Unit* out) {
  for (std::size_t i = 0; i < folded.size();) {
    const auto byte = static_cast<unsigned char>(folded[i]);
    if (byte < 0x80) {
      *out++ = unit_of(byte);
      ++i;
      continue;
    }
    const Utf8Step step = decode_utf8(folded.substr(i));
    *out++ = unit_of(step.code_point.value_or(kReplacementCharacter));
    i += step.size;
  }
  return out;
}

std::vector<Term> terms_of(std::string_view folded_needle) {
  std::vector<Unit> units(folded_needle.size());
  units.resize(static_cast<std::size_t>(write_units(folded_needle, units.data()) - units.data()));
  std::vector<Term> terms;
  bool run_has_term = false;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i] == kBlank) {
      run_has_term = false;
      continue;
    }
    const auto term = term_at(units.data() + i, units.size() - i);
    if (!term) continue;
    // A range is read only where the run has nothing better.
    if (term->first != term->last && run_has_term) continue;
    run_has_term = true;
    if (terms.empty() || terms.back() != *term) terms.push_back(*term);
  }
  thin_out(terms);
  return terms;
}

}  // namespace pabal::mailbox::search
