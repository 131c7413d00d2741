#include "net/endpoint.h"

#include <gtest/gtest.h>

namespace pabal::net {
namespace {

TEST(Endpoint, ReadsAndPrints) {
  const struct {
    std::string_view name, input, want;  // no want: refused
  } cases[] = {
      {"IPv4", "192.0.2.1:25", "192.0.2.1:25"},
      {"IPv6", "[2001:db8::1]:587", "[2001:db8::1]:587"},
      {"mapped IPv4", "[::ffff:192.0.2.1]:25", "192.0.2.1:25"},
      {"Unix", "unix:/run/pabal.sock", "unix:/run/pabal.sock"},
      {"port zero", "127.0.0.1:0", "127.0.0.1:0"},
      {"no port", "192.0.2.1", ""},
      {"empty port", "192.0.2.1:", ""},
      {"large port", "192.0.2.1:65536", ""},
      {"port with sign", "192.0.2.1:+25", ""},
      {"IPv6 without brackets", "2001:db8::1:25", ""},
      {"IPv4 in brackets", "[192.0.2.1]:25", ""},
      {"name", "localhost:25", ""},
      {"relative path", "unix:pabal.sock", ""},
      {"empty", "", ""},
      {"bracket alone", "[:25", ""},
  };
  for (const auto& c : cases) {
    const auto endpoint = Endpoint::parse(c.input);
    ASSERT_EQ(endpoint.has_value(), !c.want.empty()) << c.name << ": " << c.input;
    if (endpoint) EXPECT_EQ(endpoint->to_string(), c.want) << c.name;
  }
  EXPECT_FALSE(Endpoint::parse("unix:/" + std::string(200, 'x')));
}

TEST(IpAddress, MappedIpv4IsIpv4) {
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1"), IpAddress::parse("192.0.2.1"));
  EXPECT_TRUE(IpAddress::parse("::ffff:127.0.0.1")->is_loopback());
  EXPECT_TRUE(IpAddress::parse("::1")->is_loopback());
  EXPECT_FALSE(IpAddress::parse("::2")->is_loopback());
  EXPECT_TRUE(IpAddress::parse("0.0.0.0")->is_unspecified());
  EXPECT_FALSE(IpAddress::parse(std::string_view("127.0.0.1\0", 10)));
}

TEST(Network, ContainsWhatItsPrefixSays) {
  const struct {
    std::string_view network, address;
    bool want;
  } cases[] = {
      {"192.0.2.0/24", "192.0.2.255", true},
      {"192.0.2.0/24", "192.0.3.0", false},
      {"192.0.2.128/25", "192.0.2.127", false},
      {"0.0.0.0/0", "203.0.113.9", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"::/0", "2001:db8::1", true},
      {"::/0", "192.0.2.1", false},
      {"192.0.2.0/24", "::ffff:192.0.2.9", true},
      {"2001:db8::/33", "2001:db8:8000::", false},
      {"2001:db8::/33", "2001:db8:7fff::", true},
      {"192.0.2.7", "192.0.2.7", true},
      {"192.0.2.7", "192.0.2.6", false},
      {"2001:db8::1", "2001:db8::1", true},
  };
  for (const auto& c : cases) {
    const auto network = Network::parse(c.network);
    ASSERT_TRUE(network) << c.network;
    EXPECT_EQ(network->contains(*IpAddress::parse(c.address)), c.want) << c.network << " " << c.address;
  }
}

TEST(Network, RefusesWhatIsNoNetwork) {
  for (const std::string_view text :
       {"192.0.2.0/33", "192.0.2.7/24", "::/129", "192.0.2.0/", "192.0.2.0/ 8", "x/8", ""}) {
    EXPECT_FALSE(Network::parse(text)) << text;
  }
  EXPECT_EQ(Network::around(*IpAddress::parse("192.0.2.7"), 24).to_string(), "192.0.2.0/24");
  EXPECT_EQ(Network::around(*IpAddress::parse("2001:db8:1:2:3::"), 64).to_string(), "2001:db8:1:2::/64");
}

}  // namespace
}  // namespace pabal::net
