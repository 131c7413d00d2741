#include "queue/host_list.h"

#include <gtest/gtest.h>

#include <set>

#include "net/dns_static.h"
#include "net/testing.h"

namespace pabal::queue {
namespace {

constexpr std::string_view kZone = R"(
hamburger.edu.       MX    20 mx2.hamburger.edu.
hamburger.edu.       MX    10 MX1.hamburger.edu.
mx1.hamburger.edu.   A     192.0.2.7
mx1.hamburger.edu.   A     192.0.2.8
mx1.hamburger.edu.   AAAA  2001:db8::7
mx2.hamburger.edu.   AAAA  2001:db8::9
implicit.example.    A     192.0.2.20
text.example.        TXT   "no mail, no address"
null.example.        MX    0 .
both.example.        MX    0 .
both.example.        MX    5 mx2.hamburger.edu.
nowhere.example.     MX    10 gone.example.
half.example.        MX    10 gone.example.
half.example.        MX    20 mx2.hamburger.edu.
loop.example.        MX    10 us.crepes.fr.
loop.example.        MX    20 mx2.hamburger.edu.
backup.example.      MX    10 mx2.hamburger.edu.
backup.example.      MX    20 US.crepes.fr.
backup.example.      MX    20 mx1.hamburger.edu.
backup.example.      MX    30 mx1.hamburger.edu.
us.crepes.fr.        A     192.0.2.99
hidden.example.      A     192.0.2.99
local.example.       A     127.0.0.1
www.alias.example.   CNAME hamburger.edu.
shaky.example.       MX    10 down.example.
$FAIL down.example.
$BOGUS bogus.example.
)";

class HostListTest : public testing::Test {
 protected:
  std::string found(std::string_view domain) {
    HostFinder finder(*resolver, random, own);
    return shown(sim.run_until_done(
        finder.find_mail_hosts(*account::DomainName::parse(domain), sim.loop().in(std::chrono::seconds(5)))));
  }
  std::string found_host(std::string name) {
    HostFinder finder(*resolver, random, own);
    return shown(sim.run_until_done(finder.find_host(name, sim.loop().in(std::chrono::seconds(5)))));
  }
  static std::string shown(const HostFinder::Hosts& hosts) {
    if (!hosts) {
      EXPECT_EQ(hosts.error().for_good, hosts.error().status.status_class == 5);
      return hosts.error().status.to_string() + " " + hosts.error().reason;
    }
    std::string out;
    for (const Host& host : *hosts) {
      out += fmt::format("{}{} {}", out.empty() ? "" : "; ", host.preference, host.name);
      for (const auto& address : host.addresses) out += " " + address.to_string();
    }
    return out;
  }

  net::SimulatedLoop sim;
  SeededRandom random{1};
  std::unique_ptr<net::StaticResolver> resolver = std::move(*net::StaticResolver::parse(kZone));
  OwnHost own{.names = {"us.crepes.fr"}, .addresses = {*net::IpAddress::parse("192.0.2.99")}};
};

TEST_F(HostListTest, FollowsRfc5321) {
  const std::string mx1 = "mx1.hamburger.edu 2001:db8::7 192.0.2.7 192.0.2.8";
  const std::string mx2 = "mx2.hamburger.edu 2001:db8::9";
  const std::pair<const char*, std::string> cases[] = {
      {"hamburger.edu", "10 " + mx1 + "; 20 " + mx2},
      {"www.alias.example", "10 " + mx1 + "; 20 " + mx2},
      {"implicit.example", "0 implicit.example 192.0.2.20"},
      {"text.example", "5.1.2 The domain text.example has no mail host and no address."},
      {"absent.example", "5.1.2 The domain absent.example does not exist."},
      {"null.example", "5.1.10 The domain null.example takes no mail: it says so in the DNS (null MX)."},
      {"both.example", "5 " + mx2},
      {"nowhere.example", "5.4.4 None of the mail hosts of nowhere.example has an address."},
      {"half.example", "20 " + mx2},
      {"backup.example", "10 " + mx2},
      {"loop.example",
       "5.4.6 The letter would come back to us: us.crepes.fr is this very host, which does not take mail for "
       "loop.example."},
      {"hidden.example",
       "5.4.6 The letter would come back to us: hidden.example is this very host, which does not take mail "
       "for hidden.example."},
      {"[192.0.2.7]", "0 192.0.2.7 192.0.2.7"},
      {"[IPv6:2001:db8::7]", "0 2001:db8::7 2001:db8::7"},
      {"[192.0.2.99]", "5.4.6 [192.0.2.99] is this very host, which does not take the letter."},
  };
  for (const auto& [domain, want] : cases) EXPECT_EQ(found(domain), want) << domain;
}

TEST_F(HostListTest, TroubleOfTheDnsPasses) {
  for (const char* domain : {"down.example", "bogus.example", "shaky.example"}) {
    EXPECT_TRUE(found(domain).starts_with("4.4.3 The DNS does not answer for ")) << found(domain);
  }
}

TEST_F(HostListTest, LoopbackIsOursUnlessToldOtherwise) {
  EXPECT_TRUE(found("local.example").starts_with("5.4.6 "));
  own.loopback_is_ours = false;
  EXPECT_EQ(found("local.example"), "0 local.example 127.0.0.1");
}

TEST_F(HostListTest, EqualOnesComeInAnOrderOfChance) {
  std::string zone;
  for (const char* name : {"a", "b", "c"}) {
    zone += fmt::format("many.example. MX 10 {}.example.\n{}.example. A 192.0.2.1\n", name, name);
  }
  zone += "many.example. MX 5 first.example.\nfirst.example. A 192.0.2.1\n";
  resolver = std::move(*net::StaticResolver::parse(zone));
  std::set<std::string> orders;
  for (int i = 0; i < 100; ++i) {
    orders.insert(found("many.example"));
    EXPECT_TRUE(orders.begin()->starts_with("5 first.example"));
  }
  EXPECT_EQ(orders.size(), 6u);
}

TEST_F(HostListTest, ARouteNamesItsHost) {
  EXPECT_EQ(found_host("MX2.hamburger.edu"), "0 mx2.hamburger.edu 2001:db8::9");
  EXPECT_EQ(found_host("192.0.2.1"), "0 192.0.2.1 192.0.2.1");
  EXPECT_EQ(found_host("absent.example"), "4.4.3 The DNS knows no address of absent.example.");
}

}  // namespace
}  // namespace pabal::queue
