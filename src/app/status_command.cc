// pabal status: also waits for a server to come up, for scripts that started one.
#include <algorithm>

#include "app/commands.h"
#include "app/control_client.h"
#include "app/place.h"
#include "app/printing.h"

namespace pabal::app {
namespace {

constexpr std::chrono::milliseconds kRetry{50};

net::Task<Result<Json>> ask(const Place& place, std::chrono::seconds patience, Printer& printer) {
  const net::Context context = co_await net::current_context();
  const net::Deadline give_up = context.loop->in(patience);
  for (;;) {
    auto client = co_await ControlClient::connect(place.socket);
    if (client) co_return co_await (*client)->call("status", Json(), printer);
    const bool may_come = client.error().kind == ErrorKind::kRetryLater;
    if (!may_come || context.loop->clock().mono() >= give_up.at) {
      co_return fail(ErrorKind::kClose, "no server answers at {}; start it with: pabal serve",
                     place.socket.string());
    }
    PABAL_CO_TRY_VOID(co_await net::sleep_until(context.loop->in(kRetry)));
  }
}

}  // namespace

ExitCode run_status(const Invocation& invocation, const Method&) {
  const bool json = invocation.global.json;
  const auto place = find_place(ConfigSchema(protocols_served()), invocation.global);
  if (!place) return print_faults(place.error(), json);
  const std::vector<Method> methods = admin_methods();
  const auto row = std::ranges::find(methods, std::string_view("status"), &Method::name);
  const Json* wait = invocation.params.find("wait");

  const SystemClock clock;
  net::Loop loop(clock);
  Printer printer(*row, json);
  const Result<Json> status =
      loop.run_until_done(ask(*place, std::chrono::seconds(wait ? *wait->as_number() : 0), printer));
  if (!status) return print_error(status.error(), json);
  printer.print_result(*status);
  return ExitCode::kOk;
}

}  // namespace pabal::app
