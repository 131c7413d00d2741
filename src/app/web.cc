#include "app/web.h"

#include <algorithm>
#include <span>

#include "base/digest.h"
#include "base/encoding.h"

namespace pabal {

/// Of src/app/pages, by cmake/PabalEmbed.cmake.
std::span<const http::EmbeddedFile> pages_files();

namespace app {
namespace {

using http::Exchange;
using http::Method;
using http::Request;
using http::Status;

constexpr std::uint16_t kHttpsPort = 443;

/// What monitors and certificate authorities ask for in clear.
bool is_asked_in_clear(std::string_view path) {
  return path == "/healthz" || path == "/metrics" || path.starts_with("/.well-known/acme-challenge/");
}

std::uint16_t find_https_port(const Config& config) {
  std::uint16_t port = 0;
  for (const Config::Listener& listener : config.listener) {
    const bool speaks_https =
        listener.protocol == "https" || (listener.protocol == "http" && listener.tls == TlsMode::kImplicit);
    if (!speaks_https) continue;
    for (const net::Endpoint& address : listener.address) {
      if (address.tcp() && (port == 0 || address.tcp()->port == kHttpsPort)) port = address.tcp()->port;
    }
  }
  return port;
}

constexpr std::string_view kFramePath = "/frame.html";

/// What may happen in the frame that shows a letter: its one script, known by its hash, and nothing else. It
/// has no origin, so nothing of ours is in its reach.
std::string frame_policy(std::span<const http::EmbeddedFile> files) {
  const auto frame = std::ranges::find(files, kFramePath, &http::EmbeddedFile::path);
  if (frame == files.end()) return {};
  constexpr std::string_view kBegin = "<script>";
  const std::size_t begin = frame->content.find(kBegin) + kBegin.size();
  const std::string_view script =
      frame->content.substr(begin, frame->content.find("</script>", begin) - begin);
  const Sha256::Digest digest = Sha256::of(script);
  return fmt::format(
      "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
      "script-src 'sha256-{}'; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'none'; "
      "font-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; "
      "require-trusted-types-for 'script'; trusted-types pabal-frame",
      to_base64({digest.data(), digest.size()}));
}

}  // namespace

class Web::Health final : public http::Handler {
 public:
  net::Task<void> serve(Exchange& exchange) override {
    std::ignore = co_await exchange.respond(http::text_response("ok\n"));
  }
};

// Counters tell an observer much about a server; so only who may is told.
class Web::Exposition final : public http::Handler {
 public:
  Exposition(const Metrics& metrics, std::vector<net::Network> networks)
      : metrics_(metrics), networks_(std::move(networks)) {}

  net::Task<void> serve(Exchange& exchange) override {
    if (!may_see(exchange.request())) {
      std::ignore = co_await exchange.respond(http::problem(
          Status::kForbidden,
          "Metrics are for the networks in `http.metrics_networks`, and this is none of them."));
      co_return;
    }
    std::ignore = co_await exchange.respond(
        {Status::kOk, {{"content-type", kMetricsContentType}}, metrics_.exposition()});
  }

 private:
  bool may_see(const Request& request) const {
    // Who comes through a proxy on this machine is not from this machine.
    if (request.find("x-forwarded-for") || request.find("forwarded")) return false;
    if (request.peer.is_local()) return true;
    return request.peer.tcp() && std::ranges::any_of(networks_, [&](const net::Network& network) {
             return network.contains(request.peer.tcp()->address);
           });
  }

  const Metrics& metrics_;
  const std::vector<net::Network> networks_;
};

Web::Web(const Config& config, std::string host_name, Parts parts)
    : settings_(config, std::move(host_name)),
      sessions_(parts.engine, parts.directory, parts.clock, parts.random,
                {.idle = std::chrono::ceil<std::chrono::seconds>(config.http.session_idle),
                 .absolute = std::chrono::ceil<std::chrono::seconds>(config.http.session_lifetime)}),
      door_(parts.authenticator, sessions_, parts.directory),
      sign_in_(door_, parts.authenticator, sessions_),
      autoconfig_(settings_),
      pages_(pages_files(), {.content_security_policy = std::string(http::kAppPolicy),
                             .policies = {{std::string(kFramePath), frame_policy(pages_files())}}}),
      https_port_(find_https_port(config)),
      health_(std::make_unique<Health>()),
      exposition_(std::make_unique<Exposition>(parts.metrics, config.http.metrics_networks)) {
  router_.add("/healthz", {Method::kGet}, *health_);
  router_.add("/metrics", {Method::kGet}, *exposition_);
  router_.add_prefix("/", {Method::kGet}, pages_);
  autoconfig_.add_to(router_);
  sign_in_.add_to(router_);
}

Web::~Web() = default;

bool Web::should_redirect(const Request& request) const {
  return !request.tls && !request.peer.is_local() && https_port_ != 0 && !request.host.empty() &&
         !is_asked_in_clear(request.path());
}

net::Task<void> Web::serve(Exchange& exchange) {
  const Request& request = exchange.request();
  if (!should_redirect(request)) co_return co_await router_.serve(exchange);
  if (request.method != Method::kGet && request.method != Method::kHead) {
    // What it carries was seen on the way by now; it must not work.
    std::ignore = co_await exchange.respond(http::problem(
        Status::kForbidden, "Send this over https, and change a password that was sent in clear."));
    co_return;
  }
  const std::string port = https_port_ == kHttpsPort ? "" : fmt::format(":{}", https_port_);
  std::ignore = co_await exchange.respond(
      http::redirect(fmt::format("https://{}{}{}", request.host_name(), port, request.target)));
}

}  // namespace app
}  // namespace pabal
