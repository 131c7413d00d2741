// A letter made fit for a peer without 8BITMIME (RFC 6152 §3): each part that is not 7-bit is encoded again,
// its Content-Transfer-Encoding replaced, and everything else stays byte for byte. The letter is read twice:
// once for its structure, which delivery keeps anyway, and once to be converted as a stream.
//
// A downgrader belongs to one thread at a time, waits for nothing, and keeps one header at most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message/structure.h"
#include "message/transfer_encoding.h"

namespace pabal::message {

/// What a letter needs, and what it costs.
struct DowngradePlan {
  /// The letter's bodies are not 7-bit, or say that they are not; a DKIM signature is broken when they are
  /// converted.
  bool needed = false;
  /// A header has bytes over ASCII. They cannot be converted: the letter needs SMTPUTF8 (RFC 6531), or came
  /// so against the rules.
  bool header_8bit = false;
  /// A converted part is inside multipart/signed, and its signature is broken (RFC 1847 §2.1).
  bool breaks_signature = false;
  /// Why the bodies cannot be converted, in plain words; empty when they can.
  std::string obstacle;

  bool possible() const { return obstacle.empty(); }
};

DowngradePlan plan_downgrade(const Structure& structure);

class Downgrader {
 public:
  /// `structure` is that of the very bytes that will be fed; it outlives the downgrader. Its plan must be
  /// possible.
  explicit Downgrader(const Structure& structure);

  void feed(std::string_view bytes, std::string& out);
  /// The letter has ended.
  void finish(std::string& out);

 private:
  enum class Action : std::uint8_t {
    kHeader,     ///< Gets a new Content-Transfer-Encoding.
    kCopy,       ///< A header with bytes over ASCII, which nobody can help.
    kQuoteText,  ///< To quoted-printable.
    kBase64,     ///< To base64.
    kEscape,     ///< Quoted-printable already, with bare bytes over ASCII among it.
    kDrop,       ///< base64 with junk among it.
  };
  struct Edit {
    std::uint64_t begin;
    std::uint64_t end;
    Action action;
    TransferEncoding encoding;  ///< kHeader: the new one.
    bool is_letter;             ///< kHeader: a letter's own, which must have a MIME-Version.
    bool keeps_encoding;        ///< kHeader: only the MIME-Version is looked at.
  };

  void begin_edit();
  void convert(std::string_view bytes, std::string& out);
  void end_edit(std::string& out);

  std::vector<Edit> edits_;
  std::size_t next_ = 0;  ///< The edit that is under way or comes next.
  std::uint64_t offset_ = 0;
  bool within_ = false;
  std::string header_;
  std::optional<Base64Encoder> base64_;
  std::optional<QuotedPrintableEncoder> quoted_printable_;
};

/// A whole letter at once. Nothing when it cannot be converted; the letter itself when there is nothing to
/// convert.
std::optional<std::string> downgrade(std::string_view letter);

}  // namespace pabal::message
