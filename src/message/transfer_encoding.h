// Content transfer encodings (RFC 2045 §6): lenient decoders that read what broken programs wrote, and
// encoders that write what survives every relay. All work piece by piece and keep a few bytes, or one line,
// between pieces.
//
// Each object belongs to one thread at a time; nothing waits and nothing fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pabal::message {

enum class TransferEncoding : std::uint8_t {
  k7Bit,
  k8Bit,
  kBinary,
  kQuotedPrintable,
  kBase64,
  kUuencode,
  kUnknown,  ///< A name nobody knows: the body is opaque (RFC 2045 §6.4).
};

std::string_view to_string(TransferEncoding encoding);
/// The value of a Content-Transfer-Encoding field, with the variants that mail has (`7-bit`, `8bits`,
/// `x-uuencode`, a trailing semicolon). An empty one is 7bit (RFC 2045 §6.1).
TransferEncoding parse_transfer_encoding(std::string_view value);
/// 7bit, 8bit and binary: the bytes are as they are.
constexpr bool is_identity(TransferEncoding encoding) { return encoding <= TransferEncoding::kBinary; }

class TransferDecoder {
 public:
  explicit TransferDecoder(TransferEncoding encoding) : encoding_(encoding) {}

  void decode(std::string_view in, std::string& out);
  void finish(std::string& out);

 private:
  /// A line of quoted-printable or uuencode longer than this is taken in pieces. RFC 2045 §6.7 allows 76.
  static constexpr std::size_t kMaxHeldBytes = 1000;

  void decode_base64(std::string_view in, std::string& out);
  void decode_quoted_printable(std::string_view in, std::string& out);
  void decode_uuencode(std::string_view in, std::string& out);
  void decode_uuencode_line(std::string_view line, std::string& out);

  TransferEncoding encoding_;
  // base64: bits read and not yet given out. A character outside the alphabet is stepped over.
  std::uint32_t bits_ = 0;
  int bit_count_ = 0;
  // quoted-printable: an escape begun, or blanks that are content only when the line goes on. uuencode: a
  // line begun.
  std::string held_;
  enum class Uu : std::uint8_t { kBefore, kWithin, kBehind } uu_ = Uu::kBefore;
};

std::string decode_transfer(std::string_view in, TransferEncoding encoding);

/// Lines of 76 characters and CRLF (RFC 2045 §6.8).
class Base64Encoder {
 public:
  static constexpr std::size_t kLineBytes = 76;

  void encode(std::string_view in, std::string& out);
  /// The last group, padded, and its line end.
  void finish(std::string& out);

 private:
  void put_group(std::string_view group, std::string& out);

  std::string held_;
  std::size_t column_ = 0;
};

/// Quoted-printable (RFC 2045 §6.7). In a text, CRLF and LF are line ends and are written as CRLF; in bytes
/// they are escaped like everything else. A line's dot in front and `From ` are escaped too, so that neither
/// SMTP clients that forget to double it nor mbox files harm the letter.
class QuotedPrintableEncoder {
 public:
  enum class Kind : std::uint8_t { kText, kBytes };
  static constexpr std::size_t kLineBytes = 76;

  explicit QuotedPrintableEncoder(Kind kind) : kind_(kind) {}

  void encode(std::string_view in, std::string& out);
  void finish(std::string& out);

 private:
  void put(char c, std::string& out);
  void put_at_column(char c, bool escaped, std::string& out);
  void flush_blank(bool at_line_end, std::string& out);
  void end_line(std::string& out);

  Kind kind_;
  std::size_t column_ = 0;
  char held_blank_ = 0;   ///< A space or tab, which must not end a line bare.
  bool held_cr_ = false;  ///< A CR that may belong to a CRLF.
  std::size_t from_matched_ =
      0;  ///< How much of `From` this line consists of; more than that when of anything else.
};

}  // namespace pabal::message
