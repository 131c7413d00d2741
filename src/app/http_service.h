// A listener that speaks HTTP, in clear or over TLS, where ALPN chooses between HTTP/1.1 and HTTP/2.
#pragma once

#include <memory>
#include <string>

#include "app/listener_service.h"
#include "http/server.h"

namespace pabal::app {

/// What its sessions work with, once there is a store. Outlives them.
struct HttpBackend {
  http::Handler& handler;
  net::TlsServer* tls;  ///< with HTTP's protocols in its ALPN
  Logger log;
};

class HttpService final : public ListenerService, private http::AnswerObserver {
 public:
  /// Everything must outlive it.
  HttpService(const Config& config, const Config::Listener& listener, std::string host_name,
              net::ServerLoops& loops, net::ConnectionLimits& limits, Metrics& metrics,
              net::Scope::OnBug on_bug);
  ~HttpService() override;

  /// Before start().
  void set_backend(HttpBackend backend);

 private:
  net::Task<void> serve(std::unique_ptr<net::Stream> stream, net::CancelSource& draining) override;
  std::string farewell(net::Admission why) const override;
  void on_answer(const http::Request& request, http::Status status) override;

  Counter& answers_total_;
  Counter& failures_total_;
  http::ServerOptions options_;
  http::Handler* handler_ = nullptr;
};

}  // namespace pabal::app
