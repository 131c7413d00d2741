#include "journey/index.h"

#include <gmock/gmock.h>

#include <set>

#include "journey/entry_codec.h"
#include "journey/testing.h"

namespace pabal::journey {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// Refuses commits while told to, as a full disk does.
class FullDisk final : public store::Engine {
 public:
  explicit FullDisk(store::Engine& engine) : engine_(engine) {}

  net::Task<Result<std::vector<std::optional<store::Value>>>> get(
      const store::PartitionId& partition, std::span<const std::string> keys) override {
    return engine_.get(partition, keys);
  }
  net::Task<Result<store::ScanPage>> scan(const store::PartitionId& partition, const store::KeyRange& range,
                                          store::ScanLimits limits) override {
    return engine_.scan(partition, range, limits);
  }
  net::Task<Result<store::Version>> commit(store::Batch batch) override {
    ++commits;
    if (full) co_return fail(ErrorKind::kRetryLater, "the disk is full");
    co_return co_await engine_.commit(std::move(batch));
  }
  std::unique_ptr<store::Watch> watch(const store::PartitionId& partition) override {
    return engine_.watch(partition);
  }
  std::unique_ptr<store::BlobWriter> new_blob() override { return engine_.new_blob(); }
  net::Task<Result<std::optional<std::uint64_t>>> blob_size(store::BlobId blob) override {
    return engine_.blob_size(blob);
  }
  net::Task<Result<std::string>> read_blob(store::BlobId blob, std::uint64_t offset,
                                           std::size_t size) override {
    return engine_.read_blob(blob, offset, size);
  }
  net::Task<Result<store::SweepReport>> sweep() override { return engine_.sweep(); }

  bool full = false;
  int commits = 0;

 private:
  store::Engine& engine_;
};

class IndexTest : public JourneyTest {
 protected:
  Entry entry(Stage stage = Stage::kStored) {
    return {.id = journal.new_id(), .terms = terms, .events = {event(stage)}};
  }

  /// Writes an entry of which the index does not hear.
  void keep_silently(const store::PartitionId& partition, const Entry& entry) {
    store::Batch batch(partition);
    journal.write(batch, entry);
    ASSERT_TRUE(sim.run_until_done(engine->commit(std::move(batch))));
  }

  std::set<std::string> keys(const store::PartitionId& partition) {
    const auto page = sim.run_until_done(engine->scan(partition, {}, store::ScanLimits{}));
    EXPECT_TRUE(page);
    std::set<std::string> out;
    for (std::size_t i = 0; i < page->size(); ++i) out.emplace((*page)[i].key);
    return out;
  }
  std::set<std::string> rows() { return keys(index_partition(day_of(sim.clock().wall()))); }

  const Terms terms{
      .message_id = "1@crepes.fr", .sender = "alice@crepes.fr", .recipients = {"bob@hamburger.edu"}};
};

TEST_F(IndexTest, HoldsARowForEachWayToFindALetter) {
  start_index();
  const Entry stored = entry();
  ASSERT_TRUE(keep(bob, stored));
  sim.settle();
  EXPECT_EQ(rows(), (std::set<std::string>{
                        place_key(stored.id, bob),
                        term_key(term_prefix(TermKind::kMessageId, "1@crepes.fr"), stored.id),
                        term_key(term_prefix(TermKind::kSender, "alice@crepes.fr"), stored.id),
                        term_key(term_prefix(TermKind::kRecipient, "bob@hamburger.edu"), stored.id)}));
  EXPECT_THAT(keys(days_partition()), ElementsAre("day/20260101"));
}

TEST_F(IndexTest, LaterEntriesOfALetterPutNothingNew) {
  start_index();
  Entry entry = this->entry(Stage::kQueued);
  ASSERT_TRUE(keep(queue, entry));
  sim.settle();
  const auto before = sim.run_until_done(
      engine->get_one(index_partition(day_of(sim.clock().wall())), place_key(entry.id, queue)));
  entry.terms = {};
  ASSERT_TRUE(keep(queue, entry));
  sim.settle();
  const auto after = sim.run_until_done(
      engine->get_one(index_partition(day_of(sim.clock().wall())), place_key(entry.id, queue)));
  ASSERT_TRUE(before && *before && after && *after);
  EXPECT_EQ((*before)->version, (*after)->version);
}

TEST_F(IndexTest, WhatWaitsIsPutInOneCommit) {
  std::vector<Entry> entries;
  for (int i = 0; i < 500; ++i) {
    entries.push_back(entry());
    ASSERT_TRUE(keep(bob, entries.back()));
  }
  start_index();
  sim.settle();
  const auto partition = index_partition(day_of(sim.clock().wall()));
  const auto first = sim.run_until_done(engine->get_one(partition, place_key(entries.front().id, bob)));
  const auto last = sim.run_until_done(engine->get_one(partition, place_key(entries.back().id, bob)));
  ASSERT_TRUE(first && *first && last && *last);
  EXPECT_EQ((*first)->version, (*last)->version);
}

TEST_F(IndexTest, RowsOfAThousandRecipientsGoInOneBatch) {
  start_index();
  Entry large = entry();
  for (std::size_t i = 0; i < kMaxTermRecipients; ++i)
    large.terms.recipients.push_back(fmt::format("r{}@hamburger.edu", i));
  for (int i = 0; i < 10; ++i) journal.committed(bob, large);
  sim.settle();
  EXPECT_THAT(keys(days_partition()), SizeIs(1));
}

TEST_F(IndexTest, ALetterIsFiledUnderTheDayOnWhichItCame) {
  start_index();
  Entry old = entry(Stage::kQueued);
  ASSERT_TRUE(keep(queue, old));
  sim.settle();
  const store::PartitionId that_day = index_partition(day_of(sim.clock().wall()));
  EXPECT_THAT(keys(that_day), SizeIs(4));
  sim.clock().advance(std::chrono::hours(30));
  old.events = {event(Stage::kFailed)};
  ASSERT_TRUE(keep(bob, old));
  sim.settle();
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_THAT(keys(that_day), SizeIs(5));
}

TEST_F(IndexTest, RebuildingPutsWhatIsMissing) {
  const Entry unheard = entry();
  keep_silently(bob, unheard);
  Entry other_half = unheard;
  other_half.terms.recipients = {"carol@hamburger.edu"};
  keep_silently(queue, other_half);
  const auto rebuild = [&] { return sim.run_until_done(index.rebuild_since(sim.clock().wall())); };
  ASSERT_TRUE(rebuild());
  EXPECT_THAT(rows(), SizeIs(6));
  EXPECT_TRUE(rows().contains(place_key(unheard.id, queue)));
}

TEST_F(IndexTest, RebuildingSeesThatOneOfTwoWithTheSameMessageIdIsMissing) {
  start_index();
  const Entry heard = entry();
  ASSERT_TRUE(keep(bob, heard));
  sim.settle();
  Entry unheard = heard;
  unheard.terms.recipients = {"carol@hamburger.edu"};
  keep_silently(queue, unheard);
  ASSERT_TRUE(sim.run_until_done(index.rebuild_since(sim.clock().wall())));
  EXPECT_TRUE(rows().contains(term_key(term_prefix(TermKind::kRecipient, "carol@hamburger.edu"), heard.id)));
}

TEST_F(IndexTest, RebuildingLeavesWhatCameEarlier) {
  keep_silently(bob, entry());
  ASSERT_TRUE(sim.run_until_done(index.rebuild_since(sim.clock().wall() + std::chrono::seconds(1))));
  EXPECT_THAT(rows(), IsEmpty());
}

TEST_F(IndexTest, RebuildingPassesOverWhatItCantRead) {
  store::Batch batch(bob);
  batch.put(entry_key(JourneyId::first_at(sim.clock().wall()), sim.clock().wall(), 0), "\x7f");
  batch.put("journey/short", "");
  ASSERT_TRUE(sim.run_until_done(engine->commit(std::move(batch))));
  keep_silently(bob, entry());
  ASSERT_TRUE(sim.run_until_done(index.rebuild_since(sim.clock().wall())));
  EXPECT_THAT(rows(), SizeIs(4));
}

TEST_F(IndexTest, WhatFoundNoRoomIsReadAgain) {
  for (std::size_t i = 0; i < kMaxUnindexed; ++i) index.add(journal.new_id(), bob, {});
  const Entry too_many = entry();
  ASSERT_TRUE(keep(bob, too_many));
  start_index();
  sim.settle();
  const auto place = sim.run_until_done(
      engine->get_one(index_partition(day_of(sim.clock().wall())), place_key(too_many.id, bob)));
  ASSERT_TRUE(place);
  EXPECT_TRUE(*place);
}

TEST_F(IndexTest, WhatAFullDiskKeptOutIsPutWhenThereIsRoom) {
  FullDisk disk(*engine);
  disk.full = true;
  Index troubled(disk, places);
  net::Scope scope(sim.loop());
  scope.spawn(troubled.run());
  const Entry kept = entry();
  keep_silently(bob, kept);
  troubled.add(kept.id, bob, kept.terms);
  sim.run_until_done(net::sleep_until(sim.loop().in(std::chrono::minutes(1))));
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_GT(disk.commits, 3);
  EXPECT_LT(disk.commits, 30);  // it is not asked all the time
  disk.full = false;
  sim.run_until_done(net::sleep_until(sim.loop().in(std::chrono::minutes(1))));
  EXPECT_THAT(rows(), SizeIs(4));
  scope.cancel();
  sim.run_until_done(scope.join());
}

}  // namespace
}  // namespace pabal::journey
