// The facts of a letter's header that IMAP calls its ENVELOPE (RFC 9051 §7.5.2) and that JMAP, threads and
// lists of letters are made from. Texts are as they stand in the header, unfolded, encoded words and raw
// bytes still in them: what an old client must see undecoded can be decoded for all others with
// decode_header_text.
//
// Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cursor.h"
#include "base/result.h"
#include "message/address_list.h"

namespace pabal::message {

struct Envelope {
  using Addresses = std::vector<Address>;

  // Nothing when the field is absent, empty when it is empty: IMAP tells the two apart.
  std::optional<std::string> date;
  std::optional<std::string> subject;
  Addresses from;
  Addresses sender;
  Addresses reply_to;
  Addresses to;
  Addresses cc;
  Addresses bcc;
  std::optional<std::string> in_reply_to;
  std::optional<std::string> message_id;
  /// Not in IMAP's ENVELOPE; threads hang on it.
  std::optional<std::string> references;

  bool operator==(const Envelope&) const = default;

  /// As IMAP shows them: the author's where the letter names nobody else.
  const Addresses& shown_sender() const { return sender.empty() ? from : sender; }
  const Addresses& shown_reply_to() const { return reply_to.empty() ? from : reply_to; }
};

/// `header` may have the letter's body behind it. Never fails.
Envelope parse_envelope(std::string_view header);

/// The stored form; its first byte is the version.
std::string encode_envelope(const Envelope& envelope);
/// kCorrupt for bytes that encode_envelope did not write, or that a newer version did.
Result<Envelope> decode_envelope(std::string_view bytes);

/// A subject without what answers and forwards added to it, in UTF-8 (the base subject of RFC 5256 §2.1):
/// `Re: [list] Fwd: lunch` is `lunch`. Case is kept. `answered` is told whether anything of an answer or
/// forward was there.
std::string base_subject(std::string_view subject, bool* answered = nullptr);

}  // namespace pabal::message
