#include "message/transfer_encoding.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.h"
#include "base/cursor.h"
#include "message/detail/lexer.h"

namespace pabal::message {
namespace {

constexpr std::string_view kBase64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kHexDigits = "0123456789ABCDEF";
constexpr std::string_view kFrom = "From";
constexpr unsigned char kNoDigit = 0xFF;

constexpr std::array<unsigned char, 256> make_base64_values() {
  std::array<unsigned char, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kBase64Digits.size(); ++i) {
    values[static_cast<unsigned char>(kBase64Digits[i])] = static_cast<unsigned char>(i);
  }
  return values;
}
constexpr auto kBase64Values = make_base64_values();

constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

std::string_view to_string(TransferEncoding encoding) {
  switch (encoding) {
    case TransferEncoding::k7Bit:
      return "7bit";
    case TransferEncoding::k8Bit:
      return "8bit";
    case TransferEncoding::kBinary:
      return "binary";
    case TransferEncoding::kQuotedPrintable:
      return "quoted-printable";
    case TransferEncoding::kBase64:
      return "base64";
    case TransferEncoding::kUuencode:
      return "x-uuencode";
    case TransferEncoding::kUnknown:
      break;
  }
  return "unknown";
}

TransferEncoding parse_transfer_encoding(std::string_view value) {
  Cursor cursor(value);
  detail::skip_cfws(cursor);
  std::string name;
  if (cursor.take_char('"')) {
    detail::take_quoted(cursor, name);
  } else {
    name = cursor.take_while([](char c) { return detail::is_token_char(c); });
  }
  std::erase_if(name, [](char c) { return c == '-' || c == '_' || c == ' '; });
  name = to_lower(name);
  struct Name {
    std::string_view squeezed;
    TransferEncoding encoding;
  };
  static constexpr Name kNames[] = {
      {"", TransferEncoding::k7Bit},
      {"7bit", TransferEncoding::k7Bit},
      {"7bits", TransferEncoding::k7Bit},
      {"8bit", TransferEncoding::k8Bit},
      {"8bits", TransferEncoding::k8Bit},
      {"binary", TransferEncoding::kBinary},
      {"quotedprintable", TransferEncoding::kQuotedPrintable},
      {"base64", TransferEncoding::kBase64},
      {"xuuencode", TransferEncoding::kUuencode},
      {"uuencode", TransferEncoding::kUuencode},
      {"xuue", TransferEncoding::kUuencode},
      {"uue", TransferEncoding::kUuencode},
  };
  const auto* known = std::ranges::find(kNames, name, &Name::squeezed);
  return known == std::end(kNames) ? TransferEncoding::kUnknown : known->encoding;
}

void TransferDecoder::decode(std::string_view in, std::string& out) {
  switch (encoding_) {
    case TransferEncoding::kBase64:
      return decode_base64(in, out);
    case TransferEncoding::kQuotedPrintable:
      return decode_quoted_printable(in, out);
    case TransferEncoding::kUuencode:
      return decode_uuencode(in, out);
    default:
      out.append(in);
  }
}

// Padding ends nothing: programs join encoded pieces, each with its own, and the bytes behind it are meant
// too.
void TransferDecoder::decode_base64(std::string_view in, std::string& out) {
  std::array<char, 1024> decoded;
  std::size_t size = 0;
  for (const char c : in) {
    const unsigned char value = kBase64Values[static_cast<unsigned char>(c)];
    if (value == kNoDigit) {
      if (c == '=') bit_count_ = 0;
      continue;
    }
    bits_ = bits_ << 6 | value;
    bit_count_ += 6;
    if (bit_count_ < 8) continue;
    bit_count_ -= 8;
    decoded[size++] = static_cast<char>(bits_ >> bit_count_);
    if (size == decoded.size()) {
      out.append(decoded.data(), size);
      size = 0;
    }
  }
  out.append(decoded.data(), size);
}

void TransferDecoder::decode_quoted_printable(std::string_view in, std::string& out) {
  // held_ is empty, or `=` with what followed it so far, or blanks and a CR that may stand before a line end.
  for (std::size_t i = 0; i < in.size(); ++i) {
    const char c = in[i];
    if (held_.empty()) {
      if (c == '=' || c == ' ' || c == '\t' || c == '\r') {
        held_.push_back(c);
        continue;
      }
      std::size_t end = i + 1;
      while (end < in.size() && in[end] != '=' && in[end] != ' ' && in[end] != '\t' && in[end] != '\r') ++end;
      out.append(in.substr(i, end - i));
      i = end - 1;
    } else if (held_.front() == '=') {
      if (held_.size() == 1 && hex_value(c) >= 0) {
        held_.push_back(c);
      } else if (held_.size() == 2 && hex_value(held_[1]) >= 0 && hex_value(c) >= 0) {
        out.push_back(static_cast<char>(hex_value(held_[1]) << 4 | hex_value(c)));
        held_.clear();
      } else if (c == '\n' && (held_.size() == 1 || hex_value(held_[1]) < 0)) {
        held_.clear();  // a soft line break, blanks behind the sign forgiven
      } else if ((c == ' ' || c == '\t' || c == '\r') && (held_.size() == 1 || hex_value(held_[1]) < 0) &&
                 held_.size() < kMaxHeldBytes) {
        held_.push_back(c);
      } else {
        out.append(std::exchange(held_, {}));  // no escape: shown as it stands
        --i;
      }
    } else if (c == '\n') {
      // RFC 2045 §6.7 (3): blanks at a line's end were added on the way.
      if (held_.ends_with('\r')) out.push_back('\r');
      out.push_back('\n');
      held_.clear();
    } else if ((c == ' ' || c == '\t' || c == '\r') && held_.back() != '\r' && held_.size() < kMaxHeldBytes) {
      held_.push_back(c);
    } else {
      out.append(std::exchange(held_, {}));
      --i;
    }
  }
}

void TransferDecoder::decode_uuencode(std::string_view in, std::string& out) {
  while (!in.empty()) {
    const std::size_t newline = in.find('\n');
    const std::string_view piece = in.substr(0, newline == std::string_view::npos ? in.size() : newline + 1);
    in.remove_prefix(piece.size());
    held_.append(piece.substr(0, kMaxHeldBytes - std::min(held_.size(), kMaxHeldBytes)));
    if (!piece.ends_with('\n')) return;
    decode_uuencode_line(held_, out);
    held_.clear();
  }
}

void TransferDecoder::decode_uuencode_line(std::string_view line, std::string& out) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  if (uu_ == Uu::kBefore && line.starts_with("begin ")) {
    uu_ = Uu::kWithin;
    return;
  }
  if (uu_ != Uu::kWithin || line.empty()) return;
  if (line == "end" || line.front() == '`' || line.front() == ' ') {
    uu_ = Uu::kBehind;
    return;
  }
  const auto digit = [&](std::size_t i) {
    return i < line.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(line[i]) - ' ') & 0x3F
                           : 0U;
  };
  std::size_t left = digit(0);
  for (std::size_t i = 1; left > 0 && i < line.size(); i += 4) {
    const std::uint32_t group = digit(i) << 18 | digit(i + 1) << 12 | digit(i + 2) << 6 | digit(i + 3);
    for (int shift = 16; shift >= 0 && left > 0; shift -= 8, --left)
      out.push_back(static_cast<char>(group >> shift));
  }
}

void TransferDecoder::finish(std::string& out) {
  const std::string rest = std::exchange(held_, {});
  if (encoding_ == TransferEncoding::kUuencode) {
    decode_uuencode_line(rest, out);
  } else if (!rest.empty() && rest.front() == '=') {
    if (rest.size() > 1 && hex_value(rest[1]) >= 0) out.append(rest);
  } else if (rest.ends_with('\r')) {
    out.push_back('\r');
  }
}

std::string decode_transfer(std::string_view in, TransferEncoding encoding) {
  std::string out;
  out.reserve(in.size());
  TransferDecoder decoder(encoding);
  decoder.decode(in, out);
  decoder.finish(out);
  return out;
}

void Base64Encoder::put_group(std::string_view group, std::string& out) {
  const auto byte = [&](std::size_t i) {
    return i < group.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(group[i])) : 0U;
  };
  const std::uint32_t bits = byte(0) << 16 | byte(1) << 8 | byte(2);
  const char text[4] = {kBase64Digits[bits >> 18], kBase64Digits[bits >> 12 & 0x3F],
                        group.size() > 1 ? kBase64Digits[bits >> 6 & 0x3F] : '=',
                        group.size() > 2 ? kBase64Digits[bits & 0x3F] : '='};
  out.append(text, 4);
  column_ += 4;
  if (column_ == kLineBytes) {
    out.append("\r\n");
    column_ = 0;
  }
}

void Base64Encoder::encode(std::string_view in, std::string& out) {
  if (!held_.empty()) {
    const std::size_t wanted = std::min(3 - held_.size(), in.size());
    held_.append(in.substr(0, wanted));
    in.remove_prefix(wanted);
    if (held_.size() < 3) return;
    put_group(held_, out);
    held_.clear();
  }
  for (; in.size() >= 3; in.remove_prefix(3)) put_group(in.substr(0, 3), out);
  held_ = in;
}

void Base64Encoder::finish(std::string& out) {
  if (!held_.empty()) put_group(held_, out);
  held_.clear();
  if (column_ > 0) out.append("\r\n");
  column_ = 0;
}

void QuotedPrintableEncoder::encode(std::string_view in, std::string& out) {
  for (const char c : in) {
    if (kind_ == Kind::kBytes) {
      put(c, out);
      continue;
    }
    if (held_cr_) {
      held_cr_ = false;
      if (c != '\n') put('\r', out);
    }
    if (c == '\r') {
      held_cr_ = true;
    } else if (c == '\n') {
      end_line(out);
    } else {
      put(c, out);
    }
  }
}

void QuotedPrintableEncoder::finish(std::string& out) {
  if (std::exchange(held_cr_, false)) put('\r', out);
  flush_blank(true, out);
}

void QuotedPrintableEncoder::put(char c, std::string& out) {
  flush_blank(false, out);
  if (c == ' ' || c == '\t') {
    // Escaping the blank of `From ` leaves the rest of the line readable.
    if (c == ' ' && from_matched_ == kFrom.size() && column_ == kFrom.size())
      return put_at_column(c, true, out);
    held_blank_ = c;
    return;
  }
  put_at_column(c, !is_vchar(c) || c == '=', out);
}

void QuotedPrintableEncoder::put_at_column(char c, bool escaped, std::string& out) {
  // The last column stays free for the sign of a soft break.
  if (column_ + (escaped ? 3 : 1) > kLineBytes - 1) {
    out.append("=\r\n");
    column_ = 0;
  }
  if (column_ == 0) {
    from_matched_ = 0;
    escaped = escaped || c == '.';
  }
  const bool matches = from_matched_ < kFrom.size() && !escaped && c == kFrom[from_matched_];
  from_matched_ = matches ? from_matched_ + 1 : kFrom.size() + 1;
  if (!escaped) {
    out.push_back(c);
    ++column_;
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  const char token[3] = {'=', kHexDigits[byte >> 4], kHexDigits[byte & 0xF]};
  out.append(token, 3);
  column_ += 3;
}

void QuotedPrintableEncoder::flush_blank(bool at_line_end, std::string& out) {
  if (const char blank = std::exchange(held_blank_, 0); blank != 0) put_at_column(blank, at_line_end, out);
}

void QuotedPrintableEncoder::end_line(std::string& out) {
  flush_blank(true, out);
  out.append("\r\n");
  column_ = 0;
}

}  // namespace pabal::message
