// Where letters to a domain go if not to the hosts that its MX records name: to a smart host that carries
// them on, or to an LMTP server of a neighbour. A table that the configuration fills.
//
//     hamburger.edu    this domain
//     .edu             every domain below, not itself; the longest that fits counts
//     *                all others
//
// Built once, then only read: any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "account/address.h"
#include "base/result.h"
#include "base/secret.h"

namespace pabal::queue {

enum class TlsPolicy : std::uint8_t {
  kOpportunistic,  ///< STARTTLS if it is offered; any certificate, and in clear if there is no way (RFC 7435)
  kRequired,       ///< STARTTLS or nothing
  kImplicit,       ///< TLS from the first byte (RFC 8314), port 465
  kNever,
};

struct Route {
  struct Login {
    std::string name;
    Secret password;
  };

  std::string host;  ///< a name whose A and AAAA records are asked for, an address, or "unix:/path"
  std::uint16_t port = 25;
  TlsPolicy tls = TlsPolicy::kOpportunistic;
  /// Of kRequired and kImplicit: the certificate must name the host and chain to a trusted root.
  bool verify_certificate = true;
  bool lmtp = false;  ///< RFC 2033: an answer for each recipient
  std::optional<Login> login = {};
};

class Routes {
 public:
  /// kRefuse, in words for whoever wrote the configuration: no such pattern, there twice, a host that is
  /// none, a login that would have to cross the network in clear.
  Result<void> add(std::string_view pattern, Route route);
  /// Null: ask the DNS.
  const Route* find(const account::DomainName& domain) const;

 private:
  std::map<std::string, Route, std::less<>> by_pattern_;
};

}  // namespace pabal::queue
