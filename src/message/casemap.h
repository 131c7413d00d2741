// The folding by which texts are searched, sorted and threaded: two texts are the same when their folded
// forms are, one is found in the other when its folded form is, and they are in the order of their folded
// bytes. It is i;unicode-casemap (RFC 5051), as I18NLEVEL=1 wants it (RFC 5255 §4): each character in title
// case, then decomposed, canonically and for compatibility, until neither changes it. So `Ｆｕｂａｒ` and
// `fubar` are the same, and `e` is found in `é` but not `é` in `e`.
//
// Hangul: syllables stay whole, as the RFC's table has it (UnicodeData.txt has no decomposition for them), so
// 번역 is found in 번역을, and 버 is not found in 번. A syllable that is written as jamo, as file names from
// some systems are, is put together first, and equals the whole one. Letters that stand alone (ㅋㅋ) stay so.
//
// A folder belongs to one thread at a time; it never waits and never fails. What is no UTF-8 becomes U+FFFD.
#pragma once

#include <string>
#include <string_view>

namespace pabal::message {

/// Folds a text piece by piece. A piece may end anywhere, within a character too; between pieces an
/// unfinished character or syllable is kept.
class CaseFolder {
 public:
  /// Appends to `out`.
  void fold(std::string_view utf8, std::string& out);
  /// The text has ended: what was held back comes out. The folder then starts anew.
  void finish(std::string& out);

 private:
  void fold_character(char32_t code_point, std::string_view bytes, std::string& out);
  void flush_syllable(std::string& out);
  bool join_jamo(char32_t code_point, std::string& out);

  std::string cut_;        ///< the first bytes of a character
  char32_t syllable_ = 0;  ///< a leading consonant or an open syllable that may go on
};

/// A whole text at once.
std::string fold_case(std::string_view utf8);

}  // namespace pabal::message
