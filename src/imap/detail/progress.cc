#include "imap/detail/progress.h"

#include "imap/grammar/write_string.h"

namespace pabal::imap::detail {
namespace {

/// RFC 9585 §4: a client should hear of us every 10 to 15 seconds.
constexpr std::chrono::seconds kPause{10};

}  // namespace

net::Task<void> tell_progress(Session& session) {
  const net::Context context = co_await net::current_context();
  for (;;) {
    if (!co_await net::sleep_until(session.in(kPause))) co_return;
    std::string& out = session.out();
    out += "* OK [INPROGRESS (";
    if (session.tag().empty()) {
      out += "NIL";
    } else {
      append_quoted(out, session.tag());
    }
    out += " NIL NIL)] Still at it\r\n";
    // A line that was begun goes out whole, though the work ends meanwhile.
    if (!co_await session.flush_all().in({context.loop, nullptr})) co_return;
  }
}

}  // namespace pabal::imap::detail
