// Endpoints as the kernel's sockaddr, and back.
#pragma once

#include <sys/socket.h>

#include "net/endpoint.h"

namespace pabal::net {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

SocketAddress to_socket_address(const Endpoint& endpoint);
Endpoint from_socket_address(const SocketAddress& address);

Endpoint local_endpoint_of(int fd);
Endpoint peer_endpoint_of(int fd);

}  // namespace pabal::net
