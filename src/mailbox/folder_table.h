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
  std::uint32_t size_bytes : 31 = 0;  ///< RFC822.SIZE; larger letters are not taken in
  /// The letter may be in another row as well, here or in another folder; otherwise it goes with the row.
  bool shared : 1 = false;
  LetterId letter{};
  Flags flags{};
  ModSeq mod_seq{};                     ///< of the last change to this row
  std::chrono::sys_seconds received{};  ///< INTERNALDATE
  std::chrono::sys_seconds saved{};     ///< when it came into this folder (RFC 8514)
  bool operator==(const Row&) const = default;
};

static_assert(sizeof(Row) == 48, "a folder of a million letters is 48 MB");

/// Larger letters are not taken in.
inline constexpr std::uint32_t kMaxLetterBytes = 0x7fff'ffff;

/// Neighbouring rows, ascending by UID; never none, at most kMaxPageRows. Never changes once it is in a
/// table.
struct Page {
  UidSet::Range uids() const { return {rows.front().uid, rows.back().uid}; }

  std::vector<Row> rows;
  /// No row in it was changed after that.
  ModSeq changed{};
};
inline constexpr std::size_t kMaxPageRows = 1024;
/// A page that lost more rows than that is joined with its neighbour.
inline constexpr std::size_t kMinPageRows = kMaxPageRows / 4;

class FolderTable {
 public:
  /// Without letters.
  FolderTable(FolderId folder, ModSeq mod_seq) : folder_(folder), mod_seq_(mod_seq) {}
  /// `pages` ascending, none empty.
  FolderTable(FolderId folder, ModSeq mod_seq, std::vector<std::shared_ptr<const Page>> pages);

  FolderId folder() const { return folder_; }
  /// The account's change that this table shows; later ones are not in it.
  ModSeq mod_seq() const { return mod_seq_; }
  std::size_t size() const { return positions_.back(); }
  bool empty() const { return size() == 0; }

  /// By position from 0, which is a sequence number less one.
  const Row& operator[](std::size_t index) const;
  /// The position of this UID; nothing when it is not there.
  std::optional<std::size_t> find(Uid uid) const;
  /// The position of the first row whose UID is not below; size() when there is none.
  std::size_t lower_bound(Uid uid) const;

  std::size_t page_count() const { return first_uids_.size(); }
  /// Two tables that share a page give the same object.
  const Page& page(std::size_t index) const {
    return *(*branches_[index / kBranchPages])[index % kBranchPages];
  }
  /// The position of a page's first row; of page_count(), size().
  std::size_t first_of(std::size_t page) const { return positions_[page]; }
  /// The page in which this position is.
  std::size_t page_of(std::size_t index) const;

  /// Calls `see(position, row)` for each row of the set, in order; walks pages, not single rows.
  template <class See>
  void for_each(const UidSet& uids, See see) const;
  template <class See>
  void for_each(See see) const;

  /// All UIDs.
  UidSet uids() const;
  std::size_t memory_bytes() const;

 private:
  friend class TableBuilder;

  // A change copies the page that it touches, the branch that leads there, and the flat arrays, which are
  // eight bytes a page; counting a thousand pages' owners up and down would cost more than all of that.
  static constexpr std::size_t kBranchPages = 32;
  using Branch = std::vector<std::shared_ptr<const Page>>;

  FolderId folder_;
  ModSeq mod_seq_;
  std::vector<std::shared_ptr<const Branch>> branches_;  // full ones, but for the last
  std::vector<std::uint32_t> positions_ = {0};           // of each page's first row, and the size
  std::vector<Uid> first_uids_;                          // of each page
};

using Table = std::shared_ptr<const FolderTable>;

template <class See>
void FolderTable::for_each(See see) const {
  std::size_t position = 0;
  for (std::size_t i = 0; i < page_count(); ++i) {
    for (const Row& row : page(i).rows) see(position++, row);
  }
}

template <class See>
void FolderTable::for_each(const UidSet& uids, See see) const {
  for (const UidSet::Range& range : uids.ranges()) {
    std::size_t position = lower_bound(range.first);
    if (position == size()) return;
    for (std::size_t i = page_of(position); i < page_count(); ++i) {
      const std::vector<Row>& rows = page(i).rows;
      for (std::size_t at = position - first_of(i); at < rows.size(); ++at) {
        if (rows[at].uid > range.last) break;
        see(position++, rows[at]);
      }
      if (position != first_of(i + 1)) break;
    }
  }
}

}  // namespace pabal::mailbox
