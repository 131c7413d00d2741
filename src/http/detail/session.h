// What both protocols' sessions stand on.
#pragma once

#include <chrono>

#include "http/server.h"
#include "net/connection.h"

namespace pabal::http {

struct Session {
  net::Connection& connection;
  Handler& handler;
  const ServerOptions& options;
  net::CancelSource& draining;
  SessionSummary& summary;

  /// Until when so many bytes must have gone to the client.
  net::Deadline deadline_for(std::size_t size_bytes) const {
    return connection.loop().in(options.deadlines.progress +
                                std::chrono::seconds(size_bytes / options.min_bytes_per_second));
  }
  void complete(Fields& fields) const {
    add_missing(options.fields, fields);
    if (connection.encrypted()) add_missing(options.tls_fields, fields);
  }
  static void add_missing(const Fields& more, Fields& fields) {
    for (std::size_t i = 0; i < more.size(); ++i) {
      if (!fields.find(more[i].name)) fields.add(more[i].name, more[i].value);
    }
  }
  void tell(const Request& request, Status status) const {
    if (options.observer != nullptr) options.observer->on_answer(request, status);
  }
};

net::Task<void> serve_http1(Session& session);
net::Task<void> serve_http2(Session& session);

/// How long a client may take over a body: a wait of ours does not count against it.
class BodyClock {
 public:
  explicit BodyClock(const Session& session) : session_(session) {}

  net::Deadline begin_wait() {
    const auto& options = session_.options;
    const std::chrono::nanoseconds allowed =
        options.deadlines.progress + std::chrono::seconds(received_ / options.min_bytes_per_second);
    began_ = session_.connection.loop().clock().mono();
    return {began_ + allowed - waited_};
  }
  void end_wait(std::size_t received_bytes) {
    waited_ += session_.connection.loop().clock().mono() - began_;
    received_ += received_bytes;
  }

 private:
  const Session& session_;
  MonoTime began_{};
  std::chrono::nanoseconds waited_{0};
  std::uint64_t received_ = 0;
};

}  // namespace pabal::http
