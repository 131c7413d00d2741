#include "queue/smtp_courier.h"

#include "queue/errand_run.h"

namespace pabal::queue {
namespace {

/// Domains whose last host is remembered; it is of use only while a session with it waits.
constexpr std::size_t kMaxKnown = 4096;

OwnHost with_name(OwnHost own, const std::string& name) {
  own.names.push_back(name);
  return own;
}

}  // namespace

SmtpCourier::SmtpCourier(SmtpCourierServices services, SmtpCourierOptions options,
                         std::shared_ptr<const Routes> routes)
    : services_(services),
      options_(std::move(options)),
      peer_services_{.loop = services_.loop,
                     .random = services_.random,
                     .journal = services_.journal,
                     .tls = services_.tls,
                     .workers = services_.workers,
                     .connect = options_.connect_with,
                     .our_name = options_.host_name,
                     .sources = options_.sources,
                     .use_chunking = options_.use_chunking,
                     .deadlines = options_.deadlines},
      routes_(std::move(routes)),
      finder_(services_.resolver, services_.random, with_name(options_.own, options_.host_name)),
      pool_(services_.loop, options_.pool),
      known_(kMaxKnown) {}

void SmtpCourier::set_routes(std::shared_ptr<const Routes> routes) {
  routes_ = std::move(routes);
  known_.clear();
}

net::Task<ErrandReport> SmtpCourier::carry(Errand errand) {
  ErrandRun run(*this, errand);
  co_return co_await run.run();
}

net::Task<void> SmtpCourier::rest() { co_await pool_.rest(); }

}  // namespace pabal::queue
