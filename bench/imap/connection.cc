#include "connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace pabal::bench {
namespace {

constexpr std::size_t kSmallRead = 4 * 1024;  // ten thousand idle connections keep their buffers
constexpr std::size_t kLargeRead = 256 * 1024;

// No sessions are resumed, and nobody's name is checked: each login pays for a handshake of its own.
SSL_CTX* tls_context() {
  static SSL_CTX* const context = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_client_method());
    if (made == nullptr) die("OpenSSL gives no context");
    SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(
        made, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return made;
  }();
  return context;
}

}  // namespace

void die(std::string_view what) {
  fmt::print(stderr, "imap_load: {}\n", what);
  std::_Exit(1);
}

Connection::Connection(const Server& server) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (socket_ < 0) die("no socket is left: raise the limit of open files (ulimit -n)");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    die(fmt::format("nobody listens on port {}", server.port));
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::fcntl(socket_, F_SETFL, O_NONBLOCK);
  if (server.tls) {
    tls_ = SSL_new(tls_context());
    SSL_set_fd(tls_, socket_);
    SSL_set_connect_state(tls_);
  }
  scanner_.expect_greeting();
}

Connection::~Connection() {
  SSL_free(tls_);
  // Reset, so that a thousand logins a second leave no thousand sockets waiting for their old packets.
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  ::close(socket_);
}

void Connection::begin(std::string_view command) {
  const std::string tag = fmt::format("a{}", ++commands_);
  scanner_.expect(tag);
  unsent_.clear();
  sent_ = 0;
  fmt::format_to(std::back_inserter(unsent_), "{} {}\r\n", tag, command);
  flush();
}

void Connection::send_more(std::string_view bytes) {
  unsent_ += bytes;
  flush();
}

bool Connection::flush() {
  while (sent_ < unsent_.size()) {
    const std::ptrdiff_t wrote = write_some(unsent_.data() + sent_, unsent_.size() - sent_);
    if (wrote <= 0) return false;
    sent_ += static_cast<std::size_t>(wrote);
  }
  unsent_ = {};
  sent_ = 0;
  return true;
}

bool Connection::receive() {
  for (std::size_t size = kSmallRead;; size = kLargeRead) {
    char* const room = scanner_.room(size);
    const std::size_t asked = scanner_.room_left();
    const std::ptrdiff_t got = read_some(room, asked);
    if (got < 0) return false;
    if (scanner_.received(static_cast<std::size_t>(got))) return true;
    if (tls_ == nullptr && static_cast<std::size_t>(got) < asked) return false;
  }
}

// Both: how many bytes, or -1 for "not now".
std::ptrdiff_t Connection::read_some(char* to, std::size_t size) {
  tls_wants_write_ = false;
  if (tls_ == nullptr) {
    const ssize_t got = ::recv(socket_, to, size, 0);
    if (got > 0) return got;
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return -1;
    die(fmt::format("the server hung up after: {}", reply().tagged));
  }
  const int got = SSL_read(tls_, to, static_cast<int>(size));
  if (got > 0) return got;
  const int why = SSL_get_error(tls_, got);
  tls_wants_write_ = why == SSL_ERROR_WANT_WRITE;
  if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) die("the server broke off TLS");
  return -1;
}

std::ptrdiff_t Connection::write_some(const char* from, std::size_t size) {
  if (tls_ == nullptr) {
    const ssize_t sent = ::send(socket_, from, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) die("the server hung up while we spoke");
    return sent;
  }
  const int sent = SSL_write(tls_, from, static_cast<int>(size));
  if (sent > 0) return sent;
  const int why = SSL_get_error(tls_, sent);
  if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)
    die("the server broke off TLS while we spoke");
  return -1;
}

Reply Connection::wait() {
  while (!receive()) {
    pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
    if (wants_to_write()) waiting.events |= POLLOUT;
    ::poll(&waiting, 1, -1);
    if (!unsent_.empty()) flush();
  }
  return std::move(reply());
}

Reply Connection::command(std::string_view text) {
  begin(text);
  Reply answer = wait();
  if (!answer.ok()) die(fmt::format("{}: {}", text.substr(0, 80), answer.tagged));
  return answer;
}

}  // namespace pabal::bench
