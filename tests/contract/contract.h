// The contract of store/engine.h as tests that run against every engine: the test files ask only what the
// headers promise, engines.cc knows how each engine is opened. A new engine is a new row there.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::store {

/// One engine, and what it needs around it (a directory, say). Everything goes when it goes.
class EngineHome {
 public:
  virtual ~EngineHome() = default;
  virtual Engine& engine() = 0;
  /// Closes the engine in good order and opens it again. False for an engine that forgets.
  virtual bool reopen() = 0;
};

struct EngineUnderTest {
  const char* name;
  std::unique_ptr<EngineHome> (*make)();
};
std::vector<EngineUnderTest> all_engines();
/// How GoogleTest names it when a test fails.
inline void PrintTo(const EngineUnderTest& engine, std::ostream* out) { *out << engine.name; }
std::string name_of(const ::testing::TestParamInfo<EngineUnderTest>& info);

#define PABAL_CONTRACT_FOR_ALL_ENGINES(suite)                                                  \
  INSTANTIATE_TEST_SUITE_P(Engines, suite, ::testing::ValuesIn(::pabal::store::all_engines()), \
                           ::pabal::store::name_of)

/// An empty engine and a loop to run its calls on, one after the other.
class Contract : public ::testing::TestWithParam<EngineUnderTest> {
 protected:
  Contract();
  ~Contract() override;

  Engine& engine() { return home_->engine(); }
  EngineHome& home() { return *home_; }
  net::Loop& loop() { return loop_; }

  template <class T>
  T run(net::Task<T> task) {
    return loop_.run_until_done(std::move(task));
  }

  // The engine's calls, waited for; a failure that the test does not ask for fails it.
  Result<Version> commit(Batch batch) { return run(engine().commit(std::move(batch))); }
  Version put(const PartitionId& partition, std::string key, std::string value);
  void erase(const PartitionId& partition, std::string key);
  std::optional<Value> get(const PartitionId& partition, std::string key);
  std::vector<std::optional<Value>> get_many(const PartitionId& partition,
                                             const std::vector<std::string>& keys);
  ScanPage scan(const PartitionId& partition, const KeyRange& range, ScanLimits limits = {});
  /// The keys of all pages, in the order in which they came.
  std::vector<std::string> scan_keys(const PartitionId& partition, KeyRange range, ScanLimits limits = {});

  StagedBlob stage(std::string_view bytes, std::size_t piece_bytes = 64 * 1024);
  /// Stores the blob, held by `partition` under `name`.
  BlobId store(const PartitionId& partition, std::string name, std::string_view bytes);
  void hold(const PartitionId& partition, BlobId blob, std::string name);
  void release(const PartitionId& partition, BlobId blob, std::string name);
  std::optional<std::uint64_t> blob_size(BlobId blob);
  Result<std::string> read_blob(BlobId blob, std::uint64_t offset = 0, std::size_t size = std::string::npos);
  SweepReport sweep();

 private:
  SystemClock clock_;
  net::Loop loop_{clock_};
  std::unique_ptr<EngineHome> home_;
};

/// Runs the task that `make` gives for each number below `threads`, each on a thread and loop of its
/// own, and waits for all. What `make` captures outlives the tasks.
void on_threads(int threads, const std::function<net::Task<void>(int)>& make);

/// `size` bytes that differ from seed to seed and do not compress.
std::string noise(std::size_t size, std::uint64_t seed);

void expect_failure(const auto& result, ErrorKind kind) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, kind) << result.error().detail;
  EXPECT_FALSE(result.error().detail.empty());
}

}  // namespace pabal::store
