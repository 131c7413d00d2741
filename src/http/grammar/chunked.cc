#include "http/grammar/chunked.h"

#include <algorithm>

#include "base/ascii.h"

namespace pabal::http {
namespace {

std::optional<unsigned> hex_value(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  const char lower = to_lower(c);
  if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a' + 10);
  return std::nullopt;
}

}  // namespace

std::optional<ChunkedDecoder::Step> ChunkedDecoder::next(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && !done()) {
    if (state_ == State::kData) {
      const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - at));
      left_ -= size;
      if (left_ == 0) state_ = State::kDataCr;
      return Step{at + size, bytes.substr(at, size)};
    }
    if (!take(bytes[at++])) return std::nullopt;
  }
  return Step{at};
}

bool ChunkedDecoder::take(char c) {
  const auto expect = [&](char wanted, State next) {
    state_ = next;
    return c == wanted;
  };
  switch (state_) {
    case State::kSize:
      return take_size(c);
    case State::kExtension:
      if (c == '\r') return expect('\r', State::kSizeLf);
      return ++line_bytes_ <= kMaxLineBytes && (c == '\t' || !is_control(c));
    case State::kSizeLf:
      if (left_ > 0) return expect('\n', State::kData);
      begin_line(State::kTrailerStart);
      return c == '\n';
    case State::kDataCr:
      return expect('\r', State::kDataLf);
    case State::kDataLf:
      begin_line(State::kSize);
      return c == '\n';
    case State::kTrailerStart:
      if (c == '\r') return expect('\r', State::kLastLf);
      state_ = State::kTrailer;
      [[fallthrough]];
    case State::kTrailer:
      if (c == '\r') return expect('\r', State::kTrailerLf);
      return ++line_bytes_ <= kMaxTrailerBytes && (c == '\t' || !is_control(c));
    case State::kTrailerLf:
      return expect('\n', State::kTrailerStart);
    case State::kLastLf:
      return expect('\n', State::kDone);
    case State::kData:
    case State::kDone:
      break;
  }
  return false;
}

bool ChunkedDecoder::take_size(char c) {
  if (const auto value = hex_value(c)) {
    // Sixteen digits would be any 64 bits; what we count stays below.
    if (++digits_ > 15) return false;
    left_ = left_ * 16 + *value;
    return true;
  }
  if (digits_ == 0) return false;
  state_ = c == '\r' ? State::kSizeLf : State::kExtension;
  // White space before an extension is old and harmless; nothing else may follow the digits (RFC 9112
  // §7.1.1).
  return c == '\r' || c == ';' || c == ' ' || c == '\t';
}

void ChunkedDecoder::begin_line(State state) {
  state_ = state;
  left_ = 0;
  digits_ = 0;
  line_bytes_ = 0;
}

}  // namespace pabal::http
