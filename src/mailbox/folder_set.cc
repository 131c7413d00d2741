#include "mailbox/folder_set.h"

#include <algorithm>

namespace pabal::mailbox {

namespace {

// Walked through one by one; beyond it the list is made anew.
constexpr std::size_t kMaxNewer = 32;

}  // namespace

const FolderEdits::Edit* FolderEdits::find(FolderId id) const {
  const auto found = std::ranges::find(edits_, id, &Edit::id);
  return found == edits_.end() ? nullptr : &*found;
}

FolderEdits::Edit& FolderEdits::at(FolderId id) {
  const auto found = std::ranges::find(edits_, id, &Edit::id);
  return found == edits_.end() ? edits_.emplace_back(id) : *found;
}

void FolderEdits::put(Folder folder) {
  Edit& edit = at(folder.id);
  edit.folder = std::move(folder);
}

void FolderEdits::erase(FolderId id) { at(id).folder.reset(); }

void FolderEdits::add(const FolderEdits& later) {
  for (const Edit& edit : later.edits_) at(edit.id).folder = edit.folder;
}

const Folder* FolderSet::find(FolderId id) const {
  if (const auto* edit = newer_.find(id)) return edit->folder ? &*edit->folder : nullptr;
  return list_->find(id);
}

void FolderSet::add(const FolderEdits& edits) {
  newer_.add(edits);
  if (newer_.all().size() <= kMaxNewer) return;
  list_ = merged(ModSeq());
  newer_.clear();
}

Folders FolderSet::merged(ModSeq mod_seq, const FolderEdits& edits) const {
  FolderEdits all = newer_;
  all.add(edits);
  std::vector<Folder> folders;
  for (const Folder& folder : list_->all()) {
    if (!all.find(folder.id)) folders.push_back(folder);
  }
  for (const FolderEdits::Edit& edit : all.all()) {
    if (edit.folder) folders.push_back(*edit.folder);
  }
  return std::make_shared<const FolderList>(mod_seq, std::move(folders));
}

}  // namespace pabal::mailbox
