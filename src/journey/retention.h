// Forgets what is old: journeys that ended well after a week, the others after a month, and the index of days
// of which nothing is left. In bounded batches, so that a sweep holds up nobody.
//
// One loop; beside everything else.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::journey {

struct RetentionOptions {
  std::chrono::hours successes = std::chrono::days(7);
  /// Of what failed, was refused or dropped, or still waits. Not less than successes.
  std::chrono::hours failures = std::chrono::days(30);
};

struct Forgotten {
  std::uint64_t entries = 0;
  std::uint64_t tokens = 0;  ///< of the resend guard
  std::uint64_t index_rows = 0;
};

class Retention {
 public:
  /// The engine must outlive it.
  Retention(store::Engine& engine, RetentionOptions options);

  /// What is too old in one partition: entries of journeys, and tokens against letters sent again. A
  /// journey's age counts from its last event there.
  net::Task<Result<Forgotten>> sweep(store::PartitionId partition, WallTime now);
  /// The index of days whose letters are all forgotten, even those that were under way for long.
  net::Task<Result<Forgotten>> sweep_index(WallTime now);

 private:
  struct OneJourney;
  net::Task<Result<std::uint64_t>> sweep_entries(store::PartitionId partition, WallTime now);
  net::Task<Result<std::uint64_t>> erase_range(store::PartitionId partition, store::KeyRange range);
  net::Task<Result<void>> erase(store::PartitionId partition, std::vector<std::string> keys);
  bool may_go(const OneJourney& journey, WallTime now) const;

  store::Engine& engine_;
  const RetentionOptions options_;
};

}  // namespace pabal::journey
