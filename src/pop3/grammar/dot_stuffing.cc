#include "pop3/grammar/dot_stuffing.h"

namespace pabal::pop3 {

void DotStuffer::append(std::string& out, std::string_view piece) {
  if (piece.empty()) return;
  if (last_ == '\n' && piece.front() == '.') out += '.';
  before_last_ = piece.size() > 1 ? piece[piece.size() - 2] : last_;
  last_ = piece.back();
  std::size_t begin = 0;
  for (std::size_t at = piece.find("\n."); at != std::string_view::npos; at = piece.find("\n.", begin)) {
    out += piece.substr(begin, at + 1 - begin);
    out += '.';
    begin = at + 1;
  }
  out += piece.substr(begin);
}

void DotStuffer::finish(std::string& out) const {
  out += before_last_ == '\r' && last_ == '\n' ? ".\r\n" : "\r\n.\r\n";
}

std::string_view TopCutter::take(std::string_view piece) {
  std::size_t at = 0;
  while (!done() && at < piece.size()) {
    const std::size_t lf = piece.find('\n', at);
    const std::string_view line = piece.substr(at, lf - at);
    line_is_empty_ = line_is_empty_ && line.find_first_not_of('\r') == std::string_view::npos;
    if (lf == std::string_view::npos) return piece;
    at = lf + 1;
    if (in_text_) {
      --lines_left_;
    } else {
      in_text_ = line_is_empty_;
    }
    line_is_empty_ = true;
  }
  return piece.substr(0, at);
}

}  // namespace pabal::pop3
