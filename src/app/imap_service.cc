#include "app/imap_service.h"

#include "imap/session.h"
#include "net/connection.h"

namespace pabal::app {
namespace {

imap::ImapOptions make_options(const Config& config, const Config::Listener& listener,
                               std::string host_name) {
  using std::chrono::ceil;
  using std::chrono::seconds;
  imap::ImapOptions options;
  options.host_name = std::move(host_name);
  options.domain = listener.own_domain();
  options.max_letter_bytes = config.imap.max_letter;
  options.max_errors = config.imap.max_errors;
  options.max_letters_of_command = config.imap.max_letters_of_command;
  options.admin_uri = config.imap.admin;
  options.comment = config.imap.comment;
  options.deadlines.idle = ceil<seconds>(config.imap.idle_timeout);
  options.deadlines.greeted = ceil<seconds>(config.imap.login_timeout);
  return options;
}

}  // namespace

ImapService::ImapService(const Config& config, const Config::Listener& listener, std::string host_name,
                         net::ServerLoops& loops, net::ConnectionLimits& limits, Metrics& metrics,
                         net::Scope::OnBug on_bug)
    : ListenerService(
          listener, listener.protocol == "imaps" || listener.tls == TlsMode::kImplicit,
          imap::ImapOptions().deadlines.tls,
          {.loops = loops,
           .limits = limits,
           .sessions_total = metrics.counter("pabal_imap_sessions_total", "IMAP sessions that ended"),
           .turned_away =
               metrics.counter("pabal_imap_turned_away_total", "IMAP connections turned away by limits"),
           .on_bug = std::move(on_bug)}),
      options_(make_options(config, listener, std::move(host_name))) {}

ImapService::~ImapService() = default;

void ImapService::set_backend(ImapBackend backend) {
  if (!is_implicit() && listener().tls == TlsMode::kStartTls) options_.tls = backend.tls;
  services_ = &backend.services;
  open_door(backend.tls, std::move(backend.log));
}

std::string ImapService::farewell(net::Admission why) const {
  return why == net::Admission::kTooManyInAll
             ? "* BYE [UNAVAILABLE] Too many connections at the moment; try again later\r\n"
             : "* BYE [UNAVAILABLE] Too many connections from your network; try again later\r\n";
}

net::Task<void> ImapService::serve(std::unique_ptr<net::Stream> stream, net::CancelSource& draining) {
  const net::Context context = co_await net::current_context();
  const std::string peer = stream->peer().to_string();
  net::Connection connection(*context.loop, std::move(stream));
  const imap::SessionSummary summary =
      co_await imap::serve_imap(connection, *services_, options_).in({context.loop, &draining});
  log().debug("session ended", {{"peer", peer},
                                {"listener", name()},
                                {"login", summary.login},
                                {"commands", summary.commands},
                                {"errors", summary.errors},
                                {"detail", summary.detail}});
}

}  // namespace pabal::app
