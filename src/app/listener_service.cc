#include "app/listener_service.h"

namespace pabal::app {

ListenerService::ListenerService(const Config::Listener& listener, bool implicit_tls,
                                 std::chrono::seconds tls_deadline, Parts parts)
    : listener_(listener),
      implicit_tls_(implicit_tls),
      tls_deadline_(tls_deadline),
      parts_(std::move(parts)) {}

ListenerService::~ListenerService() = default;

void ListenerService::open_door(net::TlsServer* tls, Logger log) {
  tls_ = tls;
  log_ = std::move(log);
}

Result<void> ListenerService::bind() {
  for (const net::Endpoint& address : listener_.address) {
    net::ListenerOptions options;
    options.endpoint = address;
    options.limits = &parts_.limits;
    options.proxy_protocol = !listener_.proxy_protocol.empty();
    options.proxy_networks = listener_.proxy_protocol;
    PABAL_TRY(auto bound, net::Listeners::bind(parts_.loops, std::move(options),
                                               [this](net::Loop&) { return handlers(); }));
    listeners_.push_back(std::move(bound));
  }
  return {};
}

Result<void> ListenerService::start() {
  for (const auto& listeners : listeners_) listeners->start();
  return {};
}

net::ListenerHandlers ListenerService::handlers() {
  return {
      .serve = [this](std::unique_ptr<net::Stream> stream,
                      net::CancelSource& draining) { return receive(std::move(stream), draining); },
      // Who waits for a handshake could not read it.
      .refuse =
          [this](net::Admission why) {
            parts_.turned_away.add();
            return implicit_tls_ ? std::string() : farewell(why);
          },
      .on_trouble = [this](std::string_view trouble) { log_.warn("listener", {{"trouble", trouble}}); },
      .on_bug = parts_.on_bug,
  };
}

net::Task<void> ListenerService::receive(std::unique_ptr<net::Stream> stream, net::CancelSource& draining) {
  ++open_;
  if (implicit_tls_) stream = co_await encrypt(std::move(stream));
  if (stream) co_await serve(std::move(stream), draining);
  parts_.sessions_total.add();
  --open_;
}

// Nothing if the handshake failed: then there is nobody to talk to.
net::Task<std::unique_ptr<net::Stream>> ListenerService::encrypt(std::unique_ptr<net::Stream> stream) {
  const net::Context context = co_await net::current_context();
  auto encrypted = tls_->wrap(*context.loop, std::move(stream));
  const auto shaken = co_await encrypted->handshake(context.loop->in(tls_deadline_));
  if (!shaken) {
    log_.info("TLS handshake failed", {{"peer", encrypted->peer().to_string()}, {"error", shaken.error()}});
    co_return nullptr;
  }
  co_return std::move(encrypted);
}

void ListenerService::drain(std::chrono::nanoseconds patience) {
  for (const auto& listeners : listeners_) listeners->drain(patience);
}

std::vector<std::string> ListenerService::addresses() const {
  std::vector<std::string> out;
  for (const auto& listeners : listeners_) out.push_back(listeners->local().to_string());
  return out;
}

}  // namespace pabal::app
