#include "imap/grammar/tokens.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/utf8.h"

namespace pabal::imap {
namespace {

constexpr std::uint64_t kMax63Bits = INT64_MAX;

/// What an ABNF class says of every byte, so that a character costs one look.
template <class Predicate>
constexpr std::array<bool, 256> table_of(Predicate accepts) {
  std::array<bool, 256> table{};
  for (int c = 0; c < 256; ++c) table[static_cast<std::size_t>(c)] = accepts(static_cast<char>(c));
  return table;
}

/// ATOM-CHAR = <any CHAR except atom-specials>
constexpr auto kAtomChars = table_of(
    [](char c) { return is_vchar(c) && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos; });

constexpr bool in_table(const std::array<bool, 256>& table, char c) {
  return table[static_cast<unsigned char>(c)];
}

/// Text of the command for a refusal: a few characters, and none that a response can't hold.
std::string shown(std::string_view rest) {
  constexpr std::size_t kShownBytes = 20;
  std::string out(rest.substr(0, rest.find_first_of("\r\n")).substr(0, kShownBytes));
  for (char& c : out) {
    if (!is_ascii(c) || is_control(c) || c == '"' || c == '\\') c = '?';
  }
  return out;
}

}  // namespace

bool is_atom_char(char c) { return in_table(kAtomChars, c); }
/// ASTRING-CHAR = ATOM-CHAR / resp-specials
bool is_astring_char(char c) { return is_atom_char(c) || c == ']'; }
/// list-char = ATOM-CHAR / list-wildcards / resp-specials
bool is_list_char(char c) { return is_astring_char(c) || c == '%' || c == '*'; }

bool is_atom(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_atom_char); }
bool is_bare_astring(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_astring_char);
}

std::unexpected<Error> expected(const Cursor& in, std::string_view what) {
  if (in.at_end()) {
    return fail(ErrorKind::kRefuse, "The command ends where {} is expected", what);
  }
  return fail(ErrorKind::kRefuse, "Expected {} at character {}, where \"{}\" stands", what, in.position() + 1,
              shown(in.rest()));
}

bool take_space(Cursor& in, const Dialect& dialect) {
  if (!in.take_char(' ')) return false;
  if (dialect.leniency.extra_spaces) in.take_while([](char c) { return c == ' '; });
  return true;
}

bool take_end(Cursor& in, const Dialect& dialect) {
  Cursor look = in;
  if (dialect.leniency.extra_spaces) look.take_while([](char c) { return c == ' '; });
  if (!look.at_end()) return false;
  in = look;
  return true;
}

Result<void> parse_space(Cursor& in, const Dialect& dialect) {
  if (take_space(in, dialect)) return {};
  return expected(in, "a space");
}

Result<void> parse_char(Cursor& in, char c) {
  if (in.take_char(c)) return {};
  return expected(in, std::string_view(&c, 1));
}

Result<void> parse_end(Cursor& in, const Dialect& dialect) {
  if (take_end(in, dialect)) return {};
  return expected(in, "the end of the command");
}

bool take_keyword(Cursor& in, std::string_view word) {
  const std::size_t start = in.position();
  if (!in.take_word_ignoring_case(word)) return false;
  if (in.at_end() || !is_atom_char(*in.peek()) || in.peek_is('[')) return true;
  in.rewind_to(start);
  return false;
}

bool take_space_before_list(Cursor& in, const Dialect& dialect) {
  const std::size_t start = in.position();
  if (take_space(in, dialect) && in.peek_is('(')) return true;
  in.rewind_to(start);
  return false;
}

Result<void> parse_list_opens(Cursor& in, const Dialect& dialect) {
  PABAL_TRY_VOID(parse_char(in, '('));
  if (dialect.leniency.extra_spaces) in.take_while([](char c) { return c == ' '; });
  return {};
}

Result<bool> parse_list_continues(Cursor& in, const Dialect& dialect) {
  if (in.take_char(')')) return false;
  if (!in.peek_is(' ')) return expected(in, "a space or the closing parenthesis");
  PABAL_TRY_VOID(parse_space(in, dialect));
  if (dialect.leniency.extra_spaces && in.take_char(')')) return false;
  return true;
}

Result<std::string_view> parse_tag(Cursor& in) {
  const std::string_view tag = in.take_while([](char c) { return is_astring_char(c) && c != '+'; });
  if (tag.empty()) return expected(in, "a tag");
  return tag;
}

Result<std::string_view> parse_atom(Cursor& in, std::string_view what) {
  const std::string_view atom = in.take_while(is_atom_char);
  if (atom.empty()) return expected(in, what);
  return atom;
}

namespace {

/// Bytes over ASCII stand in a quoted string as UTF-8, where that was agreed to or is borne
/// (RFC 9051 §4.3, RFC 6855 §3).
bool may_be_quoted(std::string_view text, const Dialect& dialect) {
  if (is_ascii(text)) return true;
  return (dialect.utf8 || dialect.leniency.raw_utf8) && is_utf8(text);
}

/// quoted = DQUOTE *QUOTED-CHAR DQUOTE; the cursor stands at the quote.
Result<std::string> parse_quoted(Cursor& in, const Dialect& dialect) {
  in.take();
  std::string out;
  while (true) {
    // One run without escapes is nearly always the whole.
    out.append(
        in.take_while([](char c) { return c != '"' && c != '\\' && c != '\r' && c != '\n' && c != '\0'; }));
    if (in.take_char('"')) break;
    if (in.take_char('\\')) {
      const auto escaped = in.peek();
      if (escaped != '"' && escaped != '\\') return expected(in, "\" or \\ behind the backslash");
      out.push_back(*in.take());
      continue;
    }
    return expected(in, "the closing quote of a string");
  }
  if (out.size() > kMaxStringBytes) return fail(ErrorKind::kOverLimit, "A string is too long");
  if (!may_be_quoted(out, dialect)) {
    return fail(ErrorKind::kRefuse, "A quoted string holds bytes that are no UTF-8; send it as a literal");
  }
  return out;
}

bool stands_at_literal(const Cursor& in) { return in.peek_is('{') || in.rest().starts_with("~{"); }

Result<std::string> parse_literal_string(Cursor& in, bool nul_allowed) {
  PABAL_TRY(const std::string_view bytes, parse_literal(in));
  if (!nul_allowed && bytes.find('\0') != std::string_view::npos) {
    return fail(ErrorKind::kRefuse, "A string holds a NUL, which is for binary literals alone");
  }
  return std::string(bytes);
}

}  // namespace

Result<std::string> parse_string(Cursor& in, const Dialect& dialect, std::string_view what) {
  if (in.peek_is('"')) return parse_quoted(in, dialect);
  if (in.peek_is('{')) return parse_literal_string(in, false);
  return expected(in, what);
}

Result<std::string> parse_astring(Cursor& in, const Dialect& dialect, std::string_view what) {
  if (in.peek_is('"') || in.peek_is('{')) return parse_string(in, dialect, what);
  const std::size_t start = in.position();
  const bool raw = dialect.leniency.raw_utf8;
  const std::string_view word =
      in.take_while([raw](char c) { return is_astring_char(c) || (raw && !is_ascii(c)); });
  if (word.empty()) return expected(in, what);
  if (!may_be_quoted(word, dialect)) {
    in.rewind_to(start);
    return expected(in, what);
  }
  return std::string(word);
}

Result<std::optional<std::string>> parse_nstring(Cursor& in, const Dialect& dialect) {
  if (take_keyword(in, "NIL")) return std::nullopt;
  PABAL_TRY(std::string text, parse_string(in, dialect, "a string or NIL"));
  return text;
}

Result<std::optional<std::string>> parse_nstring8(Cursor& in, const Dialect& dialect) {
  if (!in.rest().starts_with("~{")) return parse_nstring(in, dialect);
  PABAL_TRY(std::string bytes, parse_literal_string(in, true));
  return bytes;
}

std::optional<LiteralHeader> take_literal_header(Cursor& in) {
  const std::size_t start = in.position();
  LiteralHeader header;
  header.binary = in.take_char('~');
  if (in.take_char('{')) {
    const auto size = in.take_number(kMax63Bits);
    header.synchronizing = !in.take_char('+');
    if (size && in.take_char('}')) {
      header.size_bytes = *size;
      return header;
    }
  }
  in.rewind_to(start);
  return {};
}

std::optional<LiteralHeader> find_literal_at_end(std::string_view line, std::size_t* position) {
  if (!line.ends_with('}')) return {};
  const std::size_t brace = line.rfind('{');
  if (brace == std::string_view::npos) return {};
  const std::size_t begin = brace > 0 && line[brace - 1] == '~' ? brace - 1 : brace;
  Cursor in(line.substr(begin));
  const auto header = take_literal_header(in);
  if (!header || !in.at_end()) return {};
  if (position) *position = begin;
  return header;
}

Result<std::string_view> parse_literal(Cursor& in) {
  const std::size_t start = in.position();
  const auto header = take_literal_header(in);
  if (!header || !in.take_word("\r\n")) {
    in.rewind_to(start);
    return expected(in, stands_at_literal(in) ? "a literal's size and a line end" : "a literal");
  }
  if (header->size_bytes > kMaxStringBytes) return fail(ErrorKind::kOverLimit, "A string is too long");
  const auto bytes = in.take_bytes(header->size_bytes);
  if (!bytes) return expected(in, "all of a literal's bytes");
  return *bytes;
}

namespace {

Result<std::uint64_t> parse_number_up_to(Cursor& in, std::uint64_t min, std::uint64_t max,
                                         std::string_view what) {
  const std::size_t start = in.position();
  const auto number = in.take_number(max);
  // "12a" is no number: nothing in the grammar goes on with a letter right behind one.
  if (number && *number >= min && (in.at_end() || !is_alnum(*in.peek()))) return *number;
  in.rewind_to(start);
  return expected(in, what);
}

}  // namespace

Result<std::uint32_t> parse_number(Cursor& in) {
  PABAL_TRY(const std::uint64_t number, parse_number_up_to(in, 0, UINT32_MAX, "a number"));
  return static_cast<std::uint32_t>(number);
}
Result<std::uint32_t> parse_nz_number(Cursor& in) {
  PABAL_TRY(const std::uint64_t number, parse_number_up_to(in, 1, UINT32_MAX, "a number from 1 on"));
  return static_cast<std::uint32_t>(number);
}
Result<std::uint64_t> parse_number64(Cursor& in) { return parse_number_up_to(in, 0, kMax63Bits, "a number"); }
Result<mailbox::ModSeq> parse_mod_sequence_value(Cursor& in) {
  PABAL_TRY(const std::uint64_t number, parse_number_up_to(in, 1, kMax63Bits, "a modification sequence"));
  return mailbox::ModSeq(number);
}
Result<mailbox::ModSeq> parse_mod_sequence_valzer(Cursor& in) {
  PABAL_TRY(const std::uint64_t number, parse_number_up_to(in, 0, kMax63Bits, "a modification sequence"));
  return mailbox::ModSeq(number);
}

Result<std::string> parse_base64(Cursor& in) {
  const std::string_view word = in.take_while([](char c) { return c != ' ' && c != '\r' && c != '\n'; });
  if (word == "=") return std::string();
  auto decoded = from_base64(word);
  // Without what stands there: it may be a password.
  if (word.empty() || !decoded) return fail(ErrorKind::kRefuse, "The response is not base64");
  return *std::move(decoded);
}

namespace {

using std::chrono::year_month_day;

std::optional<unsigned> take_digits(Cursor& in, std::size_t count) {
  const auto digits = in.take_bytes(count);
  if (!digits || !std::ranges::all_of(*digits, is_digit)) return {};
  return static_cast<unsigned>(*Cursor(*digits).take_number());
}

/// date-month
std::optional<std::chrono::month> take_month(Cursor& in) {
  static constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (unsigned i = 0; i < std::size(kMonths); ++i) {
    if (in.take_word_ignoring_case(kMonths[i])) return std::chrono::month(i + 1);
  }
  return {};
}

/// "-" date-month "-" date-year behind a day.
std::optional<year_month_day> take_month_and_year(Cursor& in, unsigned day) {
  if (!in.take_char('-')) return {};
  const auto month = take_month(in);
  if (!month || !in.take_char('-')) return {};
  const auto year = take_digits(in, 4);
  if (!year) return {};
  const year_month_day date(std::chrono::year(static_cast<int>(*year)), *month, std::chrono::day(day));
  return date.ok() ? std::optional(date) : std::nullopt;
}

/// date-day = 1*2DIGIT
std::optional<unsigned> take_day(Cursor& in) {
  const std::string_view digits = in.take_while(is_digit);
  if (digits.empty() || digits.size() > 2) return {};
  return static_cast<unsigned>(*Cursor(digits).take_number());
}

/// date-day-fixed = (SP DIGIT) / 2DIGIT
std::optional<unsigned> take_day_fixed(Cursor& in, const Dialect& dialect) {
  if (in.take_char(' ')) return take_digits(in, 1);
  const std::size_t start = in.position();
  if (const auto day = take_digits(in, 2)) return day;
  in.rewind_to(start);
  return dialect.leniency.short_day ? take_digits(in, 1) : std::nullopt;
}

/// time SP zone, as seconds from the day's begin in UTC.
std::optional<std::chrono::seconds> take_time_and_zone(Cursor& in) {
  const auto hour = take_digits(in, 2);
  if (!hour || *hour > 23 || !in.take_char(':')) return {};
  const auto minute = take_digits(in, 2);
  if (!minute || *minute > 59 || !in.take_char(':')) return {};
  const auto second = take_digits(in, 2);
  if (!second || *second > 60 || !in.take_char(' ')) return {};
  const bool west = in.peek_is('-');
  if (!west && !in.peek_is('+')) return {};
  in.take();
  const auto zone = take_digits(in, 4);
  if (!zone || *zone / 100 > 23 || *zone % 100 > 59) return {};
  const std::chrono::minutes offset(*zone / 100 * 60 + *zone % 100);
  const std::chrono::seconds local(*hour * 3600 + *minute * 60 + *second);
  return west ? local + offset : local - offset;
}

}  // namespace

Result<year_month_day> parse_date(Cursor& in) {
  const std::size_t start = in.position();
  const bool quoted = in.take_char('"');
  const auto day = take_day(in);
  const auto date = day ? take_month_and_year(in, *day) : std::nullopt;
  if (date && (!quoted || in.take_char('"'))) return *date;
  in.rewind_to(start);
  return expected(in, "a date such as 1-Feb-2026");
}

Result<std::chrono::sys_seconds> parse_date_time(Cursor& in, const Dialect& dialect) {
  const std::size_t start = in.position();
  if (in.take_char('"')) {
    const auto day = take_day_fixed(in, dialect);
    const auto date = day ? take_month_and_year(in, *day) : std::nullopt;
    const auto time = date && in.take_char(' ') ? take_time_and_zone(in) : std::nullopt;
    if (time && in.take_char('"')) return std::chrono::sys_days(*date) + *time;
  }
  in.rewind_to(start);
  return expected(in, "a date and time such as \" 1-Feb-2026 21:52:25 +0900\"");
}

}  // namespace pabal::imap
