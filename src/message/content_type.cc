#include "message/content_type.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "base/ascii.h"
#include "base/cursor.h"
#include "message/charset.h"
#include "message/detail/lexer.h"
#include "message/encoded_word.h"
#include "message/header.h"

namespace pabal::message {
namespace {

using detail::is_space;
using detail::is_token_char;
using detail::skip_cfws;

/// One `name=value` as it stands in the field.
struct RawParameter {
  std::string name;
  std::string value;
};

/// A piece of RFC 2231: `filename*2*` is {filename, 2, percent-encoded}.
struct Piece {
  std::string name;
  std::size_t number = 0;
  std::size_t order = 0;  ///< Where it stood among the parameters.
  bool numbered = false;
  bool encoded = false;
  std::string value;
};

/// An unquoted value. It ends at a semicolon; blanks within belong to it unless another parameter follows
/// them, because `name=annual report.pdf` is common and a forgotten semicolon is too.
std::string take_loose_value(Cursor& cursor) {
  std::string value;
  while (!cursor.at_end()) {
    value.append(cursor.take_while([](char c) { return !is_space(c) && c != ';' && c != '"'; }));
    const std::size_t before = cursor.position();
    const std::string_view blanks = cursor.take_while(is_space);
    if (cursor.at_end() || cursor.peek_is(';')) break;
    if (blanks.empty()) {
      cursor.take();  // a quote in the middle
      continue;
    }
    // A comment behind the value, or the next parameter.
    if (cursor.peek_is('(')) break;
    const std::size_t word_begin = cursor.position();
    cursor.take_while([](char c) { return is_token_char(c); });
    const bool is_next_parameter = cursor.peek_is('=') && cursor.position() > word_begin;
    cursor.rewind_to(is_next_parameter ? before : word_begin);
    if (is_next_parameter) break;
    value.push_back(' ');
  }
  return value;
}

std::vector<RawParameter> take_parameters(Cursor& cursor) {
  std::vector<RawParameter> parameters;
  std::size_t bytes = 0;
  while (!cursor.at_end() && parameters.size() < kMaxParameters && bytes < kMaxParameterBytes) {
    skip_cfws(cursor);
    if (cursor.take_char(';')) continue;
    RawParameter parameter;
    parameter.name = to_lower(cursor.take_while([](char c) { return is_token_char(c); }));
    skip_cfws(cursor);
    if (parameter.name.empty() || !cursor.take_char('=')) {
      // No parameter. Something must be taken, or nothing would ever end.
      if (parameter.name.empty()) cursor.take();
      continue;
    }
    skip_cfws(cursor);
    if (cursor.take_char('"')) {
      detail::take_quoted(cursor, parameter.value);
    } else {
      parameter.value = take_loose_value(cursor);
    }
    bytes += parameter.name.size() + parameter.value.size();
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

// RFC 2231 §7: initial-section and other-sections of a parameter name.
Piece to_piece(RawParameter raw) {
  Piece piece;
  std::string_view name = raw.name;
  if (name.ends_with('*')) {
    piece.encoded = true;
    name.remove_suffix(1);
  }
  if (const std::size_t star = name.find('*'); star != std::string_view::npos) {
    Cursor number(name.substr(star + 1));
    if (const auto value = number.take_number(kMaxParameters); value && number.at_end()) {
      piece.number = static_cast<std::size_t>(*value);
      piece.numbered = true;
      name = name.substr(0, star);
    }
  }
  piece.name = name;
  piece.value = std::move(raw.value);
  return piece;
}

std::string percent_decode(std::string_view text) {
  const auto digit = [](char c) { return is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10; };
  const auto is_hex = [](char c) { return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f'); };
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2])) {
      out.push_back(static_cast<char>(digit(text[i + 1]) << 4 | digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

/// Joins the pieces of one name, which stand in [begin, end) by their numbers. The charset is in front of the
/// first (RFC 2231 §4.1); pieces behind a gap are dropped, since what they continue is not there.
Parameter join(std::span<Piece> pieces) {
  Parameter out{.name = pieces.front().name, .value = {}};
  std::string charset;
  std::string bytes;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    if (i > 0 && piece.number != pieces[i - 1].number + 1) break;
    std::string_view value = piece.value;
    if (i == 0 && piece.encoded) {
      out.extended = true;
      const std::size_t first = value.find('\'');
      const std::size_t second = first == std::string_view::npos ? first : value.find('\'', first + 1);
      if (second != std::string_view::npos) {
        charset = value.substr(0, first);
        value.remove_prefix(second + 1);
      }
    }
    bytes.append(piece.encoded ? percent_decode(value) : std::string(value));
  }
  out.value = out.extended ? to_utf8(bytes, charset) : std::move(bytes);
  return out;
}

Parameters parse_parameters(Cursor& cursor) {
  std::vector<Piece> pieces;
  for (RawParameter& raw : take_parameters(cursor)) {
    pieces.push_back(to_piece(std::move(raw)));
    pieces.back().order = pieces.size();
  }

  // Names keep the order in which they first came; only the pieces of a continued one are moved together.
  Parameters out;
  std::vector<bool> done(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (done[i]) continue;
    if (!pieces[i].numbered) {
      out.push_back(join(std::span(pieces).subspan(i, 1)));
      continue;
    }
    std::vector<Piece> same;
    for (std::size_t j = i; j < pieces.size(); ++j) {
      if (done[j] || !pieces[j].numbered || pieces[j].name != pieces[i].name) continue;
      done[j] = true;
      if (j != i) same.push_back(std::move(pieces[j]));
    }
    same.push_back(std::move(pieces[i]));
    std::ranges::sort(same, {}, [](const Piece& piece) { return std::pair(piece.number, piece.order); });
    out.push_back(join(same));
  }
  return out;
}

std::string take_lower_token(Cursor& cursor) {
  skip_cfws(cursor);
  std::string token;
  if (cursor.take_char('"')) {
    detail::take_quoted(cursor, token);
  } else {
    token = cursor.take_while([](char c) { return is_token_char(c); });
  }
  return to_lower(token);
}

}  // namespace

ContentType parse_content_type(std::string_view value) {
  Cursor cursor(value);
  ContentType out;
  out.type = take_lower_token(cursor);
  skip_cfws(cursor);
  if (cursor.take_char('/')) {
    out.subtype = take_lower_token(cursor);
  } else if (out.type.find('/') != std::string::npos) {
    const std::string whole = std::exchange(out.type, {});  // the whole in quotes
    out.type = whole.substr(0, whole.find('/'));
    out.subtype = whole.substr(whole.find('/') + 1);
  } else if (cursor.peek_is('=')) {
    // `Content-Type: charset=utf-8`: parameters of a type that was forgotten.
    out.type.clear();
    cursor.rewind_to(0);
  } else if (out.type == "text") {
    out.subtype = "plain";  // RFC 1049 wrote types of one word
  }
  if (out.type.empty() || out.subtype.empty()) out.type = out.subtype = {};
  out.parameters = parse_parameters(cursor);
  return out;
}

Disposition parse_disposition(std::string_view value) {
  Cursor cursor(value);
  Disposition out;
  out.type = take_lower_token(cursor);
  skip_cfws(cursor);
  if (cursor.peek_is('=')) {
    // `Content-Disposition: filename=x`: a file that somebody named is an attachment (RFC 2183 §2.8 for
    // unknown types).
    out.type = "attachment";
    cursor.rewind_to(0);
  }
  out.parameters = parse_parameters(cursor);
  if (out.type.empty() && !out.parameters.empty()) out.type = "attachment";
  return out;
}

const Parameter* find_parameter(const Parameters& parameters, std::string_view name) {
  const Parameter* plain = nullptr;
  for (const Parameter& parameter : parameters) {
    if (!equals_ignoring_case(parameter.name, name)) continue;
    if (parameter.extended) return &parameter;
    if (!plain) plain = &parameter;
  }
  return plain;
}

std::string parameter_text(const Parameters& parameters, std::string_view name) {
  const Parameter* found = find_parameter(parameters, name);
  if (!found) return {};
  return found->extended ? found->value : decode_header_text(found->value);
}

}  // namespace pabal::message
