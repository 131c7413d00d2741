#include "app/control_service.h"

#include <sys/un.h>
#include <unistd.h>

#include "app/control_protocol.h"
#include "app/control_session.h"

namespace pabal::app {

ControlService::ControlService(std::string path, net::ServerLoops& loops, Admin& admin, Logger log,
                               Metrics& metrics, net::Scope::OnBug on_bug)
    : path_(std::move(path)),
      loops_(loops),
      admin_(admin),
      log_(std::move(log)),
      on_bug_(std::move(on_bug)),
      connections_(metrics.counter("pabal_control_connections_total", "Connections to the control socket")),
      turned_away_(
          metrics.counter("pabal_control_turned_away_total",
                          "Connections to the control socket that were not the operator's, or too many")),
      limits_({.max_total = kMaxControlConnections, .max_per_network = kMaxControlConnections}) {}

Result<void> ControlService::start() {
  constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
  if (path_.size() > kLongest) {
    return fail(
        ErrorKind::kRefuse,
        "the control socket's path {} is longer than the {} bytes that the system allows; set admin.socket "
        "to a shorter one",
        path_, kLongest);
  }
  net::ListenerOptions options;
  options.endpoint = net::UnixEndpoint{path_};
  options.unix_mode = 0600;
  options.limits = &limits_;
  PABAL_TRY(listeners_,
            net::Listeners::open(loops_, std::move(options), [this](net::Loop&) { return handlers(); }));
  return {};
}

net::ListenerHandlers ControlService::handlers() {
  return {
      .serve = [this](std::unique_ptr<net::Stream> stream,
                      net::CancelSource& draining) { return serve(std::move(stream), draining); },
      .refuse =
          [this](net::Admission) {
            turned_away_.add();
            return to_line(
                ControlEnd(fail(ErrorKind::kOverLimit, "{} others use the control socket now; try again",
                                kMaxControlConnections)));
          },
      .on_trouble = [this](std::string_view trouble) { log_.warn("control socket", {{"trouble", trouble}}); },
      .on_bug = on_bug_,
  };
}

net::Task<void> ControlService::serve(std::unique_ptr<net::Stream> stream, net::CancelSource& draining) {
  const net::Context context = co_await net::current_context();
  connections_.add();
  const bool welcome = may_enter(*stream);
  net::Connection connection(*context.loop, std::move(stream));
  if (welcome) {
    co_await serve_control(connection, admin_, log_, draining);
    co_return;
  }
  turned_away_.add();
  log_.warn("control connection of another user turned away");
  const std::string line =
      to_line(ControlEnd(fail(ErrorKind::kRefuse, "only root and the server's own user may")));
  const net::Deadline deadline = context.loop->in(kControlPatience);
  if (co_await connection.write(line, deadline)) std::ignore = co_await connection.finish(deadline);
}

// The file's mode says the same; but a mode is easily changed by hand, and a directory given away.
bool ControlService::may_enter(const net::Stream& stream) const {
  const auto peer = stream.peer_credentials();
  return peer && (peer->uid == 0 || peer->uid == ::geteuid());
}

void ControlService::drain(std::chrono::nanoseconds patience) {
  if (!listeners_) return;
  listeners_->drain(patience);
  listeners_.reset();
}

}  // namespace pabal::app
