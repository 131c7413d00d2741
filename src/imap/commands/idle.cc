// IDLE (RFC 9051 §6.3.13, RFC 2177). Ten thousand phones idle: a session that does holds no buffer and no
// table, only its place in the account's log.
#include "base/ascii.h"
#include "imap/commands/families.h"
#include "imap/detail/metadata.h"
#include "imap/grammar/session_commands.h"
#include "net/scope.h"

namespace pabal::imap::detail {
namespace {

/// Looks what is new, and says it.
Step tell_news_now(Session& session, bool look_elsewhere) {
  if (session.selected() != nullptr) PABAL_CO_TRY_VOID(co_await session.tell_changes(true, look_elsewhere));
  if (session.enabled().metadata) PABAL_CO_TRY_VOID(co_await tell_metadata(session));
  PABAL_CO_TRY_VOID(co_await session.flush_all());
  Selected* view = session.selected();
  if (view != nullptr && !view->contexts && !session.is_ending()) view->fall_asleep();
  co_return Result<void>();
}

// Tells each change as it comes, until cancelled. What happened before the watch was made is told first. What
// is being said is said whole, in `outside`: half a line would be the connection's end.
net::Task<void> tell_news(Session& session, net::Context outside) {
  const Selected* view = session.selected();
  const auto watch = session.mailboxes().watch(view != nullptr ? view->account : session.account());
  for (bool first = true;; first = false) {
    if (!first && !co_await watch->changed()) co_return;
    if (!co_await tell_news_now(session, !first).in(outside) || session.is_ending()) break;
  }
  session.connection().close();  // so that the session, which waits for the client, hears of it
}

}  // namespace

Answer run_idle(Session& session, Request request) {
  Cursor in = request.arguments();
  if (auto read = parse_no_arguments(in, session.dialect()); !read) co_return bad(read.error().detail);
  session.out() += "+ Idling\r\n";
  session.begin_idle(request.tag);
  co_return Reply{Reply::Status::kSaid, {}, {}};
}

Step tell_news_until_input(Session& session) {
  net::Connection& connection = session.connection();
  const net::Context context = co_await net::current_context();
  std::exception_ptr bug;
  net::Scope news(*context.loop, context.cancel,
                  [&bug](std::exception_ptr thrown) { bug = std::move(thrown); });
  if (session.selected() != nullptr || session.enabled().metadata) news.spawn(tell_news(session, context));
  Result<void> heard = co_await connection.wait_for_input(session.in(session.options().deadlines.idle));
  news.cancel();
  co_await news.join();
  if (bug) std::rethrow_exception(bug);
  co_return heard;
}

Answer hear_done(Session& session) {
  const net::LineLimits limits{.max_bytes = 1024, .accept_bare_lf = true, .accept_bare_cr = true};
  const auto line =
      co_await session.connection().read_line(limits, session.in(session.options().deadlines.command));
  if (!line && line.error().kind != ErrorKind::kOverLimit) co_return std::unexpected(line.error());
  if (!line || !equals_ignoring_case(*line, "DONE")) co_return bad("IDLE ends with DONE");
  co_return ok("Welcome back");
}

}  // namespace pabal::imap::detail
