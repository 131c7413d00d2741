// By what a letter's journey is found again: its id, its message-id, its sender and recipients, and when it
// came. Filled right after the commits that it is about, by one coroutine that takes whatever is there, so
// that a busy server pays for few commits. It says nothing that the entries do not say; what it missed (a
// crash, a queue that was full) is read again from them.
//
// add() from any thread; the rest on one loop.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/lru_map.h"
#include "base/result.h"
#include "journey/detail/inbox.h"
#include "journey/index_rows.h"
#include "journey/journal.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::journey {

/// Knows the partitions in which letters' journeys lie: accounts and queues.
class Places {
 public:
  virtual ~Places() = default;
  /// Some of them, from the one after `after` on; from the first on for none. Empty: there are no more.
  virtual net::Task<Result<std::vector<store::PartitionId>>> list(
      std::optional<store::PartitionId> after) = 0;
};

/// More wait only while the disk stands still for seconds; then the index is behind, and catches up by
/// reading.
inline constexpr std::size_t kMaxUnindexed = 20'000;

class Index {
 public:
  /// All must outlive it.
  Index(store::Engine& engine, Places& places, Logger log = {});

  /// Remembers to index an entry that is durable. Waits for nothing.
  void add(JourneyId id, const store::PartitionId& partition, Terms terms);

  /// Puts what was added, until cancelled.
  net::Task<void> run();

  /// Reads all partitions' journeys of letters that came since then, and puts what the index lacks. The
  /// server calls it at its start with the last minutes, which a crash may have kept out.
  net::Task<Result<void>> rebuild_since(WallTime since);

 private:
  struct Pending {
    JourneyId id;
    store::PartitionId partition;
    Terms terms;
  };

  net::Task<Result<void>> put(std::deque<Pending> pending);
  net::Task<Result<void>> put_some(Day day, std::vector<std::string> rows);
  net::Task<Result<void>> rebuild(const store::PartitionId& partition, JourneyId first);
  net::Task<Result<void>> put_missing(const store::PartitionId& partition, const store::ScanPage& page);
  net::Task<Result<void>> close_gap();
  void note_gap(JourneyId id);
  bool has_gap();

  store::Engine& engine_;
  Places& places_;
  const Logger log_;
  detail::Inbox<Pending> inbox_{kMaxUnindexed};
  LruMap<std::string, bool> put_lately_;  // places, so that a letter's later entries cost nothing
  std::set<Day> known_days_;
  std::mutex gap_mutex_;
  std::optional<JourneyId> gap_;  // the earliest of which something is missing
};

}  // namespace pabal::journey
