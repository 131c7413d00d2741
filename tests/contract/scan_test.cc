// Scans: byte order, ranges, pages and their exact ends, partitions that never leak into one another.
#include <algorithm>

#include "contract.h"

namespace pabal::store {
namespace {

const PartitionId kAlice("alice");

class ScanContract : public Contract {
 protected:
  void put_all(const PartitionId& partition, const std::vector<std::string>& keys) {
    Batch batch(partition);
    for (const std::string& key : keys) batch.put(key, "value of " + key);
    ASSERT_TRUE(commit(std::move(batch)));
  }
  static std::vector<std::string> keys_of(const ScanPage& page) {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < page.size(); ++i) keys.emplace_back(page[i].key);
    return keys;
  }
};
PABAL_CONTRACT_FOR_ALL_ENGINES(ScanContract);

// In the order in which a scan must bring them.
const std::vector<std::string> kOrdered = {std::string(1, '\0'),
                                           std::string(2, '\0'),
                                           std::string("\0\x01", 2),
                                           std::string("\0\xff", 2),
                                           "\x01",
                                           "A",
                                           "a",
                                           std::string("a\0", 2),
                                           std::string("a\0b", 3),
                                           "ab",
                                           "a\x7f",
                                           "a\x80",
                                           "a\xff",
                                           "a\xff\xff",
                                           "b",
                                           "\x7f",
                                           "\x80",
                                           "\xfe\xff",
                                           "\xff",
                                           std::string("\xff\0", 2),
                                           "\xff\xff",
                                           "\xff\xff\xff"};

TEST_P(ScanContract, KeysComeInByteOrder) {
  std::vector<std::string> shuffled = kOrdered;
  std::ranges::sort(shuffled, std::greater<>(), [](const std::string& key) { return BlobId::of(key); });
  put_all(kAlice, shuffled);
  EXPECT_EQ(scan_keys(kAlice, {}), kOrdered);
  std::vector<std::string> backwards = kOrdered;
  std::ranges::reverse(backwards);
  EXPECT_EQ(scan_keys(kAlice, {}, {.reverse = true}), backwards);
}

TEST_P(ScanContract, EntriesCarryValuesAndVersions) {
  const Version first = put(kAlice, "a", "1");
  const Version second = put(kAlice, "b", "");
  const ScanPage page = scan(kAlice, {});
  ASSERT_EQ(page.size(), 2u);
  EXPECT_EQ(page[0].key, "a");
  EXPECT_EQ(page[0].value, "1");
  EXPECT_EQ(page[0].version, first);
  EXPECT_EQ(page[1].key, "b");
  EXPECT_EQ(page[1].value, "");
  EXPECT_EQ(page[1].version, second);
  EXPECT_FALSE(page.next());
}

TEST_P(ScanContract, KeysOnlyLeavesTheValuesOut) {
  const Version version = put(kAlice, "a", noise(1000, 1));
  put(kAlice, "b", noise(1000, 2));
  const ScanPage page = scan(kAlice, {}, {.max_bytes = 100, .keys_only = true});
  ASSERT_EQ(page.size(), 2u) << "values that do not come do not count";
  EXPECT_EQ(page[0].key, "a");
  EXPECT_EQ(page[0].value, "");
  EXPECT_EQ(page[0].version, version);
}

TEST_P(ScanContract, EveryRangeBetweenTwoKeys) {
  put_all(kAlice, kOrdered);
  std::vector<std::string> bounds = kOrdered;
  bounds.insert(bounds.begin(), "");
  for (const std::string& start : bounds) {
    for (const std::string& end : bounds) {
      std::vector<std::string> want;
      for (const std::string& key : kOrdered) {
        if (key >= start && (end.empty() || key < end)) want.push_back(key);
      }
      ASSERT_EQ(scan_keys(kAlice, {start, end}), want) << to_hex(start) << " to " << to_hex(end);
      std::ranges::reverse(want);
      ASSERT_EQ(scan_keys(kAlice, {start, end}, {.reverse = true}), want)
          << to_hex(start) << " to " << to_hex(end);
    }
  }
}

TEST_P(ScanContract, EveryPrefix) {
  put_all(kAlice, kOrdered);
  for (const std::string& prefix : kOrdered) {
    std::vector<std::string> want;
    std::ranges::copy_if(kOrdered, std::back_inserter(want),
                         [&](const std::string& key) { return key.starts_with(prefix); });
    EXPECT_EQ(scan_keys(kAlice, KeyRange::with_prefix(prefix)), want) << to_hex(prefix);
  }
}

TEST_P(ScanContract, BoundsNeedNotBeKeysNorAsShort) {
  put_all(kAlice, {"b", "d"});
  EXPECT_EQ(scan_keys(kAlice, {"a", "c"}), std::vector<std::string>{"b"});
  EXPECT_EQ(scan_keys(kAlice, {"c", "z"}), std::vector<std::string>{"d"});
  EXPECT_TRUE(scan_keys(kAlice, {"c", "d"}).empty());
  EXPECT_TRUE(scan_keys(kAlice, {"d", "b"}).empty()) << "backwards";
  EXPECT_TRUE(scan_keys(kAlice, {"b", "b"}).empty());
  EXPECT_TRUE(scan_keys(kAlice, {"e", ""}).empty());
  const std::string longest(kMaxKeyBytes, '\xff');
  put_all(kAlice, {longest});
  EXPECT_EQ(scan_keys(kAlice, {longest, longest + std::string(1, '\0')}), std::vector{longest});
}

TEST_P(ScanContract, PartitionsNeverLeakIntoOneAnother) {
  // Prefixes of one another, neighbours, and ids that end where keys could begin.
  const std::vector<std::string> ids = {"a",
                                        "ab",
                                        "abc",
                                        std::string("a\0", 2),
                                        std::string("a\0\0", 3),
                                        std::string("a\0b", 3),
                                        "a\xff",
                                        "b",
                                        std::string(1, '\0'),
                                        std::string(1, '\x01'),
                                        "\xff",
                                        "\xff\xff",
                                        std::string(kMaxPartitionBytes, 'a'),
                                        std::string(kMaxPartitionBytes, '\xff')};
  const std::vector<std::string> keys = {std::string(1, '\0'), "a", "b", "bc", "\xff", "\xff\xff"};
  for (const std::string& id : ids) {
    Batch batch{PartitionId(id)};
    for (const std::string& key : keys) batch.put(key, id);
    ASSERT_TRUE(commit(std::move(batch)));
  }
  for (const std::string& id : ids) {
    for (const bool reverse : {false, true}) {
      const ScanPage page = scan(PartitionId(id), {}, {.reverse = reverse});
      ASSERT_EQ(page.size(), keys.size()) << to_hex(id);
      for (std::size_t i = 0; i < page.size(); ++i) {
        EXPECT_EQ(page[i].key, reverse ? keys[keys.size() - 1 - i] : keys[i]);
        EXPECT_EQ(page[i].value, id);
      }
      EXPECT_FALSE(page.next());
    }
    erase(PartitionId(id), "b");
    EXPECT_EQ(scan_keys(PartitionId(id), {}).size(), keys.size() - 1);
  }
  EXPECT_TRUE(scan_keys(PartitionId("nobody"), {}).empty());
  EXPECT_TRUE(scan_keys(PartitionId("aa"), {}, {.reverse = true}).empty());
}

TEST_P(ScanContract, PagesOfEverySizeJoinWithoutGapOrOverlap) {
  put_all(kAlice, kOrdered);
  for (const bool reverse : {false, true}) {
    std::vector<std::string> want = kOrdered;
    if (reverse) std::ranges::reverse(want);
    for (std::size_t page_entries = 1; page_entries <= kOrdered.size() + 1; ++page_entries) {
      EXPECT_EQ(scan_keys(kAlice, {}, {.max_entries = page_entries, .reverse = reverse}), want)
          << page_entries;
    }
  }
}

TEST_P(ScanContract, NextIsThereExactlyWhenMoreIs) {
  put_all(kAlice, {"a", "b", "c", "d"});
  for (const bool reverse : {false, true}) {
    SCOPED_TRACE(reverse ? "reverse" : "forward");
    EXPECT_TRUE(scan(kAlice, {}, {.max_entries = 3, .reverse = reverse}).next());
    EXPECT_FALSE(scan(kAlice, {}, {.max_entries = 4, .reverse = reverse}).next());
    EXPECT_FALSE(scan(kAlice, {}, {.max_entries = 5, .reverse = reverse}).next());
    EXPECT_FALSE(scan(kAlice, {"b", "d"}, {.max_entries = 2, .reverse = reverse}).next());
    EXPECT_TRUE(scan(kAlice, {"b", "d"}, {.max_entries = 1, .reverse = reverse}).next());
  }
}

TEST_P(ScanContract, AtLeastOneEntryComesWhateverTheLimits) {
  const std::string large = noise(kMaxValueBytes, 7);
  Batch batch(kAlice);
  batch.put("a", large);
  batch.put("b", large);
  ASSERT_TRUE(commit(std::move(batch)));
  for (const ScanLimits& limits :
       {ScanLimits{.max_bytes = 10}, ScanLimits{.max_bytes = 0}, ScanLimits{.max_entries = 0}}) {
    const ScanPage page = scan(kAlice, {}, limits);
    ASSERT_EQ(page.size(), 1u);
    EXPECT_EQ(page[0].value, large);
    ASSERT_TRUE(page.next());
    EXPECT_EQ(scan_keys(kAlice, {}, limits), (std::vector<std::string>{"a", "b"}));
  }
}

TEST_P(ScanContract, APageKeepsToItsBytes) {
  Batch batch(kAlice);
  for (int i = 0; i < 100; ++i) batch.put(fmt::format("{:04}", i), std::string(96, 'v'));
  ASSERT_TRUE(commit(std::move(batch)));
  EXPECT_EQ(scan(kAlice, {}, {.max_bytes = 1000}).size(), 10u);
  EXPECT_EQ(scan(kAlice, {}, {.max_bytes = 999}).size(), 9u);
  EXPECT_EQ(scan(kAlice, {}, {.max_bytes = 1099}).size(), 10u);
  EXPECT_EQ(scan_keys(kAlice, {}, {.max_bytes = 1000, .reverse = true}).size(), 100u);
}

TEST_P(ScanContract, NoPageIsLargerThanTheEnginesBound) {
  for (int i = 0; i < 40; ++i) put(kAlice, fmt::format("{:02}", i), noise(kMaxValueBytes, i));
  const ScanPage page = scan(kAlice, {}, {.max_entries = 1000, .max_bytes = std::string::npos});
  EXPECT_LE(page.bytes(), kMaxPageBytes);
  EXPECT_GT(page.size(), 1u);
  ASSERT_TRUE(page.next());
  EXPECT_EQ(scan_keys(kAlice, {}, {.max_bytes = std::string::npos}).size(), 40u);
}

TEST_P(ScanContract, TheNextPageSeesWhatWasWrittenMeanwhile) {
  put_all(kAlice, {"b", "d", "f", "h"});
  const ScanPage forward = scan(kAlice, {}, {.max_entries = 2});
  ASSERT_EQ(keys_of(forward), (std::vector<std::string>{"b", "d"}));
  ASSERT_TRUE(forward.next());
  put_all(kAlice, {"a", "c", std::string("d\0", 2), "e", "g", "z"});
  erase(kAlice, "h");
  // Right behind "d" too: "d\0" is the very next key that can be.
  EXPECT_EQ(keys_of(scan(kAlice, *forward.next())),
            (std::vector<std::string>{std::string("d\0", 2), "e", "f", "g", "z"}));
  const ScanPage backward = scan(kAlice, {}, {.max_entries = 2, .reverse = true});
  ASSERT_EQ(keys_of(backward), (std::vector<std::string>{"z", "g"}));
  put_all(kAlice, {"fz", "gz"});
  erase(kAlice, "a");
  ASSERT_TRUE(backward.next());
  EXPECT_EQ(keys_of(scan(kAlice, *backward.next(), {.max_entries = 3, .reverse = true})),
            (std::vector<std::string>{"fz", "f", "e"}));
}

TEST_P(ScanContract, APageStaysAsItWasAfterLaterWrites) {
  put_all(kAlice, {"a", "b"});
  const ScanPage page = scan(kAlice, {});
  put(kAlice, "a", "changed");
  erase(kAlice, "b");
  EXPECT_EQ(page[0].value, "value of a");
  EXPECT_EQ(page[1].value, "value of b");
}

TEST_P(ScanContract, DeletedKeysDoNotCount) {
  Batch batch(kAlice);
  for (int i = 0; i < 5000; ++i) batch.put(fmt::format("{:05}", i), "x");
  ASSERT_TRUE(commit(std::move(batch)));
  Batch deletions(kAlice);
  for (int i = 0; i < 4999; ++i) deletions.erase(fmt::format("{:05}", i));
  ASSERT_TRUE(commit(std::move(deletions)));
  const ScanPage page = scan(kAlice, {}, {.max_entries = 1});
  EXPECT_EQ(keys_of(page), std::vector<std::string>{"04999"});
  EXPECT_FALSE(page.next());
}

}  // namespace
}  // namespace pabal::store
