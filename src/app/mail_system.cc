#include "app/mail_system.h"

#include <fstream>

#include "app/resolver.h"

namespace pabal::app {
namespace {

using std::chrono::ceil;
using std::chrono::seconds;

// A password has a file of its own, so that the configuration may be read by others.
Result<Secret> read_password(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line)) {
    return fail(ErrorKind::kRefuse, "the password in {} can't be read", path.string());
  }
  return Secret(std::move(line));
}

Result<std::shared_ptr<const queue::Routes>> make_routes(const Config& config) {
  auto routes = std::make_shared<queue::Routes>();
  for (const Config::Route& each : config.route) {
    queue::Route route{.host = each.host,
                       .port = each.port,
                       .tls = each.tls,
                       .verify_certificate = each.verify_certificate,
                       .lmtp = each.lmtp};
    if (!each.login.empty()) {
      PABAL_TRY(Secret password, read_password(each.password_file));
      route.login.emplace(each.login, std::move(password));
    }
    PABAL_TRY_VOID(routes->add(each.domain, std::move(route)));
  }
  return routes;
}

queue::QueueOptions queue_options(const Config& config, const std::string& host_name) {
  queue::QueueOptions options;
  options.host_name = host_name;
  options.retry.first = ceil<seconds>(config.queue.first_retry);
  options.retry.longest = ceil<seconds>(config.queue.longest_retry);
  options.retry.give_up = ceil<seconds>(config.queue.give_up_after);
  options.retry.warn_after = ceil<seconds>(config.queue.warn_after);
  options.lane.max_concurrency = config.queue.connections_per_domain;
  options.lane.initial_concurrency = std::min(options.lane.initial_concurrency, options.lane.max_concurrency);
  options.max_returned_bytes = config.queue.max_returned;
  return options;
}

queue::SmtpCourierOptions courier_options(const Config& config, const std::string& host_name) {
  queue::SmtpCourierOptions options;
  options.host_name = host_name;
  options.port = config.queue.port;
  options.sources = config.queue.source;
  options.own.addresses = config.queue.source;
  options.own.loopback_is_ours = config.dns.zone_file.empty();
  options.connect = ceil<seconds>(config.queue.connect_timeout);
  const auto& timeout = config.queue.timeout;
  options.deadlines.greeting = ceil<seconds>(timeout.greeting);
  options.deadlines.tls = ceil<seconds>(timeout.tls);
  options.deadlines.command = ceil<seconds>(timeout.command);
  options.deadlines.data_start = ceil<seconds>(timeout.data_start);
  options.deadlines.data_block = ceil<seconds>(timeout.data_block);
  options.deadlines.data_end = ceil<seconds>(timeout.data_end);
  return options;
}

}  // namespace

Result<std::unique_ptr<MailSystem>> MailSystem::build(const Config& config, std::string host_name,
                                                      Parts parts) {
  PABAL_TRY(auto resolver, make_resolver(config, parts.clock));
  PABAL_TRY(auto tls, net::TlsClient::create());
  PABAL_TRY(auto routes, make_routes(config));
  return std::unique_ptr<MailSystem>(new MailSystem(config, std::move(host_name), std::move(parts),
                                                    std::move(resolver), std::move(tls), std::move(routes)));
}

MailSystem::MailSystem(const Config& config, std::string host_name, Parts parts,
                       std::unique_ptr<net::Resolver> resolver, std::unique_ptr<net::TlsClient> tls,
                       std::shared_ptr<const queue::Routes> routes)
    : parts_(std::move(parts)),
      resolver_(std::move(resolver)),
      tls_(std::move(tls)),
      router_(parts_.core.directory(), parts_.core.mailboxes(),
              {.host_name = host_name, .relay_networks = config.smtp.relay_networks}),
      door_({.engine = parts_.core.store(),
             .journal = parts_.core.journal(),
             .mailboxes = parts_.core.mailboxes(),
             .router = router_,
             .queue = *this,
             .clock = parts_.clock,
             .random = parts_.random},
            {.host_name = host_name}),
      queue_metrics_(parts_.metrics),
      letters_by_network_(parts_.clock, {.burst = static_cast<double>(config.smtp.letters_per_minute),
                                         .period = std::chrono::minutes(1)}),
      recipients_by_account_(parts_.clock, {.burst = static_cast<double>(config.smtp.recipients_per_hour),
                                            .period = std::chrono::hours(1)}),
      smtp_{.engine = parts_.core.store(),
            .journal = parts_.core.journal(),
            .authenticator = parts_.authenticator,
            .router = router_,
            .door = door_,
            .sent_again = sent_again_,
            .letters_by_network = letters_by_network_,
            .recipients_by_account = recipients_by_account_,
            .clock = parts_.clock,
            .random = parts_.random,
            .host_name = host_name} {
  std::vector<queue::Queue::Place> places;
  for (std::size_t i = 0; i < parts_.loops.size(); ++i) {
    net::Loop& loop = parts_.loops.loop(i);
    outside_couriers_.push_back(
        std::make_unique<queue::SmtpCourier>(queue::SmtpCourierServices{.loop = loop,
                                                                        .store = parts_.core.store(),
                                                                        .resolver = *resolver_,
                                                                        .random = parts_.random,
                                                                        .journal = parts_.core.journal(),
                                                                        .tls = tls_.get(),
                                                                        .workers = &parts_.workers},
                                             courier_options(config, host_name), routes));
    couriers_.push_back(
        std::make_unique<delivery::HomeCourier>(*outside_couriers_.back(), router_, door_, host_name));
    places.push_back({loop, *couriers_.back()});
  }
  queue_ = std::make_unique<queue::Queue>(queue::QueueServices{.engine = parts_.core.store(),
                                                               .journal = parts_.core.journal(),
                                                               .reports = door_,
                                                               .random = parts_.random,
                                                               .metrics = queue_metrics_,
                                                               .log = parts_.log},
                                          std::move(places), queue_options(config, host_name));
}

MailSystem::~MailSystem() = default;

net::Task<void> MailSystem::run(std::size_t loop) {
  co_await queue_->run(loop);
  const net::Context context = co_await net::current_context();
  // Told to stop, we still say goodbye to peers.
  co_await couriers_[loop]->rest().in({context.loop, nullptr});
}

}  // namespace pabal::app
