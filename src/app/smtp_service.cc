#include "app/smtp_service.h"

#include <algorithm>

#include "net/connection.h"
#include "smtp/server_session.h"

namespace pabal::app {
namespace {

smtp::ServerOptions profile_options(const std::string& protocol, std::string host_name) {
  if (protocol == "submission") return smtp::ServerOptions::submission(std::move(host_name));
  if (protocol == "lmtp") return smtp::ServerOptions::lmtp(std::move(host_name));
  return smtp::ServerOptions::mx(std::move(host_name));
}

bool is_local(const Config::Listener& listener) {
  return std::ranges::all_of(listener.address,
                             [](const net::Endpoint& address) { return address.is_local(); });
}

smtp::ServerOptions make_options(const Config& config, const Config::Listener& listener,
                                 std::string host_name) {
  using std::chrono::seconds;
  const Config::Smtp& smtp = config.smtp;
  smtp::ServerOptions options = profile_options(listener.protocol, std::move(host_name));
  options.limits.max_letter_bytes = smtp.max_letter;
  options.limits.max_recipients = smtp.max_recipients;
  options.limits.max_letters = smtp.max_letters;
  options.limits.max_errors = smtp.max_errors;
  options.limits.harvest_delay = smtp.harvest_delay;
  options.deadlines.command = std::chrono::ceil<seconds>(smtp.command_timeout);
  options.leniency = {.space_after_colon = smtp.leniency.space_after_colon,
                      .address_without_brackets = smtp.leniency.address_without_brackets,
                      .any_helo_name = smtp.leniency.any_helo_name};
  options.bare_line_ends =
      smtp.normalise_line_ends ? smtp::BareLineEnds::kNormalise : smtp::BareLineEnds::kRefuse;
  options.xclient_networks = smtp.xclient_networks;
  if (options.profile == smtp::Profile::kMx) options.greeting_delay = smtp.greeting_delay;
  if (options.profile == smtp::Profile::kSubmission) {
    options.max_hold = std::chrono::floor<seconds>(smtp.max_hold);
    options.login_mechanisms = {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "PLAIN", "LOGIN"};
    // On this machine nobody listens in; from elsewhere a password in clear is refused whatever is offered.
    options.login_without_tls = is_local(listener);
  }
  return options;
}

std::string farewell(net::Admission why) {
  return why == net::Admission::kTooManyInAll
             ? "421 4.3.2 Too many connections at the moment; try again later\r\n"
             : "421 4.7.0 Too many connections from your network; try again later\r\n";
}

}  // namespace

SmtpService::SmtpService(const Config& config, const Config::Listener& listener, std::string host_name,
                         net::ServerLoops& loops, net::ConnectionLimits& limits, Metrics& metrics,
                         net::Scope::OnBug on_bug)
    : name_(listener.name),
      listener_(listener),
      loops_(loops),
      limits_(limits),
      on_bug_(std::move(on_bug)),
      sessions_total_(metrics.counter("pabal_smtp_sessions_total", "SMTP and LMTP sessions that ended")),
      letters_total_(metrics.counter("pabal_smtp_letters_total", "Letters taken by SMTP and LMTP")),
      turned_away_(metrics.counter("pabal_smtp_turned_away_total", "SMTP connections turned away by limits")),
      options_(make_options(config, listener, std::move(host_name))) {}

SmtpService::~SmtpService() = default;

void SmtpService::set_backend(SmtpBackend backend) {
  if (listener_.tls == TlsMode::kStartTls) options_.tls = backend.tls;
  backend_.emplace(std::move(backend));
}

Result<void> SmtpService::bind() {
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

Result<void> SmtpService::start() {
  for (const auto& listeners : listeners_) listeners->start();
  return {};
}

net::ListenerHandlers SmtpService::handlers() {
  return {
      .serve = [this](std::unique_ptr<net::Stream> stream,
                      net::CancelSource& draining) { return serve(std::move(stream), draining); },
      .refuse =
          [this](net::Admission why) {
            turned_away_.add();
            return listener_.tls == TlsMode::kImplicit ? std::string() : farewell(why);
          },
      .on_trouble =
          [this](std::string_view trouble) {
            if (backend_) backend_->log.warn("listener", {{"trouble", trouble}});
          },
      .on_bug = on_bug_,
  };
}

net::Task<void> SmtpService::serve(std::unique_ptr<net::Stream> stream, net::CancelSource& draining) {
  const net::Context context = co_await net::current_context();
  ++open_;
  const std::string peer = stream->peer().to_string();
  if (listener_.tls == TlsMode::kImplicit) stream = co_await encrypt(std::move(stream));
  if (stream) {
    net::Connection connection(*context.loop, std::move(stream));
    delivery::SmtpHandler handler(backend_->services, backend_->log.with({{"peer", peer}}));
    handler.set_connection(connection);
    const smtp::SessionSummary summary =
        co_await smtp::serve_smtp(connection, handler, options_, &handler.dialogue())
            .in({context.loop, &draining});
    letters_total_.add(summary.letters);
    backend_->log.debug("session ended", {{"peer", peer},
                                          {"listener", name_},
                                          {"letters", summary.letters},
                                          {"errors", summary.errors},
                                          {"detail", summary.detail}});
  }
  sessions_total_.add();
  --open_;
}

// Nothing if the handshake failed: then there is nobody to talk to.
net::Task<std::unique_ptr<net::Stream>> SmtpService::encrypt(std::unique_ptr<net::Stream> stream) {
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

void SmtpService::drain(std::chrono::nanoseconds patience) {
  for (const auto& listeners : listeners_) listeners->drain(patience);
}

std::vector<std::string> SmtpService::addresses() const {
  std::vector<std::string> out;
  for (const auto& listeners : listeners_) out.push_back(listeners->local().to_string());
  return out;
}

}  // namespace pabal::app
