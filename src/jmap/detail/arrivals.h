// Letters that a client puts into its mailboxes: drafts, imports, and copies of what it sends.
#pragma once

#include <string>
#include <vector>

#include "jmap/detail/call.h"

namespace pabal::jmap::detail {

/// mailboxIds, keywords and receivedAt, as /set create, import and copy have them.
struct Placement {
  std::vector<mailbox::FolderId> folders;  ///< at least one, each once
  mailbox::FlagNames flags;
  std::optional<WallTime> received;
};
/// Spoils `in` where something is wrong.
Placement read_placement(Call& call, const mailbox::FolderList& folders, Arguments& in);

struct StoredEmail {
  mailbox::LetterId id;
  std::uint64_t size_bytes = 0;
};
/// Durable when it returns.
net::Task<Settled<StoredEmail>> store_email(Call& call, std::string letter, Placement placement,
                                            std::string_view how);

/// id, blobId, threadId and size: what the server sets. The members of an open object.
net::Task<Result<void>> write_stored(Call& call, JsonWriter& out, StoredEmail email);

}  // namespace pabal::jmap::detail
