// A listener that speaks SMTP, submission or LMTP.
#pragma once

#include <memory>
#include <string>

#include "app/listener_service.h"
#include "delivery/smtp_handler.h"
#include "smtp/server_options.h"

namespace pabal::app {

/// What its sessions work with, once there is a store. Outlives them.
struct SmtpBackend {
  delivery::SmtpServices& services;
  net::TlsServer* tls;
  Logger log;
};

class SmtpService final : public ListenerService {
 public:
  /// Everything must outlive it.
  SmtpService(const Config& config, const Config::Listener& listener, std::string host_name,
              net::ServerLoops& loops, net::ConnectionLimits& limits, Metrics& metrics,
              net::Scope::OnBug on_bug);
  ~SmtpService() override;

  /// Before start().
  void set_backend(SmtpBackend backend);

 private:
  net::Task<void> serve(std::unique_ptr<net::Stream> stream, net::CancelSource& draining) override;
  std::string farewell(net::Admission why) const override;

  Counter& letters_total_;
  smtp::ServerOptions options_;
  delivery::SmtpServices* services_ = nullptr;
};

}  // namespace pabal::app
