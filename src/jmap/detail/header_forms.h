// Header fields in the forms that JMAP has for them (RFC 8621 §4.1.2, §4.1.3). Pure; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jmap/json_writer.h"
#include "message/address_list.h"

namespace pabal::jmap::detail {

enum class HeaderForm : std::uint8_t {
  kRaw,
  kText,
  kAddresses,
  kGroupedAddresses,
  kMessageIds,
  kDate,
  kUrls
};

/// "header:List-Post:asURLs:all"
struct HeaderProperty {
  std::string_view property;  ///< as it was asked for
  std::string_view name;
  HeaderForm form = HeaderForm::kRaw;
  bool all = false;
};
/// Nothing: it is no such property, or asks for a form that the field may not be had in.
std::optional<HeaderProperty> parse_header_property(std::string_view property);

/// The property and its value, out of a header block.
void write_header_property(JsonWriter& out, const HeaderProperty& property, std::string_view header);
/// All fields: EmailHeader[].
void write_headers(JsonWriter& out, std::string_view header);

void write_header_value(JsonWriter& out, HeaderForm form, std::string_view value);
/// EmailAddress[]: groups are taken apart.
void write_addresses(JsonWriter& out, const std::vector<message::Address>& addresses);
void write_message_ids(JsonWriter& out, std::string_view value);  ///< or null
void write_date(JsonWriter& out, std::string_view value);         ///< or null
/// As people read it: encoded words decoded.
std::string header_text(std::string_view value);

}  // namespace pabal::jmap::detail
