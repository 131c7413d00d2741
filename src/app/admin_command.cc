// An admin method, called from the command line.
#include "app/commands.h"

#include <sys/stat.h>

#include <thread>

#include "app/control_client.h"
#include "app/core.h"
#include "app/place.h"
#include "app/printing.h"
#include "app/privileges.h"
#include "app/terminal.h"

namespace pabal::app {
namespace {

// Another command may have the store for a moment, or a server may be on its way up or down.
constexpr std::chrono::seconds kStorePatience{10};
constexpr std::chrono::milliseconds kStoreRetry{50};

bool takes_password(const Method& row) {
  return std::ranges::any_of(row.params,
                             [](const Param& param) { return param.type == ParamType::kPassword; });
}

bool must_ask_password(const Invocation& invocation) {
  return !invocation.password_from_stdin && !invocation.params.find("generate") &&
         !invocation.params.find("no_password");
}

Result<void> add_password(const Invocation& invocation, Json& params) {
  if (invocation.password_from_stdin) {
    PABAL_TRY(const Secret password, read_password_from_stdin());
    params.set("password", password.reveal());
    return {};
  }
  if (!must_ask_password(invocation)) return {};
  const Json* address = params.find("address");
  PABAL_TRY(const Secret password, ask_new_password(address ? *address->as_text() : "the account"));
  params.set("password", password.reveal());
  return {};
}

struct Call {
  const Place& place;
  const Method& row;
  Json params;
  bool json;
};

// Nothing if no server runs there.
std::optional<ExitCode> call_server(net::Loop& loop, const Call& call) {
  auto client = loop.run_until_done(ControlClient::connect(call.place.socket));
  if (!client) {
    if (client.error().kind == ErrorKind::kRetryLater) return std::nullopt;
    return print_error(ExitCode::kUnavailable, client.error(), call.json);
  }
  Printer printer(call.row, call.json);
  const Result<Json> result =
      loop.run_until_done((*client)->call(std::string(call.row.name), call.params, printer));
  if (!result) return print_error(result.error(), call.json);
  printer.print_result(*result);
  return ExitCode::kOk;
}

ExitCode call_store(net::Loop& loop, Core& core, const Call& call) {
  Admin admin(core.admin_services(), admin_methods());
  Printer printer(call.row, call.json);
  const Result<Json> result =
      loop.run_until_done(admin.execute(std::string(call.row.name), call.params, printer));
  if (!result) return print_error(result.error(), call.json);
  printer.print_result(*result);
  return ExitCode::kOk;
}

}  // namespace

ExitCode run_admin_command(const Invocation& invocation, const Method& row) {
  const bool json = invocation.global.json;
  const auto place = find_place(ConfigSchema(protocols_served()), invocation.global);
  if (!place) return print_faults(place.error(), json);
  Json params = invocation.params;
  if (takes_password(row)) {
    if (must_ask_password(invocation) && !has_terminal()) {
      return print_error(
          ExitCode::kUsage,
          {ErrorKind::kRefuse,
           "there is no terminal to ask for the password on; use --password-stdin or --generate"},
          json);
    }
    const Result<void> added = add_password(invocation, params);
    if (!added) return print_error(ExitCode::kRefused, added.error(), json);
  }

  const SystemClock clock;
  SystemRandom random;
  net::Loop loop(clock);
  const Call call{*place, row, std::move(params), json};
  const MonoTime give_up = clock.mono() + kStorePatience;
  for (;;) {
    if (const auto code = call_server(loop, call)) return *code;
    if (row.server_only || place->socket_was_named) {
      return print_error(
          ExitCode::kUnavailable,
          {ErrorKind::kRetryLater,
           fmt::format("no server answers at {}; start it with: pabal serve", place->socket.string())},
          json);
    }
    if (const auto ready = prepare_for_store(place->config.values); !ready)
      return print_error(ExitCode::kCannotCreate, ready.error(), json);
    auto core = Core::open(place->config.values, clock, random);
    if (core) return call_store(loop, **core, call);
    const bool may_pass = core.error().kind == ErrorKind::kRetryLater;
    if (!may_pass || clock.mono() > give_up) return print_error(core.error(), json);
    std::this_thread::sleep_for(kStoreRetry);
  }
}

}  // namespace pabal::app
