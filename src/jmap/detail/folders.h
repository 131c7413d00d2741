// Folders as JMAP names them (RFC 8621 §2). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "mailbox/folder.h"

namespace pabal::jmap::detail {

/// Empty for none.
std::string_view role_of(const mailbox::Folder& folder);
/// The use that goes by this name; nothing for names that nobody has, and for "inbox", which is not given.
std::optional<mailbox::SpecialUse> use_of_role(std::string_view role);
/// "Inbox", where IMAP says INBOX.
std::string_view name_of(const mailbox::Folder& folder);
/// Where lists show it: what everybody looks for first.
std::uint32_t sort_order_of(const mailbox::Folder& folder);

}  // namespace pabal::jmap::detail
