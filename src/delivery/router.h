// Where a recipient's address leads, and whether a letter from there may go that way: asked at RCPT, so that
// a letter that can't be delivered is refused while its sender still listens (RFC 5321 §3.6.2, §6.1).
//
// Any loop's thread; waits for the directory, which mostly answers from memory.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "account/directory.h"
#include "base/result.h"
#include "delivery/origin.h"
#include "mailbox/mailboxes.h"
#include "net/task.h"
#include "smtp/parameters.h"
#include "smtp/reply.h"

namespace pabal::delivery {

struct LocalTarget {
  account::AccountId account;
  account::Address address;
  account::QuotaLimit quota = account::QuotaLimit::unlimited();
};

/// One accepted recipient.
struct Route {
  account::Address named;  ///< as the client gave it
  smtp::RcptParameters parameters = {};
  std::vector<LocalTarget> local = {};
  std::vector<account::Address> remote = {};
  std::string via = {};  ///< what led elsewhere: "the alias sales@hamburger.edu"; empty for none
};

struct RouterOptions {
  std::string host_name = "localhost";
  std::vector<net::Network> relay_networks = {};  ///< who may send anywhere without a login
};

class Router {
 public:
  /// All of it outlives the router.
  Router(account::Directory& directory, mailbox::Mailboxes& mailboxes, RouterOptions options);

  /// The reply refuses: 5xx for good, 4xx for now.
  net::Task<std::expected<Route, smtp::Reply>> route(account::Address recipient, Origin origin);
  /// Whether letters to that domain end here.
  net::Task<Result<bool>> is_ours(account::DomainName domain);
  /// Whether the account may send in that name: it is its own address, or leads to it alone.
  net::Task<Result<bool>> owns(account::AccountId account, account::Address address);

 private:
  using Routed = std::expected<Route, smtp::Reply>;

  net::Task<Result<account::Resolution>> resolve(account::Address recipient);
  bool may_relay(const Origin& origin) const;
  net::Task<Routed> to_mailbox(Route route, std::vector<account::LocalRecipient> recipients);
  net::Task<Routed> to_expansion(Route route, account::Expansion expansion, Origin origin);

  account::Directory& directory_;
  mailbox::Mailboxes& mailboxes_;
  const RouterOptions options_;
};

}  // namespace pabal::delivery
