// Which hosts take the mail of a domain, in the order in which to try them: RFC 5321 §5.1, RFC 7505, RFC
// 3974.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "account/address.h"
#include "base/random.h"
#include "net/dns.h"
#include "smtp/reply.h"

namespace pabal::queue {

/// A host beyond is as good as absent: nobody has so many that all others are down.
inline constexpr std::size_t kMaxMailExchanges = 10;
/// Of one host; both families get their share.
inline constexpr std::size_t kMaxHostAddresses = 8;

struct Host {
  std::string name;  ///< lower case; of an address literal, the address
  std::uint16_t preference = 0;
  std::vector<net::IpAddress> addresses = {};  ///< the families by turns, so that a broken one costs little
  bool operator==(const Host&) const = default;
};

/// Why there is none.
struct NoHosts {
  bool for_good = false;  ///< else time may heal it
  smtp::EnhancedCode status = {};
  std::string reason = {};  ///< a sentence
};

/// Who we are: mail that would come back to us is not sent.
struct OwnHost {
  std::vector<std::string> names = {};
  std::vector<net::IpAddress> addresses = {};
  bool loopback_is_ours = true;  ///< a demo and tests have others there

  bool has(const Host& host) const;
};

class HostFinder {
 public:
  using Hosts = std::expected<std::vector<Host>, NoHosts>;

  /// All must outlive it. Any loop.
  HostFinder(net::Resolver& resolver, Random& random, OwnHost own)
      : resolver_(resolver), random_(random), own_(std::move(own)) {}

  /// The hosts of a domain by its MX records, those of equal preference in an order of chance; without any,
  /// the domain itself. Waits for the DNS.
  net::Task<Hosts> find_mail_hosts(account::DomainName domain, net::Deadline deadline);
  /// One host by its name or address, as an operator's route has it.
  net::Task<Hosts> find_host(std::string name, net::Deadline deadline);

 private:
  struct Candidate;
  net::Task<Hosts> find_addresses(std::string domain, std::vector<Candidate> candidates,
                                  net::Deadline deadline);
  net::Task<void> ask(Candidate& candidate, net::DnsType type, net::Deadline deadline);
  void shuffle_equals(std::vector<net::MxRecord>& records);

  net::Resolver& resolver_;
  Random& random_;
  const OwnHost own_;
};

}  // namespace pabal::queue
