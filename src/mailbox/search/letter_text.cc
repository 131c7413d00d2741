#include "mailbox/search/letter_text.h"

#include <algorithm>

#include "base/ascii.h"
#include "message/encoded_word.h"

namespace pabal::mailbox::search {
namespace {

using message::Address;
using message::Envelope;

constexpr std::string_view kMachineFields[] = {"DKIM-Signature", "DomainKey-Signature",
                                               "ARC-Seal",       "ARC-Message-Signature",
                                               "X-ARC-Seal",     "X-Google-DKIM-Signature",
                                               "X-Gm-Gg",        "X-Gm-Message-State",
                                               "X-Received",     "X-Google-Smtp-Source",
                                               "Autocrypt",      "X-MS-Exchange-AntiSpam-MessageData",
                                               "X-Face",         "X-Microsoft-Antispam-Message-Info"};

bool has_name(const std::string_view& listed, std::string_view name) {
  return equals_ignoring_case(listed, name);
}

void append_decoded(std::string& out, std::string_view text) {
  if (is_ascii(text) && text.find("=?") == std::string_view::npos) {
    out += text;
  } else {
    out += message::decode_header_text(text);
  }
}

template <class Addresses>
std::optional<std::string> text_of(const Addresses& addresses) {
  if (addresses.empty()) return std::nullopt;
  std::string out;
  for (const auto& address : addresses) {
    if (address.kind == Address::Kind::kGroupEnd) continue;
    if (!out.empty()) out += ", ";
    append_decoded(out, address.name);
    if (address.kind == Address::Kind::kGroupStart) {
      out += ':';
      continue;
    }
    if (!address.name.empty()) out += ' ';
    out += '<';
    append_decoded(out, address.addr_spec());
    out += '>';
  }
  return out;
}

template <class Text>
std::optional<std::string> text_of(const std::optional<Text>& text) {
  if (!text) return std::nullopt;
  std::string out;
  append_decoded(out, *text);
  return out;
}

template <class AnyEnvelope>
std::optional<std::string> text_in(const AnyEnvelope& envelope, std::string_view name) {
  const auto is = [&](std::string_view wanted) { return equals_ignoring_case(name, wanted); };
  if (is("From")) return text_of(envelope.from);
  if (is("Sender")) return text_of(envelope.sender);
  if (is("Reply-To")) return text_of(envelope.reply_to);
  if (is("To")) return text_of(envelope.to);
  if (is("Cc")) return text_of(envelope.cc);
  if (is("Bcc")) return text_of(envelope.bcc);
  if (is("Subject")) return text_of(envelope.subject);
  if (is("Date")) return text_of(envelope.date);
  if (is("Message-ID")) return text_of(envelope.message_id);
  if (is("References")) return text_of(envelope.references);
  if (is("In-Reply-To")) return text_of(envelope.in_reply_to);
  return std::nullopt;
}

}  // namespace

bool is_machine_field(std::string_view name) {
  return std::ranges::any_of(kMachineFields, [&](auto listed) { return has_name(listed, name); });
}

bool is_envelope_field(std::string_view name) {
  return std::ranges::any_of(kEnvelopeFields, [&](auto listed) { return has_name(listed, name); });
}

std::optional<std::string> envelope_text(const Envelope& envelope, std::string_view name) {
  return text_in(envelope, name);
}
std::optional<std::string> envelope_text(const message::EnvelopeView& envelope, std::string_view name) {
  return text_in(envelope, name);
}

void LetterText::on_field(message::PartIndex part, std::string_view name, std::string_view text) {
  folded_.clear();
  folder_.fold(name, folded_);
  folder_.fold(": ", folded_);
  const std::size_t text_begin = folded_.size();
  folder_.fold(text, folded_);
  folder_.finish(folded_);
  if (part == 0) {
    receiver_.on_header_field(name, folded_, text_begin);
  } else {
    receiver_.on_body(folded_);
    receiver_.on_body_end();
  }
}

void LetterText::on_text(message::PartIndex, std::string_view text) {
  folded_.clear();
  folder_.fold(text, folded_);
  receiver_.on_body(folded_);
}

void LetterText::on_text_end(message::PartIndex) {
  folded_.clear();
  folder_.finish(folded_);
  if (!folded_.empty()) receiver_.on_body(folded_);
  receiver_.on_body_end();
}

}  // namespace pabal::mailbox::search
