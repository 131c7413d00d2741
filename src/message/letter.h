// A letter read once, while it streams in, for all that is ever kept about it: structure, envelopes, preview,
// and its text for search. What delivery and imports use.
//
// A reader belongs to one thread at a time and waits for nothing. Between pieces it keeps what
// StructureParser keeps, a piece of decoded text, and the facts themselves.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "message/envelope.h"
#include "message/facts_view.h"
#include "message/structure.h"

namespace pabal::message {

/// RFC 8970 §3.3: about this many characters.
inline constexpr std::size_t kPreviewCharacters = 200;

/// How much header of all letters within is read for their envelopes; with kMaxAddresses over all of them,
/// since an address of two bytes takes a hundred in memory. A digest of a thousand letters stays below;
/// behind it envelopes are empty.
inline constexpr std::size_t kMaxEnvelopeBytesWithin = 1024 * 1024;

struct LetterFacts {
  struct LetterWithin {
    PartIndex
        part;  ///< The letter itself, which is the only child of the message/rfc822 part that carries it.
    Envelope envelope;

    bool operator==(const LetterWithin&) const = default;
  };

  Structure structure;
  Envelope envelope;
  std::vector<LetterWithin> letters_within;  ///< In the order of their parts.
  std::string preview;                       ///< UTF-8, one line, at most kPreviewCharacters.

  bool operator==(const LetterFacts&) const = default;

  /// Of the letter that a message/rfc822 part carries; null when that part is opaque.
  const Envelope* envelope_within(PartIndex message_part) const;
  bool has_attachments() const;
};

/// Takes what a person could search for, as UTF-8, while the letter is read.
class TextSink {
 public:
  virtual ~TextSink() = default;
  /// A field of a letter's header or of a part's, decoded; once for each field, in order.
  virtual void on_field(PartIndex part, std::string_view name, std::string_view text) = 0;
  /// A piece of a text part, decoded, HTML without its tags; cut anywhere between two characters.
  virtual void on_text(PartIndex part, std::string_view text) = 0;
  /// The text of a part has ended: nothing that is searched for goes on into the next part.
  virtual void on_text_end(PartIndex part) = 0;
};

class LetterReader {
 public:
  enum class Preview : bool { kLeftOut, kMade };
  /// The sink outlives the reader; it may be null. Who only wants the text can leave out the preview.
  explicit LetterReader(TextSink* sink = nullptr, Preview preview = Preview::kMade);
  ~LetterReader();
  LetterReader(LetterReader&&) noexcept;
  LetterReader& operator=(LetterReader&&) noexcept;

  void feed(std::string_view bytes);
  /// The letter has ended. The reader is spent.
  LetterFacts finish();

 private:
  class Collector;
  std::unique_ptr<Collector> collector_;
};

/// A whole letter at once.
LetterFacts read_letter(std::string_view letter, TextSink* sink = nullptr,
                        LetterReader::Preview preview = LetterReader::Preview::kMade);

/// The decoded text of one part out of a letter that is at hand, at most `limit` bytes (a whole number of
/// characters): UTF-8, HTML as it is.
std::string text_of_part(std::string_view letter, const Part& part, std::size_t limit);

/// One line for lists of letters out of the beginning of a text: blanks joined, answers' quoted lines left
/// out.
std::string make_preview(std::string_view text);

/// The stored form of all facts; its first byte is the version.
std::string encode_facts(const LetterFacts& facts);
/// Of facts that are stored already, all of them asked for: for a copy. Nothing of nothing.
std::string encode_facts(const FactsView& facts);
/// kCorrupt for bytes that encode_facts did not write, or that a newer version did.
Result<LetterFacts> decode_facts(std::string_view bytes);
/// From facts that were read in place (facts_view.h), all of them asked for.
Result<LetterFacts> decode_facts(const FactsView& facts);
/// The letter's own envelope alone.
Result<Envelope> decode_facts_envelope(std::string_view bytes);

}  // namespace pabal::message
