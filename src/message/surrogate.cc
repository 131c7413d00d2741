#include "message/surrogate.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/utf8.h"
#include "message/address_list.h"
#include "message/content_type.h"
#include "message/encoded_word.h"
#include "message/header.h"
#include "message/header_writer.h"

namespace pabal::message {
namespace {

// RFC 6858 §2.1.
constexpr std::string_view kAddressFields[] = {"From",      "Sender",    "Reply-To",    "To",
                                               "Cc",        "Bcc",       "Resent-From", "Resent-Sender",
                                               "Resent-To", "Resent-Cc", "Resent-Bcc",  "Return-Path"};
constexpr std::string_view kTextFields[] = {"Subject", "Comments"};

bool is_one_of(const Field& field, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) { return field.is(name); });
}

/// Tells who it was; `.invalid` is nobody's (RFC 2606).
void replace_address(Address& address) {
  address.name = decode_header_text(address.name);
  if (is_ascii(address.local_part) && is_ascii(address.domain)) return;
  if (address.name.empty()) address.name = address.addr_spec();
  address.route.clear();
  address.local_part = "invalid";
  address.domain = "internationalized-address.invalid";
}

void add_parameters(HeaderWriter& out, const Field& field, std::string_view value, Parameters parameters) {
  std::erase_if(parameters,
                [](const Parameter& each) { return !is_ascii(each.value) || !is_ascii(each.name); });
  if (is_ascii(value)) out.add_parameterised(field.name, value, parameters);
}

std::string rewritten(const Field& field) {
  HeaderWriter out;
  const std::string value = unfold(field.value);
  if (is_one_of(field, kAddressFields)) {
    std::vector<Address> addresses = parse_address_list(value);
    std::ranges::for_each(addresses, replace_address);
    out.add_addresses(field.name, addresses);
  } else if (is_one_of(field, kTextFields)) {
    out.add_text(field.name, decode_header_text(value));
  } else if (field.is("Content-Type")) {
    const ContentType type = parse_content_type(value);
    if (!type.type.empty()) add_parameters(out, field, type.type + "/" + type.subtype, type.parameters);
  } else if (field.is("Content-Disposition")) {
    const Disposition disposition = parse_disposition(value);
    if (!disposition.type.empty()) add_parameters(out, field, disposition.type, disposition.parameters);
  }
  // Whatever else is not ASCII is left out (RFC 6858 §2.4).
  return is_ascii(out.text()) ? out.take() : std::string();
}

}  // namespace

std::string surrogate_header(std::string_view header) {
  std::string out;
  FieldReader fields(header);
  std::size_t copied = 0;
  while (const auto field = fields.next()) {
    const std::string_view raw = header.substr(field->begin, field->end - field->begin);
    if (is_ascii(raw) || !is_utf8(raw)) continue;
    out += header.substr(copied, field->begin - copied);
    out += rewritten(*field);
    copied = field->end;
  }
  out += header.substr(copied);
  return out;
}

}  // namespace pabal::message
