#include <array>

#include "base/cursor.h"
#include "imap/grammar/write_letter.h"
#include "imap/grammar/write_string.h"

namespace pabal::imap {
namespace {

using message::Address;

constexpr std::uint8_t kEnvelopeVersion = 1;
constexpr std::uint8_t kFactsVersion = 1;
constexpr std::string_view kNoEnvelope = "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)";

/// The texts as message::encode_envelope has them in order; absent ones have no data.
enum Text : std::uint8_t { kDate, kSubject, kInReplyTo, kMessageId, kReferences, kTexts };

bool read_texts(Cursor& in, std::array<std::string_view, kTexts>& texts) {
  for (std::string_view& text : texts) {
    const auto present = in.take_u8();
    if (!present || *present > 1) return false;
    if (*present == 0) continue;
    const auto value = in.take_sized();
    if (!value) return false;
    text = *value;
  }
  return true;
}

void append_text_or_nil(std::string& out, std::string_view text, const Dialect& dialect) {
  if (text.data() == nullptr) {
    out.append("NIL");
  } else {
    append_header_text(out, text, dialect);
  }
}

void append_unless_empty(std::string& out, std::string_view text, const Dialect& dialect) {
  if (text.empty()) {
    out.append("NIL");
  } else {
    append_header_text(out, text, dialect);
  }
}

/// address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")". A NIL host or mailbox means a group,
/// so a mailbox without one has "" there.
bool append_address(std::string& out, Cursor& in, const Dialect& dialect) {
  const auto kind = in.take_u8();
  const auto name = in.take_sized();
  const auto route = in.take_sized();
  const auto local_part = in.take_sized();
  const auto domain = in.take_sized();
  if (!kind || !name || !route || !local_part || !domain) return false;
  switch (static_cast<Address::Kind>(*kind)) {
    case Address::Kind::kMailbox:
      out.push_back('(');
      append_unless_empty(out, *name, dialect);
      out.push_back(' ');
      append_unless_empty(out, *route, dialect);
      out.push_back(' ');
      append_header_text(out, *local_part, dialect);
      out.push_back(' ');
      append_header_text(out, *domain, dialect);
      out.push_back(')');
      return true;
    case Address::Kind::kGroupStart:
      out.append("(NIL NIL ");
      append_header_text(out, *name, dialect);
      out.append(" NIL)");
      return true;
    case Address::Kind::kGroupEnd:
      out.append("(NIL NIL NIL NIL)");
      return true;
  }
  return false;
}

/// "(" 1*address ")" / nil
bool append_list(std::string& out, Cursor& in, const Dialect& dialect) {
  const auto count = in.take_varint();
  if (!count) return false;
  if (*count == 0) {
    out.append("NIL");
    return true;
  }
  out.push_back('(');
  for (std::uint64_t i = 0; i < *count; ++i) {
    if (!append_address(out, in, dialect)) return false;
  }
  out.push_back(')');
  return true;
}

/// A list, or what stands in `out` for the author's when it is empty (RFC 9051 §7.5.2).
bool append_list_or_from(std::string& out, Cursor& in, std::size_t from, std::size_t from_end,
                         const Dialect& dialect) {
  Cursor look = in;
  if (look.take_varint() != 0) return append_list(out, in, dialect);
  in = look;
  out.append(out, from, from_end - from);
  return true;
}

bool append_known(std::string& out, std::string_view bytes, const Dialect& dialect) {
  Cursor in(bytes);
  std::array<std::string_view, kTexts> texts;
  if (in.take_u8() != kEnvelopeVersion || !read_texts(in, texts)) return false;
  out.push_back('(');
  append_text_or_nil(out, texts[kDate], dialect);
  out.push_back(' ');
  append_text_or_nil(out, texts[kSubject], dialect);
  out.push_back(' ');
  const std::size_t from = out.size();
  if (!append_list(out, in, dialect)) return false;
  const std::size_t from_end = out.size();
  for (int sender_and_reply_to = 0; sender_and_reply_to < 2; ++sender_and_reply_to) {
    out.push_back(' ');
    if (!append_list_or_from(out, in, from, from_end, dialect)) return false;
  }
  for (int to_cc_and_bcc = 0; to_cc_and_bcc < 3; ++to_cc_and_bcc) {
    out.push_back(' ');
    if (!append_list(out, in, dialect)) return false;
  }
  out.push_back(' ');
  append_text_or_nil(out, texts[kInReplyTo], dialect);
  out.push_back(' ');
  append_text_or_nil(out, texts[kMessageId], dialect);
  out.push_back(')');
  return in.at_end();
}

}  // namespace

Result<FactsView> view_facts(std::string_view facts) {
  Cursor in(facts);
  const auto version = in.take_u8();
  const auto envelope = in.take_sized();
  const auto preview = in.take_sized();
  const auto structure = in.take_sized();
  if (version != kFactsVersion || !envelope || !preview || !structure) {
    return fail(ErrorKind::kCorrupt, "the stored facts about a letter are damaged");
  }
  return FactsView{*envelope, *preview, *structure, in.rest()};
}

Result<void> append_envelope(std::string& out, std::string_view envelope, const Dialect& dialect) {
  const std::size_t before = out.size();
  if (envelope.empty()) {
    out.append(kNoEnvelope);
  } else if (!append_known(out, envelope, dialect)) {
    out.resize(before);
    return fail(ErrorKind::kCorrupt, "the stored envelope of a letter is damaged");
  }
  return {};
}

void append_envelope(std::string& out, const message::Envelope& envelope, const Dialect& dialect) {
  // What we encoded ourselves is whole.
  std::ignore = append_envelope(out, std::string_view(encode_envelope(envelope)), dialect);
}

}  // namespace pabal::imap
