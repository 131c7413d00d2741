// TLS 1.2 and 1.3 over any stream: the server's certificates and the client's trust. Sessions reach it
// through Connection::start_tls. OpenSSL is behind this header and not in it.
//
// Both objects may be shared by all loops and used from any thread; they outlive the streams they wrap.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "net/stream.h"

namespace pabal::net {

/// A stream on which the handshake comes first. A failed one says kClose, with the reason in words.
class HandshakingStream : public Stream {
 public:
  virtual Task<Result<void>> handshake(Deadline deadline) = 0;
};

/// PEM files. The certificate file holds the server's own first, then the chain.
struct CertificateFiles {
  std::string certificate_path;
  std::string key_path;
};

struct TlsServerOptions {
  /// A client is served the one whose names (subjectAltName, with `*.` for one label) cover the server
  /// name it asks for; the first is for all others.
  std::vector<CertificateFiles> certificates = {};
  /// Protocols we speak (RFC 7301), best first. A client that offers others alone is turned away, which
  /// also keeps it from being led to the wrong service; with an empty list the extension is ignored.
  std::vector<std::string> alpn = {};
  /// Session tickets are sealed with a key of this age at most, and accepted for as long again.
  std::chrono::seconds ticket_key_lifetime = std::chrono::hours(12);
};

class TlsServer {
 public:
  /// Reads the files. The error names the file and says what is wrong with it. The clock and the random
  /// source must outlive the server.
  static Result<std::unique_ptr<TlsServer>> load(TlsServerOptions options, const Clock& clock,
                                                 Random& random);
  ~TlsServer();

  /// Reads the files anew. On failure all stays as it was. Connections that are up go on as they are, and
  /// tickets given out before still resume.
  Result<void> reload(TlsServerOptions options);

  /// What an operator should know and what did not keep the server from starting: a certificate that is
  /// expired, or not yet valid, or runs out within two weeks, or names nobody. Judged on the clock, now.
  std::vector<std::string> warnings() const;

  std::unique_ptr<HandshakingStream> wrap(Loop& loop, std::unique_ptr<Stream> stream);

  struct State;

 private:
  explicit TlsServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

enum class TlsVerify {
  /// Any certificate will do; what is wrong with it is in TlsFacts::verify_error. For mail to servers that
  /// promise nothing (RFC 7435), and for DANE, whose judge looks at the chain after the handshake.
  kNone,
  /// The certificate must chain to a trusted root and name the server; else the handshake fails.
  kFull,
};

struct TlsClientOptions {
  std::string server_name = {};  ///< sent as SNI (not if it is an address), and the name to check
  TlsVerify verify = TlsVerify::kFull;
  std::vector<std::string> alpn = {};
  /// Whether an earlier session may go on. Off where the whole chain must be seen (DANE).
  bool resume = true;
};

class TlsClient {
 public:
  /// `trust_file` (PEM) instead of the system's roots.
  static Result<std::unique_ptr<TlsClient>> create(std::string trust_file = {});
  ~TlsClient();

  /// Remembers a session for each server name and way of verifying, and offers it next time.
  std::unique_ptr<HandshakingStream> wrap(Loop& loop, std::unique_ptr<Stream> stream,
                                          TlsClientOptions options);

  struct State;

 private:
  explicit TlsClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct SelfSigned {
  std::string certificate_pem;
  std::string key_pem;
};

/// A certificate of our own for a first start: P-256, the names (host names and addresses) as
/// subjectAltName, valid from an hour ago. No client trusts it unasked. Not longer than 825 days, which some
/// clients take as the longest even for certificates that their user trusts.
Result<SelfSigned> make_self_signed(const std::vector<std::string>& names, const Clock& clock,
                                    std::chrono::days valid_for = std::chrono::days(825));

}  // namespace pabal::net
