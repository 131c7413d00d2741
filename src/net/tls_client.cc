#include <openssl/x509v3.h>

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "base/ascii.h"
#include "base/check.h"
#include "net/detail/openssl.h"
#include "net/detail/tls_stream.h"
#include "net/endpoint.h"
#include "net/tls.h"

namespace pabal::net {

namespace {

/// One session a server; beyond that an arbitrary one goes.
constexpr std::size_t kMaxSessions = 4096;

}  // namespace

struct TlsClient::State {
  SslCtxPtr context;
  std::mutex mutex;
  // In DER: OpenSSL marks a session object as the connections that use it come and go, so loops share
  // what it says and not the object.
  std::unordered_map<std::string, std::string> sessions;

  void remember(std::string key, SSL_SESSION* session) {
    std::string der(static_cast<std::size_t>(std::max(0, ::i2d_SSL_SESSION(session, nullptr))), '\0');
    auto* out = reinterpret_cast<unsigned char*>(der.data());
    if (der.empty() || ::i2d_SSL_SESSION(session, &out) <= 0) return;
    const std::lock_guard lock(mutex);
    if (sessions.size() >= kMaxSessions && !sessions.contains(key)) sessions.erase(sessions.begin());
    sessions.insert_or_assign(std::move(key), std::move(der));
  }

  SslSessionPtr recall(const std::string& key) {
    const std::lock_guard lock(mutex);
    const auto found = sessions.find(key);
    if (found == sessions.end()) return nullptr;
    const auto* in = reinterpret_cast<const unsigned char*>(found->second.data());
    SslSessionPtr session(::d2i_SSL_SESSION(nullptr, &in, static_cast<long>(found->second.size())));
    // A ticket is used once, lest a listener link two connections (RFC 8446 appendix C.4).
    if (!session || ::SSL_SESSION_get_protocol_version(session.get()) >= TLS1_3_VERSION)
      sessions.erase(found);
    return session;
  }
};

namespace {

/// A session made without verifying must not serve a connection that verifies.
std::string session_key(std::string_view server_name, bool verified) {
  return fmt::format("{}{}", verified ? '+' : '-', server_name);
}

int on_new_session(SSL* ssl, SSL_SESSION* session) {
  const char* name = ::SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return 0;
  auto& state = *static_cast<TlsClient::State*>(SSL_CTX_get_app_data(::SSL_get_SSL_CTX(ssl)));
  state.remember(session_key(name, ::SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE), session);
  return 0;  // the reference stays OpenSSL's
}

}  // namespace

TlsClient::TlsClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsClient::~TlsClient() = default;

Result<std::unique_ptr<TlsClient>> TlsClient::create(std::string trust_file) {
  auto state = std::make_unique<State>();
  state->context.reset(::SSL_CTX_new(::TLS_client_method()));
  SSL_CTX* const ctx = state->context.get();
  if (ctx == nullptr || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) {
    return fail(ErrorKind::kRefuse, "TLS client: {}", take_openssl_error());
  }
  // Not SSL_CTX_set_default_verify_paths: since OpenSSL 3 that also reads through the whole directory of
  // certificates at each handshake with an issuer that it does not know.
  const int trusted = trust_file.empty() ? ::SSL_CTX_set_default_verify_file(ctx) == 1 &&
                                               ::SSL_CTX_set_default_verify_dir(ctx) == 1
                                         : ::SSL_CTX_load_verify_file(ctx, trust_file.c_str());
  if (trusted != 1) {
    return fail(ErrorKind::kRefuse, "{}: no trusted certificates can be read: {}",
                trust_file.empty() ? "the system's trust store" : trust_file, take_openssl_error());
  }
  ::SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  ::SSL_CTX_sess_set_new_cb(ctx, on_new_session);
  SSL_CTX_set_app_data(ctx, state.get());
  return std::unique_ptr<TlsClient>(new TlsClient(std::move(state)));
}

std::unique_ptr<HandshakingStream> TlsClient::wrap(Loop& loop, std::unique_ptr<Stream> stream,
                                                   TlsClientOptions options) {
  SslPtr ssl(::SSL_new(state_->context.get()));
  PABAL_CHECK(ssl != nullptr);  // no memory
  SSL* const s = ssl.get();
  ::SSL_set_connect_state(s);
  const bool full = options.verify == TlsVerify::kFull;
  ::SSL_set_verify(s, full ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  // RFC 7435: where any certificate will do, a short key is still better than no encryption.
  if (!full) ::SSL_set_security_level(s, 1);
  const std::string name = to_lower(options.server_name);
  if (IpAddress::parse(name)) {
    ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(s), name.c_str());
  } else {
    // A name that OpenSSL won't take (empty, with a NUL) must not turn into a name that is not checked.
    ::SSL_set_hostflags(s, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const std::string checked = name.empty() ? "invalid." : name;
    if (::SSL_set1_host(s, checked.c_str()) != 1)
      ::SSL_set_verify(s, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 0; });
    if (!name.empty()) SSL_set_tlsext_host_name(s, name.c_str());
    if (options.resume && !name.empty()) {
      if (const SslSessionPtr session = state_->recall(session_key(name, full)))
        ::SSL_set_session(s, session.get());
    }
  }
  std::string alpn;
  for (const std::string& protocol : options.alpn) alpn += static_cast<char>(protocol.size()) + protocol;
  if (!alpn.empty()) {
    ::SSL_set_alpn_protos(s, reinterpret_cast<const unsigned char*>(alpn.data()),
                          static_cast<unsigned>(alpn.size()));
  }
  return std::make_unique<TlsStream>(loop, std::move(stream), std::move(ssl));
}

}  // namespace pabal::net
