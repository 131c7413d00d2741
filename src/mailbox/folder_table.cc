#include "mailbox/folder_table.h"

#include <algorithm>

namespace pabal::mailbox {

FolderTable::FolderTable(FolderId folder, ModSeq mod_seq, std::vector<std::shared_ptr<const Page>> pages)
    : folder_(folder), mod_seq_(mod_seq) {
  for (const std::shared_ptr<const Page>& page : pages) {
    first_uids_.push_back(page->rows.front().uid);
    positions_.push_back(positions_.back() + static_cast<std::uint32_t>(page->rows.size()));
  }
  for (std::size_t begin = 0; begin < pages.size(); begin += kBranchPages) {
    const std::size_t end = std::min(begin + kBranchPages, pages.size());
    branches_.push_back(std::make_shared<const Branch>(pages.begin() + static_cast<std::ptrdiff_t>(begin),
                                                       pages.begin() + static_cast<std::ptrdiff_t>(end)));
  }
}

std::size_t FolderTable::page_of(std::size_t index) const {
  const auto behind = std::ranges::upper_bound(positions_, index);
  return static_cast<std::size_t>(behind - positions_.begin()) - 1;
}

const Row& FolderTable::operator[](std::size_t index) const {
  const std::size_t in = page_of(index);
  return page(in).rows[index - first_of(in)];
}

std::size_t FolderTable::lower_bound(Uid uid) const {
  const auto behind = std::ranges::upper_bound(first_uids_, uid);
  if (behind == first_uids_.begin()) return 0;
  const auto in = static_cast<std::size_t>(behind - first_uids_.begin()) - 1;
  const std::vector<Row>& rows = page(in).rows;
  const auto row = std::ranges::lower_bound(rows, uid, {}, &Row::uid);
  return first_of(in) + static_cast<std::size_t>(row - rows.begin());
}

std::optional<std::size_t> FolderTable::find(Uid uid) const {
  const std::size_t index = lower_bound(uid);
  if (index == size() || (*this)[index].uid != uid) return std::nullopt;
  return index;
}

UidSet FolderTable::uids() const {
  UidSet out;
  for (std::size_t i = 0; i < page_count(); ++i) {
    const std::vector<Row>& rows = page(i).rows;
    const UidSet::Range range{rows.front().uid, rows.back().uid};
    if (range.last.value() - range.first.value() == rows.size() - 1) {
      out.add(range);
    } else {
      for (const Row& row : rows) out.add(row.uid);
    }
  }
  return out;
}

std::size_t FolderTable::memory_bytes() const {
  constexpr std::size_t kPageBytes = sizeof(Page) + sizeof(std::shared_ptr<const Page>) +
                                     sizeof(std::uint32_t) + sizeof(Uid) + 4 * sizeof(void*);
  return sizeof(*this) + size() * sizeof(Row) + page_count() * kPageBytes;
}

}  // namespace pabal::mailbox
