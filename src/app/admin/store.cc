// pabal store ..., pabal backup
#include "app/admin/tables.h"
#include "app/backup.h"

namespace pabal::app {
namespace {

using net::Task;

Task<Result<Json>> show_stats(AdminServices& services, const Params&, Reply&) {
  const store::EmbeddedStats stats = services.store.stats();
  co_return Json::object({
      {"commits", stats.commits},
      {"synced_writes", stats.groups},
      {"blobs_stored", stats.blobs_stored},
      {"disk_bytes", stats.disk_bytes},
      {"accepts_writes", stats.write_failure.empty()},
      {"write_failure", stats.write_failure.empty() ? Json() : Json(stats.write_failure)},
  });
}

Task<Result<Json>> sweep(AdminServices& services, const Params&, Reply&) {
  PABAL_CO_TRY(const store::SweepReport report, co_await services.store.sweep());
  co_return Json::object({
      {"blobs_dropped", report.blobs_dropped},
      {"bytes_dropped", report.bytes_dropped},
      {"bytes_given_back", report.bytes_given_back},
  });
}

Task<Result<Json>> backup(AdminServices& services, const Params& params, Reply&) {
  const std::filesystem::path to = params.text("directory");
  PABAL_CO_TRY_VOID(co_await write_backup(services.store, services.clock, to));
  co_return Json::object({{"directory", to.string()}});
}

}  // namespace

std::vector<Method> store_methods() {
  return {
      {.name = "store.stats",
       .summary = "Show how the store is used since it was opened",
       .params = {},
       .show = {.shape = Show::Shape::kDetails,
                .columns = {{"commits", "Commits"},
                            {"synced_writes", "Synced writes"},
                            {"blobs_stored", "Blobs stored"},
                            {"disk_bytes", "On disk", Column::As::kSize},
                            {"accepts_writes", "Accepts writes"},
                            {"write_failure", "Refuses writes because"}}},
       .handler = show_stats},
      {.name = "store.sweep",
       .summary =
           "Give back the room of letters that nobody holds any more; the server does it by itself too",
       .params = {},
       .show = {.shape = Show::Shape::kDetails,
                .columns = {{"blobs_dropped", "Blobs dropped"},
                            {"bytes_dropped", "Their size", Column::As::kSize},
                            {"bytes_given_back", "Given back to the disk", Column::As::kSize}}},
       .handler = sweep},
      {.name = "backup",
       .summary = "Copy everything, as of one moment, while the server goes on",
       .params = {{"directory", ParamType::kPath, Need::kRequired,
                   "where to: a directory that is not there yet, or empty"}},
       .show = {.sentence = "The backup is in {directory}."},
       .handler = backup,
       .example = "backup /var/backups/pabal-2026-11-21"},
  };
}

}  // namespace pabal::app
