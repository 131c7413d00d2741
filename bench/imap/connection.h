// A client's connection to a server on this machine, plain or TLS; the socket never blocks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "reply.h"

struct ssl_ctx_st;
struct ssl_st;

namespace pabal::bench {

/// Ends the program: there is nobody to whom a broken measurement would be of use.
[[noreturn]] void die(std::string_view what);

struct Server {
  std::uint16_t port = 143;
  bool tls = false;
};

class Connection {
 public:
  /// Connects, and expects the greeting.
  explicit Connection(const Server& server);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int descriptor() const { return socket_; }

  /// Begins to send a command; the reply comes to receive(). The tag is put in front of it.
  void begin(std::string_view command);
  /// What is not part of a new command: DONE, the rest after a continuation.
  void send_more(std::string_view bytes);
  /// True once all is sent.
  bool flush();
  /// Reads what is there; true once a reply is whole. Dies when the server hangs up.
  bool receive();
  Reply& reply() { return scanner_.reply(); }
  bool continues() const { return scanner_.continues(); }
  /// TLS waits for the other direction (a handshake does).
  bool wants_to_write() const { return !unsent_.empty() || tls_wants_write_; }

  /// For a caller with one connection only: waits for the whole reply.
  Reply wait();
  /// The same for a command; dies unless the answer is OK.
  Reply command(std::string_view command);
  void greeting() { wait(); }

 private:
  std::ptrdiff_t read_some(char* to, std::size_t size);
  std::ptrdiff_t write_some(const char* from, std::size_t size);

  int socket_ = -1;
  ssl_st* tls_ = nullptr;
  bool tls_wants_write_ = false;
  std::uint64_t commands_ = 0;
  std::string unsent_;
  std::size_t sent_ = 0;  // of it
  ReplyScanner scanner_;
};

}  // namespace pabal::bench
