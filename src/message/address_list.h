// Address lists (RFC 5322 §3.4) as real mail has them: mailboxes, groups, comments that serve as names,
// source routes, obsolete forms, and what people and programs get wrong. Reading never fails: an entry
// that makes no sense becomes a mailbox with what text there was.
//
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pabal::message {

/// More entries than any letter needs (lists expand on servers, not in headers); the rest is left unread.
inline constexpr std::size_t kMaxAddresses = 10'000;

/// One entry. A group is its start (the name alone), its members, and its end, as IMAP's ENVELOPE shows it.
struct Address {
  enum class Kind : unsigned char { kMailbox, kGroupStart, kGroupEnd };

  Kind kind = Kind::kMailbox;
  std::string name = {};   ///< Quotes taken off, encoded words as they came (decode_header_text reads them).
  std::string route = {};  ///< `@a,@b` of an obsolete route (RFC 5322 §4.4).
  std::string local_part = {};  ///< Quotes taken off.
  std::string domain = {};      ///< Empty when there was none; a literal keeps its brackets.

  bool operator==(const Address&) const = default;

  /// `local@domain`, the local part quoted where it must be.
  std::string addr_spec() const;
};

std::vector<Address> parse_address_list(std::string_view value);

/// `local` as it may stand before an @: itself when it is a dot-atom, else a quoted string.
std::string quote_local_part(std::string_view local_part);

}  // namespace pabal::message
