// What changed in an account between two states, read from its log (mailbox/log_ops.h): /changes and
// /queryChanges of folders, letters and threads (RFC 8620 §5.2).
//
// Exact, but for what IMAP flagged \Deleted, where the log does not say whether a flag was there before: such
// a letter may be told as destroyed twice; one that was flagged so no more, as created though the client has
// it, or as updated where IMAP replaced all its flags (STORE FLAGS) and among them this one.
//
// Any loop's thread; waits for the store.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "account/ids.h"
#include "jmap/snapshot.h"
#include "mailbox/log_scan.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::jmap {

template <class Id>
struct Changed {
  std::vector<Id> created, updated, destroyed;  ///< ascending; an id is in one of them at most
  std::size_t size() const { return created.size() + updated.size() + destroyed.size(); }
};

struct Changes {
  mailbox::ModSeq upto;  ///< the state that these lead to
  bool more = false;     ///< the account stands further on
  Changed<mailbox::LetterId> letters;
  Changed<mailbox::FolderId> folders;
  bool only_counts = true;  ///< of `folders.updated`: nothing but their counts
};

enum class ChangesOf : std::uint8_t { kLetters, kFolders };

/// From `since` to where `now` is, or to a state before that if there are more than `max` changes of that
/// kind. Nothing: the log does not go back so far, or one change alone is more than `max`.
net::Task<Result<std::optional<Changes>>> load_changes(store::Engine& engine, account::AccountId account,
                                                       SnapshotRef now, mailbox::ModSeq since,
                                                       std::optional<std::uint64_t> max, ChangesOf of);

}  // namespace pabal::jmap
