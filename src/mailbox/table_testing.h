// For tests: rows and tables by the handful, and a folder as a plain map to compare tables with.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "mailbox/table_change.h"

namespace pabal::mailbox {

/// `first` to `last`, all of them.
inline UidSet uids(std::uint32_t first, std::uint32_t last) { return UidSet({Uid(first), Uid(last)}); }
inline UidSet uids(std::initializer_list<std::uint32_t> each) {
  UidSet out;
  for (const std::uint32_t uid : each) out.add(Uid(uid));
  return out;
}

constexpr WallTime wall_seconds(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

inline op::RowsCame came(FolderId folder, std::uint32_t first_uid, std::size_t count) {
  op::RowsCame came{.folder = folder, .first_uid = Uid(first_uid)};
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t uid = first_uid + i;
    came.rows.push_back({.letter = LetterId(1000 + uid),
                         .size_bytes = 100 + uid % 7,
                         .received = std::chrono::sys_seconds(std::chrono::seconds(50'000 + uid))});
  }
  return came;
}

/// A folder with the letters 1 to `count`, which came with change 1.
inline Table table_of(std::size_t count, FolderId folder = kInbox) {
  TableBuilder builder(folder);
  builder.apply(ModSeq(1), wall_seconds(10), came(folder, 1, count));
  return builder.freeze(ModSeq(1));
}

inline std::vector<Row> rows_of(const FolderTable& table) {
  std::vector<Row> rows;
  table.for_each([&](std::size_t position, const Row& row) {
    EXPECT_EQ(position, rows.size());
    rows.push_back(row);
  });
  return rows;
}

/// What every table keeps to, whatever was done to it.
inline void expect_well_built(const FolderTable& table) {
  std::size_t position = 0;
  Uid before;
  for (std::size_t i = 0; i < table.page_count(); ++i) {
    const Page& page = table.page(i);
    ASSERT_EQ(table.first_of(i), position);
    ASSERT_LE(page.rows.size(), kMaxPageRows);
    ASSERT_GE(page.rows.size(), i + 1 < table.page_count() ? kMinPageRows : 1);
    bool ordered = true;
    for (const Row& row : page.rows) {
      ordered = ordered && before < row.uid && row.mod_seq <= page.changed;
      before = row.uid;
    }
    ASSERT_TRUE(ordered) << "page " << i;
    position += page.rows.size();
  }
  ASSERT_EQ(table.size(), position);
}

/// The same folder, told in the plainest way.
class PlainFolder {
 public:
  void apply(ModSeq change, WallTime at, const Operation& operation) {
    if (const auto* came = std::get_if<op::RowsCame>(&operation)) {
      std::uint32_t uid = came->first_uid.value();
      for (const auto& row : came->rows) {
        rows_[Uid(uid)] = {.uid = Uid(uid),
                           .size_bytes = row.size_bytes,
                           .shared = row.shared,
                           .letter = row.letter,
                           .flags = row.flags,
                           .mod_seq = change,
                           .received = row.received,
                           .saved = std::chrono::floor<std::chrono::seconds>(at)};
        ++uid;
      }
    } else if (const auto* changed = std::get_if<op::FlagsChanged>(&operation)) {
      for_each(changed->uids, [&](Row& row) {
        const Flags after = edit(row.flags, changed->how, changed->flags);
        if (after != row.flags) row.mod_seq = change;
        row.flags = after;
      });
    } else if (const auto* shared = std::get_if<op::RowsShared>(&operation)) {
      for_each(shared->uids, [](Row& row) { row.shared = true; });
    } else if (const auto* left = std::get_if<op::RowsLeft>(&operation)) {
      for (const UidSet::Range& range : left->uids.ranges()) {
        rows_.erase(rows_.lower_bound(range.first), rows_.upper_bound(range.last));
      }
    } else if (std::holds_alternative<op::FolderDeleted>(operation)) {
      rows_.clear();
    }
  }

  std::vector<Row> rows() const {
    std::vector<Row> out;
    for (const auto& [uid, row] : rows_) out.push_back(row);
    return out;
  }
  CountChange counts() const {
    CountChange counts;
    for (const auto& [uid, row] : rows_) counts.count(row, 1);
    return counts;
  }

 private:
  template <class See>
  void for_each(const UidSet& uids, See see) {
    for (const UidSet::Range& range : uids.ranges()) {
      const auto end = rows_.upper_bound(range.last);
      for (auto at = rows_.lower_bound(range.first); at != end; ++at) see(at->second);
    }
  }

  std::map<Uid, Row> rows_;
};

/// Operations as people would bring them about, and some as only a program would.
class RandomOperations {
 public:
  RandomOperations(FolderId folder, std::uint32_t seed) : folder_(folder), random_(seed) {}

  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }

  UidSet some() {
    UidSet out;
    const std::uint32_t top = next_uid_ + 5;
    switch (below(3)) {
      case 0:
        out.add(Uid(1 + below(top)));
        break;
      case 1: {
        const std::uint32_t first = 1 + below(top);
        out.add({Uid(first), Uid(first + below(1 + top / 3))});
        break;
      }
      default: {
        std::uint32_t uid = 1 + below(top);
        for (std::uint32_t count = below(200); count > 0; --count) {
          out.add({Uid(uid), Uid(uid + below(5))});
          uid += 6 + below(20);
        }
      }
    }
    return out;
  }

  Operation next() {
    const auto how = below(100);
    if (how < 35) {
      op::RowsCame rows = came(folder_, next_uid_, how < 5 ? 1 + below(3000) : 1 + below(4));
      for (auto& row : rows.rows) {
        row.flags = Flags(below(3) == 0 ? below(64) : 0);
        row.shared = below(10) == 0;
        if (below(10) == 0) row.letter = LetterId(1 + below(1000));
      }
      next_uid_ += static_cast<std::uint32_t>(rows.rows.size());
      return rows;
    }
    if (how < 70) {
      return op::FlagsChanged{.folder = folder_,
                              .uids = some(),
                              .how = static_cast<FlagEdit>(below(3)),
                              .flags = Flags(std::uint64_t{1} << below(40))};
    }
    if (how < 75) return op::RowsShared{.folder = folder_, .uids = some()};
    if (how < 77 && below(10) == 0) return op::FolderDeleted{.folder = folder_};
    return op::RowsLeft{.folder = folder_, .uids = some()};
  }

 private:
  FolderId folder_;
  std::mt19937 random_;
  std::uint32_t next_uid_ = 1;
};

}  // namespace pabal::mailbox
