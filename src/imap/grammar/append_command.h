// APPEND, several at once, and REPLACE (RFC 9051 §6.3.12, RFC 3502, RFC 4469, RFC 6855 §4, RFC 8508), in
// pieces: the letters' bytes are streamed between them and never stand in a buffer. The session reads
//
//     parse_append or parse_replace       the mailbox
//     parse_append_message                flags, date, and how the letter comes
//       kLiteral    its literal header stands next, then its bytes
//       kUtf8       the same, and then parse_append_message_end
//       kCatenate   parse_cat_part until there is none; behind kText a literal header stands next
//     parse_append_next                   another message, or the end
//
// A literal header is left for take_literal_header, whether or not it is in the buffer.
// Pure; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/cursor.h"
#include "base/result.h"
#include "imap/grammar/flags.h"
#include "imap/grammar/section.h"
#include "imap/grammar/sequence_set.h"
#include "imap/grammar/tokens.h"

namespace pabal::imap {

/// append = "APPEND" SP mailbox ...
Result<std::string> parse_append(Cursor& in, const Dialect& dialect);

/// replace = "REPLACE" SP seq-number SP mailbox append-message
struct ReplaceCommand {
  std::uint32_t number = 0;  ///< a UID in UID REPLACE; SequenceSet::kStar for "*"
  std::string mailbox;
};
Result<ReplaceCommand> parse_replace(Cursor& in, const Dialect& dialect);

struct AppendMessage {
  enum class Form : std::uint8_t { kLiteral, kUtf8, kCatenate };

  mailbox::FlagNames flags;
  std::optional<std::chrono::sys_seconds> date;
  Form form = Form::kLiteral;
};
/// [SP flag-list] [SP date-time] SP, and then "UTF8 (" or "CATENATE (" or, untouched, a literal header.
Result<AppendMessage> parse_append_message(Cursor& in, const Dialect& dialect);

struct CatPart {
  enum class Kind : std::uint8_t { kText, kUrl, kEnd };
  Kind kind = Kind::kEnd;
  std::string url = {};
};
/// cat-part, or the ")" behind the last. The space between two is taken here too.
Result<CatPart> parse_cat_part(Cursor& in, const Dialect& dialect);
/// The ")" behind a UTF8 literal.
Result<void> parse_append_message_end(Cursor& in);
/// Whether another message follows: then parse_append_message reads on. False at the command's end.
Result<bool> parse_append_next(Cursor& in, const Dialect& dialect);

/// What a URL of CATENATE points to (RFC 4469 §3, RFC 5092):
/// "/folder;UIDVALIDITY=1/;UID=2/;SECTION=1.2/;PARTIAL=0.1024". Absolute ones (imap://...) are none: they are
/// outside of RFC 4469.
struct MessageUrl {
  std::string mailbox = {};  ///< UTF-8; empty: the selected one (";UID=2")
  std::optional<std::uint32_t> uid_validity;
  std::uint32_t uid = 0;
  std::string section = {};  ///< as between FETCH's brackets; empty: the whole letter
  std::optional<Partial> partial = {};
};
std::optional<MessageUrl> parse_message_url(std::string_view url);

}  // namespace pabal::imap
