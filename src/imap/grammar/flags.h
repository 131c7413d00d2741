// Flags on the wire (RFC 9051 §2.3.2, §9), as mailbox/flags.h has them inside. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/cursor.h"
#include "base/result.h"
#include "imap/grammar/tokens.h"
#include "mailbox/flags.h"

namespace pabal::imap {

/// One command's; more keywords than a folder can hold are refused at once.
inline constexpr std::size_t kMaxFlags = mailbox::kMaxKeywords + mailbox::kSystemFlags;

/// flag = "\Answered" / ... / flag-keyword. Adds it; a keyword that is there already, in any case, stays one.
/// flag-extension is refused: we have none (RFC 9051 §2.3.2).
Result<void> parse_flag(Cursor& in, const Dialect& dialect, mailbox::FlagNames& flags);
/// flag-list = "(" [flag *(SP flag)] ")"
Result<mailbox::FlagNames> parse_flag_list(Cursor& in, const Dialect& dialect);
/// flag-keyword = atom
Result<std::string> parse_flag_keyword(Cursor& in);

/// The five, without parentheses and with a space between: "\Seen \Draft".
std::string_view system_flag_name(mailbox::Flags one);
/// "(\Seen $Forwarded)"; `keywords` are the folder's by their bits (KeywordTable::names).
void append_flag_list(std::string& out, mailbox::Flags flags, std::span<const std::string> keywords);
void append_flag_list(std::string& out, const mailbox::FlagNames& flags);

}  // namespace pabal::imap
