#include "app/wiring.h"

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <thread>

#include "app/version.h"
#include "base/ascii.h"

namespace pabal::app {
namespace {

account::ThrottleOptions throttle_options(const Config& config) {
  const Config::Account::Throttle& throttle = config.account.throttle;
  return {.free_failures = throttle.free_failures,
          .first_delay = throttle.first_delay,
          .longest_delay = throttle.longest_delay,
          .refuse_from = throttle.refuse_from,
          .forgive_one_in = std::chrono::ceil<std::chrono::seconds>(throttle.forgive_one_in),
          .known_network_for = std::chrono::ceil<std::chrono::hours>(throttle.known_network_for),
          .max_entries = throttle.max_entries};
}

StartFailure failure(ExitCode code, Error error) { return {code, std::move(error)}; }

}  // namespace

Server::Server(GlobalOptions options, Place place)
    : options_(std::move(options)),
      schema_(protocols_served()),
      started_with_(std::move(place)),
      bugs_(metrics_.counter("pabal_bugs_total", "Sessions and duties that ended by a bug of ours")),
      loops_(clock_, config().server.loops),
      connections_({.max_total = config().limits.connections,
                    .max_per_network = config().limits.connections_per_network}),
      in_force_(config()),
      drain_timeout_ms_(config().server.drain_timeout.count()),
      started_at_(clock_.wall()) {
  for (const Config::Listener& listener : config().listener) {
    const auto add = [&]<class Kind>(std::vector<std::unique_ptr<Kind>>& services) {
      services.push_back(
          std::make_unique<Kind>(config(), listener, host_name(config()), loops_, connections_, metrics_,
                                 [this](std::exception_ptr bug) { report_bug(std::move(bug)); }));
      services_.push_back(services.back().get());
    };
    if (listener.protocol.starts_with("imap")) {
      add(imap_services_);
    } else if (listener.protocol.starts_with("pop3")) {
      add(pop3_services_);
    } else if (listener.protocol.starts_with("http")) {
      add(http_services_);
    } else {
      add(smtp_services_);
    }
  }
}

Server::~Server() = default;

Started Server::bind() {
  for (Service* const service : services_) {
    if (auto bound = service->bind(); !bound)
      return std::unexpected(failure(ExitCode::kCannotCreate, std::move(bound).error()));
  }
  return {};
}

Started Server::open() {
  if (auto opened = open_log(); !opened)
    return std::unexpected(failure(ExitCode::kCannotCreate, std::move(opened).error()));

  auto core = Core::open(config(), clock_, random_);
  if (!core) {
    const ExitCode code = exit_code_for(core.error().kind);
    return std::unexpected(failure(code, std::move(core).error().with_context("opening the store")));
  }
  core_ = *std::move(core);
  server_metrics_.emplace(metrics_, core_->store(), *log_writer_, started_at_);

  login_log_.emplace(log_, metrics_);
  throttle_.emplace(clock_, throttle_options(config()));
  authenticator_.emplace(
      core_->directory(), core_->credentials(), *throttle_, random_, *login_log_,
      account::AuthenticatorOptions{.default_domain = Config::domain_of(config().account.default_domain)});

  workers_.emplace(net::WorkerPoolOptions{
      .name = "work", .threads = config().limits.worker_threads, .max_queued = config().limits.worker_queue});
  if (auto opened = open_mail(); !opened)
    return std::unexpected(failure(ExitCode::kCannotCreate, std::move(opened).error()));
  housekeeping_.emplace(core_->store(), core_->directory(), *workers_, log_, metrics_,
                        config().store.sweep_interval);
  journey_keeping_.emplace(
      core_->store(), core_->journeys(), core_->journey_places(), clock_,
      journey::RetentionOptions{
          .successes = std::chrono::ceil<std::chrono::hours>(config().journey.keep_successes),
          .failures = std::chrono::ceil<std::chrono::hours>(config().journey.keep_failures)},
      log_);
  AdminServices services = core_->admin_services(this);
  services.queue = &mail_->queue();
  admin_.emplace(services, admin_methods());
  control_.emplace(started_with_.socket.string(), loops_, *admin_, log_, metrics_,
                   [this](std::exception_ptr bug) { report_bug(std::move(bug)); });
  return {};
}

Result<void> Server::open_log() {
  std::unique_ptr<LogSink> sink = make_stderr_log_sink();
  if (!config().log.file.empty()) {
    PABAL_TRY(sink, make_file_log_sink(config().log.file.string()));
  }
  log_writer_ = std::make_unique<LogWriter>(
      LogWriterOptions{.level = config().log.level, .format = config().log.format}, std::move(sink), clock_);
  log_ = Logger(*log_writer_);
  return {};
}

Result<void> Server::open_mail() {
  const std::string host = host_name(config());
  PABAL_TRY(certificates_, Certificates::load(config(), host, clock_, random_, log_));
  PABAL_TRY(mail_, MailSystem::build(config(), host,
                                     {.core = *core_,
                                      .authenticator = *authenticator_,
                                      .loops = loops_,
                                      .workers = *workers_,
                                      .clock = clock_,
                                      .random = random_,
                                      .metrics = metrics_,
                                      .log = log_}));
  for (const auto& service : smtp_services_) {
    service->set_backend(
        {mail_->smtp(), &certificates_->server(), log_.with({{"listener", service->name()}})});
  }
  search_sources_.emplace(core_->mailboxes(), *workers_, config().mailbox.cache / 8);
  // Mail that comes in goes before: one thread, which lets others go before.
  index_workers_.emplace(net::WorkerPoolOptions{.name = "index", .threads = 1, .yielding = true});
  indexer_.emplace(loops_.loop(0), core_->store(), *search_sources_, *index_workers_, log_,
                   mailbox::search::IndexerOptions{.urgent_workers = &*workers_});
  search_.emplace(core_->store(), *search_sources_, *search_sources_, *workers_, &*indexer_);
  index_metric_ = metrics_.gauge_callback("pabal_search_accounts_behind",
                                          "Accounts with letters that may not be indexed yet",
                                          [this] { return static_cast<double>(indexer_->behind()); });
  core_->mailboxes().set_on_letters([this](account::AccountId account) { indexer_->wake(account); });
  imap_keys_.emplace(config().imap.sort_cache);
  connections_by_account_.emplace(config().imap.connections_per_account);
  imap_.emplace(imap::ImapServices{.authenticator = *authenticator_,
                                   .directory = core_->directory(),
                                   .mailboxes = core_->mailboxes(),
                                   .engine = core_->store(),
                                   .journal = core_->journal(),
                                   .connections = *connections_by_account_,
                                   .evaluator = &*search_,
                                   .keys = &*imap_keys_,
                                   .workers = &*workers_,
                                   .log = log_});
  for (const auto& service : imap_services_) {
    service->set_backend({*imap_, &certificates_->server(), log_.with({{"listener", service->name()}})});
  }
  maildrops_.emplace(clock_, maildrop_options(config()));
  pop3_.emplace(pop3::Pop3Services{.authenticator = *authenticator_,
                                   .mailboxes = core_->mailboxes(),
                                   .engine = core_->store(),
                                   .journal = core_->journal(),
                                   .connections = *connections_by_account_,
                                   .maildrops = *maildrops_,
                                   .clock = clock_,
                                   .log = log_});
  for (const auto& service : pop3_services_) {
    service->set_backend({*pop3_, &certificates_->server(), log_.with({{"listener", service->name()}})});
  }
  web_.emplace(config(), host,
               Web::Parts{.engine = core_->store(),
                          .directory = core_->directory(),
                          .authenticator = *authenticator_,
                          .metrics = metrics_,
                          .clock = clock_,
                          .random = random_});
  web_api_.emplace(*web_, jmap::ApiServices{.engine = core_->store(),
                                            .mailboxes = core_->mailboxes(),
                                            .evaluator = *search_,
                                            .notes = *search_sources_,
                                            .workers = *workers_,
                                            .journal = core_->journal(),
                                            .directory = core_->directory(),
                                            .clock = clock_,
                                            .random = random_,
                                            .log = log_,
                                            .host_name = host,
                                            .router = &mail_->router(),
                                            .door = &mail_->door(),
                                            .queue = &mail_->queue()});
  for (const auto& service : http_services_) {
    service->set_backend({*web_, &certificates_->web(), log_.with({{"listener", service->name()}})});
  }
  return {};
}

Started Server::start() {
  start_housekeeping();
  for (Service* const service : services_) {
    if (auto started = service->start(); !started)
      return std::unexpected(failure(ExitCode::kCannotCreate, std::move(started).error()));
  }
  if (auto started = control_->start(); !started)
    return std::unexpected(failure(ExitCode::kCannotCreate, std::move(started).error()));
  log_.info("serving", {{"version", kVersion},
                        {"pid", ::getpid()},
                        {"data", started_with_.data.string()},
                        {"control", started_with_.socket.string()}});
  return {};
}

void Server::start_housekeeping() {
  const auto on_bug = [this](std::exception_ptr bug) { report_bug(std::move(bug)); };
  background_.resize(loops_.size());
  loops_.run_on_each([this, on_bug](net::Loop& loop, std::size_t index) -> net::Task<void> {
    net::Scope& duties = *(background_[index] = std::make_unique<net::Scope>(loop, nullptr, on_bug));
    duties.spawn(mail_->run(index));
    if (index != 0) co_return;
    duties.spawn(housekeeping_->run(on_bug));
    duties.spawn(journey_keeping_->run(on_bug));
    duties.spawn(core_->mailboxes().keep());
    duties.spawn(indexer_->run());
    duties.spawn(index_all_accounts());
  });
}

net::Task<void> Server::index_all_accounts() {
  for (account::AccountId after;;) {
    const auto accounts = co_await core_->directory().list_accounts(after);
    if (!accounts || accounts->empty()) co_return;
    for (const account::Account& account : *accounts) indexer_->wake(account.id);
    after = accounts->back().id;
  }
}

void Server::end_housekeeping() {
  loops_.run_on_each([this](net::Loop&, std::size_t index) -> net::Task<void> {
    if (index >= background_.size() || !background_[index]) co_return;
    background_[index]->cancel();
    co_await background_[index]->join();
    background_[index].reset();
  });
}

void Server::drain() {
  draining_ = true;
  if (core_) core_->live().close();
  const std::chrono::milliseconds patience = drain_timeout();
  {
    // Side by side, so that the slowest does not keep the others' doors open.
    std::vector<std::jthread> drains;
    for (Service* const service : services_)
      drains.emplace_back([service, patience] { service->drain(patience); });
    if (control_) drains.emplace_back([&] { control_->drain(patience); });
  }
  end_housekeeping();
}

void Server::feel_the_pulse() {
  loops_.run_on_each([](net::Loop&, std::size_t) -> net::Task<void> { co_return; });
}

void Server::report_bug(std::exception_ptr bug) {
  bugs_.add();
  try {
    std::rethrow_exception(std::move(bug));
  } catch (const std::exception& exception) {
    log_.error("a bug of ours ended a session; the others go on", {{"exception", exception.what()}});
  } catch (...) {
    log_.error("a bug of ours ended a session; the others go on");
  }
}

Json Server::status() const {
  Json listening = Json::array();
  std::size_t sessions = 0;
  for (Service* const service : services_) {
    for (const std::string& address : service->addresses())
      listening.push(fmt::format("{} {}", service->name(), address));
    sessions += service->sessions();
  }
  const auto uptime = std::chrono::floor<std::chrono::seconds>(clock_.wall() - started_at_);
  return Json::object({
      {"state", draining_ ? "stopping" : "serving"},
      {"version", kVersion},
      {"pid", ::getpid()},
      {"uptime_seconds", uptime.count()},
      {"data", started_with_.data.string()},
      {"config", started_with_.file.empty() ? Json() : Json(started_with_.file.string())},
      {"listening", std::move(listening)},
      {"control_socket", started_with_.socket.string()},
      {"sessions", sessions},
      {"bugs", bugs_.value()},
  });
}

net::Task<Result<Json>> Server::reload() {
  // Reads files and speaks to every loop, so not on one of them.
  co_return co_await workers_->run([this] { return reload_now(); });
}

Result<Json> Server::reload_now() {
  const std::lock_guard lock(reload_mutex_);
  log_writer_->reopen();
  auto fresh = find_place(schema_, options_);
  if (!fresh) {
    for (const ConfigFault& fault : fresh.error())
      log_.error("the configuration has a fault; the old one stays in force", {{"fault", fault.to_string()}});
    return fail(ErrorKind::kRefuse, "the configuration has faults, so the old one stays in force:\n{}",
                to_string(fresh.error()));
  }
  const Config& config = fresh->config.values;
  std::vector<ConfigChange> applied = schema_.diff(in_force_, config);
  std::erase_if(applied, [](const ConfigChange& change) { return change.apply != Apply::kReload; });
  std::vector<ConfigChange> waiting = schema_.diff(started_with_.config.values, config);
  std::erase_if(waiting, [](const ConfigChange& change) { return change.apply != Apply::kRestart; });
  Json result = apply(config, applied, waiting);
  in_force_ = config;
  return result;
}

Json Server::apply(const Config& fresh, const std::vector<ConfigChange>& changes,
                   const std::vector<ConfigChange>& waiting) {
  log_writer_->set_level(fresh.log.level);
  drain_timeout_ms_ = fresh.server.drain_timeout.count();
  housekeeping_->set_sweep_interval(fresh.store.sweep_interval);
  Json troubles = Json::array();
  if (const Result<void> reloaded = certificates_->reload(fresh); !reloaded) {
    log_.error("the certificates stay as they were", {{"error", reloaded.error()}});
    troubles.push(reloaded.error().detail);
  }
  for (Service* const service : services_) {
    if (const Result<void> reloaded = service->reload(fresh); !reloaded) {
      log_.error("a service keeps what it had", {{"service", service->name()}, {"error", reloaded.error()}});
      troubles.push(reloaded.error().detail);
    }
  }
  Json applied = Json::array();
  for (const ConfigChange& change : changes) {
    log_.info("option changed", {{"option", change.name}, {"from", change.from}, {"to", change.to}});
    applied.push(change.name);
  }
  Json needs_restart = Json::array();
  for (const ConfigChange& change : waiting) {
    log_.warn("option waits for a restart",
              {{"option", change.name}, {"running", change.from}, {"file", change.to}});
    needs_restart.push(change.name);
  }
  log_.info("configuration reloaded");
  return Json::object({{"applied", std::move(applied)},
                       {"needs_restart", std::move(needs_restart)},
                       {"troubles", std::move(troubles)}});
}

}  // namespace pabal::app
