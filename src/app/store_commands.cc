// pabal store check, pabal restore: what needs a store that nobody has open.
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "app/backup.h"
#include "app/commands.h"
#include "app/control_client.h"
#include "app/place.h"
#include "app/printing.h"
#include "app/privileges.h"
#include "net/loop.h"

namespace pabal::app {
namespace {

bool server_runs(const Place& place) {
  const SystemClock clock;
  net::Loop loop(clock);
  return loop.run_until_done(ControlClient::connect(place.socket)).has_value();
}

Json to_json(const store::VerifyReport& report) {
  Json faults = Json::array();
  for (const std::string& fault : report.faults) faults.push(fault);
  return Json::object({{"keys", report.keys},
                       {"blobs", report.blobs},
                       {"blob_bytes", report.blob_bytes},
                       {"faults", std::move(faults)}});
}

}  // namespace

ExitCode run_store_check(const Invocation& invocation, const Method& row) {
  const bool json = invocation.global.json;
  const auto place = find_place(ConfigSchema(protocols_served()), invocation.global);
  if (!place) return print_faults(place.error(), json);
  const Json* backup = invocation.params.find("backup");
  if (!backup && server_runs(*place)) {
    return print_error({ErrorKind::kRetryLater,
                        "a server has the store open; stop it first, or take a backup and check that: "
                        "pabal backup DIR, then pabal store check --backup DIR"},
                       json);
  }
  const std::filesystem::path store =
      store_in(backup ? std::filesystem::path(*backup->as_text()) : place->data);
  std::error_code error;
  if (!std::filesystem::is_directory(store, error))
    return print_error({ErrorKind::kRefuse, fmt::format("there is no store in {}", store.string())}, json);
  const auto report = store::verify_embedded(store);
  if (!report) return print_error(report.error(), json);
  Printer(row, json).print_result(to_json(*report));
  if (report->faults.empty()) return ExitCode::kOk;
  return print_error(
      {ErrorKind::kCorrupt, fmt::format("the store has {} faults; restore the last good backup: "
                                        "pabal restore DIR --data NEW-DIRECTORY",
                                        report->faults.size())},
      json);
}

ExitCode run_restore(const Invocation& invocation, const Method&) {
  const bool json = invocation.global.json;
  const auto place = find_place(ConfigSchema(protocols_served()), invocation.global);
  if (!place) return print_faults(place.error(), json);
  const std::filesystem::path from = *invocation.params.find("directory")->as_text();
  std::error_code error;
  if (std::filesystem::exists(store_in(place->data), error)) {
    return print_error(
        {ErrorKind::kRefuse,
         fmt::format("{} has a store already; move it away first, or name another place with --data",
                     place->data.string())},
        json);
  }
  if (const auto ready = prepare_for_store(place->config.values); !ready)
    return print_error(ExitCode::kCannotCreate, ready.error(), json);
  const Result<void> restored = restore_backup(from, place->data);
  if (!restored) return print_error(restored.error(), json);
  if (json) {
    std::printf("%s\n",
                Json::object({{"from", from.string()}, {"data", place->data.string()}}).to_text().c_str());
  } else {
    std::printf("The backup %s is restored to %s.\n", from.c_str(), place->data.c_str());
  }
  return ExitCode::kOk;
}

}  // namespace pabal::app
