#include "app/resolver.h"

#include <fstream>
#include <sstream>

#include "net/dns_cache.h"
#include "net/dns_static.h"
#include "net/dns_unbound.h"

namespace pabal::app {
namespace {

/// The real one with its cache in front.
class CachedUnbound final : public net::Resolver {
 public:
  CachedUnbound(std::unique_ptr<net::UnboundResolver> unbound, const Clock& clock, std::size_t max_answers)
      : unbound_(std::move(unbound)), cache_(*unbound_, clock, max_answers) {}
  net::Task<Result<net::DnsAnswer>> query(std::string name, net::DnsType type,
                                          net::Deadline deadline) override {
    return cache_.query(std::move(name), type, deadline);
  }

 private:
  std::unique_ptr<net::UnboundResolver> unbound_;
  net::CachingResolver cache_;
};

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (file) text << file.rdbuf();  // of an empty file that takes nothing, which it calls a failure
  if (!file) return fail(ErrorKind::kRefuse, "{} can't be read", path.string());
  return text.str();
}

// `192.0.2.53@5353`, as libunbound has it.
std::string forwarder(const net::Endpoint& address) {
  return fmt::format("{}@{}", address.tcp()->address.to_string(), address.tcp()->port);
}

}  // namespace

Result<std::unique_ptr<net::Resolver>> make_resolver(const Config& config, const Clock& clock) {
  if (!config.dns.zone_file.empty()) {
    PABAL_TRY(const std::string zone, read_file(config.dns.zone_file));
    auto fixed = net::StaticResolver::parse(zone);
    if (!fixed) return failure_of(std::move(fixed), config.dns.zone_file.string());
    return *std::move(fixed);
  }
  net::UnboundOptions options;
  std::error_code ignored;  // a key that can't be seen is as good as none
  if (std::filesystem::exists(config.dns.trust_anchor, ignored)) {
    options.trust_anchor_file = config.dns.trust_anchor.string();
  }
  for (const net::Endpoint& address : config.dns.forwarders) options.forwarders.push_back(forwarder(address));
  PABAL_TRY(auto unbound, net::UnboundResolver::create(std::move(options)));
  return std::make_unique<CachedUnbound>(std::move(unbound), clock,
                                         std::max<std::size_t>(config.dns.cache_entries, 1));
}

}  // namespace pabal::app
