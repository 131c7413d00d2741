#include "app/imap_service.h"

#include "imap/session.h"
#include "net/connection.h"

namespace pabal::app {
namespace {

imap::ImapOptions make_options(const Config& config, std::string host_name) {
  using std::chrono::ceil;
  using std::chrono::seconds;
  imap::ImapOptions options;
  options.host_name = std::move(host_name);
  options.max_letter_bytes = config.imap.max_letter;
  options.max_errors = config.imap.max_errors;
  options.deadlines.idle = ceil<seconds>(config.imap.idle_timeout);
  options.deadlines.greeted = ceil<seconds>(config.imap.login_timeout);
  return options;
}

std::string farewell(net::Admission why) {
  return why == net::Admission::kTooManyInAll
             ? "* BYE [UNAVAILABLE] Too many connections at the moment; try again later\r\n"
             : "* BYE [UNAVAILABLE] Too many connections from your network; try again later\r\n";
}

}  // namespace

ImapService::ImapService(const Config& config, const Config::Listener& listener, std::string host_name,
                         net::ServerLoops& loops, net::ConnectionLimits& limits, Metrics& metrics,
                         net::Scope::OnBug on_bug)
    : name_(listener.name),
      listener_(listener),
      loops_(loops),
      limits_(limits),
      on_bug_(std::move(on_bug)),
      sessions_total_(metrics.counter("pabal_imap_sessions_total", "IMAP sessions that ended")),
      turned_away_(metrics.counter("pabal_imap_turned_away_total", "IMAP connections turned away by limits")),
      options_(make_options(config, std::move(host_name))) {}

ImapService::~ImapService() = default;

void ImapService::set_backend(ImapBackend backend) {
  if (!is_implicit() && listener_.tls == TlsMode::kStartTls) options_.tls = backend.tls;
  backend_.emplace(std::move(backend));
}

Result<void> ImapService::bind() {
  for (const net::Endpoint& address : listener_.address) {
    net::ListenerOptions options;
    options.endpoint = address;
    options.limits = &limits_;
    options.proxy_protocol = !listener_.proxy_protocol.empty();
    options.proxy_networks = listener_.proxy_protocol;
    PABAL_TRY(auto bound,
              net::Listeners::bind(loops_, std::move(options), [this](net::Loop&) { return handlers(); }));
    listeners_.push_back(std::move(bound));
  }
  return {};
}

Result<void> ImapService::start() {
  for (const auto& listeners : listeners_) listeners->start();
  return {};
}

net::ListenerHandlers ImapService::handlers() {
  return {
      .serve = [this](std::unique_ptr<net::Stream> stream,
                      net::CancelSource& draining) { return serve(std::move(stream), draining); },
      .refuse =
          [this](net::Admission why) {
            turned_away_.add();
            return is_implicit() ? std::string() : farewell(why);
          },
      .on_trouble =
          [this](std::string_view trouble) {
            if (backend_) backend_->log.warn("listener", {{"trouble", trouble}});
          },
      .on_bug = on_bug_,
  };
}

net::Task<void> ImapService::serve(std::unique_ptr<net::Stream> stream, net::CancelSource& draining) {
  const net::Context context = co_await net::current_context();
  ++open_;
  const std::string peer = stream->peer().to_string();
  if (is_implicit()) stream = co_await encrypt(std::move(stream));
  if (stream) {
    net::Connection connection(*context.loop, std::move(stream));
    const imap::SessionSummary summary =
        co_await imap::serve_imap(connection, backend_->services, options_).in({context.loop, &draining});
    backend_->log.debug("session ended", {{"peer", peer},
                                          {"listener", name_},
                                          {"login", summary.login},
                                          {"commands", summary.commands},
                                          {"errors", summary.errors},
                                          {"detail", summary.detail}});
  }
  sessions_total_.add();
  --open_;
}

// Nothing if the handshake failed: then there is nobody to talk to.
net::Task<std::unique_ptr<net::Stream>> ImapService::encrypt(std::unique_ptr<net::Stream> stream) {
  const net::Context context = co_await net::current_context();
  auto encrypted = backend_->tls->wrap(*context.loop, std::move(stream));
  const auto shaken = co_await encrypted->handshake(context.loop->in(options_.deadlines.tls));
  if (!shaken) {
    backend_->log.info("TLS handshake failed",
                       {{"peer", encrypted->peer().to_string()}, {"error", shaken.error()}});
    co_return nullptr;
  }
  co_return std::move(encrypted);
}

void ImapService::drain(std::chrono::nanoseconds patience) {
  for (const auto& listeners : listeners_) listeners->drain(patience);
}

std::vector<std::string> ImapService::addresses() const {
  std::vector<std::string> out;
  for (const auto& listeners : listeners_) out.push_back(listeners->local().to_string());
  return out;
}

}  // namespace pabal::app
