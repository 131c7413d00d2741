#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <map>
#include <mutex>

#include "base/ascii.h"
#include "base/check.h"
#include "net/detail/certificate.h"
#include "net/detail/openssl.h"
#include "net/detail/tls_stream.h"
#include "net/tls.h"

namespace pabal::net {

namespace {

// Forward secrecy and no SHA-1 (RFC 9325 §4.2); TLS 1.3 has its own list, all good. CBC with SHA-2 stays for
// old mail servers, which would fall back to no encryption at all.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:ECDHE+AES:!SHA1:!aNULL";
constexpr std::string_view kSessionContext = "pabal";

/// The keys that seal session tickets: one in use, the one before it still accepted. Any thread.
class TicketKeys {
 public:
  TicketKeys(const Clock& clock, Random& random, std::chrono::seconds lifetime)
      : clock_(clock), random_(random), lifetime_(lifetime), current_(make()) {}

  struct Key {
    std::array<char, 16> name;
    std::array<char, 32> cipher;
    std::array<char, 32> mac;
    MonoTime born;
  };

  Key to_seal() {
    const std::lock_guard lock(mutex_);
    rotate();
    return current_;
  }
  /// The key of that name if it is still good.
  std::optional<Key> to_open(std::string_view name) {
    const std::lock_guard lock(mutex_);
    rotate();
    for (const Key* key : {&current_, previous_ ? &*previous_ : nullptr}) {
      if (key != nullptr && std::string_view(key->name.data(), key->name.size()) == name) return *key;
    }
    return std::nullopt;
  }

 private:
  Key make() {
    Key key;
    random_.fill(key.name);
    random_.fill(key.cipher);
    random_.fill(key.mac);
    key.born = clock_.mono();
    return key;
  }
  void rotate() {
    const MonoTime now = clock_.mono();
    if (now - current_.born >= lifetime_) previous_ = std::exchange(current_, make());
    if (previous_ && now - previous_->born >= 2 * lifetime_) previous_.reset();
  }

  const Clock& clock_;
  Random& random_;
  const std::chrono::seconds lifetime_;
  std::mutex mutex_;
  Key current_;
  std::optional<Key> previous_;
};

const unsigned char* as_bytes(const char* data) { return reinterpret_cast<const unsigned char*>(data); }

bool set_up_ciphers(const TicketKeys::Key& key, const unsigned char* iv, EVP_CIPHER_CTX* cipher,
                    EVP_MAC_CTX* mac, bool seal) {
  std::array<char, 32> mac_key = key.mac;
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac_key.data(), mac_key.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  return ::EVP_MAC_CTX_set_params(mac, parameters) == 1 &&
         ::EVP_CipherInit_ex(cipher, ::EVP_aes_256_cbc(), nullptr, as_bytes(key.cipher.data()), iv,
                             seal ? 1 : 0) == 1;
}

// OpenSSL's question for each ticket: 1 go on, 2 go on and give out a new one, 0 not ours, -1 failed.
int on_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
              int seal) {
  auto& keys = *static_cast<TicketKeys*>(SSL_CTX_get_app_data(::SSL_get_SSL_CTX(ssl)));
  if (seal == 1) {
    const TicketKeys::Key key = keys.to_seal();
    std::ranges::copy(key.name, name);
    if (::RAND_bytes(iv, EVP_CIPHER_get_iv_length(::EVP_aes_256_cbc())) != 1) return -1;
    return set_up_ciphers(key, iv, cipher, mac, true) ? 1 : -1;
  }
  const auto key = keys.to_open({reinterpret_cast<const char*>(name), 16});
  if (!key) return 0;
  if (!set_up_ciphers(*key, iv, cipher, mac, false)) return -1;
  // A client uses a TLS 1.3 ticket once (RFC 8446 appendix C.4), so it needs the next one.
  const bool renew = ::SSL_version(ssl) == TLS1_3_VERSION || key->name != keys.to_seal().name;
  return renew ? 2 : 1;
}

/// What one reading of the files gave; never changed after.
struct Snapshot {
  struct Served {
    Certificate certificate;
    SslCtxPtr context;
  };
  std::vector<Served> served;  // the first is for those who name no host of ours
  std::string alpn;            // as on the wire

  const Served& choose(std::string_view name) const {
    for (const bool wildcards : {false, true}) {
      for (const Served& each : served) {
        for (const std::string& pattern : each.certificate.names) {
          if (pattern.starts_with("*.") == wildcards && name_covers(pattern, name)) return each;
        }
      }
    }
    return served.front();
  }
};

}  // namespace

struct TlsServer::State {
  State(const Clock& the_clock, Random& random, std::chrono::seconds lifetime)
      : clock(the_clock), keys(the_clock, random, lifetime), ticket_lifetime(lifetime) {}

  std::shared_ptr<const Snapshot> snapshot() const {
    const std::lock_guard lock(mutex);
    return current;
  }

  const Clock& clock;
  TicketKeys keys;
  const std::chrono::seconds ticket_lifetime;
  mutable std::mutex mutex;
  std::shared_ptr<const Snapshot> current;
};

namespace {

int on_server_name(SSL* ssl, int*, void* argument) {
  const char* name = ::SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  const auto& state = *static_cast<const TlsServer::State*>(argument);
  ::SSL_set_SSL_CTX(ssl, state.snapshot()->choose(to_lower(name)).context.get());
  return SSL_TLSEXT_ERR_OK;
}

int on_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
            unsigned in_size, void* argument) {
  const auto snapshot = static_cast<const TlsServer::State*>(argument)->snapshot();
  unsigned char* selected = nullptr;
  if (::SSL_select_next_proto(&selected, out_size, as_bytes(snapshot->alpn.data()),
                              static_cast<unsigned>(snapshot->alpn.size()), in,
                              in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301 §3.2
  }
  // Ours or the client's list, whichever it points into, must outlive this call: the client's does.
  const std::string_view chosen(reinterpret_cast<const char*>(selected), *out_size);
  const std::string_view offered(reinterpret_cast<const char*>(in), in_size);
  *out = in + offered.find(chosen);
  return SSL_TLSEXT_ERR_OK;
}

Result<SslCtxPtr> make_context(const Certificate& certificate, TlsServer::State& state, bool with_alpn) {
  SslCtxPtr context(::SSL_CTX_new(::TLS_server_method()));
  SSL_CTX* const ctx = context.get();
  bool good = ctx != nullptr && SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
              ::SSL_CTX_set_cipher_list(ctx, kCiphers) == 1 &&
              ::SSL_CTX_use_certificate(ctx, certificate.own.get()) == 1 &&
              ::SSL_CTX_use_PrivateKey(ctx, certificate.key.get()) == 1;
  for (const X509Ptr& link : certificate.chain) good = good && SSL_CTX_add1_chain_cert(ctx, link.get()) == 1;
  if (!good) return fail(ErrorKind::kRefuse, "{}: {}", certificate.path, take_openssl_error());
  ::SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // The chain is what the file holds. Without this OpenSSL looks for more of it in each handshake.
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_dh_auto(ctx, 1);
  // Tickets alone: the server keeps no list of sessions.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  // One a connection: a client that opens several gets several.
  ::SSL_CTX_set_num_tickets(ctx, 1);
  ::SSL_CTX_set_session_id_context(ctx, as_bytes(kSessionContext.data()), kSessionContext.size());
  ::SSL_CTX_set_timeout(ctx, static_cast<long>(state.ticket_lifetime.count()));
  SSL_CTX_set_app_data(ctx, &state.keys);
  ::SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket);
  SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name);
  SSL_CTX_set_tlsext_servername_arg(ctx, &state);
  if (with_alpn) ::SSL_CTX_set_alpn_select_cb(ctx, on_alpn, &state);
  return context;
}

Result<std::shared_ptr<const Snapshot>> read_all(const TlsServerOptions& options, TlsServer::State& state) {
  if (options.certificates.empty()) return fail(ErrorKind::kRefuse, "TLS needs at least one certificate");
  auto snapshot = std::make_shared<Snapshot>();
  for (const std::string& protocol : options.alpn) {
    if (protocol.empty() || protocol.size() > 255)
      return fail(ErrorKind::kRefuse, "'{}' is no ALPN protocol name", protocol);
    snapshot->alpn += static_cast<char>(protocol.size()) + protocol;
  }
  for (const CertificateFiles& files : options.certificates) {
    PABAL_TRY(Certificate certificate, load_certificate(files));
    PABAL_TRY(SslCtxPtr context, make_context(certificate, state, !options.alpn.empty()));
    snapshot->served.push_back({std::move(certificate), std::move(context)});
  }
  return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

}  // namespace

TlsServer::TlsServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsServer::~TlsServer() = default;

Result<std::unique_ptr<TlsServer>> TlsServer::load(TlsServerOptions options, const Clock& clock,
                                                   Random& random) {
  auto state = std::make_unique<State>(clock, random, options.ticket_key_lifetime);
  PABAL_TRY(state->current, read_all(options, *state));
  return std::unique_ptr<TlsServer>(new TlsServer(std::move(state)));
}

Result<void> TlsServer::reload(TlsServerOptions options) {
  PABAL_TRY(auto fresh, read_all(options, *state_));
  const std::lock_guard lock(state_->mutex);
  state_->current.swap(fresh);
  return {};
}

std::vector<std::string> TlsServer::warnings() const {
  std::vector<std::string> out;
  for (const auto& served : state_->snapshot()->served) {
    std::ranges::move(certificate_warnings(served.certificate, state_->clock.wall()),
                      std::back_inserter(out));
  }
  return out;
}

std::unique_ptr<HandshakingStream> TlsServer::wrap(Loop& loop, std::unique_ptr<Stream> stream) {
  SslPtr ssl(::SSL_new(state_->snapshot()->served.front().context.get()));
  PABAL_CHECK(ssl != nullptr);  // no memory
  ::SSL_set_accept_state(ssl.get());
  return std::make_unique<TlsStream>(loop, std::move(stream), std::move(ssl));
}

}  // namespace pabal::net
