// Where a connection comes from or goes to: IPv4, IPv6 or a Unix socket. Values, no names: a host name
// becomes an address in net/dns.h.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace pabal::net {

/// An IPv4 or IPv6 address. An IPv4 address that arrives mapped into IPv6 (::ffff:192.0.2.1, RFC 4291
/// §2.5.5.2) is that IPv4 address, so that a limit or a rule can't be evaded by the other spelling.
class IpAddress {
 public:
  /// The unspecified IPv6 address, `::`.
  constexpr IpAddress() = default;
  static IpAddress v4(std::array<std::uint8_t, 4> bytes);
  static IpAddress v6(std::array<std::uint8_t, 16> bytes);
  static IpAddress loopback_v4() { return v4({127, 0, 0, 1}); }

  /// `192.0.2.1` or `2001:db8::1`, without brackets or zone.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const;
  bool is_loopback() const;
  bool is_unspecified() const;
  /// 4 or 16 bytes in network order; a view into this object.
  std::string_view bytes() const;
  std::string to_string() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  friend class Network;
  std::array<std::uint8_t, 16> bytes_{};  // IPv4 lies in its mapped form
};

struct TcpEndpoint {
  IpAddress address;
  std::uint16_t port = 0;
  auto operator<=>(const TcpEndpoint&) const = default;
};

struct UnixEndpoint {
  std::string path;  ///< empty for a peer that bound no name
  auto operator<=>(const UnixEndpoint&) const = default;
};

class Endpoint {
 public:
  Endpoint() = default;
  Endpoint(TcpEndpoint tcp) : value_(tcp) {}
  Endpoint(UnixEndpoint unix_socket) : value_(std::move(unix_socket)) {}

  /// `192.0.2.1:25`, `[2001:db8::1]:25`, `unix:/run/pabal.sock`. The error says what was expected.
  static Result<Endpoint> parse(std::string_view text);
  /// As parse() reads it.
  std::string to_string() const;

  const TcpEndpoint* tcp() const { return std::get_if<TcpEndpoint>(&value_); }
  const UnixEndpoint* unix_socket() const { return std::get_if<UnixEndpoint>(&value_); }
  /// The peer is on this machine: loopback or a Unix socket.
  bool is_local() const;

  auto operator<=>(const Endpoint&) const = default;

 private:
  std::variant<TcpEndpoint, UnixEndpoint> value_;
};

/// An address and the leading bits of it that count (CIDR, RFC 4632).
class Network {
 public:
  /// `192.0.2.0/24`, `2001:db8::/32`, or an address alone for itself. Bits behind the prefix must be
  /// zero: `192.0.2.7/24` is more likely a slip than a wish.
  static Result<Network> parse(std::string_view text);
  /// The network of `address` with that many leading bits (0 to 32 for IPv4, to 128 for IPv6; more is
  /// the whole address).
  static Network around(const IpAddress& address, unsigned prefix_bits);

  /// A network of one family holds no address of the other.
  bool contains(const IpAddress& address) const;
  std::string to_string() const;

  auto operator<=>(const Network&) const = default;

 private:
  Network(IpAddress address, unsigned mapped_bits) : address_(address), bits_(mapped_bits) {}

  IpAddress address_;
  unsigned bits_ = 128;  // of the 16 bytes; an IPv4 prefix has 96 more
};

}  // namespace pabal::net

template <>
struct std::hash<pabal::net::IpAddress> {
  std::size_t operator()(const pabal::net::IpAddress& address) const {
    return std::hash<std::string_view>{}(address.bytes());
  }
};
template <>
struct std::hash<pabal::net::Network> {
  std::size_t operator()(const pabal::net::Network& network) const {
    return std::hash<std::string>{}(network.to_string());
  }
};
