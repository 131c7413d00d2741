// A listener that speaks POP3, in clear with STLS or over TLS from the first byte.
#pragma once

#include <memory>
#include <string>

#include "app/listener_service.h"
#include "pop3/options.h"

namespace pabal::app {

/// What its sessions work with, once there is a store. Outlives them.
struct Pop3Backend {
  pop3::Pop3Services& services;
  net::TlsServer* tls;
  Logger log;
};

class Pop3Service final : public ListenerService {
 public:
  /// Everything must outlive it.
  Pop3Service(const Config& config, const Config::Listener& listener, std::string host_name,
              net::ServerLoops& loops, net::ConnectionLimits& limits, Metrics& metrics,
              net::Scope::OnBug on_bug);
  ~Pop3Service() override;

  /// Before start().
  void set_backend(Pop3Backend backend);

 private:
  net::Task<void> serve(std::unique_ptr<net::Stream> stream, net::CancelSource& draining) override;
  std::string farewell(net::Admission why) const override;

  Counter& letters_total_;
  pop3::Pop3Options options_;
  pop3::Pop3Services* services_ = nullptr;
};

/// For all listeners together.
pop3::MaildropOptions maildrop_options(const Config& config);

}  // namespace pabal::app
