// Reading the journal after the last checkpoint of the index: what a crash left is found, judged and
// handed on group by group.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "store/rocksdb/apply.h"
#include "store/rocksdb/disk.h"
#include "store/rocksdb/journal.h"

namespace pabal::store {

using GroupSink = std::function<Result<void>(const GroupPlace& place, std::span<const Record> records)>;

struct JournalWalk {
  JournalEnd end;
  std::uint64_t groups = 0;
  bool torn = false;                  ///< a group that was never whole stands at the end
  std::vector<SegmentId> unfinished;  ///< segments after the end that can't be used
};

/// Hands every whole group from `from` on to `sink`, in order. kCorrupt, with file and offset, if a group
/// that was acknowledged can't be read. Changes nothing.
Result<JournalWalk> walk_journal(const std::string& directory, const Disk& disk, const Applied& from,
                                 const GroupSink& sink);

/// Hands every group of one closed segment to `sink`. kCorrupt if something else stands among them.
Result<void> for_each_group(std::shared_ptr<const ReadableFile> file, SegmentId id, const GroupSink& sink);

/// Cuts off a torn group and removes what is of no use, so that the journal may go on at walk.end.
Result<void> tidy_journal(const std::string& directory, const Disk& disk, const JournalWalk& walk);

/// Whether a segment whose header can't be read never held a group.
Result<bool> never_used(const ReadableFile& file);

/// For a store whose index knows of no group yet: whether a crash came before its first segment was made.
Result<bool> has_no_journal(const std::string& directory, const Disk& disk);

/// Where a new store's journal begins.
Applied journal_start();

}  // namespace pabal::store
