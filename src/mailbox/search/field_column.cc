#include "mailbox/search/field_column.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "mailbox/search/letter_text.h"
#include "message/casemap.h"

namespace pabal::mailbox::search {

void FieldColumn::add(LetterId letter, std::string_view folded) {
  PABAL_CHECK(letters_.empty() || letter > letters_.back());
  letters_.push_back(letter);
  texts_ += folded;
  ends_.push_back(texts_.size());
}

void FieldColumn::add(LetterId letter, const message::Envelope& envelope) {
  const auto text = envelope_text(envelope, field_);
  add(letter, std::string_view(text ? message::fold_case(*text) : std::string()));
}

void FieldColumn::add(LetterId letter, const message::EnvelopeView& envelope) {
  const auto text = envelope_text(envelope, field_);
  add(letter, std::string_view(text ? message::fold_case(*text) : std::string()));
}

std::string_view FieldColumn::text(std::size_t place) const {
  const std::size_t begin = place == 0 ? 0 : ends_[place - 1];
  return std::string_view(texts_).substr(begin, ends_[place] - begin);
}

std::optional<std::size_t> FieldColumn::find(LetterId letter, std::size_t& hint) const {
  // Most often the next one.
  if (hint + 1 < letters_.size() && letters_[hint + 1] == letter) return ++hint;
  const auto found = std::ranges::lower_bound(letters_, letter);
  if (found == letters_.end() || *found != letter) return std::nullopt;
  return hint = static_cast<std::size_t>(found - letters_.begin());
}

std::vector<bool> FieldColumn::find_text(std::string_view folded) const {
  PABAL_CHECK(!folded.empty());
  std::vector<bool> has(letters_.size());
  std::size_t place = 0;
  for (std::size_t from = 0; from < texts_.size();) {
    const void* const at = memmem(texts_.data() + from, texts_.size() - from, folded.data(), folded.size());
    if (at == nullptr) break;
    const auto begin = static_cast<std::size_t>(static_cast<const char*>(at) - texts_.data());
    if (ends_[place] <= begin) {
      place = static_cast<std::size_t>(
          std::upper_bound(ends_.begin() + static_cast<std::ptrdiff_t>(place), ends_.end(), begin) -
          ends_.begin());
    }
    // Texts lie side by side: what goes over into the next one is in neither.
    const bool within = begin + folded.size() <= ends_[place];
    if (within) has[place] = true;
    from = within ? ends_[place] : begin + 1;
  }
  return has;
}

std::size_t FieldColumn::memory_bytes() const {
  return letters_.capacity() * sizeof(LetterId) + ends_.capacity() * sizeof(std::size_t) + texts_.capacity();
}

}  // namespace pabal::mailbox::search
