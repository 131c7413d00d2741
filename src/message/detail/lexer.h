// The tokens that RFC 5322 §3.2 builds its structured fields from, read as mail really has them: obsolete
// forms, bytes over ASCII (RFC 6532), strings and comments that nobody closed. Each function takes what
// it can and never goes back, so that work stays proportional to the bytes.
#pragma once

#include <string>
#include <string_view>

#include "base/ascii.h"
#include "base/cursor.h"

namespace pabal::message::detail {

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// `specials` of RFC 5322 §3.2.3.
constexpr bool is_special(char c) {
  switch (c) {
    case '(':
    case ')':
    case '<':
    case '>':
    case '[':
    case ']':
    case ':':
    case ';':
    case '@':
    case '\\':
    case ',':
    case '.':
    case '"':
      return true;
    default:
      return false;
  }
}

/// atext, with UTF-8 (RFC 6532 §3.2) and, since people send it, any other byte over ASCII.
constexpr bool is_atom_char(char c) { return !is_control(c) && c != ' ' && !is_special(c); }

/// token of RFC 2045 §5.1, with bytes over ASCII.
constexpr bool is_token_char(char c) {
  if (is_control(c) || c == ' ') return false;
  return (!is_special(c) || c == '.') && c != '/' && c != '?' && c != '=';
}

/// CFWS: blanks, folds and comments, nested to any depth by a count and not by recursion. A comment that is
/// never closed reaches to the end. When `comment` is given, the text of the last comment is left in it.
void skip_cfws(Cursor& cursor, std::string* comment = nullptr);

/// Behind the opening quote: the text with its escapes and folds taken out, the closing quote consumed.
void take_quoted(Cursor& cursor, std::string& out);

/// A word: quoted string or run of atom characters, appended to `out`; false when neither is there.
bool take_word(Cursor& cursor, std::string& out);

}  // namespace pabal::message::detail
