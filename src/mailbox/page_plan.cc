// What becomes of stored pages: which ones a checkpoint writes, and what those mean that it left half
// written.

#include <algorithm>

#include "mailbox/page_codec.h"

namespace pabal::mailbox {

namespace {

/// The part of `page` that is outside of `hidden`, cut where there is something hidden between two rows.
void append_visible(std::vector<StoredPage>& out, StoredPage page, const UidSet& hidden) {
  const auto ranges = hidden.ranges();
  std::size_t before = SIZE_MAX;
  for (Row& row : page.rows) {
    const auto range = std::ranges::lower_bound(ranges, row.uid, {}, &UidSet::Range::last);
    if (range != ranges.end() && range->first <= row.uid) continue;
    const auto place = static_cast<std::size_t>(range - ranges.begin());
    if (place != before) out.push_back({.as_of = page.as_of, .rows = {}});
    before = place;
    out.back().rows.push_back(row);
  }
}

bool overlap(const StoredPage& page, const StoredPage& next) {
  return page.rows.back().uid >= next.rows.front().uid;
}

void sort_by_uid(std::vector<StoredPage>& pages) {
  std::ranges::sort(pages, {}, [](const StoredPage& page) { return page.rows.front().uid; });
}

}  // namespace

std::vector<StoredPage> hide_older(std::vector<StoredPage> pages) {
  sort_by_uid(pages);
  if (std::ranges::adjacent_find(pages, overlap) == pages.end()) return pages;
  std::ranges::sort(pages, std::greater(), &StoredPage::as_of);
  std::vector<StoredPage> visible;
  UidSet hidden;
  for (StoredPage& page : pages) {
    const UidSet::Range covered{page.rows.front().uid, page.rows.back().uid};
    append_visible(visible, std::move(page), hidden);
    hidden.add(covered);
  }
  sort_by_uid(visible);
  return visible;
}

PagePlan plan_pages(const FolderTable& table, std::span<const PageHead> stored) {
  const auto by_ends = [](const PageHead& head) { return std::pair(head.uids.first, head.uids.last); };
  std::vector<PageHead> heads(stored.begin(), stored.end());
  std::ranges::sort(heads, {}, by_ends);
  PagePlan plan;
  auto head = heads.begin();
  for (std::size_t i = 0; i < table.page_count(); ++i) {
    const Page& page = table.page(i);
    const std::pair ends(page.rows.front().uid, page.rows.back().uid);
    for (; head != heads.end() && by_ends(*head) < ends; ++head) plan.erases.push_back(head->uids);
    const bool is_there = head != heads.end() && by_ends(*head) == ends;
    if (!is_there || head->as_of < page.changed || head->rows != page.rows.size()) plan.puts.push_back(i);
    if (is_there) ++head;
  }
  for (; head != heads.end(); ++head) plan.erases.push_back(head->uids);
  return plan;
}

}  // namespace pabal::mailbox
