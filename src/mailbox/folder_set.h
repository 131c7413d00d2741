// The folders of an account while they change: a list, and the few that are newer than it. So that a letter
// that comes in costs as much with ten thousand folders as with six; the list is made anew when somebody
// wants to see it.
//
// Pure; one thread at a time.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "mailbox/folder.h"

namespace pabal::mailbox {

/// Folders as they are now; nothing: it is gone. Few, each id once.
class FolderEdits {
 public:
  struct Edit {
    FolderId id;
    std::optional<Folder> folder;
  };

  const Edit* find(FolderId id) const;
  void put(Folder folder);
  void erase(FolderId id);
  void add(const FolderEdits& later);
  void clear() { edits_.clear(); }

  bool empty() const { return edits_.empty(); }
  std::span<const Edit> all() const { return edits_; }

 private:
  friend class Draft;
  Edit& at(FolderId id);

  std::vector<Edit> edits_;
};

class FolderSet {
 public:
  FolderSet() : list_(std::make_shared<const FolderList>()) {}
  explicit FolderSet(std::vector<Folder> folders)
      : list_(std::make_shared<const FolderList>(ModSeq(), std::move(folders))) {}

  const Folder* find(FolderId id) const;
  /// With what a change did to them.
  void add(const FolderEdits& edits);
  /// All, as of `mod_seq`, with `edits` on top.
  Folders merged(ModSeq mod_seq, const FolderEdits& edits = {}) const;

 private:
  Folders list_;
  FolderEdits newer_;
};

}  // namespace pabal::mailbox
