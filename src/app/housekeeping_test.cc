#include "app/housekeeping.h"

#include <gmock/gmock.h>

#include "app/testing.h"
#include "base/log_writer.h"
#include "net/scope.h"

namespace pabal::app {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

class HousekeepingTest : public AdminTest {
 protected:
  void SetUp() override { duties.spawn(housekeeping.run({})); }
  void TearDown() override {
    duties.cancel();
    sim.run_until_done(duties.join());
  }
  void let_pass(std::chrono::nanoseconds time) {
    sim.run_until_done(net::sleep_until(sim.loop().in(time)));
    sim.settle();
  }
  std::string logged() {
    writer.flush();
    return log.text();
  }

  MemoryLog log;
  LogWriter writer{{}, log.make_sink(), sim.clock()};
  Metrics metrics;
  Housekeeping housekeeping{store, directory, pool, Logger(writer), metrics, 1h};
  net::Scope duties{sim.loop()};
};

TEST_F(HousekeepingTest, SweepsAtItsInterval) {
  let_pass(59min);
  EXPECT_EQ(store.sweeps, 0);
  let_pass(2min);
  EXPECT_EQ(store.sweeps, 1);
  store.fail_sweeps = true;
  let_pass(1h);
  EXPECT_EQ(store.sweeps, 2);
  EXPECT_THAT(logged(), HasSubstr("the disk is full"));
  housekeeping.set_sweep_interval(1min);
  let_pass(1h + 1min);  // the one under way keeps its time
  EXPECT_GE(store.sweeps, 3);
}

TEST_F(HousekeepingTest, SaysOnceThatTheStoreRefusesWrites) {
  let_pass(kHealthInterval);
  EXPECT_THAT(logged(), Not(HasSubstr("refuses")));
  store.write_failure = "no room";
  let_pass(10 * kHealthInterval);
  store.write_failure.clear();
  let_pass(kHealthInterval);
  const std::string text = logged();
  EXPECT_THAT(text, HasSubstr("no room"));
  EXPECT_EQ(text.find("the store refuses"), text.rfind("the store refuses"));
  EXPECT_THAT(text, HasSubstr("accepts writes again"));
}

}  // namespace
}  // namespace pabal::app
