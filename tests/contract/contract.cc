#include "contract.h"

#include <thread>
#include <utility>

#include "base/random.h"

namespace pabal::store {

Contract::Contract() : home_(GetParam().make()) {}
Contract::~Contract() = default;

std::string name_of(const ::testing::TestParamInfo<EngineUnderTest>& info) { return info.param.name; }

namespace {

template <class T>
T value_or_fail(Result<T> result, const char* call) {
  if (result) return *std::move(result);
  ADD_FAILURE() << call << ": " << to_string(result.error().kind) << ": " << result.error().detail;
  return T{};
}

net::Task<Result<StagedBlob>> write_all(Engine& engine, std::string_view bytes, std::size_t piece_bytes) {
  const auto writer = engine.new_blob();
  for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
    PABAL_CO_TRY_VOID(co_await writer->write(bytes.substr(at, piece_bytes)));
  }
  co_return co_await writer->finish();
}

}  // namespace

Version Contract::put(const PartitionId& partition, std::string key, std::string value) {
  Batch batch(partition);
  batch.put(std::move(key), std::move(value));
  return value_or_fail(commit(std::move(batch)), "put");
}

void Contract::erase(const PartitionId& partition, std::string key) {
  Batch batch(partition);
  batch.erase(std::move(key));
  value_or_fail(commit(std::move(batch)), "erase");
}

std::optional<Value> Contract::get(const PartitionId& partition, std::string key) {
  return value_or_fail(run(engine().get_one(partition, std::move(key))), "get_one");
}

std::vector<std::optional<Value>> Contract::get_many(const PartitionId& partition,
                                                     const std::vector<std::string>& keys) {
  return value_or_fail(run(engine().get(partition, keys)), "get");
}

ScanPage Contract::scan(const PartitionId& partition, const KeyRange& range, ScanLimits limits) {
  return value_or_fail(run(engine().scan(partition, range, limits)), "scan");
}

std::vector<std::string> Contract::scan_keys(const PartitionId& partition, KeyRange range,
                                             ScanLimits limits) {
  std::vector<std::string> keys;
  for (;;) {
    const ScanPage page = scan(partition, range, limits);
    for (std::size_t i = 0; i < page.size(); ++i) keys.emplace_back(page[i].key);
    if (!page.next() || HasFailure()) return keys;
    range = *page.next();
  }
}

StagedBlob Contract::stage(std::string_view bytes, std::size_t piece_bytes) {
  return value_or_fail(run(write_all(engine(), bytes, piece_bytes)), "writing a blob");
}

BlobId Contract::store(const PartitionId& partition, std::string name, std::string_view bytes) {
  StagedBlob staged = stage(bytes);
  const BlobId id = staged.id;
  Batch batch(partition);
  batch.attach(std::move(staged));
  batch.hold(id, std::move(name));
  value_or_fail(commit(std::move(batch)), "storing a blob");
  return id;
}

void Contract::hold(const PartitionId& partition, BlobId blob, std::string name) {
  Batch batch(partition);
  batch.hold(blob, std::move(name));
  value_or_fail(commit(std::move(batch)), "hold");
}

void Contract::release(const PartitionId& partition, BlobId blob, std::string name) {
  Batch batch(partition);
  batch.release(blob, std::move(name));
  value_or_fail(commit(std::move(batch)), "release");
}

std::optional<std::uint64_t> Contract::blob_size(BlobId blob) {
  return value_or_fail(run(engine().blob_size(blob)), "blob_size");
}

Result<std::string> Contract::read_blob(BlobId blob, std::uint64_t offset, std::size_t size) {
  return run(engine().read_blob(blob, offset, size));
}

SweepReport Contract::sweep() { return value_or_fail(run(engine().sweep()), "sweep"); }

void on_threads(int threads, const std::function<net::Task<void>(int)>& make) {
  const SystemClock clock;
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&clock, &make, i] {
      net::Loop loop(clock);
      loop.run_until_done(make(i));
    });
  }
  for (std::thread& thread : running) thread.join();
}

std::string noise(std::size_t size, std::uint64_t seed) { return SeededRandom(seed).bytes(size); }

}  // namespace pabal::store
