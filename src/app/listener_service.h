// What every service for mail programs and servers has in common: ports that it takes before it serves, TLS
// from the first byte where the listener wants it, limits, and a way to end. A protocol adds its session.
//
// Built and ended on the main thread; sessions run on the loops.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/service.h"
#include "base/log.h"
#include "base/metrics.h"
#include "net/limits.h"
#include "net/scope.h"
#include "net/server_loops.h"
#include "net/tls.h"

namespace pabal::app {

class ListenerService : public Service {
 public:
  ~ListenerService() override;

  std::string_view name() const override { return listener_.name; }
  Result<void> bind() override;
  Result<void> start() override;
  void drain(std::chrono::nanoseconds patience) override;
  std::vector<std::string> addresses() const override;
  std::size_t sessions() const override { return open_; }

 protected:
  /// All of it outlives the service.
  struct Parts {
    net::ServerLoops& loops;
    net::ConnectionLimits& limits;
    Counter& sessions_total;
    Counter& turned_away;
    net::Scope::OnBug on_bug;
  };
  /// `implicit_tls`: its protocol may ask for that as well as the listener's own option.
  ListenerService(const Config::Listener& listener, bool implicit_tls, std::chrono::seconds tls_deadline,
                  Parts parts);

  /// Before start(). `tls` outlives the service.
  void open_door(net::TlsServer* tls, Logger log);
  const Config::Listener& listener() const { return listener_; }
  bool is_implicit() const { return implicit_tls_; }
  const Logger& log() const { return log_; }

  /// One session, from greeting to close, encrypted already where it is to be.
  virtual net::Task<void> serve(std::unique_ptr<net::Stream> stream, net::CancelSource& draining) = 0;
  /// What is said to a client who is turned away.
  virtual std::string farewell(net::Admission why) const = 0;

 private:
  net::ListenerHandlers handlers();
  net::Task<void> receive(std::unique_ptr<net::Stream> stream, net::CancelSource& draining);
  net::Task<std::unique_ptr<net::Stream>> encrypt(std::unique_ptr<net::Stream> stream);

  const Config::Listener listener_;
  const bool implicit_tls_;
  const std::chrono::seconds tls_deadline_;
  const Parts parts_;
  net::TlsServer* tls_ = nullptr;
  Logger log_;
  std::vector<std::unique_ptr<net::Listeners>> listeners_;
  std::atomic<std::size_t> open_{0};
};

}  // namespace pabal::app
