// Strings, numbers and dates as responses have them (RFC 9051 §9), appended to a buffer of the caller.
// Strict: what is written is what the ABNF has. Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "imap/grammar/tokens.h"

namespace pabal::imap {

/// Quoted where that can be, else a literal: NUL, CR or LF in it, bytes over ASCII that the client did not
/// agree to, or that are no UTF-8. A NUL, which no string can hold, is written as U+FFFD would be: "?".
void append_string(std::string& out, std::string_view text, const Dialect& dialect);
/// A text from a letter's header: raw bytes over ASCII are as Dialect::raw_headers says where the client has
/// no UTF-8.
void append_header_text(std::string& out, std::string_view text, const Dialect& dialect);
/// NIL for nothing.
void append_nstring(std::string& out, const std::optional<std::string>& text, const Dialect& dialect);
/// A bare word where that can be, and not "NIL".
void append_astring(std::string& out, std::string_view text, const Dialect& dialect);
/// Always quoted; `text` is ASCII without controls.
void append_quoted(std::string& out, std::string_view text);
/// Headers, to be followed by so many bytes: "{5}\r\n", "~{5}\r\n".
void append_literal_header(std::string& out, std::uint64_t size_bytes);
void append_literal8_header(std::string& out, std::uint64_t size_bytes);

/// date-time: "\"21-Nov-2026 19:00:00 +0000\"", in UTC.
void append_date_time(std::string& out, std::chrono::sys_seconds when);

/// What may stand behind OK, NO, BAD and "+" (RFC 9051 §9, text): line ends and controls become spaces; bytes
/// over ASCII "?" unless agreed to.
void append_text(std::string& out, std::string_view text, const Dialect& dialect);

}  // namespace pabal::imap
