// NOTIFY (RFC 5465). Pure; any thread; see session_commands.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/cursor.h"
#include "base/result.h"
#include "imap/grammar/fetch_command.h"
#include "imap/grammar/mailbox_filter.h"
#include "imap/grammar/tokens.h"

namespace pabal::imap {

struct NotifyEvents {
  bool message_new = false;
  bool message_expunge = false;
  bool flag_change = false;
  bool annotation_change = false;
  bool mailbox_name = false;
  bool subscription_change = false;
  bool mailbox_metadata_change = false;
  bool server_metadata_change = false;
  std::optional<FetchItems> new_items = {};  ///< what to tell of a new letter
  std::vector<std::string> unknown = {};     ///< NO [BADEVENT (...)] (RFC 5465 §5)

  bool none() const {
    return !(message_new || message_expunge || flag_change || annotation_change || mailbox_name ||
             subscription_change || mailbox_metadata_change || server_metadata_change) &&
           unknown.empty();
  }
};

struct NotifyCommand {
  struct Group {
    MailboxFilter mailboxes;
    NotifyEvents events;
  };
  std::vector<Group> groups;  ///< empty: NOTIFY NONE
  bool status = false;        ///< SET STATUS: tell the state of all of them first
};
Result<NotifyCommand> parse_notify(Cursor& in, const Dialect& dialect);

}  // namespace pabal::imap
