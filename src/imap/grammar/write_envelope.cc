#include "imap/grammar/write_letter.h"
#include "imap/grammar/write_string.h"

namespace pabal::imap {
namespace {

using message::Address;
using message::AddressView;
using Addresses = message::EnvelopeView::Addresses;

constexpr std::string_view kNoEnvelope = "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)";

void append_or_nil(std::string& out, const std::optional<std::string_view>& text, const Dialect& dialect) {
  if (!text) {
    out.append("NIL");
  } else {
    append_header_text(out, *text, dialect);
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
void append_address(std::string& out, const AddressView& address, const Dialect& dialect) {
  switch (address.kind) {
    case Address::Kind::kMailbox:
      out.push_back('(');
      append_unless_empty(out, address.name, dialect);
      out.push_back(' ');
      append_unless_empty(out, address.route, dialect);
      out.push_back(' ');
      append_header_text(out, address.local_part, dialect);
      out.push_back(' ');
      append_header_text(out, address.domain, dialect);
      out.push_back(')');
      return;
    case Address::Kind::kGroupStart:
      out.append("(NIL NIL ");
      append_header_text(out, address.name, dialect);
      out.append(" NIL)");
      return;
    case Address::Kind::kGroupEnd:
      out.append("(NIL NIL NIL NIL)");
      return;
  }
}

/// "(" 1*address ")" / nil
void append_list(std::string& out, const Addresses& addresses, const Dialect& dialect) {
  if (addresses.empty()) {
    out.append("NIL");
    return;
  }
  out.push_back('(');
  for (const AddressView& address : addresses) append_address(out, address, dialect);
  out.push_back(')');
}

}  // namespace

Result<void> append_envelope(std::string& out, std::string_view envelope, const Dialect& dialect) {
  if (envelope.empty()) {
    out.append(kNoEnvelope);
    return {};
  }
  PABAL_TRY(const message::EnvelopeView view, message::view_envelope(envelope));
  out.push_back('(');
  append_or_nil(out, view.date, dialect);
  out.push_back(' ');
  append_or_nil(out, view.subject, dialect);
  out.push_back(' ');
  const std::size_t from = out.size();
  append_list(out, view.from, dialect);
  const std::size_t from_end = out.size();
  for (const Addresses* list : {&view.sender, &view.reply_to}) {
    out.push_back(' ');
    if (list->empty()) {
      out.append(out, from, from_end - from);  // RFC 9051 §7.5.2: the author's
    } else {
      append_list(out, *list, dialect);
    }
  }
  for (const Addresses* list : {&view.to, &view.cc, &view.bcc}) {
    out.push_back(' ');
    append_list(out, *list, dialect);
  }
  out.push_back(' ');
  append_or_nil(out, view.in_reply_to, dialect);
  out.push_back(' ');
  append_or_nil(out, view.message_id, dialect);
  out.push_back(')');
  return {};
}

void append_envelope(std::string& out, const message::Envelope& envelope, const Dialect& dialect) {
  // What we encoded ourselves is whole.
  std::ignore = append_envelope(out, std::string_view(encode_envelope(envelope)), dialect);
}

}  // namespace pabal::imap
