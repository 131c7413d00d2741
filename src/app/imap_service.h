// A listener that speaks IMAP, in clear with STARTTLS or over TLS from the first byte.
#pragma once

#include <memory>
#include <string>

#include "app/listener_service.h"
#include "imap/options.h"

namespace pabal::app {

/// What its sessions work with, once there is a store. Outlives them.
struct ImapBackend {
  imap::ImapServices& services;
  net::TlsServer* tls;
  Logger log;
};

class ImapService final : public ListenerService {
 public:
  /// Everything must outlive it.
  ImapService(const Config& config, const Config::Listener& listener, std::string host_name,
              net::ServerLoops& loops, net::ConnectionLimits& limits, Metrics& metrics,
              net::Scope::OnBug on_bug);
  ~ImapService() override;

  /// Before start().
  void set_backend(ImapBackend backend);

 private:
  net::Task<void> serve(std::unique_ptr<net::Stream> stream, net::CancelSource& draining) override;
  std::string farewell(net::Admission why) const override;

  imap::ImapOptions options_;
  imap::ImapServices* services_ = nullptr;
};

}  // namespace pabal::app
