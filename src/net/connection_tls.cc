#include "net/connection.h"
#include "net/tls.h"

namespace pabal::net {

Task<Result<void>> Connection::prepare_tls(Deadline deadline) {
  drop_consumed();
  if (!input_.empty()) {
    give_up();
    co_return fail(ErrorKind::kClose, "plaintext came behind STARTTLS, before the handshake");
  }
  co_return co_await flush(deadline);
}

Task<Result<void>> Connection::shake_hands(std::unique_ptr<HandshakingStream> stream, Deadline deadline) {
  HandshakingStream& tls = *stream;
  stream_ = std::move(stream);
  Result<void> result = co_await tls.handshake(deadline);
  if (!result) give_up();
  co_return result;
}

Task<Result<void>> Connection::start_tls(TlsServer& tls, Deadline deadline) {
  PABAL_CO_TRY_VOID(co_await prepare_tls(deadline));
  co_return co_await shake_hands(tls.wrap(loop_, std::move(stream_)), deadline);
}

Task<Result<void>> Connection::start_tls(TlsClient& tls, TlsClientOptions options, Deadline deadline) {
  PABAL_CO_TRY_VOID(co_await prepare_tls(deadline));
  co_return co_await shake_hands(tls.wrap(loop_, std::move(stream_), std::move(options)), deadline);
}

}  // namespace pabal::net
