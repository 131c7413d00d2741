// A connected TCP or Unix socket as a Stream.
#pragma once

#include <memory>

#include "net/detail/descriptor.h"
#include "net/stream.h"

namespace pabal::net {

/// What every TCP connection of ours has. Linux hands a listener's options down to what it accepts, so that
/// they cost nothing there.
void set_tcp_options(int fd);

class SocketStream final : public Stream {
 public:
  /// The socket is connected.
  explicit SocketStream(std::unique_ptr<Descriptor> descriptor);

  Task<Result<void>> wait_readable(Deadline deadline) override;
  Task<Result<std::size_t>> read_some(std::span<char> into, Deadline deadline) override;
  Task<Result<void>> write_all(std::span<const std::string_view> pieces, Deadline deadline) override;
  Task<Result<void>> shut_down(Deadline deadline) override;
  void close() override { descriptor_->close(); }

  bool is_quiet() const override;

  const Endpoint& peer() const override { return peer_; }
  const Endpoint& local() const override { return local_; }
  std::optional<PeerCredentials> peer_credentials() const override;

  /// Sends what the socket takes at once and ends: for a peer that gets no session.
  void say_and_close(std::string_view words);
  /// What a trusted proxy says that the endpoints are (net/proxy_header.h).
  void set_endpoints(Endpoint local, Endpoint peer);

 private:
  std::unique_ptr<Descriptor> descriptor_;
  Endpoint local_;
  Endpoint peer_;
  // When the last read filled its buffer more is likely there, and a wait may be skipped; a few times
  // in a row only, so that one fast sender leaves time for the loop's other connections.
  bool last_read_filled_ = false;
  int skips_left_ = 0;
};

}  // namespace pabal::net
