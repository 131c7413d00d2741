// The whole server: every object, built in order. Reading wiring.cc from top to bottom shows what there is
// and what each part stands on.
//
// It comes up in three steps, since root must be gone before the first file is made, and ports must be taken
// before root is gone:
//
//     Server server(...);  server.bind();  become(user);  server.open();  server.start();
//     ...
//     server.drain();      then it is destroyed, the last object first
//
// The steps, reload_now() and drain() are called on the main thread, which is no loop's.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "account/authenticator.h"
#include "account/throttle.h"
#include "app/admin.h"
#include "app/certificates.h"
#include "app/control_service.h"
#include "app/core.h"
#include "app/exit_code.h"
#include "app/housekeeping.h"
#include "app/http_service.h"
#include "app/imap_service.h"
#include "app/journey_keeping.h"
#include "app/login_log.h"
#include "app/mail_system.h"
#include "app/place.h"
#include "app/pop3_service.h"
#include "app/server_metrics.h"
#include "app/service.h"
#include "app/smtp_service.h"
#include "app/web.h"
#include "app/web_api.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/log_writer.h"
#include "base/metrics.h"
#include "base/random.h"
#include "mailbox/search/evaluate.h"
#include "mailbox/search/indexer.h"
#include "mailbox/search_sources.h"
#include "net/limits.h"
#include "net/scope.h"
#include "net/server_loops.h"
#include "net/worker_pool.h"

namespace pabal::app {

/// Why the server did not come up, and what the shell is told.
struct StartFailure {
  ExitCode code;
  Error error;
};
using Started = std::expected<void, StartFailure>;

class Server final : private ServerControl {
 public:
  /// `options` are kept for reloads.
  Server(GlobalOptions options, Place place);
  ~Server() override;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Takes the ports. Maybe as root.
  Started bind();
  /// The log, the store, and all that stands on it. As the server's own user. Waits for the disk.
  Started open();
  /// Lets everybody in; the control socket last, so that whoever reaches it finds a server that is up.
  Started start();

  /// Reads the configuration again and applies what can be. Any thread that is not a loop's. The answer tells
  /// what was applied and what waits for a restart; kRefuse, with every fault, leaves all as it was.
  Result<Json> reload_now();

  /// Returns when every loop has answered.
  void feel_the_pulse();

  /// Lets nobody in any more, waits for sessions until the drain timeout, cuts off the rest. Then nothing
  /// runs on the loops.
  void drain();
  std::chrono::milliseconds drain_timeout() const {
    return std::chrono::milliseconds(drain_timeout_ms_.load());
  }

  const Logger& log() const { return log_; }

 private:
  // ServerControl: called on a loop.
  Json status() const override;
  std::string metrics() const override { return metrics_.exposition(); }
  net::Task<Result<Json>> reload() override;

  Result<void> open_log();
  Result<void> open_mail();
  Json apply(const Config& fresh, const std::vector<ConfigChange>& changes,
             const std::vector<ConfigChange>& waiting);
  void start_housekeeping();
  void end_housekeeping();
  void report_bug(std::exception_ptr bug);
  /// Letters that came before we started, or that a stop kept out of their index.
  net::Task<void> index_all_accounts();
  const Config& config() const { return started_with_.config.values; }

  const GlobalOptions options_;
  const ConfigSchema schema_;
  const Place started_with_;

  // From the beginning:
  SystemClock clock_;
  SystemRandom random_;
  Metrics metrics_;
  Counter& bugs_;
  net::ServerLoops loops_;
  net::ConnectionLimits connections_;
  std::vector<std::unique_ptr<SmtpService>> smtp_services_;
  std::vector<std::unique_ptr<ImapService>> imap_services_;
  std::vector<std::unique_ptr<Pop3Service>> pop3_services_;
  std::vector<std::unique_ptr<HttpService>> http_services_;
  std::vector<Service*> services_;  ///< all those with ports

  // From open() on, in this order:
  std::unique_ptr<LogWriter> log_writer_;
  Logger log_;
  std::unique_ptr<Core> core_;
  std::optional<ServerMetrics> server_metrics_;
  std::optional<LoginLog> login_log_;
  std::optional<account::LoginThrottle> throttle_;
  std::optional<account::Authenticator> authenticator_;
  std::unique_ptr<Certificates> certificates_;
  std::optional<net::WorkerPool> workers_;
  std::unique_ptr<MailSystem> mail_;
  std::optional<mailbox::SearchSources> search_sources_;
  std::optional<net::WorkerPool> index_workers_;
  std::optional<mailbox::search::Indexer> indexer_;
  std::optional<mailbox::search::Evaluator> search_;
  std::optional<Metrics::Registration> index_metric_;
  std::optional<imap::FolderKeyCache> imap_keys_;
  std::optional<account::Connections> connections_by_account_;
  std::optional<imap::ImapServices> imap_;
  std::optional<pop3::Maildrops> maildrops_;
  std::optional<pop3::Pop3Services> pop3_;
  std::optional<Web> web_;
  std::optional<WebApi> web_api_;
  std::optional<Housekeeping> housekeeping_;
  std::optional<JourneyKeeping> journey_keeping_;
  std::vector<std::unique_ptr<net::Scope>> background_;  ///< by loop
  std::optional<Admin> admin_;
  std::optional<ControlService> control_;

  std::mutex reload_mutex_;
  Config in_force_;  ///< as last loaded; under the mutex
  std::atomic<std::int64_t> drain_timeout_ms_;
  std::atomic<bool> draining_{false};
  WallTime started_at_;
};

}  // namespace pabal::app
