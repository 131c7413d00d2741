// A letter's bytes as they cross the wire: dots stuffed or counted, and the rule about line ends.
//
// RFC 5321 §2.3.8: lines end with CR LF, and neither stands alone; §4.1.1.4: only CR LF "." CR LF ends the
// data. Software that takes "\n.\n" for the end too lets somebody smuggle a second letter inside the first
// past a server that does not. So nothing here but CR LF ever ends a line, and what stands alone is refused
// or made harmless, alike for DATA and BDAT.
//
// Both classes take a letter in pieces however they are cut, and hand on views of what came in, copying
// nothing. They wait for nothing and cannot fail. One letter, one object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pabal::smtp {

enum class Framing : std::uint8_t {
  kDotStuffed,  ///< DATA
  kCounted,     ///< BDAT
};

/// What to do with a CR or an LF that stands alone.
enum class BareLineEnds : std::uint8_t {
  kRefuse,     ///< pass it on and remember; whoever reads refuses the letter at its true end
  kNormalise,  ///< LF becomes CR LF; CR becomes a space, since as a line end it could end the header early
  kAllow,      ///< BODY=BINARYMIME (RFC 3030 §3): any octets; only counted
};

/// The first `consumed` bytes of the input have become `data`, which points into the input or to a constant.
/// Either may be empty, never both together for ever.
struct CodecStep {
  std::size_t consumed = 0;
  std::string_view data;
};

/// Walks over a letter's lines: what decoder and encoder share.
class LineWalker {
 public:
  /// Whether a bare LF that was made CR LF begins a line, in which dots count. On the way in it must not:
  /// only the wire's own CR LF does. On the way out it must: the peer can't tell it from any other.
  enum class MendedLf : std::uint8_t { kIsText, kBeginsLine };

  LineWalker(BareLineEnds policy, MendedLf mended_lf, bool stops_at_dots)
      : policy_(policy), mended_lf_(mended_lf), stops_at_dots_(stops_at_dots) {}

  /// Takes as much of the non-empty input as it can at once: up to a dot that begins a line, if told so,
  /// or a byte that must change. Holds a CR at the end back until it knows what follows.
  CodecStep next(std::string_view input);

  bool at_line_start() const { return state_ == State::kLineStart; }
  bool holds_cr() const { return state_ == State::kCr; }
  bool saw_bare_line_end() const { return saw_bare_; }

  /// A byte of this line went by elsewhere; a CR was seen and is held.
  void enter_text() { state_ = State::kText; }
  void enter_cr() { state_ = State::kCr; }
  /// The held CR turns out to stand alone: what becomes of it.
  std::string_view release_cr();

 private:
  enum class State : std::uint8_t { kLineStart, kText, kCr };

  CodecStep next_text(std::string_view input);

  BareLineEnds policy_;
  MendedLf mended_lf_;
  bool stops_at_dots_;
  State state_ = State::kLineStart;
  bool saw_bare_ = false;
};

/// From the wire to the letter.
class LetterDecoder {
 public:
  LetterDecoder(Framing framing, BareLineEnds policy)
      : walker_(policy, LineWalker::MendedLf::kIsText, framing == Framing::kDotStuffed), framing_(framing) {}

  /// `input` is not empty, and has not ended() yet.
  CodecStep next(std::string_view input);
  /// Dot-stuffed: the end was read; what follows belongs to the next command.
  bool ended() const { return dot_ == Dot::kEnded; }
  /// Counted: the last chunk is over. What was held back.
  std::string_view finish() { return walker_.holds_cr() ? walker_.release_cr() : std::string_view(); }

  bool saw_bare_line_end() const { return walker_.saw_bare_line_end(); }

 private:
  enum class Dot : std::uint8_t { kNone, kSeen, kThenCr, kEnded };

  LineWalker walker_;
  Framing framing_;
  Dot dot_ = Dot::kNone;
};

/// From the letter to the wire. Never sends a bare CR or LF, whatever the letter holds (unless
/// kAllow), and adds the last line's end if it is missing.
class LetterEncoder {
 public:
  LetterEncoder(Framing framing, BareLineEnds policy)
      : walker_(policy, LineWalker::MendedLf::kBeginsLine, framing == Framing::kDotStuffed),
        framing_(framing),
        policy_(policy) {}

  CodecStep next(std::string_view input);
  /// What ends the letter: the last line's end, if missing; for DATA the dot.
  std::string_view finish();

  /// Whether the letter went out in other bytes than it has (dots apart).
  bool changed() const { return walker_.saw_bare_line_end(); }

 private:
  LineWalker walker_;
  Framing framing_;
  BareLineEnds policy_;
};

}  // namespace pabal::smtp
