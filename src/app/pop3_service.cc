#include "app/pop3_service.h"

#include "net/connection.h"
#include "pop3/session.h"

namespace pabal::app {
namespace {

using std::chrono::ceil;
using std::chrono::seconds;

pop3::Pop3Options make_options(const Config& config, const Config::Listener& listener,
                               std::string host_name) {
  pop3::Pop3Options options;
  options.host_name = std::move(host_name);
  options.domain = listener.own_domain();
  options.folder = config.pop3.folder;
  options.deletion = config.pop3.deletion;
  options.last_days = std::chrono::days(config.pop3.last_days);
  options.journeys_kept = ceil<std::chrono::hours>(config.journey.keep_successes);
  options.max_errors = config.pop3.max_errors;
  options.deadlines.idle = ceil<seconds>(config.pop3.idle_timeout);
  options.deadlines.greeted = ceil<seconds>(config.pop3.login_timeout);
  return options;
}

}  // namespace

pop3::MaildropOptions maildrop_options(const Config& config) {
  return {.shared = config.pop3.shared,
          .takeover_after = ceil<seconds>(config.pop3.takeover_after),
          .login_delay = ceil<seconds>(config.pop3.login_delay)};
}

Pop3Service::Pop3Service(const Config& config, const Config::Listener& listener, std::string host_name,
                         net::ServerLoops& loops, net::ConnectionLimits& limits, Metrics& metrics,
                         net::Scope::OnBug on_bug)
    : ListenerService(
          listener, listener.protocol == "pop3s" || listener.tls == TlsMode::kImplicit,
          pop3::Pop3Options().deadlines.tls,
          {.loops = loops,
           .limits = limits,
           .sessions_total = metrics.counter("pabal_pop3_sessions_total", "POP3 sessions that ended"),
           .turned_away =
               metrics.counter("pabal_pop3_turned_away_total", "POP3 connections turned away by limits"),
           .on_bug = std::move(on_bug)}),
      letters_total_(metrics.counter("pabal_pop3_letters_total", "Letters fetched by POP3")),
      options_(make_options(config, listener, std::move(host_name))) {}

Pop3Service::~Pop3Service() = default;

void Pop3Service::set_backend(Pop3Backend backend) {
  if (!is_implicit() && listener().tls == TlsMode::kStartTls) options_.tls = backend.tls;
  services_ = &backend.services;
  open_door(backend.tls, std::move(backend.log));
}

std::string Pop3Service::farewell(net::Admission why) const {
  return why == net::Admission::kTooManyInAll
             ? "-ERR [SYS/TEMP] Too many connections at the moment; try again later\r\n"
             : "-ERR [SYS/TEMP] Too many connections from your network; try again later\r\n";
}

net::Task<void> Pop3Service::serve(std::unique_ptr<net::Stream> stream, net::CancelSource& draining) {
  const net::Context context = co_await net::current_context();
  const std::string peer = stream->peer().to_string();
  net::Connection connection(*context.loop, std::move(stream));
  const pop3::SessionSummary summary =
      co_await pop3::serve_pop3(connection, *services_, options_).in({context.loop, &draining});
  letters_total_.add(summary.fetched);
  log().debug("session ended", {{"peer", peer},
                                {"listener", name()},
                                {"login", summary.login},
                                {"commands", summary.commands},
                                {"errors", summary.errors},
                                {"fetched", summary.fetched},
                                {"deleted", summary.deleted},
                                {"detail", summary.detail}});
}

}  // namespace pabal::app
