// Mailbox addresses as values: parsed once, compared rightly everywhere.
//
// RFC 5321 §2.4 leaves the meaning of a local part to the host that owns it, so an Address keeps the
// bytes that came (they go out again unchanged) and beside them a key: the form under which our own
// directory files it, in which Bob@, bob@ and "bob"@ are one person. Domains are compared as A-labels.
// The grammar functions themselves are in account/address_grammar.h.
//
// Values; any thread. Failures are kRefuse, with a sentence for whoever typed the address.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pabal::account {

/// A domain, or an address literal such as [192.0.2.1] or [IPv6:2001:db8::1].
class DomainName {
 public:
  /// U-labels, A-labels or both mixed; one dot at the end is dropped. IDNA2008 with the mapping of
  /// UTS #46, non-transitional.
  static Result<DomainName> parse(std::string_view text);

  /// A-labels in lower case: for DNS, for comparison and for peers without SMTPUTF8.
  const std::string& ascii() const { return ascii_; }
  /// U-labels, for people. Falls back to ascii() for a label that IDNA would not have made.
  std::string unicode() const;
  bool is_literal() const { return ascii_.starts_with('['); }

  auto operator<=>(const DomainName&) const = default;

 private:
  explicit DomainName(std::string ascii) : ascii_(std::move(ascii)) {}
  std::string ascii_;
};

class Address {
 public:
  /// RFC 5321 §4.1.2 Mailbox with RFC 6531 §3.3's UTF-8, and nothing after it.
  static Result<Address> parse(std::string_view mailbox);
  /// `local_part` unquoted, as it is meant; it is quoted again where that is needed.
  static Result<Address> from_parts(std::string_view local_part, DomainName domain);

  /// What the local part means: quotes and backslashes removed, case kept.
  const std::string& local_part() const { return local_part_; }
  const DomainName& domain() const { return domain_; }

  /// For the wire and for files: quoted only if it must be, the domain in A-labels.
  std::string to_string() const;
  /// For people: the domain in U-labels.
  std::string to_display() const;
  /// Whether to_string() still holds bytes over ASCII, so that a peer needs SMTPUTF8 (RFC 6531 §3.2).
  bool needs_smtputf8() const;

  /// The local part as our directory files it: NFC, case folded.
  const std::string& local_key() const { return local_key_; }
  /// local_key(), '@' and the domain's ascii(): equal for two spellings of one mailbox of ours. Not for
  /// the wire.
  std::string key() const;

  /// The same bytes in the local part and the same domain: two remote addresses that differ in case
  /// are different (RFC 5321 §2.4). For our own, compare key().
  bool operator==(const Address& other) const {
    return local_part_ == other.local_part_ && domain_ == other.domain_;
  }

 private:
  Address(std::string local_part, std::string local_key, DomainName domain)
      : local_part_(std::move(local_part)), local_key_(std::move(local_key)), domain_(std::move(domain)) {}

  std::string local_part_;
  std::string local_key_;
  DomainName domain_;
};

/// bob+lists@example.org seen as bob@example.org and the tag "lists".
struct Subaddress {
  Address base;
  std::string tag;
};
/// Splits at the first separator; nothing if there is none or no base before it.
std::optional<Subaddress> split_subaddress(const Address& address, char separator);

}  // namespace pabal::account
