#include "queue/peer.h"

#include <algorithm>

#include "queue/recipient_result.h"

namespace pabal::queue {
namespace {

using journey::Event;
using journey::FactName;

std::optional<net::IpAddress> source_for(const net::Endpoint& to,
                                         const std::vector<net::IpAddress>& sources) {
  if (to.tcp() == nullptr) return {};
  const bool v4 = to.tcp()->address.is_v4();
  const auto found = std::ranges::find_if(sources, [v4](const auto& each) { return each.is_v4() == v4; });
  return found != sources.end() ? std::optional(*found) : std::nullopt;
}

smtp::ClientTls how_to_encrypt(TlsPolicy policy, bool in_clear) {
  if (in_clear) return smtp::ClientTls::kNever;
  switch (policy) {
    case TlsPolicy::kOpportunistic:
      return smtp::ClientTls::kOpportunistic;
    case TlsPolicy::kRequired:
    case TlsPolicy::kImplicit:
      return smtp::ClientTls::kRequired;
    case TlsPolicy::kNever:
      break;
  }
  return smtp::ClientTls::kNever;
}

net::TlsClientOptions tls_options(const PeerKey& key) {
  return {.server_name = key.host_name,
          .verify = key.verify_certificate ? net::TlsVerify::kFull : net::TlsVerify::kNone};
}

smtp::ClientOptions session_options(const PeerServices& services, const PeerKey& key, bool in_clear,
                                    smtp::Dialogue& dialogue) {
  return {.host_name = services.our_name,
          .lmtp = key.lmtp,
          .tls_policy = how_to_encrypt(key.tls, in_clear),
          .tls = services.tls,
          .tls_options = tls_options(key),
          .use_chunking = services.use_chunking,
          .deadlines = services.deadlines,
          .dialogue = &dialogue};
}

Event event_of(const PeerServices& services, journey::Stage stage, const std::string& host) {
  Event out{.at = services.loop.clock().wall(), .stage = stage};
  out.add(FactName::kHost, host);
  return out;
}

}  // namespace

std::string PeerKey::label() const {
  const net::TcpEndpoint* tcp = to.tcp();
  if (tcp == nullptr) return to.to_string();
  const std::string address = tcp->address.to_string();
  if (host_name == address) return fmt::format("[{}]:{}", address, tcp->port);
  return fmt::format("{} [{}]:{}", host_name, address, tcp->port);
}

Peer::Peer(const PeerServices& services, PeerKey key, std::unique_ptr<net::Stream> stream, bool in_clear)
    : key_(std::move(key)),
      label_(key_.label()),
      record_(services.loop.clock(), services.journal),
      connection_(services.loop, std::move(stream)),
      session_(connection_, session_options(services, key_, in_clear, record_)) {}

net::Task<Peer::Opening> Peer::open(const PeerServices& services, PeerKey key, const Route::Login* login,
                                    net::Deadline connect_by, journey::JourneyId id,
                                    std::vector<Event>& events) {
  const std::string label = key.label();
  for (bool in_clear = false;; in_clear = true) {
    const MonoTime began = services.loop.clock().mono();
    auto stream = co_await services.connect(key.to, connect_by, source_for(key.to, services.sources));
    events.push_back(event_of(services, journey::Stage::kConnected, label));
    if (!stream) {
      const auto waited = std::chrono::round<std::chrono::seconds>(services.loop.clock().mono() - began);
      RecipientResult result = result_of_connecting(stream.error(), waited, label);
      events.back().add(FactName::kReason, result.reason);
      co_return std::unexpected(std::move(result));
    }
    auto peer = std::make_unique<Peer>(services, key, *std::move(stream), in_clear);
    peer->record_.begin(id);
    const auto greeted = co_await peer->greet(services, login);
    // RFC 5321 §4.1.1.10: no closing without QUIT, not even on a host that won't have us.
    if (!greeted) co_await peer->session_.quit();
    if (auto spoke = peer->record_.take(label)) events.push_back(*std::move(spoke));
    if (greeted) {
      if (!in_clear) events.push_back(peer->tell_encryption());
      co_return std::move(peer);
    }
    RecipientResult result = result_of(greeted.error(), label);
    const bool again_in_clear = greeted.error().retry_in_clear && !in_clear;
    if (greeted.error().stage == smtp::Stage::kStartTls) {
      events.push_back(event_of(services, journey::Stage::kEncrypted, label));
      events.back().add(
          FactName::kReason,
          again_in_clear ? fmt::format("No encryption could be agreed on ({}). It was wished for, not asked "
                                       "for, so the letter goes in clear.",
                                       greeted.error().detail)
                         : result.reason);
    }
    if (!again_in_clear) co_return std::unexpected(std::move(result));
    connect_by = services.loop.in(connect_by.at - began);
  }
}

net::Task<std::expected<void, smtp::Failure>> Peer::greet(const PeerServices& services,
                                                          const Route::Login* login) {
  if (key_.tls == TlsPolicy::kImplicit) {
    if (services.tls == nullptr) {
      co_return std::unexpected(classify(
          smtp::Stage::kStartTls, Error{ErrorKind::kRefuse, "encryption is switched off on our side"}));
    }
    const auto shaken = co_await connection_.start_tls(*services.tls, tls_options(key_),
                                                       services.loop.in(services.deadlines.tls));
    if (!shaken) co_return std::unexpected(classify(smtp::Stage::kStartTls, shaken.error()));
  } else if (key_.tls == TlsPolicy::kRequired && services.tls == nullptr) {
    co_return std::unexpected(classify(smtp::Stage::kStartTls,
                                       Error{ErrorKind::kRefuse, "encryption is switched off on our side"}));
  }
  PABAL_CO_TRY_VOID(co_await session_.open());
  if (login == nullptr) co_return std::expected<void, smtp::Failure>();
  co_return co_await session_.log_in({.name = login->name, .password = login->password.copy()},
                                     services.random, services.workers);
}

Event Peer::tell_encryption() {
  Event out{.at = connection_.loop().clock().wall(), .stage = journey::Stage::kEncrypted};
  out.add(FactName::kHost, label_);
  if (const auto facts = connection_.stream().tls_facts()) {
    out.add(FactName::kTls, facts->version + " " + facts->cipher);
    if (!facts->verify_error.empty()) {
      out.add(
          FactName::kReason,
          fmt::format("Nobody vouches for its certificate ({}); nobody is asked to where encryption is only "
                      "wished for.",
                      facts->verify_error));
    }
  } else if (extensions().offers(smtp::Extension::kStartTls)) {
    out.add(FactName::kReason, "Not encrypted: it offers encryption, but we could not use it.");
  } else {
    out.add(FactName::kReason, "Not encrypted: it does not offer to.");
  }
  return out;
}

bool Peer::takes_another(std::uint64_t max_letters) const {
  return session_.usable() && letters_ < std::min(max_letters, extensions().max_letters.value_or(UINT64_MAX));
}

}  // namespace pabal::queue
