// The letters of one folder at one moment: what sessions look at, and never changes. A change makes a new
// table that shares all pages but those it touched, so that a flag in a folder of a million letters costs as
// much as in one of ten thousand. Tables are shared by all who look at the folder.
//
// Any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "mailbox/flags.h"
#include "mailbox/ids.h"
#include "mailbox/uid_set.h"

namespace pabal::mailbox {

/// A letter in a folder.
struct Row {
  Uid uid;
  std::uint32_t size_bytes = 0;  ///< RFC822.SIZE; larger letters are not taken in
  LetterId letter;
  Flags flags;
  ModSeq mod_seq;                   ///< of the last change to this row
  std::chrono::sys_seconds received{};  ///< INTERNALDATE
  std::chrono::sys_seconds saved{};     ///< when it came into this folder (RFC 8514)
  bool operator==(const Row&) const = default;
};

/// Neighbouring rows, at most kMaxPageRows, ascending by UID. Never changes once it is in a table.
using Page = std::vector<Row>;
inline constexpr std::size_t kMaxPageRows = 1024;

class FolderTable {
 public:
  /// `pages` ascending, none empty.
  FolderTable(FolderId folder, ModSeq mod_seq, std::vector<std::shared_ptr<const Page>> pages);

  FolderId folder() const { return folder_; }
  /// The account's change that this table shows; later ones are not in it.
  ModSeq mod_seq() const { return mod_seq_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// By position from 0, which is a sequence number less one.
  const Row& operator[](std::size_t index) const;
  /// The position of this UID; nothing when it is not there.
  std::optional<std::size_t> find(Uid uid) const;
  /// The position of the first row whose UID is not below; size() when there is none.
  std::size_t lower_bound(Uid uid) const;

  std::span<const std::shared_ptr<const Page>> pages() const { return pages_; }
  /// The position of a page's first row.
  std::size_t first_of(std::size_t page) const { return first_[page]; }

  /// Calls `see(position, row)` for each row of the set, in order; walks pages, not single rows.
  template <class See>
  void for_each(const UidSet& uids, See see) const;
  template <class See>
  void for_each(See see) const;

  std::size_t memory_bytes() const;

 private:
  FolderId folder_;
  ModSeq mod_seq_;
  std::vector<std::shared_ptr<const Page>> pages_;
  std::vector<std::uint32_t> first_;
  std::size_t size_ = 0;
};

using Table = std::shared_ptr<const FolderTable>;

template <class See>
void FolderTable::for_each(See see) const {
  for (std::size_t page = 0; page < pages_.size(); ++page) {
    std::size_t position = first_[page];
    for (const Row& row : *pages_[page]) see(position++, row);
  }
}

}  // namespace pabal::mailbox
