#include "account/address_grammar.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/utf8.h"

namespace pabal::account {
namespace {

/// UTF8-non-ascii (RFC 6532 §3.1): one whole character over ASCII.
bool take_utf8_non_ascii(Cursor& in) {
  const Utf8Step step = decode_utf8(in.rest());
  if (!step.code_point || *step.code_point < 0x80) return false;
  in.rewind_to(in.position() + step.size);
  return true;
}

/// 1*atext, atext taken as RFC 6531 §3.3 widens it.
bool take_atom(Cursor& in) {
  const std::size_t start = in.position();
  while (!in.at_end()) {
    if (is_atext(*in.peek())) {
      in.take();
    } else if (!take_utf8_non_ascii(in)) {
      break;
    }
  }
  return in.position() > start;
}

/// sub-domain, as RFC 6531 §3.3 widens it.
bool take_sub_domain(Cursor& in) {
  const std::size_t start = in.position();
  char first = 0;
  char last = 0;
  bool is_ascii_label = true;
  while (!in.at_end()) {
    const char c = *in.peek();
    if (is_alnum(c) || c == '-') {
      in.take();
    } else if (take_utf8_non_ascii(in)) {
      is_ascii_label = false;
    } else {
      break;
    }
    if (first == 0) first = c;
    last = c;
  }
  const std::size_t size = in.position() - start;
  // A U-label is longer or shorter than its A-label; its length is checked when that is known.
  return size > 0 && first != '-' && last != '-' && (!is_ascii_label || size <= kMaxLabelBytes);
}

/// QcontentSMTP: one character, unquoted, into `out`.
bool take_qcontent(Cursor& in, std::string& out) {
  if (in.take_char('\\')) {  // quoted-pairSMTP
    const auto c = in.take();
    if (!c || (!is_vchar(*c) && *c != ' ')) return false;
    out.push_back(*c);
    return true;
  }
  const std::size_t start = in.position();
  const std::string_view rest = in.rest();
  const char c = rest.empty() ? '"' : rest.front();
  if (c != '"' && (is_vchar(c) || c == ' ')) {
    in.take();
  } else if (!take_utf8_non_ascii(in)) {
    return false;
  }
  out.append(rest.substr(0, in.position() - start));
  return true;
}

/// IPv4-address-literal. Leading zeros are allowed and decimal (Snum); the text that comes back has none.
std::optional<std::string> parse_ipv4(std::string_view text) {
  Cursor in(text);
  std::string out;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && !in.take_char('.')) return {};
    const std::size_t start = in.position();
    const auto snum = in.take_number(255);
    if (!snum || in.position() - start > 3) return {};
    if (part > 0) out.push_back('.');
    out += std::to_string(*snum);
  }
  if (!in.at_end()) return {};
  return out;
}

/// IPv6-addr, in the spelling of RFC 5952. "::" may stand for a single group too, as other software
/// writes it, though RFC 5321 §4.1.3 asks for two.
std::optional<std::string> parse_ipv6(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (text.size() >= buffer.size()) return {};
  std::ranges::copy(text, buffer.begin());
  in6_addr bytes{};
  if (inet_pton(AF_INET6, buffer.data(), &bytes) != 1) return {};
  if (inet_ntop(AF_INET6, &bytes, buffer.data(), buffer.size()) == nullptr) return {};
  return std::string(buffer.data());
}

std::optional<AddressLiteral> classify_literal(std::string_view inside) {
  if (auto ipv4 = parse_ipv4(inside)) return AddressLiteral{AddressLiteral::Kind::kIpv4, *std::move(ipv4)};
  Cursor in(inside);
  if (in.take_word_ignoring_case("IPv6:")) {
    auto ipv6 = parse_ipv6(in.rest());
    if (!ipv6) return {};
    return AddressLiteral{AddressLiteral::Kind::kIpv6, "IPv6:" + *std::move(ipv6)};
  }
  // General-address-literal: Standardized-tag ":" 1*dcontent
  const std::string_view tag = in.take_while([](char c) { return is_alnum(c) || c == '-'; });
  if (tag.empty() || tag.back() == '-' || !in.take_char(':')) return {};
  const std::string_view content = in.take_while([](char c) { return is_vchar(c) && c != '\\'; });
  if (content.empty() || !in.at_end()) return {};
  return AddressLiteral{AddressLiteral::Kind::kGeneral, std::string(inside)};
}

}  // namespace

bool is_atext(char c) {
  return is_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

std::optional<std::string_view> parse_dot_string(Cursor& in) {
  const std::size_t start = in.position();
  const std::string_view rest = in.rest();
  do {
    if (!take_atom(in)) {
      in.rewind_to(start);
      return {};
    }
  } while (in.take_char('.'));
  return rest.substr(0, in.position() - start);
}

std::optional<std::string> parse_quoted_string(Cursor& in) {
  const std::size_t start = in.position();
  std::string out;
  if (in.take_char('"')) {
    while (!in.peek_is('"')) {
      if (!take_qcontent(in, out)) {
        in.rewind_to(start);
        return {};
      }
    }
    in.take();
    return out;
  }
  return {};
}

std::optional<std::string> parse_local_part(Cursor& in) {
  const std::size_t start = in.position();
  std::optional<std::string> out;
  if (in.peek_is('"')) {
    out = parse_quoted_string(in);
  } else {
    out = parse_dot_string(in);
  }
  if (out && in.position() - start > kMaxLocalPartBytes) {
    in.rewind_to(start);
    return {};
  }
  return out;
}

std::optional<std::string_view> parse_domain(Cursor& in) {
  const std::size_t start = in.position();
  const std::string_view rest = in.rest();
  bool good = true;
  do {
    good = take_sub_domain(in);
  } while (good && in.take_char('.'));
  const std::size_t size = in.position() - start;
  if (!good || size > kMaxDomainBytes) {
    in.rewind_to(start);
    return {};
  }
  return rest.substr(0, size);
}

std::optional<AddressLiteral> parse_address_literal(Cursor& in) {
  const std::size_t start = in.position();
  if (in.take_char('[')) {
    const std::string_view inside = in.take_while([](char c) { return is_vchar(c) && c != '[' && c != ']'; });
    if (in.take_char(']') && inside.size() <= kMaxDomainBytes) {
      if (auto literal = classify_literal(inside)) return literal;
    }
  }
  in.rewind_to(start);
  return {};
}

std::optional<Mailbox> parse_mailbox(Cursor& in) {
  const std::size_t start = in.position();
  Mailbox out;
  if (auto local_part = parse_local_part(in); local_part && in.take_char('@')) {
    out.local_part = *std::move(local_part);
    if (auto literal = parse_address_literal(in)) {
      out.domain = "[" + literal->text + "]";
      out.domain_is_literal = true;
    } else if (const auto domain = parse_domain(in)) {
      out.domain = *domain;
    }
    if (!out.domain.empty() && in.position() - start <= kMaxMailboxBytes) return out;
  }
  in.rewind_to(start);
  return {};
}

std::optional<std::string> quote_local_part(std::string_view local_part) {
  Cursor in(local_part);
  if (parse_dot_string(in) && in.at_end()) return std::string(local_part);
  std::string out = "\"";
  for (const char c : local_part) {
    if (is_control(c)) return {};
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
  if (!is_utf8(local_part)) return {};
  return out;
}

}  // namespace pabal::account
