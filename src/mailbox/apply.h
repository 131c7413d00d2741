// How each change is made to a draft: whole, or not at all. Failures are those of change.h.
//
// Pure; one thread at a time.
#pragma once

#include <optional>
#include <vector>

#include "mailbox/change.h"
#include "mailbox/draft.h"

namespace pabal::mailbox {

/// Nothing: there is no room in this commit any more, and nothing was changed. Alone in a commit there always
/// is.
template <class Reply>
using Attempt = std::optional<Result<Reply>>;

/// Letters that are more than a batch holds come in three steps: they get ids, are stored under them in as
/// many batches as it takes, and then their rows come in one change. The ids are noted as those of removed
/// letters, so that what a crash leaves of them is swept.
struct ReserveLetters {
  FolderId folder;
  std::size_t count = 0;
  std::uint64_t bytes = 0;
  account::QuotaLimit quota = account::QuotaLimit::unlimited();
};
struct Reserved {
  LetterId first;
  WallTime at = {};
};
struct PlaceReserved {
  FolderId folder;
  LetterId first;
  /// Later they may be swept at any moment.
  WallTime until = {};
  account::QuotaLimit quota = account::QuotaLimit::unlimited();
  struct Letter {
    std::uint64_t bytes = 0;
    WallTime received = {};
    FlagNames flags = {};
  };
  std::vector<Letter> letters = {};
};

/// Whether the letters fit into one batch with what else is in it.
bool fits_one_commit(const AppendAll& change);

Attempt<AppendedAll> apply(Draft& draft, const AppendAll& change);
Attempt<AppendedAll> apply(Draft& draft, const Replace& change);
Attempt<Reserved> apply(Draft& draft, const ReserveLetters& change);
Attempt<AppendedAll> apply(Draft& draft, const PlaceReserved& change);
Attempt<FlagsSet> apply(Draft& draft, const SetFlags& change);
Attempt<Removed> apply(Draft& draft, const Remove& change);
Attempt<Transferred> apply(Draft& draft, const Transfer& change);
Attempt<FolderChanged> apply(Draft& draft, const CreateFolder& change);
Attempt<FolderChanged> apply(Draft& draft, const RenameFolder& change);
Attempt<FolderChanged> apply(Draft& draft, const DeleteFolder& change);
Attempt<FolderChanged> apply(Draft& draft, const SetSubscribed& change);
Attempt<FolderChanged> apply(Draft& draft, const SetSpecialUse& change);
Attempt<FolderChanged> apply(Draft& draft, const SetAcl& change);

/// The folder whose letters the change must see, so whose table must be in memory.
std::optional<FolderId> table_of(const AppendAll& change);
std::optional<FolderId> table_of(const Replace& change);
std::optional<FolderId> table_of(const ReserveLetters& change);
std::optional<FolderId> table_of(const PlaceReserved& change);
std::optional<FolderId> table_of(const SetFlags& change);
std::optional<FolderId> table_of(const Remove& change);
std::optional<FolderId> table_of(const Transfer& change);
std::optional<FolderId> table_of(const CreateFolder& change);
std::optional<FolderId> table_of(const RenameFolder& change);
std::optional<FolderId> table_of(const DeleteFolder& change);
std::optional<FolderId> table_of(const SetSubscribed& change);
std::optional<FolderId> table_of(const SetSpecialUse& change);
std::optional<FolderId> table_of(const SetAcl& change);

/// A folder that can hold letters; kRefuse if there is none of that id.
Result<const Folder*> letters_folder(const Draft& draft, FolderId folder);

}  // namespace pabal::mailbox
