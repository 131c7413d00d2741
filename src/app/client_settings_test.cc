#include "app/client_settings.h"

#include <gmock/gmock.h>

#include "app/autoconfig.h"
#include "http/testing.h"
#include "net/testing.h"

namespace pabal::app {
namespace {

using testing::HasSubstr;
using testing::Not;

Config::Listener listener(std::string protocol, TlsMode tls, std::string address) {
  Config::Listener listener;
  listener.name = listener.protocol = std::move(protocol);
  listener.address = {*net::Endpoint::parse(address)};
  listener.tls = tls;
  return listener;
}

Config config() {
  Config config;
  config.listener = {listener("smtp", TlsMode::kStartTls, "0.0.0.0:25"),
                     listener("submission", TlsMode::kStartTls, "0.0.0.0:2587"),
                     listener("submission", TlsMode::kImplicit, "0.0.0.0:465"),
                     listener("imap", TlsMode::kNone, "0.0.0.0:143"),
                     listener("imaps", TlsMode::kImplicit, "0.0.0.0:2993"),
                     listener("imaps", TlsMode::kImplicit, "127.0.0.1:993"),
                     listener("https", TlsMode::kImplicit, "0.0.0.0:443")};
  return config;
}

struct ClientSettingsTest : testing::Test {
  ClientSettingsTest() { autoconfig.add_to(router); }
  http::Response ask(http::Request request, std::string body = {}) {
    http::FakeExchange exchange(std::move(request), std::move(body));
    loop.run_until_done(router.serve(exchange));
    return {exchange.head.status, exchange.head.fields, exchange.body};
  }
  net::SimulatedLoop loop;
  ClientSettings settings{config(), "mail.crepes.fr"};
  Autoconfig autoconfig{settings};
  http::Router router;
};

TEST_F(ClientSettingsTest, RecordsSayWhatThereIsAndWhatNot) {
  EXPECT_THAT(settings.dns_records("crepes.fr"),
              testing::ElementsAre("crepes.fr. MX 10 mail.crepes.fr.",
                                   "_imaps._tcp.crepes.fr. SRV 0 1 2993 mail.crepes.fr.",
                                   "_imap._tcp.crepes.fr. SRV 0 0 0 .", "_pop3s._tcp.crepes.fr. SRV 0 0 0 .",
                                   "_pop3._tcp.crepes.fr. SRV 0 0 0 .",
                                   "_submissions._tcp.crepes.fr. SRV 0 1 465 mail.crepes.fr.",
                                   "_submission._tcp.crepes.fr. SRV 0 1 2587 mail.crepes.fr.",
                                   "_jmap._tcp.crepes.fr. SRV 0 1 443 mail.crepes.fr.",
                                   "_autodiscover._tcp.crepes.fr. SRV 0 1 443 mail.crepes.fr.",
                                   "autoconfig.crepes.fr. CNAME mail.crepes.fr."));
}

TEST_F(ClientSettingsTest, TellsThunderbird) {
  const auto asked =
      ask({.target = "/mail/config-v1.1.xml?emailaddress=alice%40crepes.fr", .host = "autoconfig.x"});
  const std::string xml(asked.body.view());
  EXPECT_THAT(xml, HasSubstr("<domain>crepes.fr</domain>"));
  EXPECT_THAT(xml, HasSubstr("<hostname>mail.crepes.fr</hostname>\n      <port>2993</port>\n      "
                             "<socketType>SSL</socketType>"));
  EXPECT_THAT(xml, Not(HasSubstr("<port>143</port>")));  // in clear
  const auto by_host =
      ask({.target = "/.well-known/autoconfig/mail/config-v1.1.xml", .host = "autoconfig.b.fr:80"});
  EXPECT_THAT(std::string(by_host.body.view()), HasSubstr("<domain>b.fr</domain>"));
}

TEST_F(ClientSettingsTest, TellsOutlook) {
  const auto asked = ask({.method = http::Method::kPost, .target = "/autodiscover/autodiscover.xml"},
                         "<Autodiscover><Request><EMailAddress>o&apos;b@crepes.fr</EMailAddress></Request>");
  EXPECT_EQ(asked.status, http::Status::kBadRequest);  // an entity is no part of an address
  const auto plain = ask({.method = http::Method::kPost, .target = "/Autodiscover/Autodiscover.xml"},
                         "<Autodiscover><Request><EMailAddress>alice@crepes.fr</EMailAddress></Request>");
  EXPECT_THAT(std::string(plain.body.view()), HasSubstr("<LoginName>alice@crepes.fr</LoginName>"));
  EXPECT_THAT(std::string(plain.body.view()), HasSubstr("<Port>465</Port>"));
}

TEST_F(ClientSettingsTest, TellsApple) {
  const auto asked = ask({.target = "/apple.mobileconfig?address=a%26b@crepes.fr"});
  EXPECT_EQ(asked.fields.find("content-type"), "application/x-apple-aspen-config");
  EXPECT_THAT(std::string(asked.body.view()), HasSubstr("<string>a&amp;b@crepes.fr</string>"));
  EXPECT_EQ(ask({.target = "/apple.mobileconfig"}).status, http::Status::kBadRequest);
}

}  // namespace
}  // namespace pabal::app
