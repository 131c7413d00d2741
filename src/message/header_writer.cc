#include "message/header_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/ascii.h"
#include "base/utf8.h"
#include "message/charset.h"
#include "message/detail/bytes.h"
#include "message/detail/lexer.h"
#include "message/encoded_word.h"

namespace pabal::message {
namespace {

/// A word without a blank may fill lines up to here before it is cut or encoded; RFC 5322 §2.1.1 forbids 998
/// and more.
constexpr std::size_t kMaxWord = 900;
/// How much of a parameter's value stands in one piece, so that name, number and quotes still fit the line.
constexpr std::size_t kParameterPiece = 50;

std::string without_controls(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return is_control(c); }, ' ');
  return out;
}

/// Only a header that would be no header is worse than a value that says less.
std::string field_name(std::string_view name) {
  std::string out;
  std::ranges::copy_if(name, std::back_inserter(out), [](char c) { return is_vchar(c) && c != ':'; });
  return out;
}

bool is_phrase_of_atoms(std::string_view phrase) {
  if (phrase.empty() || phrase.front() == ' ' || phrase.back() == ' ') return false;
  return std::ranges::all_of(phrase, [](char c) { return c == ' ' || detail::is_atom_char(c); }) &&
         phrase.find("  ") == std::string_view::npos;
}

bool is_token(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, detail::is_token_char);
}

/// attribute-char of RFC 2231 §7.
bool is_attribute_char(char c) {
  return is_ascii(c) && detail::is_token_char(c) && c != '*' && c != '\'' && c != '%';
}

}  // namespace

std::string quote_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(is_control(c) ? ' ' : c);
  }
  out.push_back('"');
  return out;
}

void HeaderWriter::begin_field(std::string_view name) {
  const std::string safe = field_name(name);
  out_.append(safe).push_back(':');
  column_ = safe.size() + 1;
  line_has_word_ = false;
}

/// A word behind a blank, on the next line when this one is full. A line has at least one word.
void HeaderWriter::put_word(std::string_view word) {
  while (word.size() > kMaxWord) {
    // No blank to fold at for so long: the line cannot be kept, so the word is cut.
    put_word(utf8_prefix(word, kMaxWord));
    word.remove_prefix(utf8_prefix(word, kMaxWord).size());
  }
  if (line_has_word_ && column_ + 1 + word.size() > kSoftColumns) {
    out_.append("\r\n");
    column_ = 0;
  }
  out_.append(" ").append(word);
  column_ += 1 + word.size();
  line_has_word_ = true;
}

/// Words with blanks between; of several blanks the others stay with the word behind them.
void HeaderWriter::put_words(std::string_view words) {
  while (!words.empty()) {
    const std::size_t start = std::min(words.find_first_not_of(' '), words.size());
    const std::size_t end = std::min(words.find(' ', start), words.size());
    put_word(words.substr(0, end));
    words.remove_prefix(end);
    if (words.starts_with(' ')) words.remove_prefix(1);
  }
}

void HeaderWriter::end_field() {
  if (!line_has_word_) out_.push_back(' ');
  out_.append("\r\n");
}

void HeaderWriter::add_text(std::string_view name, std::string_view text) {
  begin_field(name);
  const std::string clean = without_controls(text);
  const auto must_encode = [&](std::string_view word) {
    if (word.size() > kMaxWord) return true;
    return script_ == Script::kAscii ? needs_encoding(word) : word.find("=?") != std::string_view::npos;
  };
  // Words that must be encoded go together with the blanks between them, since readers drop blanks between
  // encoded words.
  std::string_view rest = clean;
  while (!rest.empty()) {
    std::size_t plain = 0;  // up to the first word that must be encoded
    std::size_t encoded = 0;
    std::size_t position = 0;
    while (position < rest.size()) {
      const std::size_t end = std::min(rest.find(' ', position), rest.size());
      const bool encode = must_encode(rest.substr(position, end - position));
      if (encode) encoded = end;
      if (!encode && encoded > 0 && end > position) break;
      if (!encode && encoded == 0) plain = std::min(end + 1, rest.size());
      position = end + 1;
    }
    if (encoded == 0) {
      put_words(rest);
      break;
    }
    // One blank in front of an encoded word is the fold's; what others there are goes into the word.
    while (plain >= 2 && rest[plain - 1] == ' ' && rest[plain - 2] == ' ') --plain;
    put_words(rest.substr(0, plain > 0 ? plain - 1 : 0));
    put_words(encode_words(rest.substr(plain, encoded - plain), EncodedWordPlace::kText,
                           line_has_word_ ? 0 : column_));
    rest.remove_prefix(std::min(encoded + 1, rest.size()));
  }
  end_field();
}

void HeaderWriter::put_phrase(std::string_view phrase, std::string_view behind) {
  const std::string clean = without_controls(phrase);
  std::string words;
  if (script_ == Script::kAscii ? needs_encoding(clean) : clean.find("=?") != std::string::npos) {
    words = encode_words(clean, EncodedWordPlace::kPhrase, line_has_word_ ? 0 : column_);
  } else {
    words = is_phrase_of_atoms(clean) ? clean : quote_string(clean);
  }
  put_words(words.append(behind));
}

void HeaderWriter::add_addresses(std::string_view name, std::span<const Address> addresses) {
  begin_field(name);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const Address& address = addresses[i];
    const bool last = i + 1 == addresses.size();
    const bool closes = !last && addresses[i + 1].kind == Address::Kind::kGroupEnd;
    const std::string_view behind = last || closes ? "" : ",";
    if (address.kind == Address::Kind::kGroupStart) {
      put_phrase(address.name, closes || last ? ":;" : ":");
    } else if (address.kind == Address::Kind::kGroupEnd) {
      const bool empty = i > 0 && addresses[i - 1].kind == Address::Kind::kGroupStart;
      if (!empty) put_word(last ? ";" : ";,");
      if (empty && !last) put_word(",");
    } else {
      const std::string spec = without_controls(address.addr_spec());
      if (address.name.empty()) {
        put_word(fmt::format("{}{}", spec, behind));
      } else {
        put_phrase(address.name, "");
        put_word(fmt::format("<{}>{}", spec, behind));
      }
    }
  }
  end_field();
}

void HeaderWriter::add_date(std::string_view name, const DateTime& date) {
  add_structured(name, format_date(date));
}

void HeaderWriter::add_message_ids(std::string_view name, std::span<const std::string> ids) {
  begin_field(name);
  for (const std::string& id : ids) put_word(fmt::format("<{}>", without_controls(id)));
  end_field();
}

void HeaderWriter::add_structured(std::string_view name, std::string_view value) {
  begin_field(name);
  put_words(without_controls(value));
  end_field();
}

/// RFC 2231 §4: charset, language, percent-encoded bytes; in numbered pieces (§3) when one line cannot hold
/// it.
std::string HeaderWriter::percent_parameter(std::string_view name, std::string_view value) const {
  std::vector<std::string> pieces(1, "UTF-8''");
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool starts_character = (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (starts_character && pieces.back().size() > kParameterPiece - 12) pieces.emplace_back();
    if (is_attribute_char(c)) {
      pieces.back().push_back(c);
    } else {
      pieces.back().append(fmt::format("%{:02X}", static_cast<unsigned char>(c)));
    }
  }
  if (pieces.size() == 1) return fmt::format("{}*={}", name, pieces.front());
  std::string out;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    out.append(fmt::format("{}{}*{}*={}", i == 0 ? "" : "; ", name, i, pieces[i]));
  }
  return out;
}

void HeaderWriter::add_parameterised(std::string_view name, std::string_view value,
                                     std::span<const Parameter> parameters) {
  std::string line = without_controls(value);
  for (const Parameter& parameter : parameters) {
    line.append("; ");
    const std::string clean = without_controls(parameter.value);
    const std::string label = field_name(parameter.name);
    if (detail::has_8bit(clean) || clean.size() > kParameterPiece * 10) {
      line.append(percent_parameter(label, clean));
    } else if (is_token(clean)) {
      line.append(fmt::format("{}={}", label, clean));
    } else {
      line.append(fmt::format("{}={}", label, quote_string(clean)));
    }
  }
  add_structured(name, line);
}

}  // namespace pabal::message
