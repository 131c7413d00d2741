// The server's side of HTTP: one call serves one connection from its first byte to its close, HTTP/1.1 (RFC
// 9112) or HTTP/2 (RFC 9113): what ALPN agreed on, and in clear what the client begins with.
//
// Runs on the connection's loop. Every wait on the client has a deadline, and a client that is slower than
// `min_bytes_per_second` for long is let go. HTTP/1.1 serves one request after the other, in the order in
// which they were sent; HTTP/2 several at a time, each in a task of its own. An idle connection holds no
// buffer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "http/grammar/request_head.h"
#include "http/handler.h"
#include "net/cancel.h"
#include "net/scope.h"
#include "net/stream.h"
#include "net/task.h"

namespace pabal::http {

/// What ALPN (RFC 7301) offers for it, best first.
inline constexpr std::string_view kAlpnHttp2 = "h2";
inline constexpr std::string_view kAlpnHttp11 = "http/1.1";

/// Is told of every answer, for logs and counters. On the connection's loop; must not wait.
class AnswerObserver {
 public:
  virtual ~AnswerObserver() = default;
  virtual void on_answer(const Request& request, Status status) = 0;
};

struct ServerOptions {
  HeadLimits head = {};
  struct Deadlines {
    std::chrono::seconds idle{120};     ///< between two requests
    std::chrono::seconds head{20};      ///< from its first byte to its end
    std::chrono::seconds progress{30};  ///< grace for bodies, before the rate counts
    std::chrono::seconds finish{5};     ///< for the client to take our last words
  } deadlines = {};
  /// Of bodies, both ways. So few are a line that fails, or somebody who means to hold us.
  std::size_t min_bytes_per_second = 512;
  /// What is read and dropped of a body that its handler did not want, so that the connection can go on.
  std::size_t max_dropped_bytes = 64 * 1024;
  struct Http2 {
    std::uint32_t max_streams = 100;  ///< at a time, those with a handler still at work included
    std::uint32_t stream_window_bytes = 256 * 1024;  ///< of a body that its handler has not read
    std::uint32_t connection_window_bytes = 1
                                            << 20;  ///< of all of them: what a connection may hold in memory
    std::uint32_t max_idle_frames =
        2000;  ///< frames that bring no request nearer, in a row (CVE-2019-9512 ff.)
  } http2 = {};
  /// Every answer carries these unless its handler set one of that name; the second ones over TLS only.
  Fields fields = {};
  Fields tls_fields = {};
  AnswerObserver* observer = nullptr;
  /// Receives what a handler threw: a bug of ours. Its request ends, the others go on.
  net::Scope::OnBug on_bug = {};
};

/// How a connection ended, for the log.
struct SessionSummary {
  Version version = Version::kHttp11;
  std::uint64_t requests = 0;
  std::uint64_t faults = 0;  ///< requests that could not be read
  std::string detail;
};

/// `draining` is cancelled when the server wants to stop: requests that were begun are answered, then the
/// connection ends. Handler and options outlive the task.
net::Task<SessionSummary> serve_http(std::unique_ptr<net::Stream> stream, Handler& handler,
                                     const ServerOptions& options, net::CancelSource& draining);

}  // namespace pabal::http
