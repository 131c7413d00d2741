// Replies as values, to the wire and back: RFC 5321 §4.2, with the enhanced codes of RFC 3463 in the
// form of RFC 2034. The server formats what it says with format_reply; the client reads what a peer
// says with ReplyParser. Pure; any thread.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace pabal::smtp {

/// class "." subject "." detail (RFC 3463 §2).
struct EnhancedCode {
  std::uint16_t status_class = 0;  ///< 2, 4 or 5
  std::uint16_t subject = 0;
  std::uint16_t detail = 0;

  std::string to_string() const;
  auto operator<=>(const EnhancedCode&) const = default;
};

/// Takes an enhanced code off the front of `text`, with the space after it; nothing, and `text` left
/// alone, if there is none.
std::optional<EnhancedCode> take_enhanced_code(std::string_view& text);

/// The codes that this module itself says (RFC 3463 §3, RFC 5248, RFC 4954 §6).
namespace status {
inline constexpr EnhancedCode kSuccess{2, 0, 0};
inline constexpr EnhancedCode kSenderOk{2, 1, 0};
inline constexpr EnhancedCode kRecipientOk{2, 1, 5};
inline constexpr EnhancedCode kLetterOk{2, 6, 0};
inline constexpr EnhancedCode kLoginOk{2, 7, 0};

inline constexpr EnhancedCode kTrySystemLater{4, 3, 0};
inline constexpr EnhancedCode kShuttingDown{4, 3, 2};
inline constexpr EnhancedCode kTimedOut{4, 4, 2};
inline constexpr EnhancedCode kTooManyRecipients{4, 5, 3};
inline constexpr EnhancedCode kLoginTryLater{4, 7, 0};

inline constexpr EnhancedCode kBadRecipientSyntax{5, 1, 3};
inline constexpr EnhancedCode kBadSenderSyntax{5, 1, 7};
inline constexpr EnhancedCode kLetterTooBig{5, 3, 4};
inline constexpr EnhancedCode kBadSequence{5, 5, 1};
inline constexpr EnhancedCode kBadSyntax{5, 5, 2};
inline constexpr EnhancedCode kBadArguments{5, 5, 4};
inline constexpr EnhancedCode kLoginLineTooLong{5, 5, 6};
inline constexpr EnhancedCode kBadLetter{5, 6, 0};
inline constexpr EnhancedCode kConversionNeeded{5, 6, 3};
inline constexpr EnhancedCode kNonAsciiAddress{5, 6, 7};
inline constexpr EnhancedCode kNotAllowed{5, 7, 0};
inline constexpr EnhancedCode kBadCredentials{5, 7, 8};
inline constexpr EnhancedCode kEncryptionNeeded{5, 7, 10};
inline constexpr EnhancedCode kRequireTlsNeeded{5, 7, 30};
}  // namespace status

struct Reply {
  int code = 0;
  /// Not for greetings, EHLO's reply and 3xx (RFC 2034 §4).
  std::optional<EnhancedCode> enhanced;
  /// For people; lines are separated by '\n'. Without codes.
  std::string text;

  int severity() const { return code / 100; }
  bool accepted() const { return severity() == 2; }
  bool refused_for_now() const { return severity() == 4; }
  bool refused_for_good() const { return severity() == 5; }
  /// 421: whoever says it closes the connection (RFC 5321 §3.8).
  bool closes() const { return code == 421; }

  /// On one line, for logs and bounces: "550 5.1.1 No such person here".
  std::string to_string() const;
  bool operator==(const Reply&) const = default;
};

enum class ReplyText : std::uint8_t {
  kAscii,  ///< other bytes become '?'
  kUtf8,   ///< only to a client that said SMTPUTF8 in this transaction (RFC 6531 §3.7.4)
};

/// RFC 5321 §4.5.3.1.5: a reply line with its CRLF.
inline constexpr std::size_t kMaxReplyLineBytes = 512;

/// The reply as it goes on the wire. Each line of the text is one line of the reply; a longer one is
/// folded at its spaces; control characters become '?', so that no text can forge a reply of its own.
std::string format_reply(const Reply& reply, ReplyText charset = ReplyText::kAscii);

/// What a peer may say in one reply. EHLO's of the richest servers has some 30 lines; a line of 512
/// bytes is the standard's, and the field has longer ones.
inline constexpr std::size_t kMaxPeerReplyLineBytes = 2048;
inline constexpr std::size_t kMaxPeerReplyLines = 128;
inline constexpr std::size_t kMaxPeerReplyBytes = 16 * 1024;

/// Puts a reply together from its lines.
class ReplyParser {
 public:
  /// `line` without its CRLF. True once the reply is whole. kClose for what is no reply (a code
  /// outside 200-599, another code than the line before it) and beyond the bounds above: after that
  /// nobody knows which reply answers what.
  Result<bool> add_line(std::string_view line);
  /// The whole reply; the parser then begins anew.
  Reply take();

 private:
  Reply reply_;
  std::size_t lines_ = 0;
};

}  // namespace pabal::smtp
