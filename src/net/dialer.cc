#include "net/dialer.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "net/detail/descriptor.h"
#include "net/detail/socket_address.h"
#include "net/detail/socket_stream.h"

namespace pabal::net {

namespace {

std::unexpected<Error> no_connection(const Endpoint& to, int error) {
  const bool can_not_try =
      error == EAFNOSUPPORT || error == EADDRNOTAVAIL || error == EACCES || error == EPERM || error == EINVAL;
  return fail(can_not_try ? ErrorKind::kRefuse : ErrorKind::kRetryLater, "connecting to {}: {}",
              to.to_string(), error_text(error));
}

Result<UniqueFd> open_socket(const SocketAddress& address, const std::optional<IpAddress>& source,
                             const Endpoint& to) {
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return no_connection(to, errno);
  if (to.tcp() != nullptr) set_tcp_options(fd.get());
  if (source && to.tcp() != nullptr) {
    const int on = 1;
    // Lets the kernel choose the port when the peer is known, so that one address can have more
    // connections than there are ports.
    ::setsockopt(fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    const SocketAddress from = to_socket_address(TcpEndpoint{*source, 0});
    if (::bind(fd.get(), from.get(), from.size) != 0) {
      return no_connection(to, errno);
    }
  }
  return fd;
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> connect(Endpoint to, Deadline deadline,
                                              std::optional<IpAddress> source) {
  const Context context = co_await current_context();
  const SocketAddress address = to_socket_address(to);
  PABAL_CO_TRY(UniqueFd fd, open_socket(address, source, to));
  int error = ::connect(fd.get(), address.get(), address.size) == 0 ? 0 : errno;
  // A Unix socket whose queue is full says EAGAIN and tells nobody when there is room.
  if (error != 0 && error != EINPROGRESS) co_return no_connection(to, error);
  PABAL_CO_TRY(auto descriptor, Descriptor::adopt(*context.loop, std::move(fd)));
  if (error == EINPROGRESS) {
    if (auto ready = co_await descriptor->wait(Descriptor::Ready::kWrite, deadline); !ready) {
      co_return std::unexpected(std::move(ready).error().with_context("connecting to " + to.to_string()));
    }
    socklen_t size = sizeof(error);
    if (::getsockopt(descriptor->fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) co_return no_connection(to, error);
  }
  co_return std::make_unique<SocketStream>(std::move(descriptor));
}

}  // namespace pabal::net
