// COMPRESS (RFC 4978).
#include "imap/commands/families.h"
#include "imap/grammar/session_commands.h"

namespace pabal::imap::detail {

Answer run_compress(Session& session, Request request) {
  Cursor in = request.arguments();
  const auto algorithm = parse_compress(in, session.dialect());
  if (!algorithm) co_return bad(algorithm.error().detail);
  if (*algorithm != "DEFLATE") co_return no("CANNOT", "DEFLATE is all that we have");
  if (session.enabled().compressed) co_return no("COMPRESSIONACTIVE", "It is compressed already");
  PABAL_CO_TRY_VOID(co_await session.say_now(request.tag, ok("Compressed from here on")));
  PABAL_CO_TRY_VOID(
      co_await session.connection().start_deflate(session.in(session.options().deadlines.reply)));
  session.enabled().compressed = true;
  co_return Reply{Reply::Status::kSaid, {}, {}};
}

}  // namespace pabal::imap::detail
