// NOTIFY (RFC 5465): what the client wants to hear of without asking.
#include "imap/detail/notify.h"

#include "imap/commands/families.h"

namespace pabal::imap::detail {
namespace {

/// All that are supported (RFC 5465 §3.1).
constexpr std::string_view kBadEvent =
    "BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange"
    " MailboxMetadataChange ServerMetadataChange)";

bool is_supported(const NotifyEvents& events) { return events.unknown.empty() && !events.annotation_change; }

}  // namespace

Answer run_notify(Session& session, Request request) {
  Cursor in = request.arguments();
  auto command = parse_notify(in, session.dialect());
  if (!command) co_return bad(command.error().detail);
  for (const NotifyCommand::Group& group : command->groups) {
    if (!is_supported(group.events)) co_return no(kBadEvent, "There is nothing to tell of other events");
  }
  const bool with_status = command->status;
  auto notifier = co_await Notifier::make(session, *std::move(command));
  if (!notifier) co_return reply_for(notifier.error(), "NOTIFICATIONOVERFLOW");
  session.set_notifier(*std::move(notifier));
  if (const auto told = co_await session.notifier()->tell_state(session, with_status); !told)
    co_return reply_or_end(told.error());
  co_return ok("You will hear of it");
}

}  // namespace pabal::imap::detail
