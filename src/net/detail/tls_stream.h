// TLS over another stream. OpenSSL reads and writes through a BIO of ours: what it wants to read lies in a
// block of the loop's pool while there is something, what it wants to send gathers in a string. With
// SSL_MODE_RELEASE_BUFFERS an idle connection then holds only OpenSSL's own state
// (docs/decisions/0004-net.md).
#pragma once

#include <memory>

#include "net/block_pool.h"
#include "net/detail/openssl.h"
#include "net/signal.h"
#include "net/tls.h"

namespace pabal::net {

class TlsStream final : public HandshakingStream {
 public:
  /// `ssl` has its side and its settings, and no BIO yet.
  TlsStream(Loop& loop, std::unique_ptr<Stream> lower, SslPtr ssl);
  ~TlsStream() override;

  Task<Result<void>> handshake(Deadline deadline) override;
  Task<Result<void>> wait_readable(Deadline deadline) override;
  Task<Result<std::size_t>> read_some(std::span<char> into, Deadline deadline) override;
  Task<Result<void>> write_all(std::span<const std::string_view> pieces, Deadline deadline) override;
  Task<Result<void>> shut_down(Deadline deadline) override;
  void close() override { lower_->close(); }

  bool is_quiet() const override;

  const Endpoint& peer() const override { return lower_->peer(); }
  const Endpoint& local() const override { return lower_->local(); }
  bool encrypted() const override { return true; }
  std::optional<TlsFacts> tls_facts() const override;
  Result<std::string> channel_binding(ChannelBinding kind) const override;

 private:
  struct BioMethod;

  Task<Result<void>> receive(Deadline deadline);
  Task<Result<void>> send(Deadline deadline);
  std::unexpected<Error> failed(int error, std::string_view doing);
  int bio_read(char* into, int size);

  Loop& loop_;
  std::unique_ptr<Stream> lower_;
  SslPtr ssl_;
  Block in_;  // ciphertext that came and that OpenSSL did not take yet
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  bool in_ended_ = false;
  bool waited_ = false;  // for the lower stream to be readable, and it was not read since
  std::string out_;      // ciphertext to send
  bool sending_ = false;
  Signal sent_;
};

}  // namespace pabal::net
