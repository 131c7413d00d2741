// The address rules of RFC 5321 §4.1.2 and §4.1.3, widened to UTF-8 by RFC 6531 §3.3: one function an
// ABNF rule, named after it. Whoever reads addresses in a protocol uses these, so that no two parsers
// disagree.
//
// Each takes what it recognises from the cursor; when it answers nothing, the cursor is where it was.
// Pure; any thread. Lengths are those of RFC 5321 §4.5.3.1, in octets as they came.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/cursor.h"

namespace pabal::account {

inline constexpr std::size_t kMaxLocalPartBytes = 64;  ///< RFC 5321 §4.5.3.1.1
inline constexpr std::size_t kMaxDomainBytes = 255;    ///< RFC 5321 §4.5.3.1.2
inline constexpr std::size_t kMaxLabelBytes = 63;      ///< RFC 1035 §2.3.4; of an A-label
inline constexpr std::size_t kMaxMailboxBytes = 254;   ///< RFC 5321 §4.5.3.1.3's 256, less "<" and ">"

/// atext of RFC 5322 §3.2.3. Bytes over ASCII are judged as whole characters by the rules below.
bool is_atext(char c);

/// Local-part, as it is meant: quotes and backslashes removed.
std::optional<std::string> parse_local_part(Cursor& in);
/// Dot-string; also what stands before a "+" or in a key.
std::optional<std::string_view> parse_dot_string(Cursor& in);
/// Quoted-string, with its quoting removed. Any length: it is also the String of VRFY.
std::optional<std::string> parse_quoted_string(Cursor& in);

/// Domain: labels of letters, digits and hyphens, or of UTF-8 (whether IDNA allows those is
/// DomainName::parse's question).
std::optional<std::string_view> parse_domain(Cursor& in);

struct AddressLiteral {
  enum class Kind : std::uint8_t { kIpv4, kIpv6, kGeneral };
  Kind kind;
  std::string text;  ///< between the brackets: 192.0.2.1, IPv6:2001:db8::1 or tag:content, in one spelling
};
/// address-literal, brackets included.
std::optional<AddressLiteral> parse_address_literal(Cursor& in);

struct Mailbox {
  std::string local_part;  ///< unquoted
  std::string domain;      ///< as it came; a literal with its brackets, in one spelling
  bool domain_is_literal = false;
};
/// Mailbox, at most kMaxMailboxBytes of it.
std::optional<Mailbox> parse_mailbox(Cursor& in);

/// The shortest form of the local part that parses back to it: quoted only if it must be. Nothing for
/// one that no quoting can carry: control characters, bad UTF-8.
std::optional<std::string> quote_local_part(std::string_view local_part);

}  // namespace pabal::account
