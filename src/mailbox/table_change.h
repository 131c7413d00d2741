// From a table to the next: applies operations of the log. For a change, which shares all pages that it does
// not touch; and for loading a folder, which replays the log over stored pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "mailbox/folder.h"
#include "mailbox/folder_table.h"
#include "mailbox/log_ops.h"
#include "mailbox/page_codec.h"

namespace pabal::mailbox {

/// How a folder's counts move with a change.
struct CountChange {
  std::int64_t letters = 0;
  std::int64_t unseen = 0;
  std::int64_t deleted = 0;
  std::int64_t bytes = 0;
  std::int64_t deleted_bytes = 0;

  void count(const Row& row, int times);
  void add_to(Folder& folder) const;
  bool operator==(const CountChange&) const = default;
};

/// What an operation did.
struct Applied {
  UidSet uids;  ///< of the rows that came, left, or are otherwise now
  CountChange counts;
};

/// A table in the making. One thread at a time; costs what is touched, not the size of the table.
class TableBuilder {
 public:
  /// Of a folder without letters.
  explicit TableBuilder(FolderId folder);
  explicit TableBuilder(const FolderTable& base);
  /// From all stored pages of the folder, in any order, also those that an unfinished checkpoint left
  /// (plan_pages). Then each record after the checkpoint has to be replayed, in order: an operation goes
  /// past the pages that already have it.
  TableBuilder(FolderId folder, std::vector<StoredPage> pages);
  ~TableBuilder();
  TableBuilder(TableBuilder&&) noexcept;
  TableBuilder& operator=(TableBuilder&&) noexcept;

  /// Operations on other folders do nothing. `at` is the record's.
  Applied apply(ModSeq change, WallTime at, const Operation& operation);
  void replay(const LogRecord& record);

  /// The table as of `mod_seq`, or of its youngest stored page. The builder can go on from there.
  Table freeze(ModSeq mod_seq);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One operation, or one record, at once.
Table next_table(const Table& table, ModSeq change, WallTime at, const Operation& operation,
                 Applied* applied = nullptr);
Table next_table(const Table& table, const LogRecord& record);

}  // namespace pabal::mailbox
