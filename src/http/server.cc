#include "http/server.h"

#include "http/detail/session.h"
#include "net/connection.h"

namespace pabal::http {
namespace {

// With which a client begins who knows that we speak HTTP/2 (RFC 9113 §3.4).
constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// What the client speaks. Its bytes stay where they are; nothing if it went away or said nothing.
net::Task<Result<bool>> speaks_http2(net::Connection& connection, net::Deadline deadline) {
  if (const auto tls = connection.stream().tls_facts(); tls && !tls->alpn.empty())
    co_return tls->alpn == kAlpnHttp2;
  PABAL_CO_TRY(std::string_view bytes, co_await connection.peek(deadline));
  while (bytes.size() < kPreface.size() && kPreface.starts_with(bytes)) {
    PABAL_CO_TRY(bytes, co_await connection.peek(deadline, bytes.size() + 1));
  }
  co_return bytes.starts_with(kPreface);
}

}  // namespace

net::Task<SessionSummary> serve_http(std::unique_ptr<net::Stream> stream, Handler& handler,
                                     const ServerOptions& options, net::CancelSource& draining) {
  const net::Context context = co_await net::current_context();
  SessionSummary summary;
  net::Connection connection(*context.loop, std::move(stream));
  Session session{connection, handler, options, draining, summary};
  const auto http2 = co_await speaks_http2(connection, context.loop->in(options.deadlines.idle))
                         .in({context.loop, &draining});
  if (!http2) {
    summary.detail = http2.error().detail;
  } else if (*http2) {
    summary.version = Version::kHttp2;
    co_await serve_http2(session);
  } else {
    co_await serve_http1(session);
  }
  co_return summary;
}

}  // namespace pabal::http
