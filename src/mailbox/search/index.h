// The index as searches read it: which letters of an account may have a text. What it leaves out does not
// have it; what it names must be looked at, and so must all letters that are not indexed yet.
//
// Any loop's thread may call; calls wait for the store. A search beside a merge sees one or the other.
// Failures, beside the store's own: kCorrupt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "mailbox/ids.h"
#include "mailbox/search/index_records.h"
#include "mailbox/search/needles.h"
#include "mailbox/search/postings.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::mailbox::search {

/// Letters that may have what was looked for.
class Candidates {
 public:
  /// All of them.
  Candidates() = default;
  /// Of the letters up to `through` only those in these blocks, which are ascending.
  Candidates(LetterId through, std::span<const Block> blocks);

  bool all() const { return all_; }
  /// Letters behind this one are not indexed.
  LetterId through() const { return through_; }
  bool may_have(LetterId letter) const {
    if (all_ || letter > through_) return true;
    const Block block = block_of(letter);
    return block < blocks_.size() && blocks_[block];
  }
  /// How many blocks of the indexed letters are among them.
  std::size_t block_count() const { return block_count_; }

 private:
  bool all_ = true;
  LetterId through_;
  std::vector<bool> blocks_;  ///< by number; up to the last one
  std::size_t block_count_ = 0;
};

class Index {
 public:
  /// The engine outlives the index.
  explicit Index(store::Engine& engine) : engine_(engine) {}

  net::Task<Result<Candidates>> find(store::PartitionId partition, Needle needle) const;

 private:
  class Lookup;
  store::Engine& engine_;
};

/// The state of an account's index; an empty one if there is none yet.
net::Task<Result<IndexState>> load_index_state(store::Engine& engine, const store::PartitionId& partition);

}  // namespace pabal::mailbox::search
