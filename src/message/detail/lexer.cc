#include "message/detail/lexer.h"

namespace pabal::message::detail {
namespace {

// Behind the opening parenthesis. Blanks around the text, and folds within, are left out.
void take_comment(Cursor& cursor, std::string* text) {
  if (text) text->clear();
  std::size_t depth = 1;
  while (auto c = cursor.take()) {
    if (*c == '(') ++depth;
    if (*c == ')' && --depth == 0) break;
    if (*c == '\\') {
      c = cursor.take();
      if (!c) break;
    }
    if (!text || *c == '\r' || *c == '\n') continue;
    if (text->empty() && is_space(*c)) continue;
    text->push_back(*c);
  }
  while (text && !text->empty() && is_space(text->back())) text->pop_back();
}

}  // namespace

void skip_cfws(Cursor& cursor, std::string* comment) {
  while (auto c = cursor.peek()) {
    if (is_space(*c)) {
      cursor.take();
    } else if (*c == '(') {
      cursor.take();
      take_comment(cursor, comment);
    } else {
      return;
    }
  }
}

void take_quoted(Cursor& cursor, std::string& out) {
  while (true) {
    out.append(cursor.take_while([](char c) { return c != '"' && c != '\\' && c != '\r' && c != '\n'; }));
    const auto c = cursor.take();
    if (!c || *c == '"') return;
    if (*c != '\\') continue;
    if (const auto escaped = cursor.take(); escaped && *escaped != '\r' && *escaped != '\n')
      out.push_back(*escaped);
  }
}

bool take_word(Cursor& cursor, std::string& out) {
  if (cursor.take_char('"')) {
    take_quoted(cursor, out);
    return true;
  }
  const std::string_view atom = cursor.take_while(is_atom_char);
  out.append(atom);
  return !atom.empty();
}

}  // namespace pabal::message::detail
