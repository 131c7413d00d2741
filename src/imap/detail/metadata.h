// METADATA (RFC 5464) as commands see it: what is stored of a folder, and what is computed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "imap/detail/folders.h"
#include "imap/detail/session.h"
#include "mailbox/folder.h"
#include "mailbox/metadata.h"

namespace pabal::imap::detail {

/// RFC 6154 §5.4: the folder's special use, under this name.
inline constexpr std::string_view kSpecialUseEntry = "/private/specialuse";
/// RFC 5464 §3.3: with "l", any of them.
inline constexpr mailbox::Rights kRightsToAnnotate{mailbox::Right::kRead, mailbox::Right::kKeepSeen,
                                                   mailbox::Right::kWrite, mailbox::Right::kInsert,
                                                   mailbox::Right::kPost};
inline bool is_private(std::string_view entry) { return entry.starts_with("/private/"); }

/// All entries of a folder of `home` that the client may know: what its owner notes for himself, the owner
/// alone.
net::Task<Result<mailbox::MetadataEntries>> load_metadata(Session& session, const Home& home,
                                                          const mailbox::Folder& folder);
/// Those of the server, which are the operator's, with the account's own.
net::Task<Result<mailbox::MetadataEntries>> load_server_metadata(Session& session);

/// "* METADATA Work (/private/comment NIL)" of those that were asked for by name.
void append_wanted(std::string& out, std::string_view path, const std::vector<std::string>& wanted,
                   const mailbox::MetadataEntries& entries, const Dialect& dialect);

/// Tells what others changed since it was told last (RFC 5464 §4.4.2), but for the change that is the
/// session's own. For sessions that enabled it.
Step tell_metadata(Session& session, std::optional<std::uint64_t> own = {});

}  // namespace pabal::imap::detail
