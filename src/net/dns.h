// Questions to the DNS. An answer says whether the name exists, whether DNSSEC vouches for it, and how
// long it holds; a failure that may pass is told from a name that is not there, since mail decisions
// hang on the difference (RFC 5321 §5.1).
//
// Implementations: net/dns_unbound.h (the real one), net/dns_static.h (from a text, for tests and
// demos), net/dns_cache.h (in front of another).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/endpoint.h"
#include "net/loop.h"
#include "net/task.h"

namespace pabal::net {

/// The numbers are the wire's.
enum class DnsType : std::uint16_t {
  kA = 1,
  kCname = 5,
  kPtr = 12,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28,
  kTlsa = 52
};
std::string_view to_string(DnsType type);

enum class DnsStatus {
  kFound,
  kNoData,  ///< the name exists and has no such record
  kNoName,  ///< NXDOMAIN
  kFailed,  ///< SERVFAIL, no answer, or a bogus one; may pass, so try later
};

/// RFC 4033 §5.
enum class DnsSecurity { kSecure, kInsecure, kBogus, kIndeterminate };

struct DnsAnswer {
  DnsStatus status = DnsStatus::kFailed;
  DnsSecurity security = DnsSecurity::kIndeterminate;
  std::string canonical_name = {};  ///< the name that has the records, behind any CNAMEs
  std::vector<std::string> records =
      {};  ///< RDATA, names in it uncompressed; read them with the functions below
  std::chrono::seconds ttl{0};
  std::string why = {};  ///< of a failure
};

struct MxRecord {
  std::uint16_t preference = 0;
  std::string exchange;  ///< empty for the null MX `.` (RFC 7505)
  bool operator==(const MxRecord&) const = default;
};

/// RFC 6698 §2.1.
struct TlsaRecord {
  std::uint8_t usage = 0;
  std::uint8_t selector = 0;
  std::uint8_t matching_type = 0;
  std::string data;
  bool operator==(const TlsaRecord&) const = default;
};

// The records in a form to work with. A record that is malformed is left out.
std::vector<IpAddress> addresses_of(const DnsAnswer& answer);
/// By rising preference; equal ones in the answer's order.
std::vector<MxRecord> mail_exchanges_of(const DnsAnswer& answer);
/// Each record's strings joined, as SPF and DKIM want them (RFC 7208 §3.3).
std::vector<std::string> texts_of(const DnsAnswer& answer);
/// Of PTR and CNAME records.
std::vector<std::string> names_of(const DnsAnswer& answer);
std::vector<TlsaRecord> tlsa_records_of(const DnsAnswer& answer);

/// `1.2.0.192.in-addr.arpa`, or its IPv6 form (RFC 3596 §2.5): where to ask for PTR.
std::string reverse_name_of(const IpAddress& address);

/// Lower case, no dot at the end. Nothing for what can't be asked: an empty label, one over 63 bytes, more
/// than 253 in all, or bytes outside visible ASCII (write internationalised names as A-labels).
std::optional<std::string> normalise_dns_name(std::string_view name);

/// Any loop may ask, several at the same time; lives until nobody waits.
class Resolver {
 public:
  virtual ~Resolver() = default;
  /// kRefuse for what is no name, kDeadline, kCancelled, kOverLimit when too many questions are under way.
  /// All that the DNS itself says is in the answer.
  virtual Task<Result<DnsAnswer>> query(std::string name, DnsType type, Deadline deadline) = 0;
};

/// RDATA from its text in a zone, as `10 mail.example.org.` for MX. For StaticResolver.
Result<std::string> parse_rdata(DnsType type, std::string_view text);

}  // namespace pabal::net
