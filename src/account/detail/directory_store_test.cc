#include "account/detail/directory_store.h"

#include <vector>

#include "account/testing.h"

namespace pabal::account {
namespace {

using detail::RecordCache;

TEST(RecordCache, ServesNothingUntilEnabled) {
  RecordCache cache(10'000);
  const std::vector<std::string> keys{"a"};
  cache.put_all(cache.generation(), keys, {"1"});
  EXPECT_FALSE(cache.find_all(keys));
  cache.set_enabled(true);
  EXPECT_FALSE(cache.find_all(keys));
  cache.put_all(cache.generation(), keys, {"1"});
  EXPECT_EQ(cache.find_all(keys)->at(0), "1");
}

TEST(RecordCache, KeepsAbsenceToo) {
  RecordCache cache(10'000);
  cache.set_enabled(true);
  const std::vector<std::string> keys{"a", "b"};
  cache.put_all(cache.generation(), keys, {"1", std::nullopt});
  ASSERT_TRUE(cache.find_all(keys));
  EXPECT_EQ(cache.find_all(keys)->at(1), std::nullopt);
  EXPECT_FALSE(cache.find_all(std::vector<std::string>{"a", "c"}));
}

TEST(RecordCache, DropsWhatWasReadBeforeAChange) {
  RecordCache cache(10'000);
  cache.set_enabled(true);
  const std::vector<std::string> keys{"a"};
  const auto before = cache.generation();
  cache.clear();
  cache.put_all(before, keys, {"old"});
  EXPECT_FALSE(cache.find_all(keys));
}

TEST(RecordCache, ForgetsTheLongestUnused) {
  RecordCache cache(1000);  // room for six small records
  cache.set_enabled(true);
  for (int i = 0; i < 100; ++i) {
    cache.put_all(cache.generation(), std::vector{std::to_string(i)}, {"x"});
    cache.find_all(std::vector<std::string>{"0"});
  }
  EXPECT_TRUE(cache.find_all(std::vector<std::string>{"0"}));
  EXPECT_TRUE(cache.find_all(std::vector<std::string>{"99"}));
  EXPECT_FALSE(cache.find_all(std::vector<std::string>{"50"}));
}

/// Counts what reaches the engine.
class CountingEngine final : public store::Engine {
 public:
  explicit CountingEngine(store::Engine& below) : below_(below) {}
  net::Task<Result<std::vector<std::optional<store::Value>>>> get(
      const store::PartitionId& partition, std::span<const std::string> keys) override {
    ++gets;
    return below_.get(partition, keys);
  }
  net::Task<Result<store::ScanPage>> scan(const store::PartitionId& partition, const store::KeyRange& range,
                                          store::ScanLimits limits) override {
    return below_.scan(partition, range, limits);
  }
  net::Task<Result<store::Version>> commit(store::Batch batch) override {
    return below_.commit(std::move(batch));
  }
  std::unique_ptr<store::Watch> watch(const store::PartitionId& partition) override {
    return below_.watch(partition);
  }
  std::unique_ptr<store::BlobWriter> new_blob() override { return below_.new_blob(); }
  net::Task<Result<std::optional<std::uint64_t>>> blob_size(store::BlobId blob) override {
    return below_.blob_size(blob);
  }
  net::Task<Result<std::string>> read_blob(store::BlobId blob, std::uint64_t offset,
                                           std::size_t size) override {
    return below_.read_blob(blob, offset, size);
  }
  net::Task<Result<store::SweepReport>> sweep() override { return below_.sweep(); }

  int gets = 0;

 private:
  store::Engine& below_;
};

net::Task<void> follow(Directory& directory) {
  const auto ended = co_await directory.follow_changes();
  EXPECT_EQ(ended.error().kind, ErrorKind::kCancelled);
}

net::Task<Result<void>> put(DirectoryStore& store, std::string key, std::string value) {
  Edit edit(store);
  PABAL_CO_TRY_VOID(co_await edit.read(key));
  edit.put(key, value);
  co_return co_await edit.commit();
}

net::Task<Result<void>> contradict(DirectoryStore& store, bool other_writes) {
  Edit edit(store);
  PABAL_CO_TRY_VOID(co_await edit.read("a"));
  PABAL_CO_TRY_VOID(co_await edit.read("b"));
  if (other_writes) PABAL_CO_TRY_VOID(co_await put(store, "b", "2"));
  co_return co_await edit.contradiction("a is not b");
}

TEST_F(DirectoryTest, BlamesTheStoreOnlyForWhatIsStillThere) {
  must(put(directory_.store(), "a", "1"));
  EXPECT_EQ(run(contradict(directory_.store(), true)).error().kind, ErrorKind::kConflict);
  EXPECT_EQ(run(contradict(directory_.store(), false)).error().kind, ErrorKind::kCorrupt);
}

class DirectoryCacheTest : public DirectoryTest {
 protected:
  bool is_local(std::string_view text) {
    return std::holds_alternative<LocalRecipient>(must(cached_.resolve(address(text))));
  }

  CountingEngine counting_{*engine_};
  Directory cached_{counting_, sim_.clock()};
};

TEST_F(DirectoryCacheTest, ServesOnlyWhileItFollows) {
  must(directory_.add_domain(domain("example.org")));
  add_account("bob@example.org");
  EXPECT_TRUE(is_local("bob@example.org"));
  EXPECT_TRUE(is_local("bob@example.org"));
  const int uncached = counting_.gets;
  EXPECT_EQ(uncached, 4);  // two reads each

  net::Scope scope(sim_.loop());
  scope.spawn(follow(cached_));
  EXPECT_TRUE(is_local("bob@example.org"));
  const int filled = counting_.gets;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(is_local("bob@example.org"));
  EXPECT_EQ(counting_.gets, filled);

  scope.cancel();
  run(scope.join());
  EXPECT_TRUE(is_local("bob@example.org"));
  EXPECT_EQ(counting_.gets, filled + 2);
}

TEST_F(DirectoryCacheTest, SeesWhatOthersChange) {
  must(directory_.add_domain(domain("example.org")));
  net::Scope scope(sim_.loop());
  scope.spawn(follow(cached_));
  EXPECT_FALSE(is_local("bob@example.org"));
  EXPECT_FALSE(is_local("bob@example.org"));
  const AccountId bob = add_account("bob@example.org");  // through the other directory
  sim_.settle();
  EXPECT_TRUE(is_local("bob@example.org"));
  must(directory_.remove_account(bob));
  sim_.settle();
  EXPECT_FALSE(is_local("bob@example.org"));
  scope.cancel();
  run(scope.join());
}

TEST_F(DirectoryCacheTest, SeesItsOwnChangesAtOnce) {
  net::Scope scope(sim_.loop());
  scope.spawn(follow(cached_));
  EXPECT_FALSE(is_local("bob@example.org"));
  must(cached_.add_domain(domain("example.org")));
  EXPECT_FALSE(is_local("bob@example.org"));
  must(cached_.add_account({.login = address("bob@example.org")}));
  EXPECT_TRUE(is_local("bob@example.org"));
  scope.cancel();
  run(scope.join());
}

}  // namespace
}  // namespace pabal::account
