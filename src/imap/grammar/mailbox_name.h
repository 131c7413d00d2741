// Names of mailboxes (RFC 9051 §5.1, RFC 3501 §5.1.3): UTF-8 inside, modified UTF-7 on the wire for clients
// that did not enable UTF-8, and the patterns of LIST. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/cursor.h"
#include "base/result.h"
#include "imap/grammar/tokens.h"
#include "mailbox/folder.h"

namespace pabal::imap {

/// A whole name as a client sends it, in bytes of UTF-8: what kMaxFolderDepth levels may take.
inline constexpr std::size_t kMaxMailboxNameBytes =
    mailbox::kMaxFolderDepth * (mailbox::kMaxFolderNameBytes + 1);

/// `name` is UTF-8; what is malformed becomes U+FFFD.
std::string to_modified_utf7(std::string_view name);
/// Strict: nothing for 8-bit bytes, for base64 of what could stand as itself, for superfluous shifts,
/// unpaired surrogates or bits that are left (RFC 3501 §5.1.3): two names would be one.
std::optional<std::string> from_modified_utf7(std::string_view name);
/// What a client means: from_modified_utf7, else the name as it stands if it is UTF-8; then "R&D" is that.
std::optional<std::string> from_modified_utf7_lenient(std::string_view name);

/// "INBOX" in any case (RFC 9051 §5.1).
bool is_inbox(std::string_view name);
/// A first level that is INBOX in any case becomes "INBOX", so that "inbox/x" is below it.
void fold_inbox(std::string& name, char separator = mailbox::kPathSeparator);

/// What a client wrote for a name or a pattern, as UTF-8. kRefuse: it is no text, or too long.
Result<std::string> decode_mailbox_name(std::string text, const Dialect& dialect);

/// mailbox = "INBOX" / astring. In UTF-8, INBOX folded. It is not empty, and holds no control characters
/// (RFC 9051 §5.1 SHOULD NOT; RFC 5198 §2); a "/" behind the last level is taken off.
Result<std::string> parse_mailbox(Cursor& in, const Dialect& dialect);

/// The name as an astring for this client: modified UTF-7 or UTF-8, quoted where it must be.
void append_mailbox(std::string& out, std::string_view name, const Dialect& dialect);

/// A reference of LIST and a name or pattern, put together (RFC 9051 §6.3.9). "*" is anything, "%" anything
/// within a level.
class ListPattern {
 public:
  /// Both UTF-8. More wildcards in a row than one are one.
  ListPattern(std::string_view reference, std::string_view pattern, char separator = mailbox::kPathSeparator);

  /// Takes no more steps than the name's bytes times the pattern's. INBOX, and what is below it, matches
  /// in any case.
  bool matches(std::string_view name) const;
  const std::string& text() const { return pattern_; }
  bool has_wildcard() const { return has_wildcard_; }

 private:
  std::string pattern_;
  char separator_;
  bool has_wildcard_ = false;
};

}  // namespace pabal::imap
