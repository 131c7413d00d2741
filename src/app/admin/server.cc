// pabal status, metrics, reload: what only a running server can answer.
#include "app/admin/tables.h"

namespace pabal::app {
namespace {

using net::Task;

Result<ServerControl*> require_server(const AdminServices& services) {
  if (!services.server) return fail(ErrorKind::kRefuse, "only a running server can answer that");
  return services.server;
}

Task<Result<Json>> status(AdminServices& services, const Params&, Reply&) {
  PABAL_CO_TRY(const ServerControl* server, require_server(services));
  Json result = server->status();
  PABAL_CO_TRY(const auto domains, co_await services.directory.list_domains());
  std::uint64_t addresses = 0;
  for (const account::Domain& domain : domains) addresses += domain.address_count;
  result.set("domains", domains.size());
  result.set("addresses", addresses);
  const store::EmbeddedStats stats = services.store.stats();
  result.set("commits", stats.commits);
  result.set("disk_bytes", stats.disk_bytes);
  result.set("write_failure", stats.write_failure.empty() ? Json() : Json(stats.write_failure));
  co_return result;
}

Task<Result<Json>> metrics(AdminServices& services, const Params&, Reply&) {
  PABAL_CO_TRY(const ServerControl* server, require_server(services));
  co_return Json(server->metrics());
}

Task<Result<Json>> reload(AdminServices& services, const Params&, Reply&) {
  PABAL_CO_TRY(ServerControl * server, require_server(services));
  co_return co_await server->reload();
}

}  // namespace

std::vector<Method> server_methods() {
  return {
      {.name = "status",
       .summary = "Is a server running, since when, is it well",
       .params = {},
       .show = {.shape = Show::Shape::kDetails,
                .columns = {{"state", "State"},
                            {"version", "Version"},
                            {"pid", "Process"},
                            {"uptime_seconds", "Up for", Column::As::kDuration},
                            {"data", "Data"},
                            {"config", "Configuration"},
                            {"listening", "Listens on"},
                            {"control_socket", "Control socket"},
                            {"sessions", "Sessions"},
                            {"domains", "Domains"},
                            {"addresses", "Addresses"},
                            {"commits", "Commits"},
                            {"disk_bytes", "On disk", Column::As::kSize},
                            {"bugs", "Sessions lost to bugs"},
                            {"write_failure", "Refuses writes because"}}},
       .handler = status,
       .server_only = true},
      {.name = "metrics",
       .summary = "Print the server's metrics as Prometheus reads them",
       .params = {},
       .show = {.shape = Show::Shape::kText},
       .handler = metrics,
       .server_only = true},
      {.name = "reload",
       .summary = "Read the configuration again, as SIGHUP does, and tell what came of it",
       .params = {},
       .show = {.shape = Show::Shape::kDetails,
                .columns = {{"applied", "Applied"},
                            {"needs_restart", "Waits for a restart"},
                            {"troubles", "Troubles"}}},
       .handler = reload,
       .server_only = true},
  };
}

}  // namespace pabal::app
