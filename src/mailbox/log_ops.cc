#include "mailbox/log_ops.h"

#include <algorithm>

namespace pabal::mailbox {

namespace {

// A letter copied into its own folder may leave twice at once.
void sort_once_each(std::vector<LetterId>& letters) {
  std::ranges::sort(letters);
  letters.erase(std::unique(letters.begin(), letters.end()), letters.end());
}

}  // namespace

FolderId folder_of(const Operation& operation) {
  return std::visit([](const auto& each) { return each.folder; }, operation);
}

op::RowsLeft rows_left(const FolderTable& table, const UidSet& uids, bool moved) {
  op::RowsLeft left{.folder = table.folder()};
  table.for_each(uids, [&](std::size_t, const Row& row) {
    left.uids.add(row.uid);
    if (!moved) (row.shared ? left.shared_letters : left.letters).push_back(row.letter);
  });
  sort_once_each(left.letters);
  sort_once_each(left.shared_letters);
  return left;
}

op::RowsCame rows_to_transfer(const FolderTable& table, const UidSet& uids, FolderId target, Uid first_uid,
                              bool moved) {
  op::RowsCame came{.folder = target, .first_uid = first_uid};
  table.for_each(uids, [&](std::size_t, const Row& row) {
    came.rows.push_back({.letter = row.letter,
                         .size_bytes = row.size_bytes,
                         .shared = row.shared || !moved,
                         .flags = row.flags,
                         .received = row.received});
  });
  return came;
}

}  // namespace pabal::mailbox
