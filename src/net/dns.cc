#include "net/dns.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/cursor.h"

namespace pabal::net {

namespace {

constexpr std::size_t kMaxLabelBytes = 63;  // RFC 1035 §2.3.4
constexpr std::size_t kMaxNameBytes = 253;  // as text, without the last dot

/// An uncompressed name (RFC 1035 §3.1) in lower case. Nothing for one that has no plain text form: no mail
/// software is called "a.b" with the dot inside a label.
std::optional<std::string> take_name(Cursor& cursor) {
  std::string out;
  for (;;) {
    const auto size = cursor.take_u8();
    if (!size || *size > kMaxLabelBytes) return std::nullopt;
    if (*size == 0) return out;
    const auto label = cursor.take_bytes(*size);
    if (!label || !std::ranges::all_of(*label, [](char c) { return is_vchar(c) && c != '.'; }))
      return std::nullopt;
    if (!out.empty()) out += '.';
    out += to_lower(*label);
    if (out.size() > kMaxNameBytes) return std::nullopt;
  }
}

std::optional<std::string> whole_name(std::string_view rdata) {
  Cursor cursor(rdata);
  auto name = take_name(cursor);
  if (!cursor.at_end()) return std::nullopt;
  return name;
}

template <class T, class Read>
std::vector<T> read_all(const DnsAnswer& answer, Read read) {
  std::vector<T> out;
  for (const std::string& record : answer.records) {
    if (std::optional<T> value = read(std::string_view(record))) out.push_back(*std::move(value));
  }
  return out;
}

std::optional<std::string> join_strings(std::string_view rdata) {
  Cursor cursor(rdata);
  std::string out;
  while (const auto size = cursor.take_u8()) {
    const auto text = cursor.take_bytes(*size);
    if (!text) return std::nullopt;
    out += *text;
  }
  return out;
}

}  // namespace

std::string_view to_string(DnsType type) {
  switch (type) {
    case DnsType::kA:
      return "A";
    case DnsType::kCname:
      return "CNAME";
    case DnsType::kPtr:
      return "PTR";
    case DnsType::kMx:
      return "MX";
    case DnsType::kTxt:
      return "TXT";
    case DnsType::kAaaa:
      return "AAAA";
    case DnsType::kTlsa:
      return "TLSA";
  }
  return "?";
}

std::vector<IpAddress> addresses_of(const DnsAnswer& answer) {
  return read_all<IpAddress>(answer, [](std::string_view rdata) -> std::optional<IpAddress> {
    if (rdata.size() == 4) {
      std::array<std::uint8_t, 4> bytes;
      std::ranges::copy(rdata, bytes.begin());
      return IpAddress::v4(bytes);
    }
    if (rdata.size() != 16) return std::nullopt;
    std::array<std::uint8_t, 16> bytes;
    std::ranges::copy(rdata, bytes.begin());
    return IpAddress::v6(bytes);
  });
}

std::vector<MxRecord> mail_exchanges_of(const DnsAnswer& answer) {
  auto out = read_all<MxRecord>(answer, [](std::string_view rdata) -> std::optional<MxRecord> {
    Cursor cursor(rdata);
    const auto preference = cursor.take_u16();
    auto exchange = preference ? take_name(cursor) : std::nullopt;
    if (!exchange || !cursor.at_end()) return std::nullopt;
    return MxRecord{*preference, *std::move(exchange)};
  });
  // An insertion sort: stable, and lists are short.
  for (auto each = out.begin(); each != out.end(); ++each) {
    std::rotate(std::ranges::upper_bound(out.begin(), each, each->preference, {}, &MxRecord::preference),
                each, each + 1);
  }
  return out;
}

std::vector<std::string> texts_of(const DnsAnswer& answer) {
  return read_all<std::string>(answer, join_strings);
}
std::vector<std::string> names_of(const DnsAnswer& answer) {
  return read_all<std::string>(answer, whole_name);
}

std::vector<TlsaRecord> tlsa_records_of(const DnsAnswer& answer) {
  return read_all<TlsaRecord>(answer, [](std::string_view rdata) -> std::optional<TlsaRecord> {
    Cursor cursor(rdata);
    const auto usage = cursor.take_u8();
    const auto selector = cursor.take_u8();
    const auto matching = cursor.take_u8();
    if (!matching || cursor.at_end()) return std::nullopt;
    return TlsaRecord{*usage, *selector, *matching, std::string(cursor.rest())};
  });
}

std::string reverse_name_of(const IpAddress& address) {
  std::string out;
  const std::string_view bytes = address.bytes();
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    const unsigned value = static_cast<unsigned char>(*byte);
    out += address.is_v4() ? fmt::format("{}.", value) : fmt::format("{:x}.{:x}.", value & 15, value >> 4);
  }
  return out + (address.is_v4() ? "in-addr.arpa" : "ip6.arpa");
}

std::optional<std::string> normalise_dns_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > kMaxNameBytes) return std::nullopt;
  std::size_t label = 0;
  for (const char c : name) {
    if (c == '.') {
      if (label == 0) return std::nullopt;
      label = 0;
    } else if (!is_vchar(c) || c == '\\' || ++label > kMaxLabelBytes) {
      return std::nullopt;
    }
  }
  if (label == 0) return std::nullopt;
  return to_lower(name);
}

// --- RDATA from text

namespace {

std::string_view take_field(std::string_view& text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  std::size_t size = 0;
  while (size < text.size() && !is_space(text[size])) ++size;
  const std::string_view field = text.substr(0, size);
  text.remove_prefix(size);
  return field;
}

std::optional<unsigned> take_number_field(std::string_view& text, unsigned max) {
  Cursor cursor(take_field(text));
  const auto number = cursor.take_number(max);
  if (!number || !cursor.at_end()) return std::nullopt;
  return static_cast<unsigned>(*number);
}

Result<std::string> wire_name(std::string_view text) {
  if (text == ".") return std::string(1, '\0');
  const auto name = normalise_dns_name(text);
  if (!name) return fail(ErrorKind::kRefuse, "'{}' is not a host name", text);
  std::string out;
  for (std::string_view rest = *name; !rest.empty();) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    append_u8(out, static_cast<std::uint8_t>(dot));
    out += rest.substr(0, dot);
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  return out + '\0';
}

/// "quoted" strings, with \" and \\ inside; longer ones are cut in pieces of 255 bytes.
Result<std::string> wire_texts(std::string_view text) {
  std::string out;
  for (;;) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    if (text.empty()) break;
    if (text.front() != '"') return fail(ErrorKind::kRefuse, "texts stand in double quotes");
    text.remove_prefix(1);
    std::string value;
    while (!text.empty() && text.front() != '"') {
      if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
      value += text.front();
      text.remove_prefix(1);
    }
    if (text.empty()) return fail(ErrorKind::kRefuse, "a text has no closing quote");
    text.remove_prefix(1);
    for (std::size_t at = 0; at == 0 || at < value.size(); at += 255) {
      const std::string piece = value.substr(at, 255);
      append_u8(out, static_cast<std::uint8_t>(piece.size()));
      out += piece;
    }
  }
  if (out.empty()) return fail(ErrorKind::kRefuse, "TXT needs a text");
  return out;
}

Result<std::string> wire_tlsa(std::string_view text) {
  std::string out;
  for (int i = 0; i < 3; ++i) {
    const auto number = take_number_field(text, 255);
    if (!number) return fail(ErrorKind::kRefuse, "TLSA needs three numbers and hexadecimal data");
    append_u8(out, static_cast<std::uint8_t>(*number));
  }
  std::string hex;
  for (std::string_view field = take_field(text); !field.empty(); field = take_field(text))
    hex += to_lower(field);
  const auto digit = [](char c) -> int {
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (hex.empty() || hex.size() % 2 != 0 || std::ranges::any_of(hex, [&](char c) { return digit(c) < 0; })) {
    return fail(ErrorKind::kRefuse, "TLSA needs three numbers and hexadecimal data");
  }
  for (std::size_t i = 0; i < hex.size(); i += 2)
    out += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return out;
}

}  // namespace

Result<std::string> parse_rdata(DnsType type, std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (type == DnsType::kTxt) return wire_texts(text);
  if (type == DnsType::kTlsa) return wire_tlsa(text);
  std::string out;
  if (type == DnsType::kMx) {
    const auto preference = take_number_field(text, UINT16_MAX);
    if (!preference) return fail(ErrorKind::kRefuse, "MX needs a preference and a host name");
    append_u16(out, static_cast<std::uint16_t>(*preference));
  }
  const std::string_view field = take_field(text);
  if (!text.empty())
    return fail(ErrorKind::kRefuse, "'{}' is too much for {}", text.substr(1), to_string(type));
  if (type == DnsType::kA || type == DnsType::kAaaa) {
    const auto address = IpAddress::parse(field);
    if (!address || address->is_v4() != (type == DnsType::kA)) {
      return fail(ErrorKind::kRefuse, "'{}' is not an address for {}", field, to_string(type));
    }
    return std::string(address->bytes());
  }
  PABAL_TRY(const std::string name, wire_name(field));
  return out + name;
}

}  // namespace pabal::net
