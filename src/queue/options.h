// What an operator decides about the queue. Values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "queue/lane.h"
#include "queue/retry_policy.h"

namespace pabal::queue {

struct QueueOptions {
  std::string host_name = "localhost";  ///< ours, in reports
  RetryPolicy retry;
  LaneOptions lane;
  /// Attempts at a time over all domains of one shard. Half of them at most go to domains to which nothing
  /// got through yet, so that many dead ones together don't delay those that are well.
  std::size_t max_attempts = 200;
  /// A larger letter does not come back whole in a report; its header does.
  std::uint64_t max_returned_bytes = 1024 * 1024;
  /// How long nothing is tried after the store failed.
  std::chrono::seconds store_pause{5};
  /// A domain without letters is forgotten, with what was learned of it, after this long.
  std::chrono::seconds forget_after{10 * 60};
};

}  // namespace pabal::queue
