// A letter looked through for several needles at once: the scan that index and results are true to.
//
// Belongs to one thread at a time; waits for nothing. Keeps of a letter no more than the longest needle.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mailbox/search/letter_text.h"
#include "message/letter.h"

namespace pabal::mailbox::search {

struct Needle {
  enum class Where : std::uint8_t { kField, kBody, kText } where = Where::kText;
  std::string text;     ///< folded
  std::string field{};  ///< for kField; an empty text: the field is there
};

class NeedleScan final : private TextReceiver {
 public:
  /// The needles outlive the scan.
  explicit NeedleScan(std::span<const Needle> needles);

  /// For message::LetterReader. One letter after the other: finish() between them.
  message::TextSink& sink() { return text_; }
  /// Some needle may be in the body; otherwise a letter's header is enough of it.
  bool wants_body() const;
  /// All that could be found has been found; the rest of the letter need not be read.
  bool all_found() const { return missing_ == 0; }
  /// Which needles the letter has; the scan then starts anew.
  std::vector<bool> finish();

 private:
  void on_header_field(std::string_view name, std::string_view line, std::size_t text_begin) override;
  void on_body(std::string_view folded) override;
  void on_body_end() override;
  void found(std::size_t needle);
  static bool looks_at_body(const Needle& needle) { return needle.where != Needle::Where::kField; }

  std::span<const Needle> needles_;
  LetterText text_;
  std::vector<bool> found_;
  std::size_t missing_ = 0;
  std::size_t kept_ = 0;  ///< how much of a piece may begin what the next one ends
  std::string tail_;
};

/// A whole letter at once.
std::vector<bool> scan_letter(std::string_view letter, std::span<const Needle> needles);

}  // namespace pabal::mailbox::search
