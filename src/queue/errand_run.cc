#include "queue/errand_run.h"

#include <algorithm>
#include <numeric>

#include "queue/recipient_result.h"

namespace pabal::queue {
namespace {

using journey::FactName;
using journey::Stage;
using Fate = RecipientResult::Fate;

constexpr smtp::EnhancedCode kStopping{4, 3, 2};
constexpr smtp::EnhancedCode kStoreTrouble{4, 3, 0};
/// A call that waits for less finds nobody on a slow line.
constexpr std::chrono::seconds kMinConnectPatience{5};

/// Told to stop, a transaction that is under way may come to its end, or nobody would know whether the letter
/// has arrived; but not for ever.
class Grace final : private net::CancelHook {
 public:
  Grace(net::Context outer, std::chrono::seconds span)
      : loop_(*outer.loop), span_(span), timer_(*outer.loop) {
    if (!attach(outer.cancel)) on_cancel();
  }
  net::Context context() { return {&loop_, &inner_}; }

 private:
  void on_cancel() override {
    timer_.arm(loop_.in(span_), [this] { inner_.cancel(); });
  }

  net::Loop& loop_;
  const std::chrono::seconds span_;
  net::CancelSource inner_;
  net::Loop::Timer timer_;
};

std::string told(const Host& host) {
  std::string out = fmt::format("{} {}", host.preference, host.name);
  for (const net::IpAddress& address : host.addresses) out += fmt::format(" [{}]", address.to_string());
  return out;
}

RecipientResult store_trouble(const Error& error) {
  return deferred(kStoreTrouble,
                  fmt::format("We cannot read the letter from our own store now: {}.", error.detail));
}

}  // namespace

ErrandRun::ErrandRun(SmtpCourier& courier, const Errand& errand)
    : courier_(courier),
      errand_(errand),
      routes_(courier.routes_),
      route_(routes_->find(errand.domain)),
      strict_tls_(errand.letter.require_tls && errand.letter.sender),
      last_call_(courier.services_.loop.in(courier.options_.attempt).at) {
  report_.recipients.resize(errand.recipients.size());
  pending_.resize(errand.recipients.size());
  std::iota(pending_.begin(), pending_.end(), std::size_t{0});
}

net::Task<ErrandReport> ErrandRun::run() {
  context_ = co_await net::current_context();
  co_await try_known();
  if (!done() && !cancelled()) co_await try_all();
  conclude();
  co_return std::move(report_);
}

// --- Whom to call.

/// Without asking the DNS: a session with the domain's host is open from the letter before.
net::Task<void> ErrandRun::try_known() {
  const auto* known = courier_.known_.find(errand_.domain.ascii());
  if (known == nullptr || known->until <= courier_.services_.loop.clock().mono()) co_return;
  if (known->key != key_to(known->key.to, known->key.host_name)) co_return;  // for a letter with other wishes
  if (auto peer = courier_.pool_.take(known->key)) std::ignore = co_await meet(std::move(peer), true);
}

net::Task<void> ErrandRun::try_all() {
  if (route_ != nullptr && route_->host.starts_with("unix:")) {
    const net::UnixEndpoint socket{route_->host.substr(std::string_view("unix:").size())};
    co_return co_await try_key(key_to(socket, route_->host), courier_.options_.connect);
  }
  const auto hosts = co_await find_hosts();
  if (!hosts) {
    for_good_ = hosts.error().for_good;
    co_return set_all_back(for_good_ ? failed(hosts.error().status, hosts.error().reason)
                                     : deferred(hosts.error().status, hosts.error().reason));
  }
  asked_dns_ = true;
  const std::size_t count = std::min(hosts->size(), courier_.options_.max_hosts);
  for (std::size_t i = 0; i < count && !done(); ++i) co_await try_host((*hosts)[i]);
}

net::Task<HostFinder::Hosts> ErrandRun::find_hosts() {
  const net::Deadline deadline = courier_.services_.loop.in(courier_.options_.lookup);
  const auto hosts = route_ != nullptr ? co_await courier_.finder_.find_host(route_->host, deadline)
                                       : co_await courier_.finder_.find_mail_hosts(errand_.domain, deadline);
  journey::Event& event = tell(Stage::kLookedUp);
  event.add(FactName::kDomain, errand_.domain.ascii());
  if (route_ != nullptr)
    event.add(FactName::kReason, "By our configuration its letters go to " + route_->host + ".");
  if (!hosts) {
    event.add(FactName::kReason, hosts.error().reason);
  } else {
    for (const Host& host : *hosts) event.add(FactName::kHost, told(host));
  }
  co_return hosts;
}

net::Task<void> ErrandRun::try_host(const Host& host) {
  const auto& options = courier_.options_;
  const auto own_port = options.ports.find(host.name);
  const std::uint16_t port = route_ != nullptr                 ? route_->port
                             : own_port != options.ports.end() ? own_port->second
                                                               : options.port;
  const std::chrono::nanoseconds share = options.connect / static_cast<int>(host.addresses.size());
  const auto patience = std::min<std::chrono::nanoseconds>(
      options.connect, std::max<std::chrono::nanoseconds>(share, kMinConnectPatience));
  for (const net::IpAddress& address : host.addresses) {
    if (done() || cancelled() || out_of_time() || addresses_tried_ == options.max_addresses) co_return;
    co_await try_key(key_to(net::TcpEndpoint{address, port}, host.name), patience);
  }
}

PeerKey ErrandRun::key_to(net::Endpoint to, std::string host_name) const {
  PeerKey key{.to = std::move(to), .host_name = std::move(host_name)};
  if (route_ != nullptr) {
    key.tls = route_->tls;
    key.verify_certificate =
        route_->verify_certificate && (key.tls == TlsPolicy::kRequired || key.tls == TlsPolicy::kImplicit);
    key.lmtp = route_->lmtp;
    if (route_->login) key.login = route_->login->name;
  }
  if (strict_tls_) {
    if (key.tls != TlsPolicy::kImplicit) key.tls = TlsPolicy::kRequired;
    key.verify_certificate = true;
  }
  return key;
}

net::Task<void> ErrandRun::try_key(PeerKey key, std::chrono::nanoseconds patience) {
  ++addresses_tried_;
  const auto call_again = [this](Meeting last) {
    return (last == Meeting::kStale || last == Meeting::kSpent) && !done() && !cancelled();
  };
  Meeting last = Meeting::kStale;
  if (use_kept_) {
    if (auto kept = courier_.pool_.take(key)) last = co_await meet(std::move(kept), true);
  }
  const Route::Login* login = route_ != nullptr && route_->login ? &*route_->login : nullptr;
  // Each session that was spent has taken the letter for somebody, so this ends.
  while (call_again(last)) {
    auto peer = co_await Peer::open(courier_.peer_services_, key, login, courier_.services_.loop.in(patience),
                                    errand_.letter.id, report_.events);
    if (!peer) {
      answered_ = answered_ || peer.error().reply.code != 0;
      // What it lacks of security (RFC 3463: X.7) only this letter asks for: others may go there.
      had_say_ = had_say_ || (strict_tls_ && peer.error().status.subject == 7);
      co_return set_all_back(peer.error());
    }
    last = co_await meet(*std::move(peer), false);
  }
}

net::Task<ErrandRun::Meeting> ErrandRun::meet(std::unique_ptr<Peer> peer, bool kept) {
  if (kept) {
    journey::Event& event = tell(Stage::kConnected);
    event.add(FactName::kHost, peer->label());
    event.add(FactName::kReason, "The session was open from an earlier letter.");
  }
  Meeting meeting = co_await hand_over(*peer);
  // Peers close sessions that wait; to the letter that is as if it had not been there.
  const bool was_closed = meeting == Meeting::kFailed && !peer->session().usable();
  if (kept && (was_closed || meeting == Meeting::kOutOfStep)) {
    meeting = Meeting::kStale;
    use_kept_ = false;
    for (const std::size_t i : pending_) report_.recipients[i] = {};
    journey::Event& event = tell(Stage::kConnected);
    event.add(FactName::kHost, peer->label());
    event.add(FactName::kReason, was_closed
                                     ? "That session had been closed meanwhile, so the host is called again."
                                     : "That session was out of step, so the host is called again.");
  }
  answered_ = answered_ || meeting != Meeting::kStale;
  if (meeting == Meeting::kHad && peer->takes_another(courier_.options_.max_letters)) {
    if (asked_dns_) remember(*peer);
    courier_.pool_.keep(std::move(peer));
  } else {
    courier_.pool_.dismiss(std::move(peer));
  }
  co_return meeting;
}

void ErrandRun::remember(const Peer& peer) {
  courier_.known_.find_or_add(errand_.domain.ascii()) = {
      .key = peer.key(), .until = courier_.services_.loop.in(courier_.options_.host_memory).at};
}

// --- The letter, once somebody listens.

net::Task<ErrandRun::Meeting> ErrandRun::hand_over(Peer& peer) {
  for (bool first = true; !done(); first = false) {
    if (!first && !peer.takes_another(courier_.options_.max_letters)) co_return Meeting::kSpent;
    fail_utf8_recipients(peer);
    if (done()) break;
    const Meeting meeting = co_await transact(peer);
    if (meeting != Meeting::kHad || cancelled()) co_return meeting;
  }
  co_return Meeting::kHad;
}

/// RFC 6531 §3.5: these can't go; the others need not wait for them.
void ErrandRun::fail_utf8_recipients(const Peer& peer) {
  if (peer.extensions().offers(smtp::Extension::kSmtpUtf8)) return;
  const auto failure = smtp::failure_for(smtp::Obstacle::kNoSmtpUtf8);
  for (const std::size_t i : std::vector<std::size_t>(pending_)) {
    if (!errand_.recipients[i].address.needs_smtputf8()) continue;
    had_say_ = true;
    settle(i, result_of(failure, peer.label()));
  }
}

/// As many of those who are left as the peer takes at once.
net::Task<ErrandRun::Meeting> ErrandRun::transact(Peer& peer) {
  const std::size_t most = peer.extensions().max_recipients.value_or(kMaxErrandRecipients);
  const std::size_t count = std::clamp<std::size_t>(most, 1, pending_.size());
  const std::vector<std::size_t> batch(pending_.begin(),
                                       pending_.begin() + static_cast<std::ptrdiff_t>(count));
  smtp::ClientEnvelope envelope = envelope_for(batch);
  bool converts = false;
  if (auto misfit = co_await fit(peer, envelope, converts)) {
    had_say_ = true;  // it is not the host's trouble
    if (!misfit->of_host) settle_all(misfit->result);
    set_all_back(misfit->result);
    co_return misfit->of_host ? Meeting::kFailed : Meeting::kHad;
  }
  StoredLetter stored(courier_.services_.store, errand_.letter);
  std::optional<ConvertedLetter> converted;
  if (converts) converted.emplace(stored, insight_->structure);
  smtp::LetterSource& source = converted ? static_cast<smtp::LetterSource&>(*converted) : stored;
  auto outcome = co_await send(peer, envelope, source);
  if (stored.trouble()) {
    had_say_ = true;  // nor is this
    settle_all(store_trouble(*stored.trouble()));
    co_return Meeting::kHad;
  }
  co_return judge(peer, batch, std::move(outcome));
}

smtp::ClientEnvelope ErrandRun::envelope_for(std::span<const std::size_t> batch) const {
  const Letter& letter = errand_.letter;
  smtp::ClientEnvelope out;
  out.from = letter.sender;
  out.parameters.size_bytes = letter.size_bytes();
  out.parameters.body = letter.body;
  out.parameters.smtputf8 = letter.smtputf8;
  out.parameters.ret = letter.ret;
  out.parameters.envid = letter.envid;
  out.parameters.require_tls = letter.require_tls;
  out.to.reserve(batch.size());
  for (const std::size_t i : batch)
    out.to.push_back({errand_.recipients[i].address, errand_.recipients[i].parameters});
  return out;
}

/// Makes envelope and letter such that the peer can take them, or says why that can't be.
net::Task<std::optional<ErrandRun::Misfit>> ErrandRun::fit(Peer& peer, smtp::ClientEnvelope& envelope,
                                                           bool& converts) {
  while (const auto obstacle = peer.session().find_obstacle(envelope)) {
    Misfit misfit{result_of(smtp::failure_for(*obstacle), peer.label()),
                  *obstacle == smtp::Obstacle::kNoRequireTls};
    switch (*obstacle) {
      case smtp::Obstacle::kNoEightBitMime:
      case smtp::Obstacle::kNoBinaryMime: {
        if (auto unseen = co_await look_inside(peer.label())) co_return unseen;
        const bool binary = *obstacle == smtp::Obstacle::kNoBinaryMime;
        const std::string_view takes = binary ? "takes no binary letters" : "takes only 7-bit letters";
        if (!insight_->plan.possible()) {
          misfit.result.reason = fmt::format("{} {}, and this one cannot be converted: {}.", peer.label(),
                                             takes, insight_->plan.obstacle);
          co_return misfit;
        }
        envelope.parameters.body = smtp::Body::kSevenBit;
        converts = insight_->plan.needed;
        // Its size is known only when it has been converted.
        if (converts) envelope.parameters.size_bytes.reset();
        if (converts) tell_conversion(peer, takes);
        break;
      }
      case smtp::Obstacle::kNoSmtpUtf8: {
        // RFC 6531 §3.2: it was asked for, but does the letter need it?
        if (envelope.from && envelope.from->needs_smtputf8()) co_return misfit;
        if (auto unseen = co_await look_inside(peer.label())) co_return unseen;
        if (insight_->plan.header_8bit) {
          misfit.result.reason = fmt::format(
              "{} knows only headers in ASCII, and this letter's has other letters.", peer.label());
          co_return misfit;
        }
        envelope.parameters.smtputf8 = false;
        break;
      }
      default:
        co_return misfit;
    }
  }
  co_return std::nullopt;
}

net::Task<std::optional<ErrandRun::Misfit>> ErrandRun::look_inside(const std::string& host) {
  if (insight_) co_return std::nullopt;
  auto insight = co_await look_into(courier_.services_.store, errand_.letter);
  if (insight) {
    insight_ = *std::move(insight);
    co_return std::nullopt;
  }
  if (insight.error().kind == ErrorKind::kRefuse) {
    RecipientResult result =
        failed(smtp::status::kConversionNeeded,
               fmt::format("{} does not take the letter as it is: {}.", host, insight.error().detail));
    result.host = host;
    co_return Misfit{std::move(result)};
  }
  co_return Misfit{
      deferred(kStoreTrouble,
               fmt::format("We cannot read the letter from our own store now: {}.", insight.error().detail))};
}

net::Task<smtp::LetterOutcome> ErrandRun::send(Peer& peer, const smtp::ClientEnvelope& envelope,
                                               smtp::LetterSource& letter) {
  peer.record().begin(errand_.letter.id);
  Grace grace(context_, courier_.options_.grace);
  auto outcome = co_await peer.session().send(envelope, letter).in(grace.context());
  peer.count_letter();
  if (auto spoke = peer.record().take(peer.label())) report_.events.push_back(*std::move(spoke));
  if (outcome.mended) {
    journey::Event& event = tell(Stage::kConverted);
    event.add(FactName::kHost, peer.label());
    event.add(
        FactName::kReason,
        "Line ends that stood alone were mended, as SMTP asks for; signatures over the body may not hold "
        "any more.");
  }
  co_return outcome;
}

ErrandRun::Meeting ErrandRun::judge(Peer& peer, const std::vector<std::size_t>& batch,
                                    smtp::LetterOutcome outcome) {
  std::optional<RecipientResult> host_trouble;
  Meeting trouble = Meeting::kFailed;
  bool any_settled = false;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    smtp::RecipientOutcome& each = outcome.recipients[i];
    if (each.accepted) {
      const bool reports_itself = peer.extensions().offers(smtp::Extension::kDsn);
      settle(batch[i], relayed(std::move(each.reply), peer.label(), reports_itself));
      any_settled = had_say_ = true;
      continue;
    }
    RecipientResult result = result_of(*each.failure, peer.label());
    const bool of_session = each.failure->scope == smtp::FailureScope::kSession;
    const bool of_host = of_session || each.failure->scope == smtp::FailureScope::kHost;
    if (each.failure->too_many_recipients) {
      set_back(batch[i], std::move(result));
    } else if (of_host && !each.failure->may_have_arrived) {
      host_trouble = std::move(result);
      trouble = of_session ? Meeting::kOutOfStep : Meeting::kFailed;
    } else {
      any_settled = true;
      had_say_ = had_say_ || !of_host;
      settle(batch[i], std::move(result));
    }
  }
  if (host_trouble) {
    set_all_back(*host_trouble);  // those whose turn would have come later too
    return trouble;
  }
  if (any_settled) return Meeting::kHad;
  // It finds one recipient too many: another transaction would hear the same.
  had_say_ = true;
  for (const std::size_t i : batch) settle(i, report_.recipients[i]);
  return Meeting::kHad;
}

void ErrandRun::tell_conversion(const Peer& peer, std::string_view takes) {
  std::string reason =
      fmt::format("{} {}, so the parts with other bytes were encoded again.", peer.label(), takes);
  if (insight_->dkim_signed) reason += " The letter's DKIM signature does not hold any more.";
  if (insight_->plan.breaks_signature)
    reason += " A signature over one of its parts (multipart/signed) does not hold any more.";
  if (insight_->plan.header_8bit) reason += " Its header has bytes over ASCII, which went as they are.";
  journey::Event& event = tell(Stage::kConverted);
  event.add(FactName::kHost, peer.label());
  event.add(FactName::kReason, std::move(reason));
}

// --- Results.

void ErrandRun::settle(std::size_t recipient, RecipientResult result) {
  report_.recipients[recipient] = std::move(result);
  std::erase(pending_, recipient);
}

void ErrandRun::settle_all(const RecipientResult& result) {
  for (const std::size_t i : pending_) report_.recipients[i] = result;
  pending_.clear();
}

/// What is told if every host fails: a host that may do better tomorrow keeps the letter alive, whatever
/// another one says; and an answer says more than silence.
void ErrandRun::set_back(std::size_t recipient, RecipientResult result) {
  const auto weight = [](const RecipientResult& each) {
    return (each.fate == Fate::kDeferred ? 2 : 0) + (each.reply.code != 0 ? 1 : 0);
  };
  RecipientResult& so_far = report_.recipients[recipient];
  if (so_far.reason.empty() || weight(result) >= weight(so_far)) so_far = std::move(result);
}

void ErrandRun::set_all_back(const RecipientResult& result) {
  for (const std::size_t i : pending_) set_back(i, result);
}

void ErrandRun::conclude() {
  if (!had_say_ && !for_good_ && !cancelled()) {
    report_.hosts = answered_ ? ErrandReport::Hosts::kTroubled : ErrandReport::Hosts::kUnreachable;
    report_.trouble = report_.recipients.front().reason;
  }
  if (cancelled()) settle_all(deferred(kStopping, "We were stopping, so the letter waits for the next try."));
}

journey::Event& ErrandRun::tell(Stage stage) {
  report_.events.push_back({.at = courier_.services_.loop.clock().wall(), .stage = stage});
  return report_.events.back();
}

}  // namespace pabal::queue
