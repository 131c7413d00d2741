// A session with one host of the Internet, from the call to the farewell, with the record of what is said in
// it. Lives on its courier's loop.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "net/connection.h"
#include "net/tls.h"
#include "net/worker_pool.h"
#include "queue/courier.h"
#include "queue/routes.h"
#include "queue/wire_record.h"
#include "smtp/client_session.h"

namespace pabal::queue {

/// Letters whose keys are equal may share a session.
struct PeerKey {
  net::Endpoint to;
  std::string host_name;  ///< by which its certificate is asked for and judged
  TlsPolicy tls = TlsPolicy::kOpportunistic;
  bool verify_certificate = false;
  bool lmtp = false;
  std::string login = {};

  auto operator<=>(const PeerKey&) const = default;
  /// "mx.hamburger.edu [192.0.2.7]:25"
  std::string label() const;
};

/// How net::connect is called; a test puts something else in its place.
using Connect = std::function<net::Task<Result<std::unique_ptr<net::Stream>>>(
    net::Endpoint to, net::Deadline deadline, std::optional<net::IpAddress> source)>;

/// What it takes to open one. All outlive it.
struct PeerServices {
  net::Loop& loop;
  Random& random;
  journey::Journal& journal;
  net::TlsClient* tls = nullptr;       ///< none: never encrypts
  net::WorkerPool* workers = nullptr;  ///< for logins
  Connect connect = {};
  std::string our_name = {};
  std::vector<net::IpAddress> sources = {};  ///< the first of the right family is called from
  bool use_chunking = true;
  smtp::ClientDeadlines deadlines = {};
};

class Peer {
 public:
  using Opening = std::expected<std::unique_ptr<Peer>, RecipientResult>;

  /// Connects, greets, encrypts and logs in, as the key says; if encryption was only wished for and fails,
  /// once more in clear. What happened is told in `events` either way. Waits for the network.
  static net::Task<Opening> open(const PeerServices& services, PeerKey key, const Route::Login* login,
                                 net::Deadline connect_by, journey::JourneyId id,
                                 std::vector<journey::Event>& events);
  /// Use open().
  Peer(const PeerServices& services, PeerKey key, std::unique_ptr<net::Stream> stream, bool in_clear);

  const PeerKey& key() const { return key_; }
  const std::string& label() const { return label_; }
  smtp::ClientSession& session() { return session_; }
  const smtp::PeerExtensions& extensions() const { return session_.extensions(); }
  WireRecord& record() { return record_; }

  /// Has room for one letter more: what it said itself (RFC 9422) and what we think is fair.
  bool takes_another(std::uint64_t max_letters) const;
  void count_letter() { ++letters_; }

 private:
  net::Task<std::expected<void, smtp::Failure>> greet(const PeerServices& services,
                                                      const Route::Login* login);
  journey::Event tell_encryption();

  PeerKey key_;
  std::string label_;
  WireRecord record_;
  net::Connection connection_;
  smtp::ClientSession session_;
  std::uint64_t letters_ = 0;
};

}  // namespace pabal::queue
