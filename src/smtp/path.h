// The paths of MAIL and RCPT: RFC 5321 §4.1.2 Reverse-path and Forward-path, with RFC 6531's UTF-8. The
// mailbox inside is read by the house's one grammar of addresses. Pure; any thread.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "account/address.h"
#include "base/cursor.h"
#include "smtp/reply.h"

namespace pabal::smtp {

/// What the grammar of commands answers: the value, or the reply that tells the client what is wrong.
template <class T>
using Parsed = std::expected<T, Reply>;

/// How far we bend for clients of the field. Each bends the grammar in one place, and has a test.
struct Leniency {
  /// "MAIL FROM: <a@b>": RFC 5321 §3.3 forbids the space; printers and textbooks put it there.
  bool space_after_colon = true;
  /// "MAIL FROM:a@b": scripts, devices, people at a terminal.
  bool address_without_brackets = true;
  /// "HELO my_pc", "EHLO 192.0.2.1:25": names that are no domain, from agents that know no better one.
  /// RFC 5321 §4.1.4 forbids refusing mail for what the name is.
  bool any_helo_name = true;
};

struct Path {
  /// Nothing in a reverse-path: the null path "<>"; in a forward-path: "<Postmaster>" of this very
  /// host (RFC 5321 §4.5.1).
  std::optional<account::Address> address;
  /// Bytes over ASCII came, which takes SMTPUTF8 (RFC 6531 §3.4), be it in the domain alone.
  bool has_utf8 = false;
};

/// Both take the path and leave the cursor at the space or the end behind it. A source route
/// ("@a,@b:") is accepted and passed over (RFC 5321 §4.1.1.3, appendix C).
Parsed<Path> parse_reverse_path(Cursor& in, const Leniency& leniency);
Parsed<Path> parse_forward_path(Cursor& in, const Leniency& leniency);

/// The name that HELO, EHLO or LHLO brings. It goes into Received lines, so it is never more than one
/// printable word.
struct HeloName {
  std::string text;
  bool is_domain = false;  ///< or an address literal: well-formed, which says nothing about its truth
};
Parsed<HeloName> parse_helo_name(std::string_view args, const Leniency& leniency);

}  // namespace pabal::smtp
