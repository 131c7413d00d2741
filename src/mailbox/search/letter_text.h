// What can be searched for in a letter: the one definition that the index is built from and that a scan
// looks at, so that both find the same letters.
//
// - The header: the letter's own fields, each as `Name: text`, decoded. TEXT looks at all but those that only
//   machines read (signatures and seals: is_machine_field). For the fields that are in its envelope
//   (envelope_text), HEADER, FROM, TO and so on look at what the envelope has, where a name and an address
//   are always `name <address>`, however they stood in the field.
// - The body: all else. The text of its text parts, HTML without tags, and the fields of its parts and of
//   letters within, which have the names of attachments.
//
// Each field, and each part's text, is a text of its own: nothing is found across their borders. All is
// folded (message/casemap.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "message/casemap.h"
#include "message/envelope.h"
#include "message/facts_view.h"
#include "message/letter.h"

namespace pabal::mailbox::search {

/// Nobody reads these, and their random bytes would be a good part of the index.
bool is_machine_field(std::string_view name);

/// The field of the envelope by this name as it is searched in, not folded; nothing for another field, or
/// when the letter does not have it.
std::optional<std::string> envelope_text(const message::Envelope& envelope, std::string_view name);
std::optional<std::string> envelope_text(const message::EnvelopeView& envelope, std::string_view name);
bool is_envelope_field(std::string_view name);
/// All names for envelope_text.
inline constexpr std::string_view kEnvelopeFields[] = {"From",       "Sender",     "Reply-To",   "To",
                                                       "Cc",         "Bcc",        "Subject",    "Date",
                                                       "Message-ID", "References", "In-Reply-To"};

/// Is told a letter's texts.
class TextReceiver {
 public:
  virtual ~TextReceiver() = default;
  /// A field of the letter's own header. `line` is `NAME: TEXT`, folded; the text alone begins at
  /// `text_begin`.
  virtual void on_header_field(std::string_view name, std::string_view line, std::size_t text_begin) = 0;
  /// A piece of a text of the body, cut between two characters.
  virtual void on_body(std::string_view folded) = 0;
  virtual void on_body_end() = 0;
};

/// Turns what a message::LetterReader tells into folded texts.
class LetterText final : public message::TextSink {
 public:
  explicit LetterText(TextReceiver& receiver) : receiver_(receiver) {}

  void on_field(message::PartIndex part, std::string_view name, std::string_view text) override;
  void on_text(message::PartIndex part, std::string_view text) override;
  void on_text_end(message::PartIndex part) override;

 private:
  TextReceiver& receiver_;
  message::CaseFolder folder_;
  std::string folded_;
};

}  // namespace pabal::mailbox::search
