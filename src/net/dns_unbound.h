// The DNS through libunbound, which resolves and validates by itself. A thread of its own feeds the library
// and brings answers back to the asking loops, so nothing here blocks a loop.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/dns.h"

namespace pabal::net {

struct UnboundOptions {
  /// The root's key; without one nothing is validated and answers are kIndeterminate. Debian's package
  /// dns-root-data keeps /usr/share/dns/root.key. A path that does not exist is an error.
  std::string trust_anchor_file = {};
  /// Servers to ask instead of the root's, as `192.0.2.53` or `192.0.2.53@5353`.
  std::vector<std::string> forwarders = {};
  /// Zones answered here, as unbound.conf's local-zone ("example.test static") and local-data have them.
  std::vector<std::pair<std::string, std::string>> local_zones = {};
  std::vector<std::string> local_data = {};
};

class UnboundResolver final : public Resolver {
 public:
  static Result<std::unique_ptr<UnboundResolver>> create(UnboundOptions options);
  /// Nobody may wait for an answer.
  ~UnboundResolver() override;

  Task<Result<DnsAnswer>> query(std::string name, DnsType type, Deadline deadline) override;

  struct State;

 private:
  explicit UnboundResolver(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pabal::net
