// Who sleeps until which partition changes: the registry behind Engine::watch, for the engines whose
// commits pass through this process. An engine tells the hub of each commit; the hub wakes the watches
// of that partition, each on its own loop.
//
// watch() and notify() may be called from any thread; a watch itself lives on one loop, and the loop
// and the hub outlive it. A sleeping watch on a partition of its own costs about 200 bytes.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "store/engine.h"

namespace pabal::store {

/// Far beyond what a process with 20,000 descriptors can ask for; at 200 bytes each, 40 MB.
inline constexpr std::size_t kMaxWatches = 200'000;

class WatchHub {
 public:
  explicit WatchHub(std::size_t max_watches = kMaxWatches);
  /// Every watch must be gone.
  ~WatchHub();
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  /// Sees every notify() that comes after this returns. Beyond the bound, a watch whose changed()
  /// answers kOverLimit.
  std::unique_ptr<Watch> watch(const PartitionId& partition);

  /// The partition changed. Engines call it when readers can see the commit and before its caller is
  /// told, so that whoever saw a commit return knows that the watches have been told of it.
  /// Waits for nothing but a short lock.
  void notify(const PartitionId& partition);

  std::size_t size() const { return watches_.load(std::memory_order_relaxed); }

 private:
  class Sleeper;

  // The watches of one partition, as a list through the watches themselves.
  using Partitions = std::unordered_map<PartitionId, Sleeper*>;
  struct Shard {
    std::mutex mutex;
    Partitions partitions;
  };
  // Loops and the committer meet on a shard's lock for well under a microsecond.
  static constexpr std::size_t kShards = 16;

  Shard& shard_of(const PartitionId& partition);

  const std::size_t max_watches_;
  std::atomic<std::size_t> watches_{0};
  std::array<Shard, kShards> shards_;
};

}  // namespace pabal::store
