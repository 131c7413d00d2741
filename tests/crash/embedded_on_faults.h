// The embedded engine on a file system that can fail, with committers who note what they were promised.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "fault_file_system.h"
#include "net/loop.h"
#include "store/embedded.h"
#include "store/rocksdb/open.h"
#include "support/scratch_directory.h"
#include "workload.h"

namespace pabal::store {

class EmbeddedOnFaults {
 public:
  EmbeddedOnFaults(std::uint64_t seed, std::size_t committers);

  FaultFileSystem& files() { return *files_; }
  Ledger& ledger() { return ledger_; }
  EmbeddedEngine& engine() { return *engine_; }
  net::Loop& loop() { return loop_; }
  std::string directory() const { return scratch_.path() + "/store"; }

  Result<void> open();
  void close() { engine_.reset(); }

  /// All committers side by side, each until its step fails or `steps` more are done. The failures.
  std::vector<Error> commit(std::uint64_t steps);
  CheckReport check();
  /// What verify_embedded finds, its own failure included; the engine must be closed. Nothing while the store
  /// was never made whole.
  std::vector<std::string> verify() const;

  template <class T>
  T run(net::Task<T> task) {
    return loop_.run_until_done(std::move(task));
  }

 private:
  ScratchDirectory scratch_{"store-faults"};
  std::shared_ptr<FaultFileSystem> files_ = std::make_shared<FaultFileSystem>(scratch_.path());
  Ledger ledger_;
  SystemClock clock_;
  net::Loop loop_{clock_};
  std::unique_ptr<EmbeddedEngine> engine_;
};

}  // namespace pabal::store
