// Several loops on several threads at one engine: nothing is lost, nothing is seen half.
#include <atomic>

#include "base/random.h"
#include "contract.h"
#include "net/scope.h"

namespace pabal::store {
namespace {

const PartitionId kAlice("alice");
constexpr int kThreads = 8;

class ConcurrencyContract : public Contract {};
PABAL_CONTRACT_FOR_ALL_ENGINES(ConcurrencyContract);

std::uint64_t number_in(const std::optional<Value>& value) { return value ? std::stoull(value->bytes) : 0; }

net::Task<void> increment(Engine& engine, PartitionId partition, int times, std::atomic<int>& conflicts) {
  while (times > 0) {
    const auto current = co_await engine.get_one(partition, "counter");
    EXPECT_TRUE(current);
    if (!current) co_return;
    Batch batch(partition);
    if (*current) {
      batch.expect("counter", (*current)->version);
    } else {
      batch.expect_absent("counter");
    }
    batch.put("counter", std::to_string(number_in(*current) + 1));
    const auto committed = co_await engine.commit(std::move(batch));
    if (committed) {
      --times;
    } else {
      EXPECT_EQ(committed.error().kind, ErrorKind::kConflict) << committed.error().detail;
      if (committed.error().kind != ErrorKind::kConflict) co_return;
      ++conflicts;
    }
  }
}

TEST_P(ConcurrencyContract, NoIncrementIsLost) {
  std::atomic<int> conflicts = 0;
  on_threads(kThreads, [&](int) { return increment(engine(), kAlice, 100, conflicts); });
  EXPECT_EQ(number_in(get(kAlice, "counter")), kThreads * 100u);
}

net::Task<void> increment_many(Engine& engine, std::atomic<int>& conflicts) {
  net::Scope scope(*(co_await net::current_context()).loop);
  for (int i = 0; i < 10; ++i) scope.spawn(increment(engine, kAlice, 10, conflicts));
  co_await scope.join();
}

TEST_P(ConcurrencyContract, NoIncrementIsLostAmongCoroutinesOfOneLoop) {
  std::atomic<int> conflicts = 0;
  run(increment_many(engine(), conflicts));
  EXPECT_EQ(number_in(get(kAlice, "counter")), 100u);
  EXPECT_GT(conflicts, 0) << "the commits did not overlap, so this proved nothing";
}

// The key goes away and comes back all the time; whoever deletes it has won a round.
net::Task<void> create_and_delete(Engine& engine, std::atomic<int>& created, std::atomic<int>& deleted) {
  for (int i = 0; i < 150; ++i) {
    const auto current = co_await engine.get_one(kAlice, "token");
    EXPECT_TRUE(current);
    if (!current) co_return;
    Batch batch(kAlice);
    if (*current) {
      batch.expect("token", (*current)->version);
      batch.erase("token");
    } else {
      batch.expect_absent("token");
      batch.put("token", "same bytes every time");
    }
    if (co_await engine.commit(std::move(batch))) ++(*current ? deleted : created);
  }
}

TEST_P(ConcurrencyContract, ATokenIsNeverTakenTwice) {
  std::atomic<int> created = 0;
  std::atomic<int> deleted = 0;
  on_threads(kThreads, [&](int) { return create_and_delete(engine(), created, deleted); });
  EXPECT_EQ(created - deleted, get(kAlice, "token") ? 1 : 0);
  EXPECT_GT(deleted, 0);
}

// Four keys always hold the same number; whoever reads two different ones saw half a commit.
constexpr const char* kQuartet[] = {"a", "m", "m2", "z"};

net::Task<void> write_quartets(Engine& engine, int times, std::atomic<int>& writing) {
  for (int i = 1; i <= times; ++i) {
    Batch batch(kAlice);
    for (const char* key : kQuartet) batch.put(key, fmt::format("{}", i) + std::string(2000, 'x'));
    EXPECT_TRUE(co_await engine.commit(std::move(batch)));
  }
  --writing;
}

net::Task<void> read_quartets(Engine& engine, std::atomic<int>& writing) {
  const std::vector<std::string> keys(std::begin(kQuartet), std::end(kQuartet));
  Version last;
  while (writing > 0) {
    const auto values = co_await engine.get(kAlice, keys);
    EXPECT_TRUE(values);
    if (!values) co_return;
    for (const auto& value : *values) {
      EXPECT_EQ(value.has_value(), values->front().has_value());
      if (!value) continue;
      EXPECT_EQ(value->version, values->front()->version);
      EXPECT_EQ(value->bytes, values->front()->bytes);
      EXPECT_GE(value->version, last) << "time went backwards";
      last = value->version;
    }
    const auto page = co_await engine.scan(kAlice, {}, {.reverse = last.value() % 2 == 0});
    EXPECT_TRUE(page);
    if (!page || page->empty()) continue;
    EXPECT_EQ(page->size(), std::size(kQuartet));
    for (std::size_t i = 0; i < page->size(); ++i) {
      EXPECT_EQ((*page)[i].version, (*page)[0].version);
      EXPECT_EQ((*page)[i].value, (*page)[0].value);
    }
    EXPECT_GE((*page)[0].version, last);
  }
}

TEST_P(ConcurrencyContract, AGetAndAPageShowOneMoment) {
  std::atomic<int> writing = 2;
  on_threads(4, [&](int i) {
    return i < 2 ? write_quartets(engine(), 300, writing) : read_quartets(engine(), writing);
  });
}

// What a commit returned can be read at once, by its own writer.
net::Task<void> read_own_writes(Engine& engine, int thread) {
  const std::string key = fmt::format("key {}", thread);
  for (int i = 0; i < 200; ++i) {
    Batch batch(kAlice);
    batch.put(key, std::to_string(i));
    const auto version = co_await engine.commit(std::move(batch));
    EXPECT_TRUE(version);
    const auto value = co_await engine.get_one(kAlice, key);
    EXPECT_TRUE(value && *value);
    if (!version || !value || !*value) co_return;
    EXPECT_EQ((*value)->bytes, std::to_string(i));
    EXPECT_EQ((*value)->version, *version);
  }
}

TEST_P(ConcurrencyContract, EveryWriterReadsItsOwnWrites) {
  on_threads(kThreads, [&](int i) { return read_own_writes(engine(), i); });
  EXPECT_EQ(scan_keys(kAlice, {}).size(), std::size_t{kThreads});
}

net::Task<void> page_through(Engine& engine, std::atomic<int>& writing) {
  bool once_more = true;  // at least once, and once after the writers ended
  while (once_more) {
    once_more = writing > 0;
    std::optional<KeyRange> rest = KeyRange::with_prefix("stable");
    int seen = 0;
    while (rest) {
      const auto page = co_await engine.scan(kAlice, *rest, {.max_entries = 7});
      EXPECT_TRUE(page);
      if (!page) co_return;
      for (std::size_t i = 0; i < page->size(); ++i) {
        if ((*page)[i].key.ends_with("!")) continue;
        EXPECT_EQ((*page)[i].key, fmt::format("stable{:03}", seen));
        ++seen;
      }
      rest = page->next();
    }
    EXPECT_EQ(seen, 100);
  }
}

net::Task<void> churn_between(Engine& engine, int thread, std::atomic<int>& writing) {
  SeededRandom random(thread);
  for (int i = 0; i < 200; ++i) {
    Batch batch(kAlice);
    const std::string key = fmt::format("stable{:03}!", random.below(100));
    if (random.below(2) == 0) {
      batch.put(key, "x");
    } else {
      batch.erase(key);
    }
    EXPECT_TRUE(co_await engine.commit(std::move(batch)));
  }
  --writing;
}

TEST_P(ConcurrencyContract, PagingWhileOthersWriteMissesAndRepeatsNothing) {
  Batch batch(kAlice);
  for (int i = 0; i < 100; ++i) batch.put(fmt::format("stable{:03}", i), "x");
  ASSERT_TRUE(commit(std::move(batch)));
  std::atomic<int> writing = 3;
  on_threads(4, [&](int i) {
    return i < 3 ? churn_between(engine(), i, writing) : page_through(engine(), writing);
  });
}

// Letters come, are copied to another account, and go, while a sweeper never rests. A blob that its
// writer holds is there, whole, at every moment.
net::Task<void> hold_and_release(Engine& engine, int thread, int rounds, std::atomic<int>& writing) {
  SeededRandom random(thread);
  const PartitionId own(fmt::format("account {}", thread));
  for (int round = 0; round < rounds; ++round) {
    // Few different letters, so that threads share them and drop them under one another.
    const std::uint64_t letter = random.below(6);
    const std::string bytes = noise(letter == 0 ? 300 * 1024 : 3000 + letter, letter);
    const auto writer = engine.new_blob();
    EXPECT_TRUE(co_await writer->write(bytes));
    auto staged = co_await writer->finish();
    EXPECT_TRUE(staged);
    if (!staged) break;
    const BlobId id = staged->id;
    Batch take(own);
    take.attach(*std::move(staged));
    take.hold(id, "letter");
    const auto taken = co_await engine.commit(std::move(take));
    EXPECT_TRUE(taken) << taken.error().detail;
    const auto read = co_await engine.read_blob(id, 0, bytes.size());
    EXPECT_TRUE(read.has_value()) << read.error().detail;
    EXPECT_TRUE(!read || *read == bytes);
    Batch copy(own);
    copy.hold(id, "copy");
    copy.release(id, "letter");
    const auto copied = co_await engine.commit(std::move(copy));
    EXPECT_TRUE(copied) << copied.error().detail;
    const auto size = co_await engine.blob_size(id);
    EXPECT_TRUE(size && *size == bytes.size());
    Batch drop(own);
    drop.release(id, "copy");
    EXPECT_TRUE(co_await engine.commit(std::move(drop)));
  }
  --writing;
}

net::Task<void> sweep_all_the_time(Engine& engine, std::atomic<int>& writing) {
  while (writing > 0) EXPECT_TRUE(co_await engine.sweep());
}

TEST_P(ConcurrencyContract, SweepingBesideCommitsAndReadsDropsNothingThatIsHeld) {
  constexpr int kWriters = 6;
  std::atomic<int> writing = kWriters;
  on_threads(kWriters + 2, [&](int i) {
    return i < kWriters ? hold_and_release(engine(), i, 60, writing) : sweep_all_the_time(engine(), writing);
  });
  sweep();
  for (std::uint64_t letter = 0; letter < 6; ++letter) {
    EXPECT_FALSE(blob_size(BlobId::of(noise(letter == 0 ? 300 * 1024 : 3000 + letter, letter))));
  }
}

}  // namespace
}  // namespace pabal::store
