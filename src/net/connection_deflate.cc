#include "net/connection.h"
#include "net/deflate_stream.h"

namespace pabal::net {

Task<Result<void>> Connection::start_deflate(Deadline deadline) {
  drop_consumed();
  if (!input_.empty()) {
    give_up();
    co_return fail(ErrorKind::kClose, "more came behind the command that asked for compression");
  }
  PABAL_CO_TRY_VOID(co_await flush(deadline));
  stream_ = make_deflate_stream(loop_, std::move(stream_));
  co_return Result<void>();
}

}  // namespace pabal::net
