// The checker must be able to fail: each of these is a store that is wrong in one way.
#include "workload.h"

#include <gtest/gtest.h>

#include "net/testing.h"
#include "store/memory.h"

namespace pabal::store {
namespace {

class Workload : public ::testing::Test {
 protected:
  Workload() {
    ledger_.seed = 7;
    ledger_.committers = 3;
    for (std::size_t i = 0; i < ledger_.committers; ++i) {
      std::uint64_t steps = 0;
      EXPECT_TRUE(sim_.run_until_done(take_steps(*engine_, ledger_, i, [&steps] { return ++steps <= 100; })));
    }
  }

  std::vector<std::string> faults() { return sim_.run_until_done(check_against(ledger_, *engine_)).faults; }
  void commit(Batch batch) { ASSERT_TRUE(sim_.run_until_done(engine_->commit(std::move(batch)))); }
  std::string a_record() {
    const auto page = sim_.run_until_done(
        engine_->scan(PartitionId("partition 1"), KeyRange::with_prefix("record/"), {.max_entries = 1}));
    return std::string((*page)[0].key);
  }

  net::SimulatedLoop sim_;
  std::unique_ptr<Engine> engine_ = make_memory_engine();
  Ledger ledger_;
};

TEST_F(Workload, AStoreThatKeptAllHasNoFault) {
  EXPECT_EQ(faults(), std::vector<std::string>{});
  ASSERT_TRUE(sim_.run_until_done(engine_->sweep()));
  EXPECT_EQ(faults(), std::vector<std::string>{});
}

TEST_F(Workload, AStepNobodyWasToldOfIsFine) {
  ledger_.of[1].acknowledged = 99;
  ledger_.of[1].version = 1;
  EXPECT_EQ(faults(), std::vector<std::string>{});
  EXPECT_EQ(ledger_.of[1].acknowledged, 100u);
}

TEST_F(Workload, AnAcknowledgedStepThatIsMissingIsAFault) {
  ledger_.of[1].attempted = 101;
  ledger_.of[1].acknowledged = 101;
  EXPECT_FALSE(faults().empty());
}

TEST_F(Workload, AStepUnderAnotherVersionIsAFault) {
  ledger_.of[1].version = ledger_.of[1].version + 1;
  EXPECT_FALSE(faults().empty());
}

TEST_F(Workload, AStepThatWasNeverTriedIsAFault) {
  ledger_.of[1].attempted = 99;
  ledger_.of[1].acknowledged = 99;
  EXPECT_FALSE(faults().empty());
}

TEST_F(Workload, AMissingKeyIsAFault) {
  Batch batch(PartitionId("partition 1"));
  batch.erase(a_record());
  commit(std::move(batch));
  EXPECT_FALSE(faults().empty());
}

TEST_F(Workload, AChangedKeyIsAFault) {
  Batch batch(PartitionId("partition 1"));
  batch.put(a_record(), "other");
  commit(std::move(batch));
  EXPECT_FALSE(faults().empty());
}

TEST_F(Workload, AStrayKeyIsAFault) {
  Batch batch(PartitionId("partition 1"));
  batch.put("record/01/00000003/0", "erased long ago");
  commit(std::move(batch));
  EXPECT_FALSE(faults().empty());
}

TEST_F(Workload, ALostBlobIsAFault) {
  const auto report = sim_.run_until_done(check_against(ledger_, *engine_));
  ASSERT_FALSE(report.live_blobs.empty());
  const auto page = sim_.run_until_done(
      engine_->scan(PartitionId("partition 0"), KeyRange::with_prefix("record/"), {.max_entries = 1000}));
  Batch batch(PartitionId("partition 0"));
  for (std::size_t i = 0; i < page->size(); ++i) {
    for (const BlobId& blob : report.live_blobs) batch.release(blob, std::string((*page)[i].key));
  }
  commit(std::move(batch));
  ASSERT_TRUE(sim_.run_until_done(engine_->sweep()));
  EXPECT_FALSE(faults().empty());
}

}  // namespace
}  // namespace pabal::store
