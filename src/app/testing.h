// What the tests of this module start from: an embedded engine in memory, and all that admin methods work on.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "account/testing.h"
#include "app/admin.h"
#include "base/random.h"
#include "net/testing.h"
#include "net/worker_pool.h"
#include "store/memory.h"

namespace pabal::app {

class EmbeddedInMemory final : public store::EmbeddedEngine {
 public:
  using Values = std::vector<std::optional<store::Value>>;

  net::Task<Result<Values>> get(const store::PartitionId& partition,
                                std::span<const std::string> keys) override {
    return memory_->get(partition, keys);
  }
  net::Task<Result<store::ScanPage>> scan(const store::PartitionId& partition, const store::KeyRange& range,
                                          store::ScanLimits limits) override {
    return memory_->scan(partition, range, limits);
  }
  net::Task<Result<store::Version>> commit(store::Batch batch) override {
    return memory_->commit(std::move(batch));
  }
  std::unique_ptr<store::Watch> watch(const store::PartitionId& partition) override {
    return memory_->watch(partition);
  }
  std::unique_ptr<store::BlobWriter> new_blob() override { return memory_->new_blob(); }
  net::Task<Result<std::optional<std::uint64_t>>> blob_size(store::BlobId blob) override {
    return memory_->blob_size(blob);
  }
  net::Task<Result<std::string>> read_blob(store::BlobId blob, std::uint64_t offset,
                                           std::size_t size) override {
    return memory_->read_blob(blob, offset, size);
  }
  net::Task<Result<store::SweepReport>> sweep() override {
    ++sweeps;
    if (fail_sweeps) co_return fail(ErrorKind::kRetryLater, "the disk is full");
    co_return co_await memory_->sweep();
  }
  net::Task<Result<void>> backup(std::filesystem::path) override { co_return Result<void>(); }
  store::EmbeddedStats stats() const override { return {.write_failure = write_failure}; }

  int sweeps = 0;
  bool fail_sweeps = false;
  std::string write_failure;

 private:
  std::unique_ptr<store::Engine> memory_ = store::make_memory_engine();
};

/// Keeps what a method sends.
class KeptReply final : public Reply {
 public:
  net::Task<Result<void>> item(Json item) override {
    items.push_back(std::move(item));
    co_return Result<void>();
  }
  net::Task<Result<void>> flush() override { co_return Result<void>(); }
  net::Task<Result<void>> progress(std::string) override { co_return Result<void>(); }
  std::vector<Json> items;
};

class AdminTest : public testing::Test {
 protected:
  Result<Json> call(std::string method, Json params) {
    return sim.run_until_done(admin.execute(std::move(method), std::move(params), reply));
  }

  net::SimulatedLoop sim;
  SeededRandom random{1};
  EmbeddedInMemory store;
  account::CountingHasher hasher;
  net::WorkerPool pool{{.name = "hash", .threads = 1}};
  account::Directory directory{store, sim.clock()};
  account::Credentials credentials{directory, hasher, pool, sim.clock(), random, {.scram_iterations = 4096}};
  journey::Live live{sim.clock()};
  Admin admin{{.clock = sim.clock(),
               .random = random,
               .store = store,
               .directory = directory,
               .credentials = credentials,
               .journeys = &live},
              admin_methods()};
  KeptReply reply;
};

}  // namespace pabal::app
