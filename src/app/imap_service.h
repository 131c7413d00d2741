// A listener that speaks IMAP, in clear with STARTTLS or over TLS from the first byte.
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
#include "imap/options.h"
#include "net/limits.h"
#include "net/scope.h"
#include "net/server_loops.h"
#include "net/tls.h"

namespace pabal::app {

/// What its sessions work with, once there is a store. Outlives them.
struct ImapBackend {
  imap::ImapServices& services;
  net::TlsServer* tls;
  Logger log;
};

class ImapService final : public Service {
 public:
  /// Everything must outlive it.
  ImapService(const Config& config, const Config::Listener& listener, std::string host_name,
              net::ServerLoops& loops, net::ConnectionLimits& limits, Metrics& metrics,
              net::Scope::OnBug on_bug);
  ~ImapService() override;

  /// Before start().
  void set_backend(ImapBackend backend);

  std::string_view name() const override { return name_; }
  Result<void> bind() override;
  Result<void> start() override;
  void drain(std::chrono::nanoseconds patience) override;
  std::vector<std::string> addresses() const override;
  std::size_t sessions() const override { return open_; }

 private:
  bool is_implicit() const { return listener_.protocol == "imaps" || listener_.tls == TlsMode::kImplicit; }
  net::ListenerHandlers handlers();
  net::Task<void> serve(std::unique_ptr<net::Stream> stream, net::CancelSource& draining);
  net::Task<std::unique_ptr<net::Stream>> encrypt(std::unique_ptr<net::Stream> stream);

  const std::string name_;
  const Config::Listener listener_;
  net::ServerLoops& loops_;
  net::ConnectionLimits& limits_;
  const net::Scope::OnBug on_bug_;
  Counter& sessions_total_;
  Counter& turned_away_;
  imap::ImapOptions options_;
  std::optional<ImapBackend> backend_;
  std::vector<std::unique_ptr<net::Listeners>> listeners_;
  std::atomic<std::size_t> open_{0};
};

}  // namespace pabal::app
