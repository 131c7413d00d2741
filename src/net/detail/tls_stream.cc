#include "net/detail/tls_stream.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/ascii.h"

namespace pabal::net {

namespace {

/// One record; what has gathered is sent after each, so that a big write needs no big buffer.
constexpr std::size_t kMaxPlaintextAtOnce = SSL3_RT_MAX_PLAIN_LENGTH;
/// RFC 9266 §4.2.
constexpr std::string_view kExporterLabel = "EXPORTER-Channel-Binding";
constexpr std::size_t kExporterBytes = 32;

std::string der_of(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = ::i2d_X509(certificate, &der);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

}  // namespace

std::string take_openssl_error() {
  const unsigned long code = ::ERR_get_error();
  ::ERR_clear_error();
  if (code == 0) return "no reason given";
  const char* reason = ::ERR_reason_error_string(code);
  return reason != nullptr ? reason : fmt::format("OpenSSL error {:x}", code);
}

// --- The BIO: OpenSSL's view of our two buffers.

struct TlsStream::BioMethod {
  static TlsStream& stream_of(BIO* bio) { return *static_cast<TlsStream*>(::BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, int size) {
    ::BIO_clear_retry_flags(bio);
    TlsStream& stream = stream_of(bio);
    if (stream.in_begin_ == stream.in_end_ && !stream.in_ended_) {
      BIO_set_retry_read(bio);
      return -1;
    }
    return stream.bio_read(into, size);
  }
  static int write(BIO* bio, const char* bytes, int size) {
    ::BIO_clear_retry_flags(bio);
    stream_of(bio).out_.append(bytes, static_cast<std::size_t>(size));
    return size;
  }
  static long control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return stream_of(bio).in_ended_ ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }
  static int create(BIO* bio) {
    ::BIO_set_init(bio, 1);
    return 1;
  }

  // Made once and never changed; freed by the process's end, as OpenSSL's own methods are.
  static const BIO_METHOD* get() {
    static const BIO_METHOD* const method = [] {
      BIO_METHOD* made = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "pabal stream");
      ::BIO_meth_set_read(made, read);
      ::BIO_meth_set_write(made, write);
      ::BIO_meth_set_ctrl(made, control);
      ::BIO_meth_set_create(made, create);
      return made;
    }();
    return method;
  }
};

int TlsStream::bio_read(char* into, int size) {
  const std::size_t count = std::min(static_cast<std::size_t>(size), in_end_ - in_begin_);
  if (count == 0) return 0;  // the end
  std::memcpy(into, in_.data() + in_begin_, count);
  in_begin_ += count;
  if (in_begin_ == in_end_) {
    in_begin_ = in_end_ = 0;
    in_.reset();
  }
  return static_cast<int>(count);
}

TlsStream::TlsStream(Loop& loop, std::unique_ptr<Stream> lower, SslPtr ssl)
    : loop_(loop), lower_(std::move(lower)), ssl_(std::move(ssl)) {
  BIO* bio = ::BIO_new(BioMethod::get());
  ::BIO_set_data(bio, this);
  ::SSL_set_bio(ssl_.get(), bio, bio);
}

// OpenSSL bars a session from resumption when its connection ends without close_notify. TLS has not asked
// for that since 1.1 (RFC 5246 §7.2.1), and mail clients hang up often.
TlsStream::~TlsStream() { ::SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); }

// Brings more ciphertext. Called only when OpenSSL has taken all that came before.
Task<Result<void>> TlsStream::receive(Deadline deadline) {
  if (in_ended_) co_return fail(ErrorKind::kClose, "the peer broke off its encrypted connection");
  if (!std::exchange(waited_, false)) PABAL_CO_TRY_VOID(co_await lower_->wait_readable(deadline));
  if (!in_) in_ = Block(loop_.blocks());
  auto size = co_await lower_->read_some(in_.span(), deadline);
  if (!size || *size == 0) in_.reset();
  if (!size) co_return failure_of(std::move(size));
  in_end_ = *size;
  in_ended_ = *size == 0;
  co_return Result<void>();
}

bool TlsStream::is_quiet() const {
  return in_begin_ == in_end_ && !in_ended_ && ::SSL_has_pending(ssl_.get()) == 0 && lower_->is_quiet();
}

// Sends all that has gathered. The reader and the writer may both come here (a reader answers key
// updates); whoever is first sends for both, in order.
Task<Result<void>> TlsStream::send(Deadline deadline) {
  while (sending_) PABAL_CO_TRY_VOID(co_await sent_.wait(deadline));
  Result<void> result;
  while (result && !out_.empty()) {
    sending_ = true;
    const std::string bytes = std::exchange(out_, {});
    const std::string_view pieces[] = {bytes};
    result = co_await lower_->write_all(pieces, deadline);
    sending_ = false;
  }
  if (!result) lower_->close();  // part of a record may be gone
  sent_.notify_all();
  co_return result;
}

std::unexpected<Error> TlsStream::failed(int error, std::string_view doing) {
  if (error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL) {
    // The usual truncation: FIN without close_notify.
    if (in_ended_) {
      ::ERR_clear_error();
      return fail(ErrorKind::kClose, "{}: the peer broke off without saying so", doing);
    }
    const long verify = ::SSL_get_verify_result(ssl_.get());
    std::string reason = take_openssl_error();
    if (verify != X509_V_OK && ::SSL_get_verify_mode(ssl_.get()) != SSL_VERIFY_NONE) {
      reason += fmt::format(": {}", ::X509_verify_cert_error_string(verify));
    }
    return fail(ErrorKind::kClose, "{}: {}", doing, reason);
  }
  return fail(ErrorKind::kClose, "{}: the encrypted connection has ended", doing);
}

Task<Result<void>> TlsStream::handshake(Deadline deadline) {
  for (;;) {
    ::ERR_clear_error();
    const int done = ::SSL_do_handshake(ssl_.get());
    const int error = done == 1 ? SSL_ERROR_NONE : ::SSL_get_error(ssl_.get(), done);
    if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ) {
      auto failure = failed(error, "TLS handshake");
      std::ignore = co_await send(deadline);  // the alert that tells the peer
      lower_->close();
      co_return failure;
    }
    // What a TLS 1.3 server has left to say is a ticket, which goes with the greeting or the first reply.
    const bool only_ticket = error == SSL_ERROR_NONE && ::SSL_is_server(ssl_.get()) == 1 &&
                             ::SSL_version(ssl_.get()) == TLS1_3_VERSION;
    if (!only_ticket) PABAL_CO_TRY_VOID(co_await send(deadline));
    if (error == SSL_ERROR_NONE) co_return Result<void>();
    PABAL_CO_TRY_VOID(co_await receive(deadline));
  }
}

Task<Result<void>> TlsStream::wait_readable(Deadline deadline) {
  if (::SSL_has_pending(ssl_.get()) == 1 || in_begin_ != in_end_ || in_ended_) return done();
  waited_ = true;
  return lower_->wait_readable(deadline);
}

Task<Result<std::size_t>> TlsStream::read_some(std::span<char> into, Deadline deadline) {
  for (;;) {
    ::ERR_clear_error();
    std::size_t size = 0;
    const int done = ::SSL_read_ex(ssl_.get(), into.data(), into.size(), &size);
    const int error = done == 1 ? SSL_ERROR_NONE : ::SSL_get_error(ssl_.get(), done);
    if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_ZERO_RETURN) {
      auto failure = failed(error, "reading");
      std::ignore = co_await send(deadline);
      lower_->close();
      co_return failure;
    }
    // An answer to a key update waits for a writer at work, which takes it along.
    if (!out_.empty() && !sending_) PABAL_CO_TRY_VOID(co_await send(deadline));
    if (error == SSL_ERROR_NONE) co_return size;
    if (error == SSL_ERROR_ZERO_RETURN) co_return 0;
    PABAL_CO_TRY_VOID(co_await receive(deadline));
  }
}

Task<Result<void>> TlsStream::write_all(std::span<const std::string_view> pieces, Deadline deadline) {
  for (std::string_view piece : pieces) {
    while (!piece.empty()) {
      ::ERR_clear_error();
      const std::string_view record = piece.substr(0, kMaxPlaintextAtOnce);
      std::size_t size = 0;
      const int done = ::SSL_write_ex(ssl_.get(), record.data(), record.size(), &size);
      if (done != 1) {
        // The BIO takes everything and renegotiation is off, so a write never has to wait.
        auto failure = failed(::SSL_get_error(ssl_.get(), done), "writing");
        lower_->close();
        co_return failure;
      }
      piece.remove_prefix(size);
      if (out_.size() >= kMaxPlaintextAtOnce) PABAL_CO_TRY_VOID(co_await send(deadline));
    }
  }
  co_return co_await send(deadline);
}

Task<Result<void>> TlsStream::shut_down(Deadline deadline) {
  ::ERR_clear_error();
  ::SSL_shutdown(ssl_.get());
  ::ERR_clear_error();
  PABAL_CO_TRY_VOID(co_await send(deadline));
  co_return co_await lower_->shut_down(deadline);
}

std::optional<TlsFacts> TlsStream::tls_facts() const {
  SSL* ssl = ssl_.get();
  if (::SSL_is_init_finished(ssl) != 1) return std::nullopt;
  TlsFacts facts;
  facts.version = ::SSL_get_version(ssl);
  facts.cipher = ::SSL_get_cipher_name(ssl);
  if (const char* name = ::SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name))
    facts.server_name = to_lower(name);
  const unsigned char* alpn = nullptr;
  unsigned alpn_size = 0;
  ::SSL_get0_alpn_selected(ssl, &alpn, &alpn_size);
  facts.alpn.assign(reinterpret_cast<const char*>(alpn), alpn_size);
  facts.resumed = ::SSL_session_reused(ssl) == 1;
  const long verify = ::SSL_get_verify_result(ssl);
  if (verify != X509_V_OK) facts.verify_error = ::X509_verify_cert_error_string(verify);
  STACK_OF(X509)* const chain = ::SSL_get_peer_cert_chain(ssl);
  if (chain != nullptr && ::SSL_is_server(ssl) == 0) {
    for (int i = 0; i < sk_X509_num(chain); ++i)
      facts.peer_chain_der.push_back(der_of(sk_X509_value(chain, i)));
  } else if (X509* peer = ::SSL_get0_peer_certificate(ssl)) {
    facts.peer_chain_der.push_back(der_of(peer));
  }
  return facts;
}

Result<std::string> TlsStream::channel_binding(ChannelBinding kind) const {
  SSL* ssl = ssl_.get();
  if (::SSL_is_init_finished(ssl) != 1) return fail(ErrorKind::kRefuse, "the TLS handshake has not ended");
  if (kind == ChannelBinding::kTlsExporter) {
    // RFC 9266 §4.2: TLS 1.2 needs the extended master secret for the binding to be unique.
    if (::SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1) {
      return fail(ErrorKind::kRefuse, "this TLS 1.2 connection has no extended master secret to bind to");
    }
    std::string out(kExporterBytes, '\0');
    if (::SSL_export_keying_material(ssl, reinterpret_cast<unsigned char*>(out.data()), out.size(),
                                     kExporterLabel.data(), kExporterLabel.size(),
                                     reinterpret_cast<const unsigned char*>(""), 0, 1) != 1) {
      return fail(ErrorKind::kRefuse, "tls-exporter: {}", take_openssl_error());
    }
    return out;
  }
  X509* certificate =
      ::SSL_is_server(ssl) == 1 ? ::SSL_get_certificate(ssl) : ::SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr) return fail(ErrorKind::kRefuse, "there is no server certificate to bind to");
  // RFC 5929 §4.1: the hash of the certificate's signature, but SHA-256 for MD5 and SHA-1. A signature
  // without a hash of its own (Ed25519) leaves the binding undefined.
  int digest_nid = NID_undef;
  ::X509_get_signature_info(certificate, &digest_nid, nullptr, nullptr, nullptr);
  if (digest_nid == NID_undef) return fail(ErrorKind::kRefuse, "the certificate's signature names no hash");
  const bool weak = digest_nid == NID_md5 || digest_nid == NID_sha1;
  const EVP_MD* digest = weak ? ::EVP_sha256() : ::EVP_get_digestbynid(digest_nid);
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
  unsigned size = 0;
  if (digest == nullptr || ::X509_digest(certificate, digest, hash.data(), &size) != 1) {
    return fail(ErrorKind::kRefuse, "tls-server-end-point: {}", take_openssl_error());
  }
  return std::string(reinterpret_cast<const char*>(hash.data()), size);
}

}  // namespace pabal::net
