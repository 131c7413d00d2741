#include "app/http_service.h"

namespace pabal::app {
namespace {

constexpr std::chrono::seconds kTlsDeadline{30};

// What no browser should do with any answer of ours. Documents say more about themselves.
const http::Fields kFields{{"x-content-type-options", "nosniff"},
                           {"referrer-policy", "no-referrer"},
                           {"cross-origin-resource-policy", "same-origin"},
                           {"content-security-policy", "default-src 'none'; frame-ancestors 'none'"},
                           {"cache-control", "no-store"}};
const http::Fields kTlsFields{{"strict-transport-security", "max-age=31536000"}};

}  // namespace

HttpService::HttpService(const Config& config, const Config::Listener& listener, std::string,
                         net::ServerLoops& loops, net::ConnectionLimits& limits, Metrics& metrics,
                         net::Scope::OnBug on_bug)
    : ListenerService(
          listener, listener.protocol == "https" || listener.tls == TlsMode::kImplicit, kTlsDeadline,
          {.loops = loops,
           .limits = limits,
           .sessions_total = metrics.counter("pabal_http_sessions_total", "HTTP connections that ended"),
           .turned_away =
               metrics.counter("pabal_http_turned_away_total", "HTTP connections turned away by limits"),
           .on_bug = on_bug}),
      answers_total_(metrics.counter("pabal_http_answers_total", "HTTP requests that were answered")),
      failures_total_(metrics.counter("pabal_http_failures_total", "HTTP requests answered with 5xx")) {
  options_.deadlines.idle = std::chrono::ceil<std::chrono::seconds>(config.http.idle_timeout);
  options_.fields = kFields;
  options_.tls_fields = kTlsFields;
  options_.observer = this;
  options_.on_bug = std::move(on_bug);
}

HttpService::~HttpService() = default;

void HttpService::set_backend(HttpBackend backend) {
  handler_ = &backend.handler;
  open_door(backend.tls, std::move(backend.log));
}

std::string HttpService::farewell(net::Admission) const {
  return "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}

void HttpService::on_answer(const http::Request& request, http::Status status) {
  answers_total_.add();
  if (http::code_of(status) >= 500) failures_total_.add();
  if (!log().enabled(LogLevel::kDebug)) return;
  // The path alone: a query may hold what only its sender should know.
  log().debug("answered", {{"peer", request.peer.to_string()},
                           {"method", http::to_string(request.method)},
                           {"path", request.path()},
                           {"status", http::code_of(status)}});
}

net::Task<void> HttpService::serve(std::unique_ptr<net::Stream> stream, net::CancelSource& draining) {
  const std::string peer = stream->peer().to_string();
  const http::SessionSummary summary =
      co_await http::serve_http(std::move(stream), *handler_, options_, draining);
  log().debug("session ended", {{"peer", peer},
                                {"listener", name()},
                                {"requests", summary.requests},
                                {"faults", summary.faults},
                                {"detail", summary.detail}});
}

}  // namespace pabal::app
