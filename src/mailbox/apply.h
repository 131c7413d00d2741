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

Attempt<AppendedAll> apply(Draft& draft, const AppendAll& change);
Attempt<FlagsSet> apply(Draft& draft, const SetFlags& change);
Attempt<Removed> apply(Draft& draft, const Remove& change);
Attempt<Transferred> apply(Draft& draft, const Transfer& change);
Attempt<FolderChanged> apply(Draft& draft, const CreateFolder& change);
Attempt<FolderChanged> apply(Draft& draft, const RenameFolder& change);
Attempt<FolderChanged> apply(Draft& draft, const DeleteFolder& change);
Attempt<FolderChanged> apply(Draft& draft, const SetSubscribed& change);
Attempt<FolderChanged> apply(Draft& draft, const SetSpecialUse& change);

/// The folder whose letters the change must see, so whose table must be in memory.
std::optional<FolderId> table_of(const AppendAll& change);
std::optional<FolderId> table_of(const SetFlags& change);
std::optional<FolderId> table_of(const Remove& change);
std::optional<FolderId> table_of(const Transfer& change);
std::optional<FolderId> table_of(const CreateFolder& change);
std::optional<FolderId> table_of(const RenameFolder& change);
std::optional<FolderId> table_of(const DeleteFolder& change);
std::optional<FolderId> table_of(const SetSubscribed& change);
std::optional<FolderId> table_of(const SetSpecialUse& change);

/// A folder that can hold letters; kRefuse if there is none of that id.
Result<const Folder*> letters_folder(const Draft& draft, FolderId folder);

}  // namespace pabal::mailbox
