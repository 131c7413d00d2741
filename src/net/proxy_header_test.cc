#include "net/proxy_header.h"

#include <gtest/gtest.h>

namespace pabal::net {
namespace {

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string v2(int version_command, int family, std::string body, std::size_t length) {
  return kSignature + static_cast<char>(version_command) + static_cast<char>(family) +
         static_cast<char>(length >> 8) + static_cast<char>(length) + std::move(body);
}
std::string v2(int version_command, int family, const std::string& body) {
  return v2(version_command, family, body, body.size());
}

const std::string kFour("\xc0\0\2\1\xc6\x33\x64\2\xdc\x04\0\x19", 12);
const std::string kSix = std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16) +
                         std::string("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2", 16) +
                         std::string("\xdc\x04\0\x19", 4);

/// "source destination", "-" for the connection's own, or "refused". Feeds as many bytes as are asked for.
std::string parse(std::string_view input) {
  std::size_t taken = 0;
  for (;;) {
    const auto progress = parse_proxy_header(input.substr(0, taken));
    if (!progress) return "refused";
    if (progress->header) {
      if (taken != input.size()) return "left bytes";
      const auto& endpoints = progress->header->endpoints;
      return endpoints ? endpoints->source.to_string() + " " + endpoints->destination.to_string() : "-";
    }
    EXPECT_GT(progress->needed_bytes, 0u);
    EXPECT_LE(taken + progress->needed_bytes, kMaxProxyHeaderBytes);
    if (taken + progress->needed_bytes > input.size()) return "wants more";
    taken += progress->needed_bytes;
  }
}

TEST(ProxyHeader, Table) {
  const struct {
    std::string_view name;
    std::string input;
    std::string_view want;
  } cases[] = {
      {"v1 IPv4", "PROXY TCP4 192.0.2.1 198.51.100.2 56324 25\r\n", "192.0.2.1:56324 198.51.100.2:25"},
      {"v1 IPv6", "PROXY TCP6 2001:db8::1 2001:db8::2 56324 25\r\n", "[2001:db8::1]:56324 [2001:db8::2]:25"},
      {"v1 unknown", "PROXY UNKNOWN\r\n", "-"},
      {"v1 unknown with text", "PROXY UNKNOWN ffff::1 what ever\r\n", "-"},
      {"v1 bad family", "PROXY UDP4 192.0.2.1 198.51.100.2 1 25\r\n", "refused"},
      {"v1 families mixed", "PROXY TCP4 ::1 ::1 1 25\r\n", "refused"},
      {"v1 large port", "PROXY TCP4 192.0.2.1 198.51.100.2 65536 25\r\n", "refused"},
      {"v1 leading zero", "PROXY TCP4 192.0.2.1 198.51.100.2 025 25\r\n", "refused"},
      {"v1 bare LF", "PROXY TCP4 192.0.2.1 198.51.100.2 1 25\n\r\n", "refused"},
      {"v1 extra space", "PROXY TCP4  192.0.2.1 198.51.100.2 1 25\r\n", "refused"},
      {"v1 without end", "PROXY UNKNOWN " + std::string(200, 'x'), "refused"},
      {"v2 IPv4", v2(0x21, 0x11, kFour), "192.0.2.1:56324 198.51.100.2:25"},
      {"v2 IPv4 and extras", v2(0x21, 0x11, kFour + "\x01\x00\x02h2"), "192.0.2.1:56324 198.51.100.2:25"},
      {"v2 IPv6", v2(0x21, 0x21, kSix), "[2001:db8::1]:56324 [2001:db8::2]:25"},
      {"v2 Unix", v2(0x21, 0x31, "/a" + std::string(106, '\0') + "/b" + std::string(106, '\0')),
       "unix:/a unix:/b"},
      {"v2 local", v2(0x20, 0x00, ""), "-"},
      {"v2 local with addresses", v2(0x20, 0x11, kFour), "-"},
      {"v2 unspecified", v2(0x21, 0x00, "abc"), "-"},
      {"v2 version 1", v2(0x11, 0x11, kFour), "refused"},
      {"v2 command 2", v2(0x22, 0x11, kFour), "refused"},
      {"v2 UDP", v2(0x21, 0x12, kFour), "refused"},
      {"v2 short", v2(0x21, 0x11, kFour.substr(1)), "refused"},
      {"v2 too long", v2(0x21, 0x11, kFour, 5000), "refused"},
      {"SMTP", "EHLO client.example\r\n", "refused"},
      {"nearly v1", "PROXYTCP4 192.0.2.1\r\n", "refused"},
      {"nothing", "", "wants more"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(parse(c.input), c.want) << c.name;
    // Cut anywhere it is never a header, nor more than its own bytes asked for.
    for (std::size_t size = 0; size < c.input.size(); ++size) {
      const std::string result = parse(std::string_view(c.input).substr(0, size));
      if (c.want != "refused") EXPECT_EQ(result, "wants more") << c.name << " cut at " << size;
    }
  }
}

}  // namespace
}  // namespace pabal::net
