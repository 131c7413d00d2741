// Object ids (RFC 8474): a letter for the kind and a number. Numbers are an account's own, so that in a
// folder that somebody else shares his account's number stands behind them. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "account/ids.h"
#include "mailbox/ids.h"

namespace pabal::imap {

/// Whose id it is, where that is not the client: "M17-4".
using OtherAccount = std::optional<account::AccountId>;

/// "M17"
void append_email_id(std::string& out, mailbox::LetterId letter, OtherAccount owner = {});
/// "T17": a thread is named by the letter that began it.
void append_thread_id(std::string& out, mailbox::LetterId thread, OtherAccount owner = {});
/// "F3"
void append_mailbox_id(std::string& out, mailbox::FolderId folder, OtherAccount owner = {});

/// Nothing for what these never wrote. Whose it is is passed over: a search looks into one account's folder.
std::optional<mailbox::LetterId> parse_email_id(std::string_view text);
std::optional<mailbox::LetterId> parse_thread_id(std::string_view text);

}  // namespace pabal::imap
