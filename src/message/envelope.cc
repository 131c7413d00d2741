#include "message/envelope.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "message/facts_view.h"
#include "message/header.h"

namespace pabal::message {
namespace {

constexpr std::uint8_t kVersion = 1;

constexpr std::optional<std::string> Envelope::* kTexts[] = {
    &Envelope::date, &Envelope::subject, &Envelope::in_reply_to, &Envelope::message_id, &Envelope::references,
};
constexpr Envelope::Addresses Envelope::* kLists[] = {
    &Envelope::from, &Envelope::sender, &Envelope::reply_to, &Envelope::to, &Envelope::cc, &Envelope::bcc,
};
// In the same order.
constexpr std::optional<std::string_view> EnvelopeView::* kTextViews[] = {
    &EnvelopeView::date,       &EnvelopeView::subject,    &EnvelopeView::in_reply_to,
    &EnvelopeView::message_id, &EnvelopeView::references,
};
constexpr EnvelopeView::Addresses EnvelopeView::* kListViews[] = {
    &EnvelopeView::from, &EnvelopeView::sender, &EnvelopeView::reply_to,
    &EnvelopeView::to,   &EnvelopeView::cc,     &EnvelopeView::bcc,
};

struct TextField {
  std::string_view name;
  std::optional<std::string> Envelope::* member;
};
constexpr TextField kTextFields[] = {
    {"Date", &Envelope::date},
    {"Subject", &Envelope::subject},
    {"In-Reply-To", &Envelope::in_reply_to},
    {"Message-ID", &Envelope::message_id},
    {"References", &Envelope::references},
};

struct AddressField {
  std::string_view name;
  Envelope::Addresses Envelope::* member;
  bool combines;  ///< RFC 5322 §4.5.3: several fields of recipients are one list. Of authors the first field
                  ///< counts.
};
constexpr AddressField kAddressFields[] = {
    {"From", &Envelope::from, false},
    {"Sender", &Envelope::sender, false},
    {"Reply-To", &Envelope::reply_to, false},
    {"To", &Envelope::to, true},
    {"Cc", &Envelope::cc, true},
    {"Bcc", &Envelope::bcc, true},
};

void take_text(Envelope& envelope, const Field& field) {
  for (const TextField& known : kTextFields) {
    if (!field.is(known.name)) continue;
    if (!(envelope.*known.member)) envelope.*known.member = unfold(field.value);
    return;
  }
}

void take_addresses(Envelope& envelope, const Field& field) {
  for (const AddressField& known : kAddressFields) {
    if (!field.is(known.name)) continue;
    Envelope::Addresses& list = envelope.*known.member;
    if (list.empty()) {
      list = parse_address_list(field.value);
    } else if (known.combines && list.size() < kMaxAddresses) {
      std::ranges::move(parse_address_list(field.value), std::back_inserter(list));
    }
    return;
  }
}

}  // namespace

Envelope parse_envelope(std::string_view header) {
  Envelope envelope;
  FieldReader fields(header);
  while (const auto field = fields.next()) {
    // Most fields of a letter are others, and their first letter tells.
    switch (to_lower(field->name.front())) {
      case 'd':
      case 'i':
      case 'm':
        take_text(envelope, *field);
        break;
      case 'b':
      case 'c':
      case 'f':
      case 't':
        take_addresses(envelope, *field);
        break;
      case 's':
      case 'r':
        take_text(envelope, *field);
        take_addresses(envelope, *field);
        break;
      default:
        break;
    }
  }
  return envelope;
}

// version, then the texts (1 byte: is there; a sized string), then the lists (count; for each its kind and
// four sized strings).
std::string encode_envelope(const Envelope& envelope) {
  std::string out;
  append_u8(out, kVersion);
  for (const auto member : kTexts) {
    const std::optional<std::string>& text = envelope.*member;
    append_u8(out, text.has_value());
    if (text) append_sized(out, *text);
  }
  for (const auto member : kLists) {
    const Envelope::Addresses& list = envelope.*member;
    append_varint(out, list.size());
    for (const Address& address : list) {
      append_u8(out, static_cast<std::uint8_t>(address.kind));
      append_sized(out, address.name);
      append_sized(out, address.route);
      append_sized(out, address.local_part);
      append_sized(out, address.domain);
    }
  }
  return out;
}

namespace {

void copy(Envelope::Addresses& to, const EnvelopeView::Addresses& from) {
  for (const AddressView& each : from) {
    to.push_back({.kind = each.kind,
                  .name = std::string(each.name),
                  .route = std::string(each.route),
                  .local_part = std::string(each.local_part),
                  .domain = std::string(each.domain)});
  }
}

}  // namespace

std::string AddressView::addr_spec() const {
  std::string out = quote_local_part(local_part);
  if (!domain.empty()) out.append("@").append(domain);
  return out;
}

Result<EnvelopeView> view_envelope(std::string_view bytes) {
  detail::FormReader in(bytes);
  const std::uint8_t version = in.byte(UINT8_MAX);
  if (in.sound() && version != kVersion) {
    return fail(ErrorKind::kCorrupt, "the envelope of a letter is in form {}, and this program reads form {}",
                version, kVersion);
  }
  EnvelopeView view;
  for (const auto member : kTextViews) {
    if (in.byte(1) == 1) view.*member = in.text();
  }
  for (const auto member : kListViews) view.*member = EnvelopeView::Addresses(in);
  if (!in.complete()) return fail(ErrorKind::kCorrupt, "the stored envelope of a letter is damaged");
  return view;
}

Result<Envelope> decode_envelope(std::string_view bytes) {
  PABAL_TRY(const EnvelopeView view, view_envelope(bytes));
  Envelope envelope;
  for (std::size_t i = 0; i < std::size(kTexts); ++i) envelope.*kTexts[i] = view.*kTextViews[i];
  for (std::size_t i = 0; i < std::size(kLists); ++i) copy(envelope.*kLists[i], view.*kListViews[i]);
  return envelope;
}

}  // namespace pabal::message
