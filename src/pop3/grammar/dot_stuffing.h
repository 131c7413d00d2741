// Letters as they cross the wire: a dot more in front of each line that begins with one, and a line with a
// dot alone behind the last (RFC 1939 §3). Bytes come in pieces, cut anywhere.
//
// A bare CR or LF stays what it is. After a bare LF a dot is doubled too: half of the clients take LF for a
// line's end, and for them a letter with a dot alone on such a line would end there, and its rest would be
// answers. The other half see one dot more.
//
// One letter, one object.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pabal::pop3 {

class DotStuffer {
 public:
  void append(std::string& out, std::string_view piece);
  /// The end: CR LF, if the letter has none there, and the dot.
  void finish(std::string& out) const;

 private:
  // Of what went before; a letter begins on a new line.
  char last_ = '\n';
  char before_last_ = '\r';
};

/// The beginning of a letter that TOP tells: its header, the empty line, and so many lines of the text. Lines
/// end with LF, whether a CR stands in front or not.
class TopCutter {
 public:
  explicit TopCutter(std::uint64_t lines) : lines_left_(lines) {}

  /// As much of the piece as is to be told.
  std::string_view take(std::string_view piece);
  /// All that was asked for has been taken.
  bool done() const { return in_text_ && lines_left_ == 0; }

 private:
  bool in_text_ = false;
  std::uint64_t lines_left_;
  bool line_is_empty_ = true;  // as far as it came; a CR is nothing
};

}  // namespace pabal::pop3
