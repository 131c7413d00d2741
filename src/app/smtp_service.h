// A listener that speaks SMTP, submission or LMTP.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/service.h"
#include "base/log.h"
#include "base/metrics.h"
#include "delivery/smtp_handler.h"
#include "net/limits.h"
#include "net/scope.h"
#include "net/server_loops.h"
#include "net/tls.h"
#include "smtp/server_options.h"

namespace pabal::app {

/// What its sessions work with, once there is a store. Outlives them.
struct SmtpBackend {
  delivery::SmtpServices& services;
  net::TlsServer* tls;
  Logger log;
};

class SmtpService final : public Service {
 public:
  /// Everything must outlive it.
  SmtpService(const Config& config, const Config::Listener& listener, std::string host_name,
              net::ServerLoops& loops, net::ConnectionLimits& limits, Metrics& metrics,
              net::Scope::OnBug on_bug);
  ~SmtpService() override;

  /// Before start().
  void set_backend(SmtpBackend backend);

  std::string_view name() const override { return name_; }
  Result<void> bind() override;
  Result<void> start() override;
  void drain(std::chrono::nanoseconds patience) override;
  std::vector<std::string> addresses() const override;
  std::size_t sessions() const override { return open_; }

 private:
  net::ListenerHandlers handlers();
  net::Task<void> serve(std::unique_ptr<net::Stream> stream, net::CancelSource& draining);
  net::Task<std::unique_ptr<net::Stream>> encrypt(std::unique_ptr<net::Stream> stream);

  const std::string name_;
  const Config::Listener listener_;
  net::ServerLoops& loops_;
  net::ConnectionLimits& limits_;
  const net::Scope::OnBug on_bug_;
  Counter& sessions_total_;
  Counter& letters_total_;
  Counter& turned_away_;
  smtp::ServerOptions options_;
  std::optional<SmtpBackend> backend_;
  std::vector<std::unique_ptr<net::Listeners>> listeners_;
  std::atomic<std::size_t> open_{0};
};

}  // namespace pabal::app
