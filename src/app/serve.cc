// pabal serve: the life of the server's process. The main thread stays apart from the loops; it waits for
// signals, and answers them.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "app/commands.h"
#include "app/place.h"
#include "app/printing.h"
#include "app/privileges.h"
#include "app/service_manager.h"
#include "app/signals.h"
#include "app/wiring.h"

namespace pabal::app {
namespace {

/// How much longer than the drain timeout sessions may take to notice that they were cut off. Behind that it
/// is a bug, and the process ends without them.
constexpr std::chrono::seconds kDrainGrace{10};

// As if killed: what was acknowledged is on disk, and the next start replays it.
[[noreturn]] void end_at_once(const Server& server, ExitCode code) {
  server.log().fatal("ending at once, without waiting for sessions");
  ::_exit(static_cast<int>(code));
}

ExitCode failed(const StartFailure& failure, bool json) {
  return print_error(failure.code, failure.error, json);
}

void reload(Server& server, const ServiceManager& manager) {
  manager.reloading();
  std::ignore = server.reload_now();  // it has told the log
  manager.ready("Serving");
}

// Until a signal says to stop.
void attend(Server& server, Signals& signals, const ServiceManager& manager) {
  // Twice as often as asked, so that a late one is still in time.
  std::optional<std::chrono::milliseconds> pulse = manager.watchdog_interval();
  if (pulse) *pulse /= 2;
  for (;;) {
    const std::optional<int> signal = signals.wait(pulse);
    if (signal == SIGHUP) reload(server, manager);
    if (signal == SIGTERM || signal == SIGINT) return;
    if (pulse) {
      server.feel_the_pulse();
      manager.alive();
    }
  }
}

void drain(Server& server, Signals& signals) {
  std::atomic<bool> drained{false};
  std::jthread draining([&] {
    server.drain();
    drained = true;
    signals.wake();
  });
  const auto give_up = std::chrono::steady_clock::now() + server.drain_timeout() + kDrainGrace;
  while (!drained) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(give_up - std::chrono::steady_clock::now());
    if (left.count() <= 0) end_at_once(server, ExitCode::kSoftware);
    const std::optional<int> signal = signals.wait(left);
    if (signal == SIGTERM || signal == SIGINT) end_at_once(server, ExitCode::kOk);
  }
}

ExitCode serve(const GlobalOptions& options, const Place& place) {
  auto signals = Signals::block();
  if (!signals) return print_error(signals.error(), options.json);
  set_process_limits();
  if (const auto renounced = renounce_new_privileges(); !renounced)
    return print_error(renounced.error(), options.json);
  const auto user = find_identity(place.config.values);
  if (!user) return print_error(ExitCode::kConfig, user.error(), options.json);
  if (const auto ready = prepare_data_directory(place.data, *user); !ready)
    return print_error(ExitCode::kCannotCreate, ready.error(), options.json);

  Server server(options, place);
  const ServiceManager manager;
  ExitCode code = ExitCode::kOk;
  const auto step = [&](const Started& started) {
    if (!started) code = failed(started.error(), options.json);
    return started.has_value();
  };
  const auto as_user = [&]() -> Started {
    if (!*user) return {};
    if (auto became = become(**user); !became)
      return std::unexpected(StartFailure{ExitCode::kCannotCreate, std::move(became).error()});
    return {};
  };
  if (step(server.bind()) && step(as_user()) && step(server.open()) && step(server.start())) {
    manager.ready("Serving");
    attend(server, *signals, manager);
    manager.stopping();
    server.log().info("stopping");
    drain(server, *signals);
    server.log().info("stopped");
    return code;
  }
  drain(server, *signals);
  return code;
}

}  // namespace

ExitCode run_serve(const Invocation& invocation, const Method&) {
  const auto place = find_place(ConfigSchema(protocols_served()), invocation.global);
  if (!place) return print_faults(place.error(), invocation.global.json);
  return serve(invocation.global, *place);
}

}  // namespace pabal::app
