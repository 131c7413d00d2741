#include "net/endpoint.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>

#include "base/cursor.h"

namespace pabal::net {

namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedPrefixBits = 96;

std::optional<std::uint16_t> parse_port(std::string_view text) {
  Cursor cursor(text);
  const auto port = cursor.take_number(UINT16_MAX);
  if (!port || !cursor.at_end()) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

}  // namespace

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> bytes) {
  IpAddress address;
  std::ranges::copy(kMappedPrefix, address.bytes_.begin());
  std::ranges::copy(bytes, address.bytes_.begin() + kMappedPrefix.size());
  return address;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> bytes) {
  IpAddress address;
  address.bytes_ = bytes;
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  // inet_pton wants a terminated string; the longest address has 45 characters.
  const std::string terminated(text.substr(0, INET6_ADDRSTRLEN));
  if (text.find('\0') != text.npos || text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  std::array<std::uint8_t, 4> four;
  if (::inet_pton(AF_INET, terminated.c_str(), four.data()) == 1) return v4(four);
  std::array<std::uint8_t, 16> sixteen;
  if (::inet_pton(AF_INET6, terminated.c_str(), sixteen.data()) == 1) return v6(sixteen);
  return std::nullopt;
}

bool IpAddress::is_v4() const { return std::ranges::equal(kMappedPrefix, std::span(bytes_).first<12>()); }

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[12] == 127;
  return std::ranges::all_of(std::span(bytes_).first<15>(), [](auto byte) { return byte == 0; }) &&
         bytes_[15] == 1;
}

bool IpAddress::is_unspecified() const {
  return std::ranges::all_of(bytes(), [](char byte) { return byte == 0; });
}

std::string_view IpAddress::bytes() const {
  const std::string_view all(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
  return is_v4() ? all.substr(kMappedPrefix.size()) : all;
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text;
  ::inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes().data(), text.data(), text.size());
  return text.data();
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
  constexpr std::string_view kUnix = "unix:";
  if (text.starts_with(kUnix)) {
    const std::string_view path = text.substr(kUnix.size());
    if (path.empty() || path.front() != '/') {
      return fail(ErrorKind::kRefuse,
                  "'{}': a Unix socket needs an absolute path, as in unix:/run/pabal.sock", text);
    }
    if (path.size() >= sizeof(sockaddr_un::sun_path) || path.find('\0') != path.npos) {
      return fail(ErrorKind::kRefuse, "'{}': the path of a Unix socket has at most {} bytes", text,
                  sizeof(sockaddr_un::sun_path) - 1);
    }
    return Endpoint(UnixEndpoint{std::string(path)});
  }
  const std::size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon == text.npos ? 0 : colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  const auto port = colon == text.npos ? std::nullopt : parse_port(text.substr(colon + 1));
  const bool has_colons = host.find(':') != host.npos;
  if (!address || !port || bracketed != has_colons) {
    return fail(
        ErrorKind::kRefuse,
        "'{}': expected an address with a port, as in 192.0.2.1:25 or [2001:db8::1]:25, or unix:/path", text);
  }
  return Endpoint(TcpEndpoint{*address, *port});
}

std::string Endpoint::to_string() const {
  if (const UnixEndpoint* local = unix_socket()) return "unix:" + local->path;
  const TcpEndpoint& remote = *tcp();
  return fmt::format(fmt::runtime(remote.address.is_v4() ? "{}:{}" : "[{}]:{}"), remote.address.to_string(),
                     remote.port);
}

bool Endpoint::is_local() const { return unix_socket() != nullptr || tcp()->address.is_loopback(); }

Result<Network> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    return fail(ErrorKind::kRefuse, "'{}': expected a network, as in 192.0.2.0/24 or 2001:db8::/32", text);
  }
  const unsigned most = address->is_v4() ? 32 : 128;
  if (slash == text.npos) return around(*address, most);
  Cursor cursor(text.substr(slash + 1));
  const auto bits = cursor.take_number(most);
  if (!bits || !cursor.at_end()) {
    return fail(ErrorKind::kRefuse, "'{}': the prefix length must be a number from 0 to {}", text, most);
  }
  const Network network = around(*address, static_cast<unsigned>(*bits));
  if (network.address_ != *address) {
    return fail(ErrorKind::kRefuse, "'{}': bits are set behind the prefix; did you mean {}?", text,
                network.to_string());
  }
  return network;
}

Network Network::around(const IpAddress& address, unsigned prefix_bits) {
  const unsigned bits = std::min(128u, prefix_bits + (address.is_v4() ? kMappedPrefixBits : 0));
  IpAddress masked = address;
  for (unsigned i = 0; i < masked.bytes_.size(); ++i) {
    const unsigned kept = bits > 8 * i ? std::min(8u, bits - 8 * i) : 0;
    masked.bytes_[i] &= static_cast<std::uint8_t>(0xff00u >> kept);
  }
  return Network(masked, bits);
}

bool Network::contains(const IpAddress& address) const {
  // Also keeps `::/0` from meaning IPv4, whose mapped form lies inside it.
  if (address_.is_v4() != address.is_v4()) return false;
  return around(address, address.is_v4() ? bits_ - kMappedPrefixBits : bits_).address_ == address_;
}

std::string Network::to_string() const {
  return fmt::format("{}/{}", address_.to_string(), address_.is_v4() ? bits_ - kMappedPrefixBits : bits_);
}

}  // namespace pabal::net
