#include "jmap/detail/header_forms.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/utf8.h"
#include "message/date.h"
#include "message/encoded_word.h"
#include "message/header.h"
#include "message/message_id.h"

namespace pabal::jmap::detail {
namespace {

using enum HeaderForm;

constexpr std::uint8_t bit(HeaderForm form) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(form));
}
constexpr std::uint8_t kAddressForms = bit(kAddresses) | bit(kGroupedAddresses);
constexpr std::uint8_t kEveryForm = 0x7f;

/// The fields of RFC 5322 and RFC 2369, and what each may be had as beside Raw. All others: as anything.
struct Known {
  std::string_view name;
  std::uint8_t forms;
};
constexpr Known kKnown[] = {
    {"bcc", kAddressForms},
    {"cc", kAddressForms},
    {"comments", bit(kText)},
    {"date", bit(kDate)},
    {"from", kAddressForms},
    {"in-reply-to", bit(kMessageIds)},
    {"keywords", bit(kText)},
    {"list-archive", bit(kUrls)},
    {"list-help", bit(kUrls)},
    {"list-owner", bit(kUrls)},
    {"list-post", bit(kUrls)},
    {"list-subscribe", bit(kUrls)},
    {"list-unsubscribe", bit(kUrls)},
    {"message-id", bit(kMessageIds)},
    {"received", 0},
    {"references", bit(kMessageIds)},
    {"reply-to", kAddressForms},
    {"resent-bcc", kAddressForms},
    {"resent-cc", kAddressForms},
    {"resent-date", bit(kDate)},
    {"resent-from", kAddressForms},
    {"resent-message-id", bit(kMessageIds)},
    {"resent-reply-to", kAddressForms},
    {"resent-sender", kAddressForms},
    {"resent-to", kAddressForms},
    {"return-path", 0},
    {"sender", kAddressForms},
    {"subject", bit(kText)},
    {"to", kAddressForms},
};

struct FormName {
  std::string_view name;
  HeaderForm form;
};
constexpr FormName kForms[] = {{"asRaw", kRaw},
                               {"asText", kText},
                               {"asAddresses", kAddresses},
                               {"asGroupedAddresses", kGroupedAddresses},
                               {"asMessageIds", kMessageIds},
                               {"asDate", kDate},
                               {"asURLs", kUrls}};

std::string without_nul(std::string_view value) {
  std::string out(value);
  std::erase(out, '\0');
  return out;
}

void write_mailbox(JsonWriter& out, const message::Address& address) {
  out.begin_object().key("name");
  const std::string name = address.name.empty() ? std::string() : header_text(address.name);
  name.empty() ? out.null() : out.text(name);
  out.key("email").text(address.addr_spec()).end_object();
}

void write_groups(JsonWriter& out, const std::vector<message::Address>& addresses) {
  using Kind = message::Address::Kind;
  bool open = false;
  const auto close = [&] {
    if (open) out.end_array().end_object();
    open = false;
  };
  out.begin_array();
  for (const message::Address& address : addresses) {
    if (address.kind == Kind::kMailbox) {
      if (!open) out.begin_object().key("name").null().key("addresses").begin_array();
      open = true;
      write_mailbox(out, address);
      continue;
    }
    close();
    if (address.kind == Kind::kGroupEnd) continue;
    out.begin_object().key("name").text(header_text(address.name)).key("addresses").begin_array();
    open = true;
  }
  close();
  out.end_array();
}

// RFC 2369 §2: <mailto:...>, <https:...> (comments)
void write_urls(JsonWriter& out, std::string_view value) {
  const std::string text = message::unfold(value);
  std::vector<std::string> urls;
  for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at)) {
    const std::size_t end = text.find('>', at);
    if (end == std::string::npos) break;
    std::string url = text.substr(at + 1, end - at - 1);
    std::erase_if(url, [](char c) { return c == ' ' || c == '\t'; });
    if (!url.empty()) urls.push_back(std::move(url));
    at = end;
  }
  if (urls.empty()) {
    out.null();
    return;
  }
  out.begin_array();
  for (const std::string& url : urls) out.text(url);
  out.end_array();
}

}  // namespace

std::optional<HeaderProperty> parse_header_property(std::string_view property) {
  constexpr std::string_view kPrefix = "header:";
  if (!property.starts_with(kPrefix)) return {};
  std::string_view rest = property.substr(kPrefix.size());
  HeaderProperty out{.property = property, .name = rest.substr(0, rest.find(':'))};
  if (out.name.empty() || !std::ranges::all_of(out.name, is_vchar)) return {};
  rest.remove_prefix(out.name.size());
  for (const FormName& each : kForms) {
    if (!rest.starts_with(':') || rest.substr(1, rest.find(':', 1) - 1) != each.name) continue;
    out.form = each.form;
    rest.remove_prefix(1 + each.name.size());
    break;
  }
  if (rest == ":all") {
    out.all = true;
  } else if (!rest.empty()) {
    return {};
  }
  const auto known = std::ranges::find_if(
      kKnown, [&](const Known& each) { return equals_ignoring_case(each.name, out.name); });
  const std::uint8_t forms = known != std::end(kKnown) ? known->forms : kEveryForm;
  if (out.form != kRaw && (forms & bit(out.form)) == 0) return {};
  return out;
}

std::string header_text(std::string_view value) {
  std::string out = message::decode_header_text(value);
  std::erase_if(out, [](char c) { return is_control(c) && c != '\t'; });
  const std::size_t begin = out.find_first_not_of(' ');
  out.erase(0, begin == std::string::npos ? out.size() : begin);
  return out;
}

void write_addresses(JsonWriter& out, const std::vector<message::Address>& addresses) {
  out.begin_array();
  for (const message::Address& address : addresses) {
    if (address.kind == message::Address::Kind::kMailbox) write_mailbox(out, address);
  }
  out.end_array();
}

void write_message_ids(JsonWriter& out, std::string_view value) {
  const std::vector<std::string> ids = message::parse_message_ids(value);
  if (ids.empty()) {
    out.null();
    return;
  }
  out.begin_array();
  for (const std::string& id : ids) out.text(id);
  out.end_array();
}

void write_date(JsonWriter& out, std::string_view value) {
  const auto date = message::parse_date(value);
  date ? out.date(date->utc, date->offset) : out.null();
}

void write_header_value(JsonWriter& out, HeaderForm form, std::string_view value) {
  switch (form) {
    case kRaw:
      out.text(without_nul(value));
      return;
    case kText:
      out.text(header_text(value));
      return;
    case kAddresses:
      write_addresses(out, message::parse_address_list(value));
      return;
    case kGroupedAddresses:
      write_groups(out, message::parse_address_list(value));
      return;
    case kMessageIds:
      write_message_ids(out, value);
      return;
    case kDate:
      write_date(out, value);
      return;
    case kUrls:
      break;
  }
  write_urls(out, value);
}

void write_header_property(JsonWriter& out, const HeaderProperty& property, std::string_view header) {
  out.key(property.property);
  std::optional<std::string_view> last;
  if (property.all) out.begin_array();
  message::FieldReader fields(header);
  while (const auto field = fields.next()) {
    if (!field->is(property.name)) continue;
    last = field->value;
    if (property.all) write_header_value(out, property.form, field->value);
  }
  if (property.all) {
    out.end_array();
  } else if (last) {
    write_header_value(out, property.form, *last);
  } else {
    out.null();
  }
}

void write_headers(JsonWriter& out, std::string_view header) {
  out.begin_array();
  message::FieldReader fields(header);
  while (const auto field = fields.next())
    out.begin_object()
        .key("name")
        .text(field->name)
        .key("value")
        .text(without_nul(field->value))
        .end_object();
  out.end_array();
}

}  // namespace pabal::jmap::detail
