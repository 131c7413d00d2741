// Object ids (RFC 8474): a letter for the kind and a number. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mailbox/ids.h"

namespace pabal::imap {

/// "M17"
void append_email_id(std::string& out, mailbox::LetterId letter);
/// "T17": a thread is named by the letter that began it.
void append_thread_id(std::string& out, mailbox::LetterId thread);
/// "F3"
void append_mailbox_id(std::string& out, mailbox::FolderId folder);

/// Nothing for what these never wrote.
std::optional<mailbox::LetterId> parse_email_id(std::string_view text);
std::optional<mailbox::LetterId> parse_thread_id(std::string_view text);

}  // namespace pabal::imap
