// The smallest pieces of IMAP's grammar (RFC 9051 §9, RFC 3501 §9): one function a rule, over the bytes of
// one whole command. Literals stand in those bytes as they came on the wire, "{5}\r\nhello", so that they
// are strings like any other; only the CRLF that ends the command is taken off.
//
// A function takes its rule and leaves the cursor behind it. What it refuses says in plain words what was
// expected and at which character of the command, and may go to the client behind BAD. ErrorKind is kRefuse
// for what is wrong, kOverLimit for what is too much.
//
// Pure; any thread. Views are into the command, whose bytes the caller keeps.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/cursor.h"
#include "base/result.h"
#include "mailbox/ids.h"

namespace pabal::imap {

/// How far we bend for clients of the field. Each bends the grammar in one place, and has a test.
struct Leniency {
  /// "FETCH 1  (FLAGS )", "NOOP ": more spaces than the one that RFC 9051 §9 note 2 allows.
  bool extra_spaces = true;
  /// Raw UTF-8 in quoted strings, before the client enabled UTF8=ACCEPT or IMAP4rev2.
  bool raw_utf8 = true;
  /// Mailbox names that are neither modified UTF-7 nor were meant to be ("R&D") are taken as they stand.
  bool broken_utf7 = true;
  /// "1-Jan-2026 00:00:00 +0000": date-day-fixed of one digit without the space in front.
  bool short_day = true;
  /// \Recent in flags to be set, as copying tools send it back; it is passed over.
  bool recent_flag = true;
  /// ID as programs really send it: fields as atoms, ("name" Mail), and more or longer ones than RFC 2971
  /// §3.3 allows, which are passed over. A login is not to fail for what a program says of itself.
  bool loose_id = true;

  static constexpr Leniency none() { return {false, false, false, false, false, false}; }
};

/// What becomes of raw 8-bit bytes in a letter's header when ENVELOPE or BODYSTRUCTURE shows them to a
/// client that did not enable UTF-8 (RFC 6855 §3 leaves it to the server).
enum class RawHeaders : std::uint8_t {
  kAsTheyAre,     ///< in a literal; clients guess the charset, as they do with the letter itself
  kEncodedWords,  ///< RFC 2047, for clients that take 8-bit bytes ill
};

/// What was agreed with the client, as far as it changes how bytes are read and written.
struct Dialect {
  /// UTF8=ACCEPT (RFC 6855) or IMAP4rev2 was enabled: mailbox names are UTF-8, and so may quoted strings be.
  bool utf8 = false;
  RawHeaders raw_headers = RawHeaders::kAsTheyAre;
  Leniency leniency = {};
};

/// One string in a command. A letter's own literals are streamed, not parsed.
inline constexpr std::size_t kMaxStringBytes = 1024 * 1024;

// Characters, by the names of the ABNF.
bool is_atom_char(char c);
bool is_astring_char(char c);
bool is_list_char(char c);
/// Whether all of `text` may stand as an atom, an astring without quotes.
bool is_atom(std::string_view text);
bool is_bare_astring(std::string_view text);

// What is expected next. `what` names it: "a space behind the mailbox".
/// The refusal itself: "expected <what> at character 12".
std::unexpected<Error> expected(const Cursor& in, std::string_view what);
Result<void> parse_space(Cursor& in, const Dialect& dialect);
/// The same as questions: a space, or the end, is taken if it stands here.
bool take_space(Cursor& in, const Dialect& dialect);
bool take_end(Cursor& in, const Dialect& dialect);
Result<void> parse_char(Cursor& in, char c);
/// Nothing may follow. The cursor stays where it is when something does.
Result<void> parse_end(Cursor& in, const Dialect& dialect);
/// Takes `word` in any case if it stands here whole: no character of an atom follows it.
bool take_keyword(Cursor& in, std::string_view word);
/// SP and "(" if both stand here; the "(" is left.
bool take_space_before_list(Cursor& in, const Dialect& dialect);
/// The ")" of a list, or the space before its next member: false at the end.
Result<bool> parse_list_continues(Cursor& in, const Dialect& dialect);
/// "(", and the spaces that some write behind it.
Result<void> parse_list_opens(Cursor& in, const Dialect& dialect);
/// "(" [member *(SP member)] ")"; `parse_member` takes one and returns Result<void>.
template <class ParseMember>
Result<void> parse_parenthesized(Cursor& in, const Dialect& dialect, ParseMember&& parse_member);

/// tag = 1*<any ASTRING-CHAR except "+">
Result<std::string_view> parse_tag(Cursor& in);
Result<std::string_view> parse_atom(Cursor& in, std::string_view what = "a word");
/// string = quoted / literal. Without NUL; in UTF-8 only as far as the dialect has it, a literal excepted.
Result<std::string> parse_string(Cursor& in, const Dialect& dialect, std::string_view what = "a string");
Result<std::string> parse_astring(Cursor& in, const Dialect& dialect, std::string_view what = "a string");
/// nstring = string / nil
Result<std::optional<std::string>> parse_nstring(Cursor& in, const Dialect& dialect);
/// nstring / literal8, as METADATA's values are (RFC 5464 §5).
Result<std::optional<std::string>> parse_nstring8(Cursor& in, const Dialect& dialect);

/// "{n}", "{n+}" (RFC 7888), "~{n}", "~{n+}" (RFC 3516, RFC 6855).
struct LiteralHeader {
  std::uint64_t size_bytes = 0;
  bool synchronizing = true;  ///< the client waits for "+"
  bool binary = false;        ///< literal8: NUL may be in it
  bool operator==(const LiteralHeader&) const = default;
};
/// Takes the header alone: what follows, CRLF and bytes, is the caller's. Nothing when none stands here.
std::optional<LiteralHeader> take_literal_header(Cursor& in);
/// The header that a line (without its CRLF) ends with, for whoever reads from the wire: the literal's bytes
/// follow the line. `position` is told where it begins in the line.
std::optional<LiteralHeader> find_literal_at_end(std::string_view line, std::size_t* position = nullptr);
/// A whole literal or literal8 with its bytes.
Result<std::string_view> parse_literal(Cursor& in);

/// number = 1*DIGIT, below 2^32 (RFC 9051 §9); nz-number is not 0; number64 is below 2^63.
Result<std::uint32_t> parse_number(Cursor& in);
Result<std::uint32_t> parse_nz_number(Cursor& in);
Result<std::uint64_t> parse_number64(Cursor& in);
/// mod-sequence-value and, with 0, mod-sequence-valzer (RFC 7162 §7): below 2^63.
Result<mailbox::ModSeq> parse_mod_sequence_value(Cursor& in);
Result<mailbox::ModSeq> parse_mod_sequence_valzer(Cursor& in);

/// base64 to the end of the command or the next space, decoded; "=" is the empty initial response
/// (RFC 4959 §3).
Result<std::string> parse_base64(Cursor& in);

/// date = date-text / DQUOTE date-text DQUOTE
Result<std::chrono::year_month_day> parse_date(Cursor& in);
/// date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
Result<std::chrono::sys_seconds> parse_date_time(Cursor& in, const Dialect& dialect);

template <class ParseMember>
Result<void> parse_parenthesized(Cursor& in, const Dialect& dialect, ParseMember&& parse_member) {
  PABAL_TRY_VOID(parse_list_opens(in, dialect));
  if (in.take_char(')')) return {};
  bool more = true;
  while (more) {
    PABAL_TRY_VOID(parse_member());
    PABAL_TRY(more, parse_list_continues(in, dialect));
  }
  return {};
}

}  // namespace pabal::imap
