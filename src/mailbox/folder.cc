#include "mailbox/folder.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "base/ascii.h"

namespace pabal::mailbox {

namespace {

using ById = std::unordered_map<FolderId, const Folder*>;

/// By name through those above it. What is stored may be damaged: a folder whose parent is not there is at
/// the top, and a circle ends somewhere.
std::string path_through(const Folder& folder, const ById& by_id) {
  std::string path = folder.name;
  FolderId parent = folder.parent;
  for (std::size_t depth = 1; depth < kMaxFolderDepth; ++depth) {
    const auto above = by_id.find(parent);
    if (above == by_id.end()) break;
    path.insert(0, 1, kPathSeparator);
    path.insert(0, above->second->name);
    parent = above->second->parent;
  }
  return path;
}

bool is_inbox(std::string_view name) { return equals_ignoring_case(name, kInboxName); }

std::string_view first_level(std::string_view path) { return path.substr(0, path.find(kPathSeparator)); }

/// The inbox first; then by name, level by level: the separator is before all that a name can have in it.
struct PathOrder {
  bool operator()(std::string_view a, std::string_view b) const {
    const bool a_in = first_level(a) == kInboxName;
    const bool b_in = first_level(b) == kInboxName;
    if (a_in != b_in) return a_in;
    const auto weight = [](char c) { return c == kPathSeparator ? 0 : int{static_cast<unsigned char>(c)}; };
    return std::ranges::lexicographical_compare(a, b, {}, weight, weight);
  }
};

}  // namespace

FolderList::FolderList(ModSeq mod_seq, std::vector<Folder> folders) : mod_seq_(mod_seq) {
  ById by_id;
  for (const Folder& folder : folders) by_id.emplace(folder.id, &folder);
  std::vector<std::string> paths;
  for (const Folder& folder : folders) {
    paths.push_back(path_through(folder, by_id));
    if (by_id.contains(folder.parent)) with_children_.push_back(folder.parent);
  }
  std::ranges::sort(with_children_);

  std::vector<std::uint32_t> order(folders.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, PathOrder(), [&](std::uint32_t i) -> std::string_view { return paths[i]; });
  for (const std::uint32_t i : order) {
    folders_.push_back(std::move(folders[i]));
    paths_.push_back(std::move(paths[i]));
  }
  by_id_.resize(folders_.size());
  std::iota(by_id_.begin(), by_id_.end(), 0U);
  std::ranges::sort(by_id_, {}, [&](std::uint32_t i) { return folders_[i].id; });
}

std::size_t FolderList::index_of(FolderId id) const {
  const auto place =
      std::ranges::lower_bound(by_id_, id, {}, [&](std::uint32_t i) { return folders_[i].id; });
  return place != by_id_.end() && folders_[*place].id == id ? *place : folders_.size();
}

const Folder* FolderList::find(FolderId id) const {
  const std::size_t i = index_of(id);
  return i < folders_.size() ? &folders_[i] : nullptr;
}

const Folder* FolderList::find_path(std::string_view path) const {
  const std::string_view top = first_level(path);
  std::string in_capitals;
  if (top != kInboxName && is_inbox(top)) {
    in_capitals = std::string(kInboxName).append(path.substr(top.size()));
    path = in_capitals;
  }
  const auto place = std::ranges::lower_bound(paths_, path, PathOrder());
  if (place == paths_.end() || *place != path) return nullptr;
  return &folders_[static_cast<std::size_t>(place - paths_.begin())];
}

const Folder* FolderList::find_use(SpecialUse use) const {
  const auto place = std::ranges::find(folders_, use, &Folder::use);
  return place != folders_.end() ? &*place : nullptr;
}

std::string FolderList::path_of(const Folder& folder) const {
  const std::size_t i = index_of(folder.id);
  return i < paths_.size() ? paths_[i] : folder.name;
}

bool FolderList::has_children(FolderId id) const { return std::ranges::binary_search(with_children_, id); }

}  // namespace pabal::mailbox
