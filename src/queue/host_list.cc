#include "queue/host_list.h"

#include <algorithm>

#include "base/ascii.h"
#include "net/scope.h"

namespace pabal::queue {
namespace {

// RFC 3463 §3.2, §3.5; RFC 7505 §4.2.
constexpr smtp::EnhancedCode kNoSuchDomain{5, 1, 2};
constexpr smtp::EnhancedCode kTakesNoMail{5, 1, 10};
constexpr smtp::EnhancedCode kDnsTrouble{4, 4, 3};
constexpr smtp::EnhancedCode kCannotRoute{5, 4, 4};
constexpr smtp::EnhancedCode kLoop{5, 4, 6};

template <class... Args>
std::unexpected<NoHosts> none(smtp::EnhancedCode status, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected(
      NoHosts{status.status_class == 5, status, fmt::format(format, std::forward<Args>(args)...)});
}

std::unexpected<NoHosts> no_answer(std::string_view name, const Result<net::DnsAnswer>& answer) {
  if (!answer && answer.error().kind == ErrorKind::kRefuse)
    return none(kNoSuchDomain, "{} is no name that the DNS could know.", name);
  return none(kDnsTrouble, "The DNS does not answer for {} now: {}.", name,
              answer ? answer->why : answer.error().detail);
}

/// [192.0.2.1] and [IPv6:2001:db8::1], RFC 5321 §4.1.3.
std::optional<net::IpAddress> parse_literal(std::string_view text) {
  text = text.substr(1, text.size() - 2);
  constexpr std::string_view kTag = "ipv6:";
  if (text.size() > kTag.size() && equals_ignoring_case(text.substr(0, kTag.size()), kTag))
    text.remove_prefix(kTag.size());
  return net::IpAddress::parse(text);
}

std::vector<net::IpAddress> by_turns(const std::vector<net::IpAddress>& first,
                                     const std::vector<net::IpAddress>& second) {
  std::vector<net::IpAddress> out;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) out.push_back(first[i]);
    if (i < second.size()) out.push_back(second[i]);
  }
  out.resize(std::min(out.size(), kMaxHostAddresses));
  return out;
}

}  // namespace

struct HostFinder::Candidate {
  Host host;
  std::vector<net::IpAddress> v4 = {};
  std::vector<net::IpAddress> v6 = {};
  std::string trouble = {};  ///< one of the two questions found no answer
};

bool OwnHost::has(const Host& host) const {
  if (std::ranges::any_of(names,
                          [&](const std::string& own) { return equals_ignoring_case(own, host.name); }))
    return true;
  return std::ranges::any_of(host.addresses, [this](const net::IpAddress& address) {
    return (loopback_is_ours && (address.is_loopback() || address.is_unspecified())) ||
           std::ranges::find(addresses, address) != addresses.end();
  });
}

net::Task<HostFinder::Hosts> HostFinder::find_mail_hosts(account::DomainName domain, net::Deadline deadline) {
  const std::string& name = domain.ascii();
  if (domain.is_literal()) {
    const auto address = parse_literal(name);
    if (!address) co_return none(kNoSuchDomain, "{} is no address that we could reach.", name);
    const Host host{.name = address->to_string(), .addresses = {*address}};
    if (own_.has(host)) co_return none(kLoop, "{} is this very host, which does not take the letter.", name);
    co_return std::vector{host};
  }
  const auto answer = co_await resolver_.query(name, net::DnsType::kMx, deadline);
  if (!answer || answer->status == net::DnsStatus::kFailed) co_return no_answer(name, answer);
  if (answer->status == net::DnsStatus::kNoName)
    co_return none(kNoSuchDomain, "The domain {} does not exist.", name);
  auto records = net::mail_exchanges_of(*answer);
  // RFC 7505 §3: the null MX stands alone; among others it is an accident.
  if (records.size() == 1 && records[0].exchange.empty())
    co_return none(kTakesNoMail, "The domain {} takes no mail: it says so in the DNS (null MX).", name);
  std::erase_if(records, [](const net::MxRecord& each) { return each.exchange.empty(); });
  if (records.empty()) records.push_back({.preference = 0, .exchange = name});  // RFC 5321 §5.1: implicit MX
  shuffle_equals(records);
  std::vector<Candidate> candidates;
  for (const net::MxRecord& each : records) {
    if (candidates.size() == kMaxMailExchanges) break;
    candidates.push_back({.host = {.name = to_lower(each.exchange), .preference = each.preference}});
  }
  co_return co_await find_addresses(name, std::move(candidates), deadline);
}

net::Task<HostFinder::Hosts> HostFinder::find_host(std::string name, net::Deadline deadline) {
  if (const auto address = net::IpAddress::parse(name)) {
    co_return std::vector{Host{.name = std::move(name), .addresses = {*address}}};
  }
  Candidate candidate{.host = {.name = to_lower(name)}};
  co_await ask(candidate, net::DnsType::kAaaa, deadline);
  co_await ask(candidate, net::DnsType::kA, deadline);
  candidate.host.addresses = by_turns(candidate.v6, candidate.v4);
  if (!candidate.host.addresses.empty()) co_return std::vector{std::move(candidate.host)};
  // An operator's slip, or the DNS's: the letter waits until somebody mends it.
  co_return none(kDnsTrouble, "The DNS knows no address of {}{}{}.", name,
                 candidate.trouble.empty() ? "" : ": ", candidate.trouble);
}

net::Task<HostFinder::Hosts> HostFinder::find_addresses(std::string domain, std::vector<Candidate> candidates,
                                                        net::Deadline deadline) {
  const net::Context context = co_await net::current_context();
  net::Scope questions(*context.loop, context.cancel);
  for (Candidate& each : candidates) {
    questions.spawn(ask(each, net::DnsType::kAaaa, deadline));
    questions.spawn(ask(each, net::DnsType::kA, deadline));
  }
  co_await questions.join();

  std::vector<Host> hosts;
  std::string trouble;
  for (Candidate& each : candidates) {
    if (!each.trouble.empty()) trouble = each.trouble;
    each.host.addresses = by_turns(each.v6, each.v4);
    hosts.push_back(std::move(each.host));
  }
  // RFC 5321 §5.1: where we are one of them, only better ones than we may have it, or it would come back.
  const auto ours = std::ranges::find_if(hosts, [this](const Host& each) { return own_.has(each); });
  if (ours != hosts.end()) {
    const Host self = *ours;
    std::erase_if(hosts, [&](const Host& each) { return each.preference >= self.preference; });
    if (hosts.empty()) {
      co_return none(
          kLoop, "The letter would come back to us: {} is this very host, which does not take mail for {}.",
          self.name, domain);
    }
  }
  const bool implicit = candidates.size() == 1 && hosts.size() == 1 && hosts[0].name == domain;
  std::erase_if(hosts, [](const Host& each) { return each.addresses.empty(); });
  if (!hosts.empty()) co_return hosts;
  if (!trouble.empty()) co_return none(kDnsTrouble, "{}", trouble);
  if (implicit) co_return none(kNoSuchDomain, "The domain {} has no mail host and no address.", domain);
  co_return none(kCannotRoute, "None of the mail hosts of {} has an address.", domain);
}

net::Task<void> HostFinder::ask(Candidate& candidate, net::DnsType type, net::Deadline deadline) {
  auto answer = co_await resolver_.query(candidate.host.name, type, deadline);
  if (answer && answer->status != net::DnsStatus::kFailed) {
    (type == net::DnsType::kA ? candidate.v4 : candidate.v6) = net::addresses_of(*answer);
  } else if (answer || answer.error().kind != ErrorKind::kRefuse) {
    candidate.trouble = no_answer(candidate.host.name, answer).error().reason;
  }
}

void HostFinder::shuffle_equals(std::vector<net::MxRecord>& records) {
  for (std::size_t begin = 0; begin < records.size();) {
    std::size_t end = begin + 1;
    while (end < records.size() && records[end].preference == records[begin].preference) ++end;
    for (std::size_t left = end - begin; left > 1; --left) {
      std::swap(records[begin + left - 1], records[begin + random_.below(left)]);
    }
    begin = end;
  }
}

}  // namespace pabal::queue
