#include "app/web.h"

#include "account/testing.h"
#include "http/testing.h"

namespace pabal::app {
namespace {

struct Quiet final : account::LoginObserver {
  void on_login(const account::LoginEvent&) override {}
};

struct WebTest : account::DirectoryTest {
  static Config config() {
    Config config;
    config.http.metrics_networks = {*net::Network::parse("198.51.100.0/24")};
    Config::Listener& https = config.listener.emplace_back();
    https.name = https.protocol = "https";
    https.address = {*net::Endpoint::parse("0.0.0.0:8443")};
    return config;
  }
  http::Response ask(http::Method method, std::string target, std::string_view peer, bool tls = false) {
    http::Request request{.method = method, .target = std::move(target), .host = "mail.crepes.fr:8080"};
    request.peer = *net::Endpoint::parse(peer);
    request.tls = tls;
    http::FakeExchange exchange(std::move(request));
    run(web.serve(exchange));
    return {exchange.head.status, exchange.head.fields, exchange.body};
  }

  account::CountingHasher hasher;
  net::WorkerPool pool{{.threads = 1}};
  SeededRandom random{1};
  Metrics metrics;
  account::Credentials credentials{directory_, hasher, pool, sim_.clock(), random};
  account::LoginThrottle throttle{sim_.clock()};
  Quiet quiet;
  account::Authenticator authenticator{directory_, credentials, throttle, random, quiet};
  Web web{config(), "mail.crepes.fr",
          Web::Parts{.engine = *engine_,
                     .directory = directory_,
                     .authenticator = authenticator,
                     .metrics = metrics,
                     .clock = sim_.clock(),
                     .random = random}};
};

constexpr std::string_view kStranger = "192.0.2.1:4000";

TEST_F(WebTest, LeadsStrangersInClearToHttps) {
  using http::Method;
  using http::Status;
  const http::Response led = ask(Method::kGet, "/mail?a=b", kStranger);
  EXPECT_EQ(led.status, Status::kPermanentRedirect);
  EXPECT_EQ(led.fields.find("location"), "https://mail.crepes.fr:8443/mail?a=b");
  EXPECT_EQ(ask(Method::kPost, "/auth/sign-in", kStranger).status, Status::kForbidden);
  EXPECT_EQ(ask(Method::kGet, "/healthz", kStranger).status, Status::kOk);
  EXPECT_EQ(ask(Method::kGet, "/", kStranger, true).status, Status::kOk);
  EXPECT_EQ(ask(Method::kGet, "/", "127.0.0.1:4000").status, Status::kOk);
}

TEST_F(WebTest, ShowsMetricsToThoseWhoMay) {
  using http::Method;
  using http::Status;
  EXPECT_EQ(ask(Method::kGet, "/metrics", kStranger).status, Status::kForbidden);
  EXPECT_EQ(ask(Method::kGet, "/metrics", "198.51.100.7:4000").status, Status::kOk);
  EXPECT_EQ(ask(Method::kGet, "/metrics", "127.0.0.1:4000").status, Status::kOk);
}

}  // namespace
}  // namespace pabal::app
