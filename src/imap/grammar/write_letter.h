// ENVELOPE, BODY and BODYSTRUCTURE (RFC 9051 §7.5.2), straight from the stored facts of a letter
// (message/facts_view.h): a FETCH of a hundred thousand envelopes makes no object of any. Pure; any thread.
// Damaged facts are kCorrupt, and `out` is as it was.
//
// Texts are as the header has them: encoded words stay, raw 8-bit bytes are as Dialect::raw_headers says.
// Absent fields are NIL, empty ones "". Sender and Reply-To are the author's where the letter has none.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "imap/grammar/tokens.h"
#include "message/envelope.h"
#include "message/facts_view.h"
#include "message/letter.h"

namespace pabal::imap {

/// `envelope` as encode_envelope wrote it; empty: a letter whose envelope was not kept, all NIL.
Result<void> append_envelope(std::string& out, std::string_view envelope, const Dialect& dialect);

enum class BodyForm : std::uint8_t {
  kBody,           ///< without extension data
  kBodyStructure,  ///< with all of it
};
/// A continued parameter is one; one that names its charset has a star behind its name and its value
/// percent-encoded as UTF-8 (RFC 2231 §4, §6), or is plain UTF-8 under its own name for clients with UTF-8.
Result<void> append_body(std::string& out, const message::FactsView& facts, BodyForm form,
                         const Dialect& dialect);

// The same from objects, for what is not stored yet.
void append_envelope(std::string& out, const message::Envelope& envelope, const Dialect& dialect);
void append_body(std::string& out, const message::LetterFacts& facts, BodyForm form, const Dialect& dialect);

}  // namespace pabal::imap
