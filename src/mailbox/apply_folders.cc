// Changes of folders: they are made, called otherwise, and go.
#include <algorithm>

#include "mailbox/apply.h"

namespace pabal::mailbox {

namespace {

std::unexpected<Error> there_already(std::string_view path) {
  return fail(ErrorKind::kRefuse, "there is a folder {} already", path);
}

Result<void> check_path(std::string_view path) {
  const std::string_view first = path.substr(0, path.find(kPathSeparator));
  if (first != kSharedName) return {};
  return fail(ErrorKind::kRefuse, "what is below {} are folders of other people", kSharedName);
}

FolderChanged reply_for(const Draft& draft, FolderId folder) {
  return {.folder = folder, .mod_seq = draft.mod_seq()};
}

// How much of a path is there already, and what must be made: names from `next` on, below `parent`.
struct Place {
  std::vector<std::string_view> names;
  std::size_t next = 0;
  FolderId parent;
};

Place find_place(const FolderList& list, std::string_view path) {
  Place place{.names = split_path(path), .next = 0, .parent = {}};
  for (; place.next + 1 < place.names.size(); ++place.next) {
    const std::string_view name = place.names[place.next];
    const std::size_t end = static_cast<std::size_t>(name.data() - path.data()) + name.size();
    const Folder* const above = list.find_path(path.substr(0, end));
    if (!above) break;
    place.parent = above->id;
  }
  return place;
}

Result<void> check_count(const FolderList& list, const Place& place) {
  if (list.all().size() + place.names.size() - place.next <= kMaxFolders) return {};
  return fail(ErrorKind::kOverLimit, "an account may have {} folders", kMaxFolders);
}

// All but the last.
FolderId make_above(Draft& draft, const Place& place) {
  FolderId parent = place.parent;
  for (std::size_t i = place.next; i + 1 < place.names.size(); ++i) {
    parent = draft.make(parent, std::string(place.names[i]), SpecialUse::kNone, false);
  }
  return parent;
}

// Names that are only there because others were below them.
void drop_empty_placeholders(Draft& draft, FolderId id) {
  while (id != FolderId()) {
    const Folder* const folder = draft.find(id);
    if (!folder || !folder->placeholder || draft.list().has_children(id)) return;
    const FolderId parent = folder->parent;
    draft.erase(id);
    id = parent;
  }
}

bool is_within(const Draft& draft, FolderId folder, FolderId above) {
  while (folder != FolderId() && folder != above) {
    const Folder* const found = draft.find(folder);
    if (!found) return false;
    folder = found->parent;
  }
  return folder == above;
}

std::size_t depth_of(const Draft& draft, FolderId folder) {
  std::size_t depth = 0;
  while (const Folder* const found = draft.find(folder)) {
    folder = found->parent;
    ++depth;
  }
  return depth;
}

// How many levels there are from the folder on.
std::size_t height_of(Draft& draft, FolderId folder) {
  std::size_t deepest = 0;
  for (const Folder& each : draft.list().all()) {
    if (is_within(draft, each.id, folder)) deepest = std::max(deepest, depth_of(draft, each.id));
  }
  return deepest - depth_of(draft, folder) + 1;
}

std::vector<Folder> children_of(Draft& draft, FolderId parent) {
  std::vector<Folder> children;
  for (const Folder& each : draft.list().all()) {
    if (each.parent == parent) children.push_back(each);
  }
  return children;
}

// RFC 9051 §6.3.6: the inbox stays, and its letters go into a new folder.
Attempt<FolderChanged> rename_inbox(Draft& draft, const Place& place) {
  const Table inbox = draft.table(kInbox);
  if (inbox->size() > kMaxRowsInCommit) {
    return fail(ErrorKind::kOverLimit, "the inbox has too many letters to be renamed; move them");
  }
  if (!draft.has_room(inbox->size() * 2)) return std::nullopt;
  const FolderId parent = make_above(draft, place);
  const FolderId made = draft.make(parent, std::string(place.names.back()), SpecialUse::kNone, false);
  if (!inbox->empty()) {
    const UidSet all = inbox->uids();
    draft.set_keywords(made, draft.find(kInbox)->keywords);
    draft.apply(rows_to_transfer(*inbox, all, made, draft.find(made)->uid_next, true));
    draft.apply(rows_left(*inbox, all, true));
  }
  return reply_for(draft, made);
}

}  // namespace

std::optional<FolderId> table_of(const CreateFolder&) { return std::nullopt; }
std::optional<FolderId> table_of(const RenameFolder& change) {
  return change.folder == kInbox ? std::optional(kInbox) : std::nullopt;
}
std::optional<FolderId> table_of(const DeleteFolder& change) { return change.folder; }
std::optional<FolderId> table_of(const SetSubscribed&) { return std::nullopt; }
std::optional<FolderId> table_of(const SetSpecialUse&) { return std::nullopt; }
std::optional<FolderId> table_of(const SetAcl&) { return std::nullopt; }

Attempt<FolderChanged> apply(Draft& draft, const CreateFolder& change) {
  auto path = normalize_path(change.path);
  if (!path) return failure_of(std::move(path));
  if (auto allowed = check_path(*path); !allowed) return failure_of(std::move(allowed));
  const FolderList& list = draft.list();
  const Folder* const there = list.find_path(*path);
  if (there && !there->placeholder) return there_already(*path);
  if (const Folder* const has_use = list.find_use(change.use); has_use && change.use != SpecialUse::kNone) {
    return fail(ErrorKind::kRefuse, "the folder {} has that use already", list.path_of(*has_use));
  }
  if (there) {
    Folder folder = *there;
    folder.placeholder = false;
    folder.use = change.use;
    folder.uid_validity = draft.new_uid_validity();
    const Folder* const above = draft.find(folder.parent);
    folder.acl = above ? above->acl : Acl();
    draft.change(std::move(folder));
    return reply_for(draft, draft.list().find_path(*path)->id);
  }
  const Place place = find_place(list, *path);
  if (auto fits = check_count(list, place); !fits) return failure_of(std::move(fits));
  const FolderId parent = make_above(draft, place);
  return reply_for(draft, draft.make(parent, std::string(place.names.back()), change.use, false));
}

Attempt<FolderChanged> apply(Draft& draft, const RenameFolder& change) {
  auto path = normalize_path(change.path);
  if (!path) return failure_of(std::move(path));
  if (auto allowed = check_path(*path); !allowed) return failure_of(std::move(allowed));
  const Folder* const found = draft.find(change.folder);
  if (!found) return fail(ErrorKind::kRefuse, "there is no such folder");
  if (draft.list().find_path(*path)) return there_already(*path);
  const Place place = find_place(draft.list(), *path);
  if (auto fits = check_count(draft.list(), place); !fits) return failure_of(std::move(fits));
  if (change.folder == kInbox) return rename_inbox(draft, place);
  if (is_within(draft, place.parent, change.folder)) {
    return fail(ErrorKind::kRefuse, "a folder can't be put below itself");
  }
  if (place.names.size() - 1 + height_of(draft, change.folder) > kMaxFolderDepth) {
    return fail(ErrorKind::kRefuse, "folders may be {} levels deep", kMaxFolderDepth);
  }
  Folder folder = *found;
  const FolderId old_parent = folder.parent;
  folder.parent = make_above(draft, place);
  folder.name = place.names.back();
  draft.change(std::move(folder));
  drop_empty_placeholders(draft, old_parent);
  return reply_for(draft, change.folder);
}

Attempt<FolderChanged> apply(Draft& draft, const DeleteFolder& change) {
  auto found = letters_folder(draft, change.folder);
  if (!found) return failure_of(std::move(found));
  if (change.folder == kInbox) return fail(ErrorKind::kRefuse, "the inbox can't be deleted");
  const Folder folder = **found;
  const Table table = draft.table(change.folder);
  if (!draft.has_room(table->size())) return std::nullopt;
  if (!table->empty()) draft.apply(rows_left(*table, table->uids(), false));
  // Whoever makes a folder of that name later gets another one: what is left for those below is a new folder
  // too, which holds nothing but the name (RFC 8474 §4).
  std::vector<Folder> children = children_of(draft, change.folder);
  if (!children.empty()) {
    const FolderId name_only = draft.make(folder.parent, folder.name, SpecialUse::kNone, true);
    for (Folder& child : children) {
      child.parent = name_only;
      draft.change(std::move(child));
    }
  }
  draft.erase(change.folder);
  drop_empty_placeholders(draft, folder.parent);
  return reply_for(draft, change.folder);
}

Attempt<FolderChanged> apply(Draft& draft, const SetSubscribed& change) {
  const Folder* const found = draft.find(change.folder);
  if (!found) return fail(ErrorKind::kRefuse, "there is no such folder");
  if (found->subscribed != change.subscribed) {
    Folder folder = *found;
    folder.subscribed = change.subscribed;
    draft.change(std::move(folder));
  }
  return reply_for(draft, change.folder);
}

Attempt<FolderChanged> apply(Draft& draft, const SetSpecialUse& change) {
  auto found = letters_folder(draft, change.folder);
  if (!found) return failure_of(std::move(found));
  if ((*found)->use == change.use) return reply_for(draft, change.folder);
  Folder folder = **found;
  folder.use = change.use;
  // Each use has one folder: the one that had it is an ordinary one now.
  if (change.use != SpecialUse::kNone) {
    if (const Folder* const had = draft.list().find_use(change.use)) {
      Folder other = *had;
      other.use = SpecialUse::kNone;
      draft.change(std::move(other));
    }
  }
  draft.change(std::move(folder));
  return reply_for(draft, change.folder);
}

Attempt<FolderChanged> apply(Draft& draft, const SetAcl& change) {
  auto found = letters_folder(draft, change.folder);
  if (!found) return failure_of(std::move(found));
  Folder folder = **found;
  AclEntry entry = change.entry;
  const Rights before = folder.acl.find(entry.who, entry.negative);
  if (change.how == SetAcl::How::kAdd) entry.rights = before.with(entry.rights);
  if (change.how == SetAcl::How::kRemove) entry.rights = before.without(entry.rights);
  if (auto set = folder.acl.set(entry); !set) return failure_of(std::move(set));
  if (entry.rights != before) draft.change(std::move(folder));
  return reply_for(draft, change.folder);
}

}  // namespace pabal::mailbox
