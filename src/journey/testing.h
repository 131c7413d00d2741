// What the tests of journeys start from: an engine in memory, and an index that knows two partitions.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "journey/index.h"
#include "journey/live.h"
#include "journey/store_journal.h"
#include "net/scope.h"
#include "net/testing.h"
#include "store/memory.h"

namespace pabal::journey {

class ListedPlaces final : public Places {
 public:
  explicit ListedPlaces(std::vector<store::PartitionId> all) : partitions(std::move(all)) {}
  // One at a time, so that whoever asks once is found out.
  net::Task<Result<std::vector<store::PartitionId>>> list(std::optional<store::PartitionId> after) override {
    std::ranges::sort(partitions);
    for (const store::PartitionId& each : partitions) {
      if (!after || each > *after) co_return std::vector{each};
    }
    co_return std::vector<store::PartitionId>();
  }
  std::vector<store::PartitionId> partitions;
};

class JourneyTest : public testing::Test {
 protected:
  ~JourneyTest() override {
    duties.cancel();
    sim.run_until_done(duties.join());
  }

  void start_index() { duties.spawn(index.run()); }
  /// The index gathers for a moment what it puts.
  void wait_for_index() const {
    sim.run_until_done(net::sleep_until(sim.loop().in(std::chrono::seconds(1))));
  }

  Result<store::Version> keep(const store::PartitionId& partition, const Entry& entry) {
    store::Batch batch(partition);
    journal.write(batch, entry);
    auto committed = sim.run_until_done(engine->commit(std::move(batch)));
    if (committed) journal.committed(partition, entry);
    return committed;
  }

  Event event(Stage stage) const { return {.at = sim.clock().wall(), .stage = stage}; }

  mutable net::SimulatedLoop sim;
  SeededRandom random{1};
  std::unique_ptr<store::Engine> engine = store::make_memory_engine();
  const store::PartitionId bob{"account bob"};
  const store::PartitionId queue{"queue 3"};
  ListedPlaces places{{bob, queue}};
  Index index{*engine, places};
  Live live{sim.clock()};
  StoreJournal journal{sim.clock(), random, index, live};
  net::Scope duties{sim.loop()};
};

}  // namespace pabal::journey
