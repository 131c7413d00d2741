#include "net/detail/socket_address.h"

#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

namespace pabal::net {

SocketAddress to_socket_address(const Endpoint& endpoint) {
  SocketAddress out;
  if (const UnixEndpoint* local = endpoint.unix_socket()) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    // Endpoint::parse refuses longer paths.
    local->path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    std::memcpy(&out.storage, &address, sizeof(address));
    out.size = sizeof(address);
    return out;
  }
  const TcpEndpoint& tcp = *endpoint.tcp();
  const std::string_view bytes = tcp.address.bytes();
  if (tcp.address.is_v4()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(tcp.port);
    std::memcpy(&address.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&out.storage, &address, sizeof(address));
    out.size = sizeof(address);
  } else {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(tcp.port);
    std::memcpy(&address.sin6_addr, bytes.data(), bytes.size());
    std::memcpy(&out.storage, &address, sizeof(address));
    out.size = sizeof(address);
  }
  return out;
}

Endpoint from_socket_address(const SocketAddress& address) {
  if (address.family() == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, &address.storage, sizeof(in));
    std::array<std::uint8_t, 4> bytes;
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    return TcpEndpoint{IpAddress::v4(bytes), ntohs(in.sin_port)};
  }
  if (address.family() == AF_INET6) {
    sockaddr_in6 in;
    std::memcpy(&in, &address.storage, sizeof(in));
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    return TcpEndpoint{IpAddress::v6(bytes), ntohs(in.sin6_port)};
  }
  sockaddr_un local;
  std::memcpy(&local, &address.storage, sizeof(local));
  constexpr std::size_t kPathAt = offsetof(sockaddr_un, sun_path);
  const std::size_t size = address.size > kPathAt ? address.size - kPathAt : 0;
  return UnixEndpoint{std::string(local.sun_path, ::strnlen(local.sun_path, size))};
}

Endpoint local_endpoint_of(int fd) {
  SocketAddress address;
  if (::getsockname(fd, address.get(), &address.size) != 0) return UnixEndpoint{};
  return from_socket_address(address);
}

Endpoint peer_endpoint_of(int fd) {
  SocketAddress address;
  if (::getpeername(fd, address.get(), &address.size) != 0) return UnixEndpoint{};
  return from_socket_address(address);
}

}  // namespace pabal::net
