#include "mailbox/view.h"

#include <algorithm>

namespace pabal::mailbox {

namespace {

/// Walks through a table's rows, and can step over whole pages.
class Place {
 public:
  explicit Place(const FolderTable& table) : table_(table) { enter(); }

  bool at_end() const { return rows_ == nullptr; }
  const Row& row() const { return (*rows_)[at_]; }
  std::uint32_t position() const { return static_cast<std::uint32_t>(table_.first_of(page_) + at_); }
  /// The page, if nothing of it was passed yet.
  const Page* whole_page() const { return at_end() || at_ > 0 ? nullptr : &table_.page(page_); }

  void next() {
    if (++at_ == rows_->size()) next_page();
  }
  void next_page() {
    ++page_;
    at_ = 0;
    enter();
  }

 private:
  void enter() { rows_ = page_ < table_.page_count() ? &table_.page(page_).rows : nullptr; }

  const FolderTable& table_;
  std::size_t page_ = 0;
  std::size_t at_ = 0;
  const std::vector<Row>* rows_ = nullptr;
};

/// Walks through the UIDs that a client knows.
class Told {
 public:
  explicit Told(const UidSet& uids) : ranges_(uids.ranges()) { enter(); }

  bool at_end() const { return ranges_.empty(); }
  std::uint32_t position() const { return position_; }
  Uid uid() const { return Uid(static_cast<std::uint32_t>(uid_)); }
  Uid range_end() const { return ranges_.front().last; }

  /// Steps over all up to `last`.
  void pass(Uid last) {
    while (!at_end() && uid_ <= last.value()) {
      const std::uint64_t end = std::min(last, range_end()).value() + std::uint64_t{1};
      position_ += static_cast<std::uint32_t>(end - uid_);
      uid_ = end;
      if (uid_ <= range_end().value()) return;
      ranges_ = ranges_.subspan(1);
      enter();
    }
  }

 private:
  void enter() {
    if (!at_end()) uid_ = ranges_.front().first.value();
  }

  std::span<const UidSet::Range> ranges_;
  std::uint64_t uid_ = 0;
  std::uint32_t position_ = 0;
};

void expunge(ViewDifference& difference, std::uint32_t position, UidSet::Range uids) {
  difference.vanished.add(uids);
  for (std::uint64_t uid = uids.first.value(); uid <= uids.last.value(); ++uid) {
    difference.expunged.push_back(++position);
  }
}

/// What is left after all that was told is new. Removals were found ascending, and are told from the highest.
void finish(ViewDifference& difference, const Place& after, const FolderTable& now) {
  difference.first_new = after.at_end() ? now.size() : after.position();
  std::ranges::reverse(difference.expunged);
}

}  // namespace

ViewDifference compare(const FolderTable& told, const FolderTable& now, ModSeq flags_told) {
  ViewDifference difference;
  const ModSeq since = std::max(flags_told, told.mod_seq());
  Place before(told);
  Place after(now);
  while (!before.at_end()) {
    if (before.whole_page() != nullptr && before.whole_page() == after.whole_page()) {
      before.next_page();
      after.next_page();
    } else if (after.at_end() || before.row().uid < after.row().uid) {
      expunge(difference, before.position(), {before.row().uid, before.row().uid});
      before.next();
    } else if (after.row().uid == before.row().uid) {
      if (after.row().mod_seq > since) difference.changed.push_back({before.position(), after.position()});
      before.next();
      after.next();
    } else {
      after.next();  // the client should know it, and does not
    }
  }
  finish(difference, after, now);
  return difference;
}

ViewDifference compare(const UidSet& told, const FolderTable& now, ModSeq flags_told) {
  ViewDifference difference;
  Told before(told);
  Place after(now);
  while (!before.at_end()) {
    if (const Page* page = after.whole_page(); page != nullptr && page->changed <= flags_told) {
      // Of the rows that are there the client knows all. If it knows as many as there are, none is gone.
      Told behind = before;
      behind.pass(page->rows.back().uid);
      if (before.uid() == page->rows.front().uid &&
          behind.position() - before.position() == page->rows.size()) {
        before = behind;
        after.next_page();
        continue;
      }
    }
    if (after.at_end() || before.uid() < after.row().uid) {
      const Uid last = after.at_end() ? before.range_end()
                                      : std::min(before.range_end(), Uid(after.row().uid.value() - 1));
      expunge(difference, before.position(), {before.uid(), last});
      before.pass(last);
    } else if (before.uid() == after.row().uid) {
      if (after.row().mod_seq > flags_told) {
        difference.changed.push_back({before.position(), after.position()});
      }
      before.pass(before.uid());
      after.next();
    } else {
      after.next();
    }
  }
  finish(difference, after, now);
  return difference;
}

}  // namespace pabal::mailbox
