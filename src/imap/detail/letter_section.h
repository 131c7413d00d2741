// A section of a stored letter (RFC 9051 §6.4.5, RFC 3516): where its bytes are, and how they reach the
// client in pieces. No more than a piece and one header are held at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "imap/detail/session.h"
#include "imap/grammar/section.h"
#include "mailbox/records.h"
#include "message/structure.h"
#include "message/transfer_encoding.h"

namespace pabal::imap::detail {

/// How much of a letter is read before the first of it is sent.
inline constexpr std::size_t kFirstPieceBytes = 64 * 1024;

/// A letter as its sections need it. The structure is there unless only the whole is asked for.
struct OpenLetter {
  account::AccountId account;
  const mailbox::LetterRecord& record;
  std::optional<message::Structure> structure = {};
  std::string prefix = {};  ///< its first bytes, as far as they were read already
};

/// Bytes of a letter, or text that was made from them.
struct SectionSource {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::optional<std::string> text = {};  ///< then it is this
  /// Not identity: the size is that of the encoded bytes.
  message::TransferEncoding encoding = message::TransferEncoding::k7Bit;
};

/// Nothing: the letter has no such section.
net::Task<Result<std::optional<SectionSource>>> find_source(Session& session, const OpenLetter& letter,
                                                            const Section& section);
/// The part without its transfer encoding.
std::optional<SectionSource> find_binary_source(const OpenLetter& letter, const Section& section);

/// Appends a string of what `partial` leaves of it, sending as it goes. kCorrupt before anything was written:
/// it can't be read; a later failure ends the session.
struct SectionSent {
  bool readable = true;  ///< false: NIL was written in its place
};
net::Task<Result<SectionSent>> send_section(Session& session, const OpenLetter& letter,
                                            const SectionSource& source,
                                            const std::optional<Partial>& partial);
/// The same without the transfer encoding, as a literal8 if it must be.
net::Task<Result<SectionSent>> send_binary(Session& session, const OpenLetter& letter,
                                           const SectionSource& source,
                                           const std::optional<Partial>& partial);
net::Task<Result<std::uint64_t>> measure_binary(Session& session, const OpenLetter& letter,
                                                const SectionSource& source);

}  // namespace pabal::imap::detail
