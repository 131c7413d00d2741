#include "mailbox/table_change.h"

#include <algorithm>
#include <span>
#include <utility>

namespace pabal::mailbox {

namespace {

using Ranges = std::span<const UidSet::Range>;

/// Calls `see(begin, end)` for the rows of each range, as places in `rows`.
template <class See>
void for_each_hit(const std::vector<Row>& rows, Ranges ranges, See see) {
  auto at = rows.begin();
  for (const UidSet::Range& range : ranges) {
    at = std::ranges::lower_bound(at, rows.end(), range.first, {}, &Row::uid);
    const auto end = std::ranges::upper_bound(at, rows.end(), range.last, {}, &Row::uid);
    if (at != end) {
      see(static_cast<std::size_t>(at - rows.begin()), static_cast<std::size_t>(end - rows.begin()));
    }
    at = end;
  }
}

Row make_row(const op::RowsCame::NewRow& row, Uid uid, ModSeq change, WallTime at) {
  return {.uid = uid,
          .size_bytes = row.size_bytes,
          .shared = row.shared,
          .letter = row.letter,
          .flags = row.flags,
          .mod_seq = change,
          .received = row.received,
          .saved = std::chrono::floor<std::chrono::seconds>(at)};
}

}  // namespace

void CountChange::count(const Row& row, int times) {
  letters += times;
  bytes += times * std::int64_t{row.size_bytes};
  if (!has(row.flags, kSeen)) unseen += times;
  if (has(row.flags, kDeleted)) {
    deleted += times;
    deleted_bytes += times * std::int64_t{row.size_bytes};
  }
}

void CountChange::add_to(Folder& folder) const {
  folder.letters += static_cast<std::uint32_t>(letters);
  folder.unseen += static_cast<std::uint32_t>(unseen);
  folder.deleted += static_cast<std::uint32_t>(deleted);
  folder.bytes += static_cast<std::uint64_t>(bytes);
  folder.deleted_bytes += static_cast<std::uint64_t>(deleted_bytes);
}

// Pages and branches are the base's until they are written to; then they are copied once, and are the
// builder's own until it freezes. Pages may be small or empty meanwhile.
struct TableBuilder::State {
  using Branch = FolderTable::Branch;
  static constexpr std::size_t kBranchPages = FolderTable::kBranchPages;

  FolderId folder;
  std::vector<std::shared_ptr<const Branch>> branches;
  std::vector<Branch*> own_branches;  // null: the base's
  std::vector<Page*> own_pages;       // null: the base's
  std::vector<std::uint32_t> counts;  // rows of each page
  std::vector<Uid> first_uids;        // of each page; of an empty one, what it was
  std::vector<ModSeq> as_of;          // of the first pages, where they were loaded
  Uid last_uid;                       // the highest row's that was ever in

  std::size_t page_count() const { return counts.size(); }
  const Page& page(std::size_t i) const { return *(*branches[i / kBranchPages])[i % kBranchPages]; }
  bool knows(std::size_t i, ModSeq change) const { return i < as_of.size() && as_of[i] >= change; }

  Branch& own_branch(std::size_t i);
  Page& own_page(std::size_t i, std::size_t room = 0);
  void append_page(std::shared_ptr<Page> page);

  template <class Visit>
  void for_each_page(const UidSet& uids, ModSeq change, Visit visit);

  void apply(const op::RowsCame& came, ModSeq change, WallTime at, Applied& applied);
  void apply(const op::FlagsChanged& changed, ModSeq change, Applied& applied);
  void apply(const op::RowsShared& shared, ModSeq change, Applied& applied);
  void take_out(const UidSet& uids, ModSeq change, Applied& applied);

  bool well_filled() const;
  void fill_well();
};

TableBuilder::State::Branch& TableBuilder::State::own_branch(std::size_t i) {
  if (own_branches[i] == nullptr) {
    auto copy = std::make_shared<Branch>(*branches[i]);
    own_branches[i] = copy.get();
    branches[i] = std::move(copy);
  }
  return *own_branches[i];
}

Page& TableBuilder::State::own_page(std::size_t i, std::size_t room) {
  if (own_pages[i] == nullptr) {
    const Page& old = page(i);
    auto copy = std::make_shared<Page>();
    copy->rows.reserve(old.rows.size() + room);
    copy->rows.assign(old.rows.begin(), old.rows.end());
    copy->changed = old.changed;
    own_pages[i] = copy.get();
    own_branch(i / kBranchPages)[i % kBranchPages] = std::move(copy);
  }
  return *own_pages[i];
}

void TableBuilder::State::append_page(std::shared_ptr<Page> page) {
  const std::size_t branch = page_count() / kBranchPages;
  if (branch == branches.size()) {
    auto fresh = std::make_shared<Branch>();
    own_branches.push_back(fresh.get());
    branches.push_back(std::move(fresh));
  }
  own_pages.push_back(page.get());
  counts.push_back(static_cast<std::uint32_t>(page->rows.size()));
  first_uids.push_back(page->rows.empty() ? Uid() : page->rows.front().uid);
  own_branch(branch).push_back(std::move(page));
}

/// Calls `visit(page, ranges)` for each page that may have some of `uids` and does not know the change yet.
template <class Visit>
void TableBuilder::State::for_each_page(const UidSet& uids, ModSeq change, Visit visit) {
  const Ranges ranges = uids.ranges();
  std::size_t i = 0;
  for (auto range = ranges.begin(); range != ranges.end() && i < page_count(); ++i) {
    const auto behind = std::ranges::upper_bound(first_uids, range->first);
    const auto here = static_cast<std::size_t>(behind - first_uids.begin());
    i = std::max(i, here == 0 ? 0 : here - 1);
    const Uid upper = i + 1 < page_count() ? Uid(first_uids[i + 1].value() - 1) : Uid(UINT32_MAX);
    auto end = range;
    while (end != ranges.end() && end->first <= upper) ++end;
    if (!knows(i, change)) visit(i, Ranges(range, end));
    // The last one may go on in the next page.
    while (range != end && range->last <= upper) ++range;
  }
}

void TableBuilder::State::apply(const op::RowsCame& came, ModSeq change, WallTime at, Applied& applied) {
  // Pages are stored from the first to the last. So whatever lies below a row of a page that knows this
  // change is in the pages as well, or has left since.
  const std::uint64_t first = came.first_uid.value();
  const std::uint64_t known = last_uid < came.first_uid ? 0 : last_uid.value() - first + 1;
  for (std::size_t i = known; i < came.rows.size();) {
    if (page_count() == 0 || counts.back() >= kMaxPageRows || knows(page_count() - 1, change)) {
      append_page(std::make_shared<Page>());
    }
    const std::size_t last = page_count() - 1;
    const std::size_t count = std::min(came.rows.size() - i, kMaxPageRows - counts[last]);
    Page& page = own_page(last, count);
    for (const std::size_t end = i + count; i < end; ++i) {
      page.rows.push_back(make_row(came.rows[i], Uid(static_cast<std::uint32_t>(first + i)), change, at));
      applied.counts.count(page.rows.back(), 1);
    }
    applied.uids.add({page.rows[page.rows.size() - count].uid, page.rows.back().uid});
    page.changed = change;
    counts[last] = static_cast<std::uint32_t>(page.rows.size());
    first_uids[last] = page.rows.front().uid;
    last_uid = page.rows.back().uid;
  }
}

void TableBuilder::State::apply(const op::FlagsChanged& changed, ModSeq change, Applied& applied) {
  for_each_page(changed.uids, change, [&](std::size_t i, Ranges ranges) {
    for_each_hit(page(i).rows, ranges, [&](std::size_t begin, std::size_t end) {
      for (std::size_t at = begin; at < end; ++at) {
        const Flags before = page(i).rows[at].flags;
        const Flags after = edit(before, changed.how, changed.flags);
        if (after == before) continue;
        Page& own = own_page(i);
        own.changed = change;
        Row& row = own.rows[at];
        applied.counts.count(row, -1);
        row.flags = after;
        row.mod_seq = change;
        applied.counts.count(row, 1);
        applied.uids.add(row.uid);
      }
    });
  });
}

void TableBuilder::State::apply(const op::RowsShared& shared, ModSeq change, Applied& applied) {
  for_each_page(shared.uids, change, [&](std::size_t i, Ranges ranges) {
    for_each_hit(page(i).rows, ranges, [&](std::size_t begin, std::size_t end) {
      for (std::size_t at = begin; at < end; ++at) {
        if (page(i).rows[at].shared) continue;
        Page& own = own_page(i);
        own.changed = change;
        own.rows[at].shared = true;
        applied.uids.add(own.rows[at].uid);
      }
    });
  });
}

void TableBuilder::State::take_out(const UidSet& uids, ModSeq change, Applied& applied) {
  for_each_page(uids, change, [&](std::size_t i, Ranges ranges) {
    std::vector<Row> left;
    std::size_t from = 0;
    const std::vector<Row>& rows = page(i).rows;
    const auto keep_until = [&](std::size_t end) {
      left.insert(left.end(), rows.begin() + static_cast<std::ptrdiff_t>(from),
                  rows.begin() + static_cast<std::ptrdiff_t>(end));
    };
    for_each_hit(rows, ranges, [&](std::size_t begin, std::size_t end) {
      if (from == 0) left.reserve(rows.size());
      keep_until(begin);
      from = end;
      for (std::size_t at = begin; at < end; ++at) {
        applied.counts.count(rows[at], -1);
        applied.uids.add(rows[at].uid);
      }
    });
    if (from == 0) return;  // none of them was here
    keep_until(rows.size());

    auto fresh = std::make_shared<Page>(Page{.rows = std::move(left), .changed = change});
    counts[i] = static_cast<std::uint32_t>(fresh->rows.size());
    if (!fresh->rows.empty()) first_uids[i] = fresh->rows.front().uid;
    own_pages[i] = fresh.get();
    own_branch(i / kBranchPages)[i % kBranchPages] = std::move(fresh);
  });
}

/// No page is empty, and none but the last has few rows.
bool TableBuilder::State::well_filled() const {
  if (page_count() == 0) return true;
  return counts.back() > 0 && std::ranges::all_of(std::span(counts).first(page_count() - 1),
                                                  [](std::uint32_t count) { return count >= kMinPageRows; });
}

void TableBuilder::State::fill_well() {
  std::vector<std::shared_ptr<const Page>> pages;
  pages.reserve(page_count());
  for (std::size_t i = 0; i < page_count(); ++i) {
    if (counts[i] == 0) continue;
    std::shared_ptr<const Page> page = (*branches[i / kBranchPages])[i % kBranchPages];
    if (!pages.empty() && pages.back()->rows.size() < kMinPageRows) {
      std::vector<Row> rows = pages.back()->rows;
      rows.insert(rows.end(), page->rows.begin(), page->rows.end());
      const ModSeq changed = std::max(pages.back()->changed, page->changed);
      pages.pop_back();
      if (rows.size() > kMaxPageRows) {
        const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
        pages.push_back(
            std::make_shared<const Page>(Page{.rows = {rows.begin(), middle}, .changed = changed}));
        rows.erase(rows.begin(), middle);
      }
      page = std::make_shared<const Page>(Page{.rows = std::move(rows), .changed = changed});
    }
    pages.push_back(std::move(page));
  }

  counts.clear();
  first_uids.clear();
  for (const auto& page : pages) {
    counts.push_back(static_cast<std::uint32_t>(page->rows.size()));
    first_uids.push_back(page->rows.front().uid);
  }
  const std::vector<std::shared_ptr<const Branch>> old = std::exchange(branches, {});
  for (std::size_t begin = 0; begin < pages.size(); begin += kBranchPages) {
    const auto those = std::span(pages).subspan(begin, std::min(kBranchPages, pages.size() - begin));
    const std::size_t i = begin / kBranchPages;
    if (i < old.size() && std::ranges::equal(*old[i], those)) {
      branches.push_back(old[i]);
    } else {
      branches.push_back(std::make_shared<const Branch>(those.begin(), those.end()));
    }
  }
}

// ---- The builder

TableBuilder::TableBuilder(FolderId folder) : state_(std::make_unique<State>()) { state_->folder = folder; }

TableBuilder::TableBuilder(const FolderTable& base) : TableBuilder(base.folder()) {
  State& state = *state_;
  state.branches = base.branches_;
  state.own_branches.resize(base.branches_.size());
  state.own_pages.resize(base.page_count());
  state.first_uids = base.first_uids_;
  state.counts.reserve(base.page_count());
  for (std::size_t i = 0; i < base.page_count(); ++i) {
    state.counts.push_back(base.positions_[i + 1] - base.positions_[i]);
  }
  if (!base.empty()) state.last_uid = base.page(base.page_count() - 1).rows.back().uid;
}

TableBuilder::TableBuilder(FolderId folder, std::vector<StoredPage> pages) : TableBuilder(folder) {
  for (StoredPage& stored : hide_older(std::move(pages))) {
    auto page = std::make_shared<Page>(Page{.rows = std::move(stored.rows)});
    page->changed = std::ranges::max(page->rows, {}, &Row::mod_seq).mod_seq;
    state_->last_uid = page->rows.back().uid;
    state_->as_of.push_back(stored.as_of);
    state_->append_page(std::move(page));
  }
}

TableBuilder::~TableBuilder() = default;
TableBuilder::TableBuilder(TableBuilder&&) noexcept = default;
TableBuilder& TableBuilder::operator=(TableBuilder&&) noexcept = default;

Applied TableBuilder::apply(ModSeq change, WallTime at, const Operation& operation) {
  Applied applied;
  State& state = *state_;
  if (folder_of(operation) != state.folder) return applied;
  if (const auto* came = std::get_if<op::RowsCame>(&operation)) {
    state.apply(*came, change, at, applied);
  } else if (const auto* changed = std::get_if<op::FlagsChanged>(&operation)) {
    state.apply(*changed, change, applied);
  } else if (const auto* shared = std::get_if<op::RowsShared>(&operation)) {
    state.apply(*shared, change, applied);
  } else if (const auto* left = std::get_if<op::RowsLeft>(&operation)) {
    state.take_out(left->uids, change, applied);
  } else if (std::holds_alternative<op::FolderDeleted>(operation)) {
    state.take_out(UidSet({Uid(1), Uid(UINT32_MAX)}), change, applied);
  }
  return applied;
}

void TableBuilder::replay(const LogRecord& record) {
  for (const Operation& operation : record.operations) apply(record.after.last_change, record.at, operation);
}

Table TableBuilder::freeze(ModSeq mod_seq) {
  State& state = *state_;
  if (!state.well_filled()) state.fill_well();
  // Pages that were loaded are already as the youngest of them is.
  for (const ModSeq as_of : std::exchange(state.as_of, {})) mod_seq = std::max(mod_seq, as_of);
  const auto table = std::make_shared<FolderTable>(state.folder, mod_seq);
  table->branches_ = state.branches;
  table->first_uids_ = state.first_uids;
  table->positions_.reserve(state.page_count() + 1);
  for (const std::uint32_t count : state.counts) {
    table->positions_.push_back(table->positions_.back() + count);
  }
  // All is the table's now.
  state.own_branches.assign(state.branches.size(), nullptr);
  state.own_pages.assign(state.page_count(), nullptr);
  return table;
}

Table next_table(const Table& table, ModSeq change, WallTime at, const Operation& operation,
                 Applied* applied) {
  TableBuilder builder(*table);
  Applied done = builder.apply(change, at, operation);
  if (applied != nullptr) *applied = std::move(done);
  return builder.freeze(change);
}

Table next_table(const Table& table, const LogRecord& record) {
  TableBuilder builder(*table);
  builder.replay(record);
  return builder.freeze(record.after.last_change);
}

}  // namespace pabal::mailbox
