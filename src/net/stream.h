// A two-way stream of bytes: a TCP or Unix socket (net/dialer.h, net/listener.h), TLS over another
// stream (net/tls.h), or memory (net/memory_stream.h). Sessions read and write through
// net/connection.h, which stands on one of these.
//
// A stream belongs to one loop. One reader (wait_readable, read_some) and one writer (write_all,
// shut_down) may be at work at the same time, not two of either. Every wait ends at its deadline
// (kDeadline), when its task is told to stop (kCancelled), when close() is called, or when the peer is gone
// (kClose). After a failed write_all nobody knows how much the peer got: close the stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/endpoint.h"
#include "net/loop.h"
#include "net/task.h"

namespace pabal::net {

/// What is known about a stream's encryption.
struct TlsFacts {
  std::string version;      ///< "TLSv1.3"
  std::string cipher;       ///< "TLS_AES_256_GCM_SHA384"
  std::string server_name;  ///< SNI, in lower case; empty if the client gave none
  std::string alpn;         ///< empty if none was agreed
  bool resumed = false;     ///< an earlier session went on, without a new exchange of certificates

  /// On the client's side: whether the server's certificate chains to a trusted root and names the
  /// server. Empty if so; else what is wrong, in OpenSSL's words.
  std::string verify_error;
  /// The certificates the peer sent, its own first, in DER: for DANE (RFC 7672) and for journeys.
  /// Empty for a resumed session except for the peer's own.
  std::vector<std::string> peer_chain_der;
};

/// Who is at the other end of a Unix socket, as the kernel saw them when they connected.
struct PeerCredentials {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int32_t pid = 0;
};

/// Channel bindings for SCRAM-…-PLUS.
enum class ChannelBinding {
  kTlsServerEndPoint,  ///< RFC 5929 §4: a hash of the server's certificate
  kTlsExporter,        ///< RFC 9266: keying material of this connection alone
};

/// For a wait that is over before it began.
inline Task<Result<void>> done() { co_return Result<void>(); }

class Stream {
 public:
  /// Closes. No wait may be under way.
  virtual ~Stream() = default;

  /// Waits until it is worth calling read_some: bytes, the end, or an error. Holds no buffer, so a
  /// connection that waits here costs next to nothing. May be wrong now and then; read_some then waits.
  virtual Task<Result<void>> wait_readable(Deadline deadline) = 0;

  /// Reads at least one byte, unless the peer ended its direction in order: then 0. `into` is not empty.
  /// A TLS stream that ends without close_notify is kClose, since somebody may have cut it (RFC 8446 §6.1).
  virtual Task<Result<std::size_t>> read_some(std::span<char> into, Deadline deadline) = 0;

  /// Writes all pieces, one behind the other. The caller keeps the list and the bytes alive.
  virtual Task<Result<void>> write_all(std::span<const std::string_view> pieces, Deadline deadline) = 0;

  /// Ends our direction in order (close_notify, FIN). Reading goes on until the peer's end.
  virtual Task<Result<void>> shut_down(Deadline deadline) = 0;

  /// Gives the stream up at once. Waits under way end with kClose. May be called again.
  virtual void close() = 0;

  virtual const Endpoint& peer() const = 0;
  virtual const Endpoint& local() const = 0;
  /// Nothing lies there to be read, not even the peer's end, as far as can be told without waiting. A
  /// client asks before it uses a connection again that was idle.
  virtual bool is_quiet() const { return true; }

  /// Nothing unless it is a Unix socket.
  virtual std::optional<PeerCredentials> peer_credentials() const { return std::nullopt; }

  /// Nothing for a stream in clear.
  virtual std::optional<TlsFacts> tls_facts() const { return std::nullopt; }
  virtual bool encrypted() const { return false; }
  /// kRefuse if the stream has no such binding.
  virtual Result<std::string> channel_binding(ChannelBinding) const {
    return fail(ErrorKind::kRefuse, "the connection is not encrypted");
  }
};

}  // namespace pabal::net
