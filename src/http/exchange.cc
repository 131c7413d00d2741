#include "http/exchange.h"

#include <algorithm>

namespace pabal::http {
namespace {

// A size that a client only claims does not take memory.
constexpr std::size_t kMaxReservedBytes = 256 * 1024;

std::unexpected<Error> too_large(std::size_t max_bytes) {
  return fail(ErrorKind::kOverLimit, "the body of this request may have {} bytes at most", max_bytes);
}

}  // namespace

net::Task<Result<std::string>> Exchange::read_all(std::size_t max_bytes) {
  const std::uint64_t told = request().content_length.value_or(0);
  if (told > max_bytes) co_return too_large(max_bytes);
  std::string body;
  body.reserve(std::min<std::size_t>(told, kMaxReservedBytes));
  for (;;) {
    PABAL_CO_TRY(const std::string_view piece, co_await read_some());
    if (piece.empty()) co_return body;
    if (piece.size() > max_bytes - body.size()) co_return too_large(max_bytes);
    body += piece;
  }
}

}  // namespace pabal::http
