// The courier of the Internet: finds a domain's hosts, calls them, and speaks SMTP to the first that will
// listen. One for each loop, on which it lives; sessions are kept for the next letter and shared by all
// errands of the loop.
//
//     SmtpCourier courier({loop, store, resolver, random, journal, &tls, &workers}, options);
//     ErrandReport report = co_await courier.carry({letter, domain, recipients});
//     ...
//     co_await courier.rest();   // before it goes
//
// What it does about trouble, in the words of smtp/failure.h: a host's trouble moves the letter to the next
// host; what is said about the letter or a recipient counts, whoever says it. When the answer to a whole
// letter is lost, the attempt is over: the letter may have arrived, and another host would take it a second
// time.
//
// Of a report's hosts: what the DNS says for good (no such domain, null MX) and what only this letter asks
// for (REQUIRETLS) is no trouble of theirs, kWell; the scheduler need not go easy on the domain for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/lru_map.h"
#include "net/dialer.h"
#include "queue/courier.h"
#include "queue/host_list.h"
#include "queue/peer.h"
#include "queue/peer_pool.h"
#include "queue/routes.h"
#include "store/engine.h"

namespace pabal::queue {

struct SmtpCourierServices {
  net::Loop& loop;
  store::Engine& store;
  net::Resolver& resolver;
  Random& random;
  journey::Journal& journal;
  net::TlsClient* tls = nullptr;       ///< none: never encrypts
  net::WorkerPool* workers = nullptr;  ///< for logins at smart hosts; none: on the loop
};

struct SmtpCourierOptions {
  std::string host_name = "localhost";              ///< what we call ourselves in EHLO
  OwnHost own = {};                                 ///< beside host_name, which always is
  std::vector<net::IpAddress> sources = {};         ///< addresses to call from: the first of the family
  std::uint16_t port = 25;                          ///< of hosts that the DNS names
  std::map<std::string, std::uint16_t> ports = {};  ///< of single ones by name, for demos and tests

  std::chrono::seconds lookup{30};   ///< for all questions to the DNS together
  std::chrono::seconds connect{30};  ///< for a host, shared by its addresses
  std::chrono::minutes attempt{30};  ///< then no other address is called: the next attempt goes on
  std::size_t max_hosts = 5;         ///< tried in one attempt
  std::size_t max_addresses = 10;    ///< of all hosts together (RFC 5321 §5.1: at least two)

  PeerPool::Options pool = {};
  std::uint64_t max_letters = 100;  ///< a session; then a new one, lest one host of many gets all
  /// How long a domain's host is called again without asking the DNS, if a session with it is open.
  std::chrono::seconds host_memory{300};
  /// When cancelled, a transaction under way gets so long to come to a known end.
  std::chrono::seconds grace{10};

  bool use_chunking = true;
  smtp::ClientDeadlines deadlines = {};
  Connect connect_with = net::connect;
};

class SmtpCourier final : public Courier {
 public:
  SmtpCourier(SmtpCourierServices services, SmtpCourierOptions options,
              std::shared_ptr<const Routes> routes = std::make_shared<Routes>());
  /// All errands and rest() must have ended.
  ~SmtpCourier() override = default;

  /// For errands that begin from now on. On the courier's loop.
  void set_routes(std::shared_ptr<const Routes> routes);

  net::Task<ErrandReport> carry(Errand errand) override;
  /// One at a time.
  net::Task<void> rest() override;

  std::size_t open_sessions() const { return pool_.size(); }

 private:
  friend class ErrandRun;
  /// Whom a domain's last letter went to.
  struct Known {
    PeerKey key;
    MonoTime until{};
  };

  const SmtpCourierServices services_;
  const SmtpCourierOptions options_;
  const PeerServices peer_services_;
  std::shared_ptr<const Routes> routes_;
  HostFinder finder_;
  PeerPool pool_;
  LruMap<std::string, Known> known_;  // by domain
};

}  // namespace pabal::queue
