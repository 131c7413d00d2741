// One errand of the SmtpCourier, from "whom do we call" to the last recipient's result. Its own; see
// smtp_courier.h for what it promises.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "queue/letter_source.h"
#include "queue/smtp_courier.h"

namespace pabal::queue {

class ErrandRun {
 public:
  /// Both outlive it.
  ErrandRun(SmtpCourier& courier, const Errand& errand);
  net::Task<ErrandReport> run();

 private:
  /// What became of a session with a host.
  enum class Meeting : std::uint8_t {
    kHad,        ///< it had its say about the letter
    kFailed,     ///< the host's trouble: try another
    kOutOfStep,  ///< the same, but a fresh session may do
    kStale,      ///< a session that was kept turned out to be of no use: call again
    kSpent,      ///< the session has had its letters, and recipients are left: call again
  };
  /// Why a peer can't be given the letter at all.
  struct Misfit {
    RecipientResult result;
    bool of_host = false;  ///< another host may be better
  };

  // Whom to call.
  net::Task<void> try_known();
  net::Task<void> try_all();
  net::Task<HostFinder::Hosts> find_hosts();
  net::Task<void> try_host(const Host& host);
  net::Task<void> try_key(PeerKey key, std::chrono::nanoseconds patience);
  net::Task<Meeting> meet(std::unique_ptr<Peer> peer, bool kept);
  PeerKey key_to(net::Endpoint to, std::string host_name) const;
  void remember(const Peer& peer);

  // The letter, once somebody listens.
  net::Task<Meeting> hand_over(Peer& peer);
  net::Task<Meeting> transact(Peer& peer);
  void fail_utf8_recipients(const Peer& peer);
  smtp::ClientEnvelope envelope_for(std::span<const std::size_t> batch) const;
  net::Task<std::optional<Misfit>> fit(Peer& peer, smtp::ClientEnvelope& envelope, bool& converts);
  net::Task<std::optional<Misfit>> look_inside(const std::string& host);
  net::Task<smtp::LetterOutcome> send(Peer& peer, const smtp::ClientEnvelope& envelope,
                                      smtp::LetterSource& letter);
  Meeting judge(Peer& peer, const std::vector<std::size_t>& batch, smtp::LetterOutcome outcome);
  void tell_conversion(const Peer& peer, std::string_view takes);

  // Results. A recipient is pending until settled; a setback is what it is told if nothing better comes.
  void settle(std::size_t recipient, RecipientResult result);
  void settle_all(const RecipientResult& result);
  void set_back(std::size_t recipient, RecipientResult result);
  void set_all_back(const RecipientResult& result);
  bool done() const { return pending_.empty(); }
  bool out_of_time() const { return courier_.services_.loop.clock().mono() >= last_call_; }
  bool cancelled() const { return context_.cancel != nullptr && context_.cancel->cancelled(); }
  void conclude();

  journey::Event& tell(journey::Stage stage);

  SmtpCourier& courier_;
  const Errand& errand_;
  const std::shared_ptr<const Routes> routes_;
  const Route* route_;
  const bool strict_tls_;  // RFC 8689
  net::Context context_;

  ErrandReport report_;
  std::vector<std::size_t> pending_;
  std::optional<LetterInsight> insight_;
  const MonoTime last_call_;  // no address is called later
  std::size_t addresses_tried_ = 0;
  bool use_kept_ = true;
  bool asked_dns_ = false;
  bool had_say_ = false;   // a host judged the letter
  bool answered_ = false;  // a host said something, at least
  bool for_good_ = false;  // there is nobody to call, and never will be
};

}  // namespace pabal::queue
