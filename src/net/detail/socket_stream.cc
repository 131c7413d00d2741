#include "net/detail/socket_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

#include "net/detail/socket_address.h"

namespace pabal::net {

namespace {

constexpr int kMaxSkippedWaits = 16;
/// More pieces than this go in several calls; sessions write one or two.
constexpr std::size_t kMaxPiecesAtOnce = 16;

std::unexpected<Error> lost(int error) {
  if (error == EPIPE || error == ECONNRESET) return fail(ErrorKind::kClose, "the peer broke the connection");
  return fail(ErrorKind::kClose, "the connection failed: {}", error_text(error));
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

/// The bytes of `pieces` from `skip` on, as many as one call takes.
std::size_t gather(std::span<const std::string_view> pieces, std::size_t skip, std::span<iovec> out) {
  std::size_t count = 0;
  for (const std::string_view piece : pieces) {
    if (skip >= piece.size()) {
      skip -= piece.size();
      continue;
    }
    if (count == out.size()) break;
    out[count++] = {const_cast<char*>(piece.data()) + skip, piece.size() - skip};
    skip = 0;
  }
  return count;
}

}  // namespace

SocketStream::SocketStream(std::unique_ptr<Descriptor> descriptor)
    : descriptor_(std::move(descriptor)),
      local_(local_endpoint_of(descriptor_->fd())),
      peer_(peer_endpoint_of(descriptor_->fd())) {}

void set_tcp_options(int fd) {
  const int on = 1;
  // Replies are small and awaited; sessions gather their writes themselves.
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  // A client that idles for half an hour should not vanish unnoticed behind its router.
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

std::optional<PeerCredentials> SocketStream::peer_credentials() const {
  if (local_.unix_socket() == nullptr || descriptor_->closed()) return std::nullopt;
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(descriptor_->fd(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return PeerCredentials{peer.uid, peer.gid, peer.pid};
}

void SocketStream::set_endpoints(Endpoint local, Endpoint peer) {
  local_ = std::move(local);
  peer_ = std::move(peer);
}

void SocketStream::say_and_close(std::string_view words) {
  std::ignore = ::send(descriptor_->fd(), words.data(), words.size(), MSG_NOSIGNAL);
  ::shutdown(descriptor_->fd(), SHUT_WR);
  close();
}

Task<Result<void>> SocketStream::wait_readable(Deadline deadline) {
  if (last_read_filled_ && skips_left_ > 0) {
    --skips_left_;
    co_return Result<void>();
  }
  skips_left_ = kMaxSkippedWaits;
  co_return co_await descriptor_->wait(Descriptor::Ready::kRead, deadline);
}

Task<Result<std::size_t>> SocketStream::read_some(std::span<char> into, Deadline deadline) {
  for (;;) {
    if (descriptor_->closed()) co_return fail(ErrorKind::kClose, "the connection was closed");
    const ssize_t size = ::recv(descriptor_->fd(), into.data(), into.size(), 0);
    if (size >= 0) {
      last_read_filled_ = static_cast<std::size_t>(size) == into.size();
      if (!last_read_filled_) descriptor_->read_short();
      co_return static_cast<std::size_t>(size);
    }
    if (errno == EINTR) continue;
    if (!would_block(errno)) co_return lost(errno);
    last_read_filled_ = false;
    descriptor_->drained(Descriptor::Ready::kRead);
    PABAL_CO_TRY_VOID(co_await descriptor_->wait(Descriptor::Ready::kRead, deadline));
  }
}

bool SocketStream::is_quiet() const {
  if (descriptor_->closed()) return false;
  char next = 0;
  return ::recv(descriptor_->fd(), &next, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && would_block(errno);
}

Task<Result<void>> SocketStream::write_all(std::span<const std::string_view> pieces, Deadline deadline) {
  std::size_t total = 0;
  for (const std::string_view piece : pieces) total += piece.size();
  std::size_t written = 0;
  while (written < total) {
    if (descriptor_->closed()) co_return fail(ErrorKind::kClose, "the connection was closed");
    std::array<iovec, kMaxPiecesAtOnce> vectors;
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = gather(pieces, written, vectors);
    const ssize_t size = ::sendmsg(descriptor_->fd(), &message, MSG_NOSIGNAL);
    if (size >= 0) {
      written += static_cast<std::size_t>(size);
      continue;
    }
    if (errno == EINTR) continue;
    if (!would_block(errno)) co_return lost(errno);
    descriptor_->drained(Descriptor::Ready::kWrite);
    PABAL_CO_TRY_VOID(co_await descriptor_->wait(Descriptor::Ready::kWrite, deadline));
  }
  co_return Result<void>();
}

Task<Result<void>> SocketStream::shut_down(Deadline) {
  if (descriptor_->closed()) co_return fail(ErrorKind::kClose, "the connection was closed");
  if (::shutdown(descriptor_->fd(), SHUT_WR) != 0) co_return lost(errno);
  co_return Result<void>();
}

}  // namespace pabal::net
