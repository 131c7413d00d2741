#include "message/encoded_word.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/cursor.h"
#include "base/encoding.h"
#include "base/utf8.h"
#include "message/charset.h"
#include "message/header.h"
#include "message/transfer_encoding.h"

namespace pabal::message {
namespace {

/// A word's encoded text may be longer than the RFC allows, and is in real mail; this bounds what is looked
/// at.
constexpr std::size_t kMaxReadWord = 64 * 1024;
constexpr std::size_t kMaxCharsetInWord = 80;

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

struct Word {
  std::string_view charset;
  char encoding;  ///< 'b' or 'q'
  std::string_view text;
  std::size_t size;  ///< From `=?` to `?=`.
};

/// Finds the words of a text from left to right. Where the next `?=` stands is looked for once and
/// remembered, because a text of many beginnings and one end would else be read again for each.
class WordReader {
 public:
  explicit WordReader(std::string_view text) : text_(text) {}

  /// The encoded word at `begin`, where `=?` stands. Blanks within are forgiven in Q: agents forget the
  /// underscore.
  std::optional<Word> read(std::size_t begin) {
    Cursor cursor(text_.substr(begin));
    cursor.take_word("=?");
    const std::string_view charset = cursor.take_while([](char c) { return is_vchar(c) && c != '?'; });
    if (charset.empty() || charset.size() > kMaxCharsetInWord || !cursor.take_char('?')) return std::nullopt;
    const char encoding = to_lower(cursor.take().value_or(' '));
    if ((encoding != 'b' && encoding != 'q') || !cursor.take_char('?')) return std::nullopt;

    const std::size_t text_begin = begin + cursor.position();
    const std::size_t text_end = find_end(text_begin);
    if (text_end == std::string_view::npos || text_end - text_begin > kMaxReadWord) return std::nullopt;
    // A bare `?` is text in Q, since broken encoders leave it so; in B it ends the matter.
    if (encoding == 'b' && text_.find('?', text_begin) != text_end) return std::nullopt;
    return Word{.charset = charset,
                .encoding = encoding,
                .text = text_.substr(text_begin, text_end - text_begin),
                .size = text_end + 2 - begin};
  }

 private:
  std::size_t find_end(std::size_t from) {
    if (next_end_ < from) next_end_ = text_.find("?=", from);
    return next_end_;
  }

  std::string_view text_;
  std::size_t next_end_ = 0;  ///< The first `?=` behind where was last asked; npos for none.
};

std::string decode_word_bytes(const Word& word) {
  if (word.encoding == 'b') return decode_transfer(word.text, TransferEncoding::kBase64);
  std::string text(word.text);
  std::ranges::replace(text, '_', ' ');
  // The decoder takes blanks at the end for damage; here they are text.
  const std::size_t content = text.find_last_not_of(" \t") + 1;
  std::string bytes =
      decode_transfer(std::string_view(text).substr(0, content), TransferEncoding::kQuotedPrintable);
  return bytes.append(text, content);
}

/// Text between words, whose raw bytes have no charset of their own.
void append_raw(std::string& out, std::string_view raw, std::string_view charset) {
  if (is_utf8(raw)) {
    out.append(raw);
  } else {
    out.append(to_utf8(raw, charset));
  }
}

/// Words of one charset gather their bytes here, so that a character cut between two of them is whole again.
class WordRun {
 public:
  bool active() const { return active_; }
  void add(const Word& word, std::string& out) {
    if (active_ && !equals_ignoring_case(charset_, word.charset)) flush(out);
    charset_ = word.charset;
    active_ = true;
    bytes_.append(decode_word_bytes(word));
  }
  void flush(std::string& out) {
    if (!std::exchange(active_, false)) return;
    // A header has one line; a line end smuggled in by an encoded word would make two.
    for (const char c : to_utf8(std::exchange(bytes_, {}), charset_)) out.push_back(is_control(c) ? ' ' : c);
  }

 private:
  std::string_view charset_;
  std::string bytes_;
  bool active_ = false;
};

}  // namespace

std::string decode_header_text(std::string_view value, std::string_view raw_charset) {
  const std::string text = unfold(value);
  std::string out;
  out.reserve(text.size());
  WordRun run;
  WordReader words(text);
  std::size_t raw_begin = 0;
  std::size_t search = 0;
  const std::string_view all = text;
  while (true) {
    const std::size_t at = all.find("=?", search);
    if (at == std::string_view::npos) break;
    const auto word = words.read(at);
    if (!word) {
      search = at + 2;
      continue;
    }
    const std::string_view between = all.substr(raw_begin, at - raw_begin);
    // RFC 2047 §6.2: blanks between two encoded words only separate them.
    if (!run.active() || !std::ranges::all_of(between, is_blank)) {
      run.flush(out);
      append_raw(out, between, raw_charset);
    }
    run.add(*word, out);
    raw_begin = search = at + word->size;
  }
  run.flush(out);
  append_raw(out, all.substr(raw_begin), raw_charset);
  return out;
}

bool needs_encoding(std::string_view text) {
  if (text.find("=?") != std::string_view::npos) return true;
  return std::ranges::any_of(text, [](char c) { return !is_ascii(c) || (is_control(c) && c != '\t'); });
}

namespace {

constexpr std::string_view kPrefixQ = "=?UTF-8?Q?";
constexpr std::string_view kPrefixB = "=?UTF-8?B?";
constexpr std::string_view kSuffix = "?=";
constexpr std::size_t kFrame = kPrefixQ.size() + kSuffix.size();

/// RFC 2047 §5 (3) names what a phrase may hold bare; elsewhere only what would end or escape the word must
/// go.
bool is_bare_in_q(char c, EncodedWordPlace place) {
  if (place == EncodedWordPlace::kPhrase) {
    return is_alnum(c) || c == '!' || c == '*' || c == '+' || c == '-' || c == '/';
  }
  return is_vchar(c) && c != '=' && c != '?' && c != '_' && c != '"' && c != '(' && c != ')';
}

std::size_t q_size(std::string_view text, EncodedWordPlace place) {
  std::size_t size = 0;
  for (const char c : text) size += c == ' ' || is_bare_in_q(c, place) ? 1 : 3;
  return size;
}

std::string to_q(std::string_view text, EncodedWordPlace place) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (c == ' ') {
      out.push_back('_');
    } else if (is_bare_in_q(c, place)) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'=', kHex[byte >> 4], kHex[byte & 0xF]});
    }
  }
  return out;
}

}  // namespace

std::string encode_words(std::string_view utf8, EncodedWordPlace place, std::size_t first_column) {
  const std::string cleaned = is_utf8(utf8) ? std::string(utf8) : to_utf8(utf8, "utf-8");
  std::string_view rest = cleaned;
  const bool use_q = q_size(rest, place) <= base64_size(rest.size());
  std::string out;
  // A name that fills its line leaves no room; the word then goes to the next line, which folding gives it.
  std::size_t room = kMaxEncodedWord - kFrame;
  if (first_column > 0 && first_column + kFrame + 12 < kMaxEncodedWord) room -= first_column;
  while (!rest.empty()) {
    std::size_t taken = 0;
    std::size_t used = 0;
    while (taken < rest.size()) {
      std::size_t next = taken + 1;
      while (next < rest.size() && (static_cast<unsigned char>(rest[next]) & 0xC0) == 0x80) ++next;
      const std::size_t grown =
          use_q ? used + q_size(rest.substr(taken, next - taken), place) : base64_size(next);
      if (grown > room && taken > 0) break;
      used = grown;
      taken = next;
    }
    if (!out.empty()) out.push_back(' ');
    const std::string_view piece = rest.substr(0, taken);
    out.append(use_q ? kPrefixQ : kPrefixB)
        .append(use_q ? to_q(piece, place) : to_base64(piece))
        .append(kSuffix);
    rest.remove_prefix(taken);
    room = kMaxEncodedWord - kFrame;
  }
  return out;
}

}  // namespace pabal::message
