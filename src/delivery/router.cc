#include "delivery/router.h"

#include <algorithm>
#include <utility>

namespace pabal::delivery {

namespace {

using smtp::EnhancedCode;
using smtp::Reply;

Reply cannot_look_up() {
  return {451, smtp::status::kTrySystemLater, "The address can't be looked up now; try again later"};
}
Reply unknown_here() { return {550, EnhancedCode{5, 1, 1}, "No such person here"}; }
Reply relaying_denied() {
  return {550, EnhancedCode{5, 7, 1}, "Relaying denied: log in first, or send to addresses of ours"};
}
Reply switched_off() { return {550, EnhancedCode{5, 2, 1}, "This mailbox is switched off"}; }
Reply mailbox_full() { return {452, EnhancedCode{4, 2, 2}, "The mailbox is full; try again later"}; }

std::string_view word_for(account::Expansion::Kind kind) {
  switch (kind) {
    case account::Expansion::Kind::kAlias:
      return "the alias";
    case account::Expansion::Kind::kGroup:
      return "the group";
    case account::Expansion::Kind::kCatchAll:
      return "the catch-all for";
    case account::Expansion::Kind::kPostmaster:
      return "the postmaster, as";
  }
  return "";
}

}  // namespace

Router::Router(account::Directory& directory, mailbox::Mailboxes& mailboxes, RouterOptions options)
    : directory_(directory), mailboxes_(mailboxes), options_(std::move(options)) {}

bool Router::may_relay(const Origin& origin) const {
  if (origin.account || origin.is_ours) return true;
  const auto address = net::IpAddress::parse(origin.address);
  return address && std::ranges::any_of(options_.relay_networks, [&](const net::Network& network) {
           return network.contains(*address);
         });
}

// RFC 5321 §4.5.1: every server takes mail for its postmaster, under its own name too.
net::Task<Result<account::Resolution>> Router::resolve(account::Address recipient) {
  PABAL_CO_TRY(account::Resolution found, co_await directory_.resolve(recipient));
  const bool is_our_postmaster =
      recipient.local_key() == "postmaster" && recipient.domain().ascii() == options_.host_name;
  if (!is_our_postmaster || !std::holds_alternative<account::NotOurDomain>(found)) co_return std::move(found);
  PABAL_CO_TRY(const auto domains, co_await directory_.list_domains());
  for (const account::Domain& domain : domains) {
    if (domain.options.postmaster) co_return co_await directory_.resolve(*domain.options.postmaster);
  }
  co_return std::move(found);
}

net::Task<std::expected<Route, Reply>> Router::route(account::Address recipient, Origin origin) {
  auto found = co_await resolve(recipient);
  if (!found) co_return std::unexpected(cannot_look_up());
  Route route{.named = std::move(recipient)};
  if (auto* mailbox = std::get_if<account::LocalRecipient>(&*found)) {
    std::vector<account::LocalRecipient> one;
    one.push_back(std::move(*mailbox));
    co_return co_await to_mailbox(std::move(route), std::move(one));
  }
  if (auto* expansion = std::get_if<account::Expansion>(&*found)) {
    co_return co_await to_expansion(std::move(route), std::move(*expansion), std::move(origin));
  }
  if (std::holds_alternative<account::UnknownHere>(*found)) co_return std::unexpected(unknown_here());
  if (std::holds_alternative<account::DomainDisabled>(*found)) {
    co_return std::unexpected(Reply{450, EnhancedCode{4, 2, 1},
                                    "Mail for this domain is not taken at the moment; try again later"});
  }
  if (!may_relay(origin)) co_return std::unexpected(relaying_denied());
  route.remote.push_back(route.named);
  co_return std::move(route);
}

net::Task<std::expected<Route, Reply>> Router::to_mailbox(Route route,
                                                          std::vector<account::LocalRecipient> recipients) {
  std::optional<Reply> refusal;
  for (account::LocalRecipient& recipient : recipients) {
    if (!recipient.enabled) {
      refusal = switched_off();
      continue;
    }
    if (recipient.quota.bytes()) {
      const auto counters = co_await mailboxes_.load_counters(recipient.account);
      if (!counters) co_return std::unexpected(cannot_look_up());
      if (!recipient.quota.admits(counters->used_bytes, 1)) {
        refusal = mailbox_full();
        continue;
      }
    }
    route.local.push_back({recipient.account, std::move(recipient.address), recipient.quota});
  }
  // Of a group, those that can't be reached don't keep the letter from the others.
  if (route.local.empty() && route.remote.empty()) {
    co_return std::unexpected(refusal.value_or(unknown_here()));
  }
  co_return std::move(route);
}

net::Task<std::expected<Route, Reply>> Router::to_expansion(Route route, account::Expansion expansion,
                                                            Origin origin) {
  for (const account::GroupGate& gate : expansion.gates) {
    if (account::may_post(gate, origin.account)) continue;
    co_return std::unexpected(
        Reply{550, EnhancedCode{5, 7, 2}, fmt::format("You may not send to {}", gate.group.to_string())});
  }
  route.via = fmt::format("{} {}", word_for(expansion.kind), route.named.to_string());
  route.remote = std::move(expansion.remote);
  co_return co_await to_mailbox(std::move(route), std::move(expansion.local));
}

net::Task<Result<bool>> Router::is_ours(account::DomainName domain) {
  PABAL_CO_TRY(const auto found, co_await directory_.find_domain(std::move(domain)));
  co_return found.has_value();
}

net::Task<Result<bool>> Router::owns(account::AccountId account, account::Address address) {
  PABAL_CO_TRY(const account::Resolution found, co_await directory_.resolve(std::move(address)));
  if (const auto* mailbox = std::get_if<account::LocalRecipient>(&found))
    co_return mailbox->account == account;
  const auto* expansion = std::get_if<account::Expansion>(&found);
  co_return expansion != nullptr && expansion->remote.empty() && expansion->local.size() == 1 &&
      expansion->local.front().account == account;
}

}  // namespace pabal::delivery
