// One envelope field of many letters, kept in memory as it is searched in: so FROM over a hundred thousand
// letters is one walk through some megabytes, even when the index can rule nothing out. Whoever keeps a
// folder's letters keeps these if they like, and gives them out by LetterNotes::find_column.
//
// Belongs to one thread while it is filled; then any thread may read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mailbox/ids.h"
#include "message/envelope.h"
#include "message/facts_view.h"

namespace pabal::mailbox::search {

class FieldColumn {
 public:
  /// One of kEnvelopeFields.
  explicit FieldColumn(std::string field) : field_(std::move(field)) {}

  const std::string& field() const { return field_; }
  /// Letters ascending.
  void add(LetterId letter, const message::Envelope& envelope);
  void add(LetterId letter, const message::EnvelopeView& envelope);
  /// As another column has it.
  void add(LetterId letter, std::string_view folded);

  std::size_t size() const { return letters_.size(); }
  LetterId letter(std::size_t place) const { return letters_[place]; }
  std::string_view text(std::size_t place) const;
  /// Where the letter is; nothing if it is not in the column. `hint` is where one before it was found.
  std::optional<std::size_t> find(LetterId letter, std::size_t& hint) const;
  /// Which of the letters, by their places, have this in the field; `folded` is not empty.
  std::vector<bool> find_text(std::string_view folded) const;

  std::size_t memory_bytes() const;

 private:
  std::string field_;
  std::vector<LetterId> letters_;
  std::vector<std::size_t> ends_;
  std::string texts_;
};

}  // namespace pabal::mailbox::search
