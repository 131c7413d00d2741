// The control socket: a Unix socket through which root and the server's own user give it orders.
#pragma once

#include <memory>
#include <string>

#include "app/admin.h"
#include "app/service.h"
#include "base/log.h"
#include "base/metrics.h"
#include "net/limits.h"
#include "net/scope.h"
#include "net/server_loops.h"

namespace pabal::app {

/// More at once than any operator's scripts need; each may hold a request of kMaxRequestBytes.
inline constexpr std::size_t kMaxControlConnections = 64;

class ControlService final : public Service {
 public:
  /// Everything must outlive it. Sessions run on the first loop, as `admin` must.
  ControlService(std::string path, net::ServerLoops& loops, Admin& admin, Logger log, Metrics& metrics,
                 net::Scope::OnBug on_bug);

  std::string_view name() const override { return "control"; }
  /// Binds here, not in bind(): the socket is the server's own user's, in its own directory.
  Result<void> start() override;
  void drain(std::chrono::nanoseconds patience) override;
  std::vector<std::string> addresses() const override { return {path_}; }
  std::size_t sessions() const override { return limits_.open(); }

 private:
  net::ListenerHandlers handlers();
  net::Task<void> serve(std::unique_ptr<net::Stream> stream, net::CancelSource& draining);
  bool may_enter(const net::Stream& stream) const;

  const std::string path_;
  net::ServerLoops& loops_;
  Admin& admin_;
  const Logger log_;
  const net::Scope::OnBug on_bug_;
  Counter& connections_;
  Counter& turned_away_;
  net::ConnectionLimits limits_;
  std::unique_ptr<net::Listeners> listeners_;
};

}  // namespace pabal::app
