#include "queue/routes.h"

#include "net/dns.h"
#include "net/endpoint.h"

namespace pabal::queue {
namespace {

Result<std::string> parse_pattern(std::string_view pattern) {
  if (pattern == "*") return std::string(pattern);
  const bool below = pattern.starts_with('.');
  auto domain = account::DomainName::parse(pattern.substr(below ? 1 : 0));
  if (!domain) return failure_of(std::move(domain), fmt::format("the route for '{}'", pattern));
  return (below ? "." : "") + domain->ascii();
}

Result<void> check(const Route& route) {
  const bool is_socket = route.host.starts_with("unix:");
  if (!is_socket && !net::IpAddress::parse(route.host) && !net::normalise_dns_name(route.host)) {
    return fail(ErrorKind::kRefuse, "'{}' is neither a host name, nor an address, nor unix:/path",
                route.host);
  }
  if (!is_socket && route.port == 0) return fail(ErrorKind::kRefuse, "port 0 cannot be connected to");
  const bool in_clear = route.tls == TlsPolicy::kOpportunistic || route.tls == TlsPolicy::kNever;
  if (route.login && in_clear && !is_socket) {
    return fail(
        ErrorKind::kRefuse,
        "a login at {} needs encryption: set tls to required or implicit, or anybody on the way could "
        "take the password",
        route.host);
  }
  return {};
}

}  // namespace

Result<void> Routes::add(std::string_view pattern, Route route) {
  PABAL_TRY(std::string key, parse_pattern(pattern));
  if (auto checked = check(route); !checked)
    return failure_of(std::move(checked), fmt::format("the route for '{}'", pattern));
  if (!by_pattern_.try_emplace(std::move(key), std::move(route)).second) {
    return fail(ErrorKind::kRefuse, "there are two routes for '{}'", pattern);
  }
  return {};
}

const Route* Routes::find(const account::DomainName& domain) const {
  if (by_pattern_.empty()) return nullptr;
  std::string_view name = domain.ascii();
  if (const auto exact = by_pattern_.find(name); exact != by_pattern_.end()) return &exact->second;
  // The dots of an address literal divide nothing.
  while (!domain.is_literal()) {
    const std::size_t dot = name.find('.', 1);
    if (dot == std::string_view::npos) break;
    name.remove_prefix(dot);
    if (const auto below = by_pattern_.find(name); below != by_pattern_.end()) return &below->second;
  }
  const auto any = by_pattern_.find("*");
  return any != by_pattern_.end() ? &any->second : nullptr;
}

}  // namespace pabal::queue
