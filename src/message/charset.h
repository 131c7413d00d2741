// Text in any charset that mail comes in, as UTF-8. What comes out is always valid UTF-8; what cannot
// be read becomes U+FFFD. Names are those that mail really carries, and labels are believed only as far as
// they deserve it: bytes that are UTF-8 under the name of ASCII or Latin-1 are read as UTF-8.
//
// A decoder belongs to one thread at a time; it never waits and never fails.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace pabal::message {

/// Reads a text piece by piece. Between pieces it keeps at most kSniffBytes, or a character's first bytes.
class CharsetDecoder {
 public:
  /// How much text behind the first byte over ASCII decides whether a doubtful label is right.
  static constexpr std::size_t kSniffBytes = 512;

  /// An empty name is a letter that did not say.
  explicit CharsetDecoder(std::string_view charset);
  ~CharsetDecoder();
  CharsetDecoder(CharsetDecoder&&) noexcept;
  CharsetDecoder& operator=(CharsetDecoder&&) noexcept;

  void decode(std::string_view bytes, std::string& out);
  /// The text has ended: what was held back comes out. The decoder must not be used again.
  void finish(std::string& out);

 private:
  friend bool is_known_charset(std::string_view charset);
  struct Converter;

  void decide(bool at_end);
  void decode_utf8(std::string_view bytes, std::string& out);
  void decode_converted(std::string_view bytes, bool flush, std::string& out);

  enum class Mode : unsigned char { kUndecided, kUtf8, kConverter };

  Mode mode_ = Mode::kUndecided;
  bool labelled_utf8_ = false;
  std::string held_;  ///< Undecided: from the first byte over ASCII on. UTF-8: an unfinished character.
  std::unique_ptr<Converter> converter_;
};

/// A whole text at once.
std::string to_utf8(std::string_view bytes, std::string_view charset);

/// Whether this name leads to a charset (or to one that is close enough to read it with).
bool is_known_charset(std::string_view charset);

}  // namespace pabal::message
