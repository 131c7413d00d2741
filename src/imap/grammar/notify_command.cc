#include "imap/grammar/notify_command.h"

#include "base/ascii.h"

namespace pabal::imap {
namespace {

constexpr std::size_t kMaxUnknownEvents = 20;  ///< that are told back

struct Row {
  std::string_view name;
  bool NotifyEvents::* member;
  bool of_messages;  ///< message-event: all that "selected" takes
};
constexpr Row kRows[] = {
    {"MessageNew", &NotifyEvents::message_new, true},
    {"MessageExpunge", &NotifyEvents::message_expunge, true},
    {"FlagChange", &NotifyEvents::flag_change, true},
    {"AnnotationChange", &NotifyEvents::annotation_change, true},
    {"MailboxName", &NotifyEvents::mailbox_name, false},
    {"SubscriptionChange", &NotifyEvents::subscription_change, false},
    {"MailboxMetadataChange", &NotifyEvents::mailbox_metadata_change, false},
    {"ServerMetadataChange", &NotifyEvents::server_metadata_change, false},
};

/// event = message-event / mailbox-event / user-event / event-ext
Result<void> parse_event(Cursor& in, const Dialect& dialect, bool selected, NotifyEvents& out) {
  const Cursor before = in;
  for (const Row& row : kRows) {
    if (!take_keyword(in, row.name)) continue;
    if (selected && !row.of_messages)
      return expected(before, "an event of messages for the selected mailbox");
    out.*row.member = true;
    if (row.member == &NotifyEvents::message_new && take_space_before_list(in, dialect)) {
      if (!selected) return expected(in, "no list of items, which is for the selected mailbox alone");
      PABAL_TRY(out.new_items, parse_fetch_att_list(in, dialect));
    }
    return {};
  }
  PABAL_TRY(const std::string_view name, parse_atom(in, "an event"));
  if (out.unknown.size() < kMaxUnknownEvents) out.unknown.emplace_back(name);
  return {};
}

/// events = ( "(" event *(SP event) ")" ) / "NONE"
Result<NotifyEvents> parse_events(Cursor& in, const Dialect& dialect, bool selected) {
  NotifyEvents out;
  if (take_keyword(in, "NONE")) return out;
  const Cursor before = in;
  PABAL_TRY_VOID(parse_parenthesized(in, dialect, [&] { return parse_event(in, dialect, selected, out); }));
  if (out.none()) return expected(before, "at least one event, or NONE");
  if (out.message_new != out.message_expunge || (out.flag_change && !out.message_new)) {
    return fail(ErrorKind::kRefuse,
                "MessageNew and MessageExpunge go together, and FlagChange with both (RFC 5465, section 5)");
  }
  return out;
}

/// event-group = "(" filter-mailboxes SP events ")"
Result<NotifyCommand::Group> parse_event_group(Cursor& in, const Dialect& dialect) {
  NotifyCommand::Group out;
  PABAL_TRY_VOID(parse_list_opens(in, dialect));
  PABAL_TRY(out.mailboxes, parse_filter_mailboxes(in, dialect));
  PABAL_TRY_VOID(parse_space(in, dialect));
  PABAL_TRY(out.events, parse_events(in, dialect, out.mailboxes.is_selected()));
  PABAL_TRY_VOID(parse_char(in, ')'));
  return out;
}

}  // namespace

Result<NotifyCommand> parse_notify(Cursor& in, const Dialect& dialect) {
  NotifyCommand out;
  PABAL_TRY_VOID(parse_space(in, dialect));
  if (take_keyword(in, "NONE")) {
    PABAL_TRY_VOID(parse_end(in, dialect));
    return out;
  }
  if (!take_keyword(in, "SET")) return expected(in, "SET or NONE");
  PABAL_TRY_VOID(parse_space(in, dialect));
  if (take_keyword(in, "STATUS")) {
    out.status = true;
    PABAL_TRY_VOID(parse_space(in, dialect));
  }
  bool selected = false;
  while (true) {
    const Cursor before = in;
    PABAL_TRY(NotifyCommand::Group group, parse_event_group(in, dialect));
    if (group.mailboxes.is_selected() && selected) return expected(before, "the selected mailbox once");
    selected |= group.mailboxes.is_selected();
    if (out.groups.size() == kMaxFilters) {
      return fail(ErrorKind::kOverLimit, "More than {} groups of events", kMaxFilters);
    }
    out.groups.push_back(std::move(group));
    if (take_end(in, dialect)) return out;
    PABAL_TRY_VOID(parse_space(in, dialect));
  }
}

}  // namespace pabal::imap
