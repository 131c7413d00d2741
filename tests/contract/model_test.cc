// Thousands of random operations, each compared with what a plain std::map says.
#include <map>
#include <set>

#include "base/random.h"
#include "contract.h"

namespace pabal::store {
namespace {

struct Model {
  using Keys = std::map<std::string, Value>;
  std::map<PartitionId, Keys> partitions;
  std::map<std::string, std::set<std::pair<PartitionId, std::string>>> blobs;  // stored bytes -> holders
};

class ModelContract : public Contract {
 protected:
  ModelContract() {
    for (const char* id : {"a", "ab", "b"}) partitions_.emplace_back(id);
    partitions_.emplace_back(std::string("a\0", 2));
    for (int i = 0; i < 30; ++i) {
      // Short keys from a small alphabet: many are prefixes of others.
      static constexpr std::string_view kAlphabet("\0a\xff", 3);
      std::string key;
      for (int n = i + 1; n > 0; n /= 3) key.push_back(kAlphabet[n % 3]);
      keys_.push_back(key);
    }
    for (std::uint64_t i = 0; i < 8; ++i) contents_.push_back(noise(i == 7 ? 400'000 : i * i * i * 100, i));
  }

  template <class T>
  const T& any(const std::vector<T>& of) {
    return of[random_.below(of.size())];
  }
  bool chance(std::uint64_t one_in) { return random_.below(one_in) == 0; }

  void step();
  void commit_some();
  bool add_expectation(Batch& batch, const Model::Keys& held);
  void add_write(Batch& batch, Model::Keys& after);
  bool add_reference(Batch& batch,
                     std::map<std::string, std::set<std::pair<PartitionId, std::string>>>& after);
  void compare_gets();
  void compare_scan();
  void compare_blobs();
  void compare_sweep();
  void compare_everything();

  SeededRandom random_{20260101};
  std::vector<PartitionId> partitions_;
  std::vector<std::string> keys_;
  std::vector<std::string> contents_;
  Model model_;
  Version newest_;
};
PABAL_CONTRACT_FOR_ALL_ENGINES(ModelContract);

bool ModelContract::add_expectation(Batch& batch, const Model::Keys& held) {
  const std::string& key = any(keys_);
  const auto found = held.find(key);
  const bool absent = found == held.end();
  if (chance(12)) {  // a wrong one
    if (absent || chance(2)) {
      batch.expect(key, Version(absent ? newest_.value() : found->second.version.value() - 1));
    } else {
      batch.expect_absent(key);
    }
    return false;
  }
  if (absent) {
    batch.expect_absent(key);
  } else {
    batch.expect(key, found->second.version);
  }
  return true;
}

void ModelContract::add_write(Batch& batch, Model::Keys& after) {
  const std::string& key = any(keys_);
  if (chance(3)) {
    batch.erase(key);
    after.erase(key);
  } else {
    const std::string value = random_.bytes(random_.below(chance(20) ? 50'000 : 200));
    batch.put(key, value);
    after[key] = {value, Version(UINT64_MAX)};  // the commit says which
  }
}

// False: the batch must be refused.
bool ModelContract::add_reference(
    Batch& batch, std::map<std::string, std::set<std::pair<PartitionId, std::string>>>& after) {
  const std::string& bytes = any(contents_);
  const std::string& name = any(keys_);
  const BlobId id = BlobId::of(bytes);
  if (chance(3)) {
    batch.release(id, name);
    if (const auto found = after.find(bytes); found != after.end())
      found->second.erase({batch.partition(), name});
    return true;
  }
  if (!chance(10)) {
    batch.attach(stage(bytes, 1 + random_.below(100'000)));
    after.try_emplace(bytes);
  }
  batch.hold(id, name);
  const auto found = after.find(bytes);
  if (found == after.end()) return false;
  found->second.emplace(batch.partition(), name);
  return true;
}

void ModelContract::commit_some() {
  const PartitionId partition = any(partitions_);
  Batch batch(partition);
  Model::Keys after = model_.partitions[partition];
  auto blobs_after = model_.blobs;
  bool met = true;
  bool refused = false;
  for (std::uint64_t i = random_.below(3); i > 0; --i)
    met &= add_expectation(batch, model_.partitions[partition]);
  for (std::uint64_t i = random_.below(6); i > 0; --i) add_write(batch, after);
  // A hold before the attach of its blob is as good as one behind it; not so in this model, so ask at the
  // end.
  for (std::uint64_t i = random_.below(3); i > 0; --i) refused |= !add_reference(batch, blobs_after);
  for (const Batch::Reference& reference : batch.references()) {
    if (reference.held)
      refused |= std::ranges::none_of(
          blobs_after, [&](const auto& blob) { return BlobId::of(blob.first) == reference.blob; });
  }
  if (refused && met) return;  // the order of hold and attach may have made it right: not this test's matter

  const auto version = commit(std::move(batch));
  if (!met) {
    ASSERT_FALSE(version);
    ASSERT_TRUE(version.error().kind == ErrorKind::kConflict || refused);
    return;
  }
  ASSERT_TRUE(version) << version.error().detail;
  for (auto& [key, value] : after) {
    if (value.version != Version(UINT64_MAX)) continue;
    ASSERT_GT(*version, newest_);
    value.version = *version;
  }
  newest_ = std::max(newest_, *version);
  model_.partitions[partition] = std::move(after);
  model_.blobs = std::move(blobs_after);
}

void ModelContract::compare_gets() {
  const PartitionId& partition = any(partitions_);
  const Model::Keys& held = model_.partitions[partition];
  std::vector<std::string> keys;
  for (std::uint64_t i = random_.below(8); i > 0; --i) keys.push_back(any(keys_));
  const auto values = get_many(partition, keys);
  ASSERT_EQ(values.size(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto found = held.find(keys[i]);
    ASSERT_EQ(values[i].has_value(), found != held.end());
    if (!values[i]) continue;
    ASSERT_EQ(values[i]->bytes, found->second.bytes);
    ASSERT_EQ(values[i]->version, found->second.version);
  }
}

void ModelContract::compare_scan() {
  const PartitionId& partition = any(partitions_);
  const KeyRange range{chance(3) ? "" : any(keys_), chance(3) ? "" : any(keys_)};
  const ScanLimits limits{.max_entries = 1 + random_.below(12),
                          .max_bytes = 1 + random_.below(3000),
                          .reverse = chance(2),
                          .keys_only = chance(3)};
  std::vector<std::pair<std::string, Value>> want;
  for (const auto& [key, value] : model_.partitions[partition]) {
    if (key >= range.start && (range.end.empty() || key < range.end)) want.emplace_back(key, value);
  }
  if (limits.reverse) std::ranges::reverse(want);
  std::size_t at = 0;
  std::optional<KeyRange> rest = range;
  while (rest) {
    const ScanPage page = scan(partition, *rest, limits);
    ASSERT_LE(page.size(), limits.max_entries);
    ASSERT_TRUE(page.size() == 1 || page.bytes() <= limits.max_bytes);
    ASSERT_TRUE(!page.empty() || want.empty());
    for (std::size_t i = 0; i < page.size(); ++i, ++at) {
      ASSERT_LT(at, want.size());
      ASSERT_EQ(page[i].key, want[at].first);
      ASSERT_EQ(page[i].version, want[at].second.version);
      ASSERT_EQ(page[i].value, limits.keys_only ? "" : want[at].second.bytes);
    }
    rest = page.next();
  }
  ASSERT_EQ(at, want.size());
}

void ModelContract::compare_blobs() {
  const std::string& bytes = any(contents_);
  const BlobId id = BlobId::of(bytes);
  const bool stored = model_.blobs.contains(bytes);
  const auto size = blob_size(id);
  ASSERT_EQ(size.has_value(), stored);
  const std::uint64_t offset = random_.below(bytes.size() + 2);
  const std::size_t length = random_.below(bytes.size() + 2);
  const auto read = read_blob(id, offset, length);
  ASSERT_EQ(read.has_value(), stored) << (read ? "it was read" : read.error().detail) << ": " << bytes.size()
                                      << " bytes, read " << length << " at " << offset;
  if (!stored) return;
  ASSERT_EQ(*size, bytes.size());
  ASSERT_TRUE(*read == (offset > bytes.size() ? "" : bytes.substr(offset, length)));
}

void ModelContract::compare_sweep() {
  std::uint64_t bytes_dropped = 0;
  const auto dropped = std::erase_if(model_.blobs, [&](const auto& blob) {
    if (!blob.second.empty()) return false;
    bytes_dropped += blob.first.size();
    return true;
  });
  const SweepReport report = sweep();
  ASSERT_EQ(report.blobs_dropped, dropped);
  ASSERT_EQ(report.bytes_dropped, bytes_dropped);
}

void ModelContract::compare_everything() {
  for (const PartitionId& partition : partitions_) {
    const ScanPage page = scan(partition, {}, {.max_bytes = kMaxPageBytes});
    const Model::Keys& held = model_.partitions[partition];
    ASSERT_EQ(page.size(), held.size());
    std::size_t i = 0;
    for (const auto& [key, value] : held) {
      ASSERT_EQ(page[i].key, key);
      ASSERT_EQ(page[i].value, value.bytes);
      ASSERT_EQ(page[i].version, value.version);
      ++i;
    }
  }
  for (const std::string& bytes : contents_) {
    ASSERT_EQ(blob_size(BlobId::of(bytes)).has_value(), model_.blobs.contains(bytes));
    if (model_.blobs.contains(bytes)) ASSERT_TRUE(read_blob(BlobId::of(bytes)).value_or("?") == bytes);
  }
}

void ModelContract::step() {
  const std::uint64_t dice = random_.below(100);
  if (dice < 50) return commit_some();
  if (dice < 65) return compare_gets();
  if (dice < 82) return compare_scan();
  if (dice < 97) return compare_blobs();
  compare_sweep();
}

TEST_P(ModelContract, RandomOperationsAgreeWithAMap) {
  for (int i = 0; i < 4000; ++i) {
    SCOPED_TRACE(fmt::format("operation {}", i));
    step();
    if (HasFatalFailure()) return;
    if (i % 500 == 499) {
      home().reopen();
      compare_everything();
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace pabal::store
