// Batches: atomicity, expectations, versions, order within a batch, limits; and reading keys back.
#include "contract.h"
#include "net/scope.h"

namespace pabal::store {
namespace {

const PartitionId kAlice("alice");
const PartitionId kBob("bob");

class CommitContract : public Contract {};
PABAL_CONTRACT_FOR_ALL_ENGINES(CommitContract);

TEST_P(CommitContract, WhatWasPutIsRead) {
  const Version version = put(kAlice, "key", "value");
  const auto value = get(kAlice, "key");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->bytes, "value");
  EXPECT_EQ(value->version, version);
  EXPECT_FALSE(get(kAlice, "kex"));
  EXPECT_FALSE(get(kAlice, "ke"));
  EXPECT_FALSE(get(kAlice, "keyy"));
  EXPECT_FALSE(get(kBob, "key"));
}

TEST_P(CommitContract, APatientCommitIsDoneThoughNobodyElseComes) {
  Batch batch(kAlice);
  batch.be_patient();
  batch.put("key", "value");
  const auto version = commit(std::move(batch));
  ASSERT_TRUE(version);
  EXPECT_EQ(get(kAlice, "key")->version, *version);
}

TEST_P(CommitContract, APatientCommitComesBeforeThoseThatAreAskedForLater) {
  for (int i = 0; i < 20; ++i) {
    std::vector<Version> versions(3);
    net::Scope scope(loop());
    const auto commit_one = [](Engine& engine, std::size_t number, Version& version) -> net::Task<void> {
      Batch batch(kAlice);
      if (number < 2) batch.be_patient();
      batch.put("key", std::to_string(number));
      version = (co_await engine.commit(std::move(batch))).value_or(Version());
    };
    for (std::size_t number = 0; number < versions.size(); ++number)
      scope.spawn(commit_one(engine(), number, versions[number]));
    run(scope.join());
    EXPECT_LT(Version(), versions[0]);
    EXPECT_LT(versions[0], versions[1]);
    EXPECT_LT(versions[1], versions[2]);
    EXPECT_EQ(get(kAlice, "key")->bytes, "2");
  }
}

TEST_P(CommitContract, AllPutsOfABatchCarryItsVersion) {
  Batch batch(kAlice);
  batch.put("a", "1");
  batch.put("b", "2");
  const auto version = commit(std::move(batch));
  ASSERT_TRUE(version);
  EXPECT_EQ(get(kAlice, "a")->version, *version);
  EXPECT_EQ(get(kAlice, "b")->version, *version);
}

TEST_P(CommitContract, VersionsRiseWithEveryPut) {
  Version last = put(kAlice, "key", "0");
  for (int i = 1; i < 20; ++i) {
    put(kBob, "other", "x");
    const Version version = put(kAlice, "key", std::to_string(i));
    EXPECT_GT(version, last);
    EXPECT_EQ(get(kAlice, "key")->version, version);
    last = version;
  }
}

TEST_P(CommitContract, PuttingTheSameBytesAgainIsANewVersion) {
  const Version first = put(kAlice, "key", "same");
  const Version second = put(kAlice, "key", "same");
  EXPECT_GT(second, first);
  Batch batch(kAlice);
  batch.expect("key", first);
  batch.put("key", "lost");
  expect_failure(commit(std::move(batch)), ErrorKind::kConflict);
}

TEST_P(CommitContract, AnUntouchedKeyKeepsItsVersion) {
  const Version version = put(kAlice, "key", "value");
  put(kAlice, "neighbour", "value");
  erase(kAlice, "neighbour");
  EXPECT_EQ(get(kAlice, "key")->version, version);
}

TEST_P(CommitContract, AFailedExpectationChangesNothing) {
  const Version version = put(kAlice, "kept", "old");
  const BlobId blob = store(kAlice, "blob", "blob");
  StagedBlob staged = stage("new blob");
  const BlobId staged_id = staged.id;
  Batch batch(kAlice);
  batch.put("kept", "new");
  batch.put("fresh", "new");
  batch.erase("kept");
  batch.attach(std::move(staged));
  batch.hold(staged_id, "fresh");
  batch.release(blob, "blob");
  batch.expect("kept", version);
  batch.expect_absent("kept");
  expect_failure(commit(std::move(batch)), ErrorKind::kConflict);
  ASSERT_TRUE(get(kAlice, "kept"));
  EXPECT_EQ(get(kAlice, "kept")->bytes, "old");
  EXPECT_EQ(get(kAlice, "kept")->version, version);
  EXPECT_FALSE(get(kAlice, "fresh"));
  sweep();
  EXPECT_TRUE(blob_size(blob));
  EXPECT_FALSE(blob_size(staged_id));
}

TEST_P(CommitContract, Expectations) {
  const Version version = put(kAlice, "there", "value");
  const struct {
    const char* name;
    const char* key;
    std::optional<Version> version;
    bool holds;
  } cases[] = {
      {"the version it has", "there", version, true},
      {"a later version", "there", Version(version.value() + 1), false},
      {"an earlier version", "there", Version(version.value() - 1), false},
      {"version zero", "there", Version(0), false},
      {"absent, though there", "there", std::nullopt, false},
      {"absent, and so it is", "nowhere", std::nullopt, true},
      {"a version, though absent", "nowhere", version, false},
      {"version zero, though absent", "nowhere", Version(0), false},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    Batch batch(kAlice);
    if (each.version) {
      batch.expect(each.key, *each.version);
    } else {
      batch.expect_absent(each.key);
    }
    batch.put("witness", each.name);
    const auto result = commit(std::move(batch));
    if (each.holds) {
      EXPECT_TRUE(result);
      EXPECT_EQ(get(kAlice, "witness")->bytes, each.name);
    } else {
      expect_failure(result, ErrorKind::kConflict);
      EXPECT_NE(get(kAlice, "witness").value_or(Value{}).bytes, each.name);
    }
  }
}

TEST_P(CommitContract, ExpectationsLookAtTheStateBeforeTheBatch) {
  Batch batch(kAlice);
  batch.put("key", "value");
  batch.expect_absent("key");
  EXPECT_TRUE(commit(std::move(batch)));
  Batch again(kAlice);
  again.erase("key");
  again.expect_absent("key");
  expect_failure(commit(std::move(again)), ErrorKind::kConflict);
}

TEST_P(CommitContract, ExpectationsOfAnotherPartitionsKeyDoNotMeetIt) {
  put(kBob, "key", "value");
  Batch batch(kAlice);
  batch.expect_absent("key");
  batch.put("key", "value");
  EXPECT_TRUE(commit(std::move(batch)));
}

TEST_P(CommitContract, AVersionFromBeforeADeletionNeverMatchesAgain) {
  const Version before = put(kAlice, "key", "value");
  erase(kAlice, "key");
  Batch while_gone(kAlice);
  while_gone.expect("key", before);
  while_gone.put("key", "lost");
  expect_failure(commit(std::move(while_gone)), ErrorKind::kConflict);
  const Version after = put(kAlice, "key", "value");
  EXPECT_GT(after, before);
  Batch when_back(kAlice);
  when_back.expect("key", before);
  when_back.put("key", "lost");
  expect_failure(commit(std::move(when_back)), ErrorKind::kConflict);
  EXPECT_EQ(get(kAlice, "key")->bytes, "value");
}

TEST_P(CommitContract, WithinABatchTheLastOperationOnAKeyWins) {
  put(kAlice, "put then erased", "old");
  Batch batch(kAlice);
  batch.put("put twice", "first");
  batch.put("put twice", "second");
  batch.put("put then erased", "new");
  batch.erase("put then erased");
  batch.erase("erased then put");
  batch.put("erased then put", "new");
  ASSERT_TRUE(commit(std::move(batch)));
  EXPECT_EQ(get(kAlice, "put twice")->bytes, "second");
  EXPECT_FALSE(get(kAlice, "put then erased"));
  EXPECT_EQ(get(kAlice, "erased then put")->bytes, "new");
}

TEST_P(CommitContract, WithinABatchTheLastWordOnAReferenceWins) {
  const BlobId dropped = store(kAlice, "dropped", "dropped");
  const BlobId kept = store(kAlice, "kept", "kept");
  Batch batch(kAlice);
  batch.release(kept, "kept");
  batch.hold(kept, "kept");
  batch.hold(dropped, "dropped");
  batch.release(dropped, "dropped");
  ASSERT_TRUE(commit(std::move(batch)));
  sweep();
  EXPECT_TRUE(blob_size(kept));
  EXPECT_FALSE(blob_size(dropped));
}

TEST_P(CommitContract, ErasingWhatIsNotThereIsFine) {
  erase(kAlice, "nothing");
  EXPECT_FALSE(get(kAlice, "nothing"));
}

TEST_P(CommitContract, AnEmptyBatchAndAMereExpectationAreFine) {
  EXPECT_TRUE(commit(Batch(kAlice)));
  const Version version = put(kAlice, "key", "value");
  Batch looks(kAlice);
  looks.expect("key", version);
  EXPECT_TRUE(commit(std::move(looks)));
  Batch wrong(kAlice);
  wrong.expect_absent("key");
  expect_failure(commit(std::move(wrong)), ErrorKind::kConflict);
}

TEST_P(CommitContract, MultiGetAnswersInTheKeysOrder) {
  put(kAlice, "a", "1");
  put(kAlice, "b", "2");
  put(kBob, "c", "3");
  const auto values = get_many(kAlice, {"b", "nothing", "a", "b", "c"});
  ASSERT_EQ(values.size(), 5u);
  EXPECT_EQ(values[0]->bytes, "2");
  EXPECT_FALSE(values[1]);
  EXPECT_EQ(values[2]->bytes, "1");
  EXPECT_EQ(values[3]->bytes, "2");
  EXPECT_EQ(values[3]->version, values[0]->version);
  EXPECT_FALSE(values[4]);
  EXPECT_TRUE(get_many(kAlice, {}).empty());
}

TEST_P(CommitContract, AMultiGetOfThousandsOfKeys) {
  Batch batch(kAlice);
  std::vector<std::string> keys;
  for (int i = 0; i < 5000; ++i) {
    keys.push_back(fmt::format("key{:05}", i));
    if (i % 2 == 0) batch.put(keys.back(), keys.back());
  }
  ASSERT_TRUE(commit(std::move(batch)));
  const auto values = get_many(kAlice, keys);
  ASSERT_EQ(values.size(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    ASSERT_EQ(values[i].has_value(), i % 2 == 0) << keys[i];
    if (values[i]) ASSERT_EQ(values[i]->bytes, keys[i]);
  }
}

TEST_P(CommitContract, AnyByteMayStandInAKeyAValueAndAPartition) {
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte.push_back(static_cast<char>(i));
  const std::string keys[] = {std::string(1, '\0'), std::string(2, '\0'),   "\xff",
                              "\xff\xff",           std::string("a\0b", 3), every_byte};
  for (const PartitionId& partition :
       {PartitionId(every_byte.substr(0, 128)), PartitionId(every_byte.substr(128))}) {
    for (const std::string& key : keys) put(partition, key, key + every_byte);
    for (const std::string& key : keys) {
      const auto value = get(partition, key);
      ASSERT_TRUE(value);
      EXPECT_EQ(value->bytes, key + every_byte);
    }
  }
}

TEST_P(CommitContract, SizesAtTheLimitsAreTaken) {
  const std::string longest_key(kMaxKeyBytes, '\xff');
  const PartitionId longest_partition(std::string(kMaxPartitionBytes, '\xff'));
  const std::string largest = noise(kMaxValueBytes, 1);
  put(longest_partition, longest_key, largest);
  EXPECT_EQ(get(longest_partition, longest_key)->bytes, largest);
  EXPECT_EQ(scan_keys(longest_partition, {}), std::vector{longest_key});
  put(kAlice, "empty", "");
  ASSERT_TRUE(get(kAlice, "empty"));
  EXPECT_EQ(get(kAlice, "empty")->bytes, "");
  const BlobId blob = store(longest_partition, longest_key, "held under the longest name");
  sweep();
  EXPECT_TRUE(blob_size(blob));
}

TEST_P(CommitContract, ABatchAtItsLimitsIsTaken) {
  Batch most_operations(kAlice);
  for (std::size_t i = 0; i < kMaxBatchOperations; ++i) most_operations.put(fmt::format("{:05}", i), "");
  ASSERT_TRUE(commit(std::move(most_operations)));
  EXPECT_EQ(scan_keys(kAlice, {}).size(), kMaxBatchOperations);

  Batch most_bytes(kBob);
  const std::string value = noise(kMaxValueBytes - 2, 2);
  for (std::size_t i = 0; i < kMaxBatchBytes / kMaxValueBytes; ++i)
    most_bytes.put(fmt::format("{:02}", i), value);
  ASSERT_TRUE(commit(std::move(most_bytes)));
  EXPECT_EQ(get(kBob, "15")->bytes, value);
}

TEST_P(CommitContract, BeyondALimitIsRefusedAndChangesNothing) {
  const struct {
    const char* name;
    void (*fill)(Batch&);
  } cases[] = {
      {"empty key", [](Batch& batch) { batch.put("", "x"); }},
      {"long key", [](Batch& batch) { batch.put(std::string(kMaxKeyBytes + 1, 'k'), "x"); }},
      {"long key erased", [](Batch& batch) { batch.erase(std::string(kMaxKeyBytes + 1, 'k')); }},
      {"long key expected", [](Batch& batch) { batch.expect_absent(std::string(kMaxKeyBytes + 1, 'k')); }},
      {"large value", [](Batch& batch) { batch.put("k", std::string(kMaxValueBytes + 1, 'v')); }},
      {"empty name", [](Batch& batch) { batch.release(BlobId(), ""); }},
      {"long name", [](Batch& batch) { batch.release(BlobId(), std::string(kMaxKeyBytes + 1, 'n')); }},
      {"many operations",
       [](Batch& batch) {
         for (std::size_t i = 0; i < kMaxBatchOperations; ++i) batch.erase("k");
       }},
      {"many bytes",
       [](Batch& batch) {
         for (std::size_t i = 0; i <= kMaxBatchBytes / kMaxValueBytes; ++i) {
           batch.put("k", std::string(kMaxValueBytes, 'v'));
         }
       }},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    Batch batch(kAlice);
    batch.put("witness", "x");
    each.fill(batch);
    expect_failure(commit(std::move(batch)), ErrorKind::kRefuse);
    EXPECT_FALSE(get(kAlice, "witness"));
  }
  for (const PartitionId& partition :
       {PartitionId(""), PartitionId(std::string(kMaxPartitionBytes + 1, 'p'))}) {
    Batch batch(partition);
    batch.put("witness", "x");
    expect_failure(commit(std::move(batch)), ErrorKind::kRefuse);
  }
  EXPECT_TRUE(scan_keys(kAlice, {}).empty());
}

TEST_P(CommitContract, AKeyThatNobodyCanHavePutIsAbsentOrRefused) {
  for (const std::string& key : {std::string(), std::string(kMaxKeyBytes + 1, 'k')}) {
    const auto value = run(engine().get_one(kAlice, key));
    if (value) {
      EXPECT_FALSE(*value);
    } else {
      EXPECT_EQ(value.error().kind, ErrorKind::kRefuse);
    }
  }
}

}  // namespace
}  // namespace pabal::store
