#include "net/detail/listening_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "net/detail/socket_address.h"
#include "net/detail/socket_stream.h"

namespace pabal::net {

namespace {

std::unexpected<Error> can_not_listen(const Endpoint& endpoint, int error) {
  std::string_view advice;
  if (error == EACCES && endpoint.tcp() != nullptr)
    advice = "; ports below 1024 need root or CAP_NET_BIND_SERVICE";
  if (error == EADDRINUSE) advice = "; another program listens there already";
  if (error == EADDRNOTAVAIL) advice = "; no interface of this machine has that address";
  return fail(ErrorKind::kRefuse, "listening on {}: {}{}", endpoint.to_string(), error_text(error), advice);
}

void set_on(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof(on));
}

/// A socket file that nobody listens on is left over from a crash. Anything else at its place stays.
bool remove_stale(const std::string& path, const SocketAddress& address) {
  struct stat info;
  if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return false;
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe || ::connect(probe.get(), address.get(), address.size) == 0 || errno != ECONNREFUSED)
    return false;
  return ::unlink(path.c_str()) == 0;
}

}  // namespace

Result<UniqueFd> open_listening_socket(const Endpoint& endpoint, int backlog, unsigned unix_mode) {
  const SocketAddress address = to_socket_address(endpoint);
  UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return can_not_listen(endpoint, errno);
  if (endpoint.tcp() != nullptr) {
    set_on(fd.get(), SOL_SOCKET, SO_REUSEADDR);
    // Each loop has a queue of its own, and the kernel spreads the connections.
    set_on(fd.get(), SOL_SOCKET, SO_REUSEPORT);
    // So that [::] and 0.0.0.0 can both be bound, and an IPv4 peer never looks like an IPv6 one.
    if (address.family() == AF_INET6) set_on(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
    set_tcp_options(fd.get());
  } else {
    // Linux creates the file with the mode of the unbound socket, so it is never open wider than asked.
    ::fchmod(fd.get(), unix_mode);
  }
  int bound = ::bind(fd.get(), address.get(), address.size);
  if (bound != 0 && errno == EADDRINUSE && endpoint.unix_socket() != nullptr) {
    const bool removed = remove_stale(endpoint.unix_socket()->path, address);
    bound = removed ? ::bind(fd.get(), address.get(), address.size) : -1;
    if (!removed) errno = EADDRINUSE;
  }
  if (bound != 0) return can_not_listen(endpoint, errno);
  // The umask has taken its part of the mode away.
  if (const UnixEndpoint* local = endpoint.unix_socket()) ::chmod(local->path.c_str(), unix_mode);
  if (::listen(fd.get(), backlog) != 0) return can_not_listen(endpoint, errno);
  return fd;
}

}  // namespace pabal::net
