// The index against a scan, letter for letter.

#include "mailbox/search/index.h"

#include <gtest/gtest.h>

#include "mailbox/search/indexer.h"
#include "mailbox/search/testing.h"
#include "message/casemap.h"
#include "net/scope.h"
#include "net/testing.h"
#include "store/memory.h"

namespace pabal::mailbox::search {
namespace {

constexpr account::AccountId kBob{7};

class IndexTest : public ::testing::Test {
 protected:
  Result<void> index(store::Engine& engine) {
    Indexer indexer(loop_.loop(), engine, letters_, workers_, {},
                    {.worth_letters = 10, .worth_bytes = 1 << 20});
    return loop_.run_until_done(indexer.index(kBob));
  }
  IndexState state() {
    return *loop_.run_until_done(load_index_state(*engine_, account::partition_of(kBob)));
  }
  Candidates find(const Needle& needle) {
    const Index reader(*engine_);
    auto found = loop_.run_until_done(reader.find(account::partition_of(kBob), needle));
    EXPECT_TRUE(found) << found.error().detail;
    return found ? *found : Candidates();
  }

  static Needle random_needle(RandomText& random) {
    Needle needle{.where = static_cast<Needle::Where>(random.below(3)),
                  .text = message::fold_case(random.needle())};
    if (needle.where == Needle::Where::kField) {
      constexpr std::string_view kFields[] = {"From", "subject", "X-Note", "X-None"};
      needle.field = kFields[random.below(std::size(kFields))];
    }
    return needle;
  }

  /// What a candidate list leaves out must not have the needle.
  void expect_true(RandomText& random, int count) {
    std::vector<Needle> needles;
    std::vector<Candidates> candidates;
    for (int i = 0; i < count; ++i) {
      needles.push_back(random_needle(random));
      candidates.push_back(find(needles.back()));
    }
    for (const auto& [id, text] : letters_.letters) {
      const std::vector<bool> has = scan(text, needles);
      for (std::size_t i = 0; i < needles.size(); ++i) {
        ASSERT_TRUE(!has[i] || candidates[i].may_have(id))
            << "needle '" << needles[i].text << "' where " << static_cast<int>(needles[i].where) << " field "
            << needles[i].field << " letter " << id.value() << "\n"
            << text;
      }
    }
  }

  /// As evaluate.h does: the envelope's fields from the envelope.
  static std::vector<bool> scan(const std::string& letter, std::span<const Needle> needles) {
    NeedleScan scan(needles);
    const message::Envelope envelope = message::read_letter(letter, &scan.sink()).envelope;
    std::vector<bool> has = scan.finish();
    for (std::size_t i = 0; i < needles.size(); ++i) {
      if (needles[i].where != Needle::Where::kField || !is_envelope_field(needles[i].field)) continue;
      const auto text = envelope_text(envelope, needles[i].field);
      has[i] = text && message::fold_case(*text).find(needles[i].text) != std::string::npos;
    }
    return has;
  }

  net::SimulatedLoop loop_;
  std::unique_ptr<store::Engine> engine_ = store::make_memory_engine();
  net::WorkerPool workers_{{.name = "search", .threads = 1}};
  MemoryLetters letters_;
};

TEST_F(IndexTest, FindsPartsOfWordsInEveryScript) {
  letters_.add("From: Alice <alice@crepes.fr>\r\nSubject: 회의\r\n\r\n이 문장의 번역을 부탁합니다.\r\n");
  for (int i = 0; i < 40; ++i) letters_.add("Subject: nothing\r\n\r\nnothing at all\r\n");
  letters_.add("Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nこれは日本語の文章です\r\n");
  ASSERT_TRUE(index(*engine_));
  const struct {
    Needle needle;
    std::size_t want;  ///< of two blocks of candidates; the letters with nothing fill the others
  } kRows[] = {
      {{Needle::Where::kBody, "번역"}, 1},
      {{Needle::Where::kText, "번역을"}, 1},
      {{Needle::Where::kBody, "번"}, 1},
      {{Needle::Where::kBody, "語の文"}, 1},
      {{Needle::Where::kBody, "번역가"}, 0},
      {{Needle::Where::kField, "ICE@CREP", "FROM"}, 1},
      {{Needle::Where::kField, "회의", "Subject"}, 1},
      {{Needle::Where::kBody, "회의"}, 0},
      {{Needle::Where::kText, "NOTHI"}, 6},
      {{Needle::Where::kText, "XYZZY"}, 0},
  };
  for (const auto& row : kRows) {
    EXPECT_EQ(find(row.needle).block_count(), row.want) << row.needle.text;
    EXPECT_FALSE(find(row.needle).all());
  }
  EXPECT_TRUE(find({Needle::Where::kText, "A"}).all());
}

TEST_F(IndexTest, IsTrueToAScanHoweverItGrows) {
  RandomText random(11);
  for (int round = 0; round < 12; ++round) {
    for (std::size_t i = random.below(60); i > 0; --i) letters_.add(random.letter());
    for (std::size_t i = random.below(10); i > 0 && !letters_.letters.empty(); --i) {
      letters_.letters.erase(LetterId(1 + random.below(letters_.last)));
    }
    ASSERT_TRUE(index(*engine_));
    expect_true(random, 20);
  }
  EXPECT_LT(state().segments.size(), 10U);
  EXPECT_GT(state().through.value(), 150U);
  expect_true(random, 100);
}

TEST_F(IndexTest, AFewNewLettersAreLeftToBeScanned) {
  for (int i = 0; i < 9; ++i) letters_.add("Subject: x\r\n\r\nx\r\n");
  ASSERT_TRUE(index(*engine_));
  EXPECT_EQ(state(), IndexState{});
  letters_.add("Subject: x\r\n\r\nx\r\n");
  ASSERT_TRUE(index(*engine_));
  EXPECT_EQ(state().through, LetterId(10));
  EXPECT_TRUE(find({Needle::Where::kText, "NOWHERE"}).may_have(LetterId(11)));
  EXPECT_FALSE(find({Needle::Where::kText, "NOWHERE"}).may_have(LetterId(10)));
}

TEST_F(IndexTest, BlocksWithoutLettersVanishAtMerges) {
  for (int round = 0; round < 8; ++round) {
    for (int i = 0; i < 16; ++i) letters_.add("Subject: x\r\n\r\nsomething here\r\n");
    if (round == 7) {
      for (std::uint64_t id = 8; id < 64; ++id) letters_.letters.erase(LetterId(id));
    }
    ASSERT_TRUE(index(*engine_));
  }
  ASSERT_EQ(state().segments.size(), 1U);
  // Letters 1 to 7, and 64 to 128.
  EXPECT_EQ(find({Needle::Where::kBody, "SOMETHING"}).block_count(), 10U);
}

TEST_F(IndexTest, ACrashAtAnyBatchLeavesItTrue) {
  RandomText random(5);
  std::size_t deaths = 0;
  for (int round = 0; round < 60; ++round) {
    for (std::size_t i = random.below(40); i > 0; --i) letters_.add(random.letter());
    DyingEngine dying(*engine_, random.below(6));
    const auto indexed = index(dying);
    deaths += indexed ? 0 : 1;
    if (round % 10 == 0) expect_true(random, 20);
  }
  EXPECT_GT(deaths, 10U);
  ASSERT_TRUE(index(*engine_));
  expect_true(random, 60);
  // Nothing is left of what was begun.
  const IndexState now = state();
  EXPECT_TRUE(now.leftovers.empty());
  std::size_t expected = 0;
  for (const Segment& segment : now.segments) {
    for (const std::uint32_t chunks : segment.chunks) expected += chunks + (chunks > 0 ? 1 : 0);
  }
  const auto page = *loop_.run_until_done(
      engine_->scan(account::partition_of(kBob), store::KeyRange::with_prefix("search/segment/"),
                    {.max_entries = 100'000, .max_bytes = 4 << 20, .keys_only = true}));
  EXPECT_EQ(page.size(), expected);
}

TEST_F(IndexTest, AnotherWriterIsNoticed) {
  for (int i = 0; i < 20; ++i) letters_.add("Subject: x\r\n\r\nx\r\n");
  IndexWriter ours(*engine_, workers_, account::partition_of(kBob));
  ASSERT_TRUE(loop_.run_until_done(ours.load()));
  ASSERT_TRUE(index(*engine_));
  SegmentBuilder builder;
  builder.add(LetterId(1), letters_.letters[LetterId(1)]);
  const auto added = loop_.run_until_done(ours.add(builder.finish(), LetterId(1)));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(state().through, LetterId(20));
}

TEST_F(IndexTest, DamageIsToldAndNotBelieved) {
  for (int i = 0; i < 20; ++i) letters_.add("Subject: x\r\n\r\nsomething\r\n");
  ASSERT_TRUE(index(*engine_));
  store::Batch batch(account::partition_of(kBob));
  batch.erase(chunk_key(state().segments[0].id, Family::kBody, 0));
  ASSERT_TRUE(loop_.run_until_done(engine_->commit(std::move(batch))));
  const Index reader(*engine_);
  const auto found =
      loop_.run_until_done(reader.find(account::partition_of(kBob), {Needle::Where::kBody, "SOMETHING"}));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::kCorrupt);
}

TEST_F(IndexTest, WhatIsDamagedIsMadeAnewThroughCrashes) {
  RandomText random(6);
  for (int i = 0; i < 60; ++i) letters_.add(random.letter());
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(index(*engine_));
    const IndexState before = state();
    ASSERT_FALSE(before.segments.empty());
    store::Batch batch(account::partition_of(kBob));
    if (round % 2 == 0) {
      batch.erase(chunk_key(before.segments[0].id, Family::kBody, 0));
    } else {
      batch.put(std::string(kStateKey), "no state");
    }
    ASSERT_TRUE(loop_.run_until_done(engine_->commit(std::move(batch))));
    DyingEngine dying(*engine_, random.below(4));
    Indexer indexer(loop_.loop(), dying, letters_, workers_, {}, {.worth_letters = 10});
    indexer.rebuild(kBob);
    std::ignore = loop_.run_until_done(indexer.index(kBob));
    Indexer after(loop_.loop(), *engine_, letters_, workers_, {}, {.worth_letters = 10});
    // The state may name what is gone: whoever searches says so.
    if (dying.dead()) after.rebuild(kBob);
    ASSERT_TRUE(loop_.run_until_done(after.index(kBob)));
    EXPECT_EQ(state().through, LetterId(letters_.last));
    expect_true(random, 10);
    for (int i = 0; i < 12; ++i) letters_.add(random.letter());
  }
}

net::Task<void> wake_and_stop(net::Loop& loop, Indexer& indexer, store::Engine& engine) {
  net::Scope scope(loop);
  scope.spawn(indexer.run());
  indexer.wake(kBob);
  while (true) {
    const auto state = co_await load_index_state(engine, account::partition_of(kBob));
    if (state && state->through == LetterId(1000)) break;
    if (!co_await net::sleep_until(loop.in(std::chrono::milliseconds(1)))) break;
  }
  scope.cancel();
  co_await scope.join();
}

TEST_F(IndexTest, RunsInTheBackground) {
  RandomText random(8);
  for (int i = 0; i < 1000; ++i) letters_.add(random.letter());
  letters_.letters[LetterId(17)] += std::string(2'000'000, 'y') + " straggler\r\n";
  Indexer indexer(loop_.loop(), *engine_, letters_, workers_);
  loop_.run_until_done(wake_and_stop(loop_.loop(), indexer, *engine_));
  EXPECT_EQ(state().through, LetterId(1000));
  EXPECT_TRUE(find({Needle::Where::kBody, "STRAGGLER"}).may_have(LetterId(17)));
  EXPECT_FALSE(find({Needle::Where::kBody, "STRAGGLER"}).may_have(LetterId(170)));
}

net::Task<void> run_until_done(net::Loop& loop, Indexer& indexer) {
  net::Scope scope(loop);
  scope.spawn(indexer.run());
  while (indexer.behind() > 0) {
    if (!co_await net::sleep_until(loop.in(std::chrono::milliseconds(1)))) break;
  }
  scope.cancel();
  co_await scope.join();
}

TEST_F(IndexTest, WhoIsSearchedGoesFirst) {
  for (int i = 0; i < 100; ++i) letters_.add("Subject: x\r\n\r\nsomething\r\n");
  net::WorkerPool urgent({.name = "urgent", .threads = 1});
  Indexer indexer(loop_.loop(), *engine_, letters_, workers_, {}, {.urgent_workers = &urgent});
  const account::AccountId others[] = {account::AccountId(1), account::AccountId(2)};
  for (const account::AccountId other : others) indexer.wake(other);
  indexer.hurry(kBob);
  EXPECT_EQ(indexer.behind(), 3U);
  loop_.run_until_done(run_until_done(loop_.loop(), indexer));
  EXPECT_EQ(letters_.asked, std::vector({kBob, others[0], others[1]}));
  EXPECT_EQ(state().through, LetterId(100));
}

}  // namespace
}  // namespace pabal::mailbox::search
