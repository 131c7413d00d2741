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

}  // namespace

SmtpService::SmtpService(const Config& config, const Config::Listener& listener, std::string host_name,
                         net::ServerLoops& loops, net::ConnectionLimits& limits, Metrics& metrics,
                         net::Scope::OnBug on_bug)
    : ListenerService(listener, listener.tls == TlsMode::kImplicit, smtp::ServerOptions().deadlines.tls,
                      {.loops = loops,
                       .limits = limits,
                       .sessions_total =
                           metrics.counter("pabal_smtp_sessions_total", "SMTP and LMTP sessions that ended"),
                       .turned_away = metrics.counter("pabal_smtp_turned_away_total",
                                                      "SMTP connections turned away by limits"),
                       .on_bug = std::move(on_bug)}),
      letters_total_(metrics.counter("pabal_smtp_letters_total", "Letters taken by SMTP and LMTP")),
      options_(make_options(config, listener, std::move(host_name))) {}

SmtpService::~SmtpService() = default;

void SmtpService::set_backend(SmtpBackend backend) {
  if (listener().tls == TlsMode::kStartTls) options_.tls = backend.tls;
  services_ = &backend.services;
  open_door(backend.tls, std::move(backend.log));
}

std::string SmtpService::farewell(net::Admission why) const {
  return why == net::Admission::kTooManyInAll
             ? "421 4.3.2 Too many connections at the moment; try again later\r\n"
             : "421 4.7.0 Too many connections from your network; try again later\r\n";
}

net::Task<void> SmtpService::serve(std::unique_ptr<net::Stream> stream, net::CancelSource& draining) {
  const net::Context context = co_await net::current_context();
  const std::string peer = stream->peer().to_string();
  net::Connection connection(*context.loop, std::move(stream));
  delivery::SmtpHandler handler(*services_, log().with({{"peer", peer}}));
  handler.set_connection(connection);
  handler.set_domain(listener().own_domain());
  const smtp::SessionSummary summary =
      co_await smtp::serve_smtp(connection, handler, options_, &handler.dialogue())
          .in({context.loop, &draining});
  letters_total_.add(summary.letters);
  log().debug("session ended", {{"peer", peer},
                                {"listener", name()},
                                {"letters", summary.letters},
                                {"errors", summary.errors},
                                {"detail", summary.detail}});
}

}  // namespace pabal::app
