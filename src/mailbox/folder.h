// Folders of an account: what they are called, and the counts that STATUS tells without opening one. A
// folder's letters are in its table (folder_table.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mailbox/flags.h"
#include "mailbox/ids.h"
#include "mailbox/rights.h"

namespace pabal::mailbox {

/// Between the names of a folder and those above it, when a whole path is written.
inline constexpr char kPathSeparator = '/';
inline constexpr std::size_t kMaxFolderNameBytes = 255;  ///< of one level, UTF-8
inline constexpr std::size_t kMaxFolderDepth = 20;
inline constexpr std::size_t kMaxFolders = 10'000;

/// At the top, in a client's view, others' folders lie below that name; no account has one of its own there.
inline constexpr std::string_view kSharedName = "Shared";

/// RFC 6154; one folder an account for each.
enum class SpecialUse : std::uint8_t {
  kNone,
  kAll,
  kArchive,
  kDrafts,
  kFlagged,
  kJunk,
  kSent,
  kTrash,
  kImportant,  ///< RFC 8457
};

/// One folder, as it stands after the account's last change. Stored as it is, under its id.
struct Folder {
  FolderId id;
  FolderId parent{};   ///< 0: at the top
  std::string name{};  ///< its own, without those above: NFC, no separator, no control character
  SpecialUse use = SpecialUse::kNone;
  bool subscribed = false;
  /// It was deleted, but folders are below it: no letters can be in it, and its UIDVALIDITY is gone.
  bool placeholder = false;

  std::uint32_t uid_validity = 0;
  Uid uid_next{1};
  ModSeq mod_seq{};  ///< of the last change that touched it or its letters
  std::uint32_t letters = 0;
  std::uint32_t unseen = 0;
  std::uint32_t deleted = 0;  ///< flagged \Deleted
  std::uint64_t bytes = 0;
  std::uint64_t deleted_bytes = 0;
  KeywordTable keywords{};
  Acl acl{};

  bool operator==(const Folder&) const = default;
};

/// All folders of an account at one moment; never changes.
class FolderList {
 public:
  FolderList() = default;
  /// `folders` in any order.
  FolderList(ModSeq mod_seq, std::vector<Folder> folders);

  ModSeq mod_seq() const { return mod_seq_; }
  /// Sorted by path, as people expect lists: a folder, then those below it.
  std::span<const Folder> all() const { return folders_; }
  const Folder* find(FolderId id) const;
  /// By its whole path, `Work/2026`; INBOX in any case (RFC 9051 §5.1).
  const Folder* find_path(std::string_view path) const;
  const Folder* find_use(SpecialUse use) const;
  std::string path_of(const Folder& folder) const;
  bool has_children(FolderId id) const;

 private:
  std::size_t index_of(FolderId id) const;

  ModSeq mod_seq_;
  std::vector<Folder> folders_;
  std::vector<std::string> paths_;       // of folders_, in their order
  std::vector<std::uint32_t> by_id_;     // places in folders_, by id
  std::vector<FolderId> with_children_;  // sorted
};

using Folders = std::shared_ptr<const FolderList>;

/// The inbox's name, as it is stored and shown.
inline constexpr std::string_view kInboxName = "INBOX";

/// A path as a client wrote it, as folders are called here: in NFC, INBOX at the top in capitals. A separator
/// at the end is passed over (RFC 9051 §6.3.4).
/// kRefuse, with a detail for people: not UTF-8, a level that is empty or too long, control characters (RFC
/// 9051 §5.1), INBOX elsewhere than at the top, too many levels.
Result<std::string> normalize_path(std::string_view path);
/// One level of it.
Result<std::string> normalize_folder_name(std::string_view name, bool at_top);

/// `Work/2026` is `Work`, `2026`. Looks into `path`.
std::vector<std::string_view> split_path(std::string_view path);

}  // namespace pabal::mailbox
