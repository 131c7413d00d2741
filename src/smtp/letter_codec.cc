#include "smtp/letter_codec.h"

#include <algorithm>

namespace pabal::smtp {

CodecStep LineWalker::next(std::string_view input) {
  if (policy_ == BareLineEnds::kAllow) {
    state_ = State::kText;
    return {input.size(), input};
  }
  if (state_ != State::kCr) return next_text(input);
  if (input.front() != '\n') return {0, release_cr()};
  state_ = State::kLineStart;
  return {1, "\r\n"};
}

CodecStep LineWalker::next_text(std::string_view input) {
  state_ = State::kText;
  std::size_t line = 0;
  for (;;) {
    const std::size_t lf = input.find('\n', line);
    const std::size_t line_end = std::min(lf, input.size());
    const std::size_t cr = input.substr(line, line_end - line).find('\r');

    if (cr != std::string_view::npos && line + cr + 1 < line_end) {  // a CR, and then no LF
      saw_bare_ = true;
      const std::size_t at = line + cr;
      if (policy_ == BareLineEnds::kNormalise) {
        return at > 0 ? CodecStep{at, input.substr(0, at)} : CodecStep{1, " "};
      }
      line = at + 1;
      continue;
    }
    if (lf == std::string_view::npos) {
      if (cr == std::string_view::npos) return {input.size(), input};
      state_ = State::kCr;
      return {input.size(), input.substr(0, input.size() - 1)};
    }
    if (cr == std::string_view::npos) {  // an LF without a CR: no line ends here
      saw_bare_ = true;
      if (policy_ == BareLineEnds::kNormalise) {
        if (lf > 0) return {lf, input.substr(0, lf)};
        if (mended_lf_ == MendedLf::kBeginsLine) state_ = State::kLineStart;
        return {1, "\r\n"};
      }
      line = lf + 1;
      if (line == input.size()) return {input.size(), input};
      continue;
    }
    line = lf + 1;
    if (line == input.size() || (stops_at_dots_ && input[line] == '.')) {
      state_ = State::kLineStart;
      return {line, input.substr(0, line)};
    }
  }
}

std::string_view LineWalker::release_cr() {
  saw_bare_ = true;
  state_ = State::kText;
  return policy_ == BareLineEnds::kNormalise ? " " : "\r";
}

CodecStep LetterDecoder::next(std::string_view input) {
  if (framing_ == Framing::kCounted) return walker_.next(input);
  switch (dot_) {
    case Dot::kNone:
      if (!walker_.at_line_start() || input.front() != '.') return walker_.next(input);
      dot_ = Dot::kSeen;
      return {1, {}};
    case Dot::kSeen:
      if (input.front() == '\r') {
        dot_ = Dot::kThenCr;
        return {1, {}};
      }
      // RFC 5321 §4.5.2: a dot with more behind it is taken away.
      dot_ = Dot::kNone;
      walker_.enter_text();
      return walker_.next(input);
    case Dot::kThenCr:
      if (input.front() == '\n') {
        dot_ = Dot::kEnded;
        return {1, {}};
      }
      dot_ = Dot::kNone;
      walker_.enter_cr();
      return walker_.next(input);
    case Dot::kEnded:
      break;
  }
  return {};
}

CodecStep LetterEncoder::next(std::string_view input) {
  if (framing_ == Framing::kDotStuffed && walker_.at_line_start() && input.front() == '.') {
    walker_.enter_text();
    return {1, ".."};
  }
  return walker_.next(input);
}

std::string_view LetterEncoder::finish() {
  const bool line_is_open = !walker_.at_line_start() && policy_ != BareLineEnds::kAllow;
  if (framing_ == Framing::kCounted) return line_is_open ? "\r\n" : "";
  return line_is_open ? "\r\n.\r\n" : ".\r\n";
}

}  // namespace pabal::smtp
