// Where in their lines a letter's tasks stand: what leads from a letter's id to them.
#pragma once

#include <vector>

#include "base/result.h"
#include "net/task.h"
#include "queue/task.h"
#include "store/engine.h"

namespace pabal::queue {

struct TaskPlace {
  account::DomainName domain;
  LinePlace place;
};

/// In one shard's partition. A task that ended or moved while this read may be told where it was.
net::Task<Result<std::vector<TaskPlace>>> find_places(store::Engine& engine, store::PartitionId shard,
                                                      journey::JourneyId id);

}  // namespace pabal::queue
