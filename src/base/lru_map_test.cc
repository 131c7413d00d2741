#include "base/lru_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <string>

#include "base/random.h"

namespace pabal {
namespace {

TEST(LruMap, ForgetsWhatWasUsedLongestAgo) {
  LruMap<std::string, int> map(3);
  map.find_or_add("a") = 1;
  map.find_or_add("b") = 2;
  map.find_or_add("c") = 3;
  ASSERT_NE(map.find("a"), nullptr);  // a use
  map.find_or_add("d") = 4;
  EXPECT_EQ(map.find("b"), nullptr);
  EXPECT_EQ(*map.oldest_key(), "c");
  EXPECT_EQ(map.find_or_add("a"), 1);
  EXPECT_EQ(map.size(), 3u);
}

TEST(LruMap, ErasesAtBothEndsAndInTheMiddle) {
  LruMap<int, int> map(10);
  for (int i = 0; i < 5; ++i) map.find_or_add(i) = i;
  EXPECT_TRUE(map.erase(0));
  EXPECT_TRUE(map.erase(4));
  EXPECT_TRUE(map.erase(2));
  EXPECT_FALSE(map.erase(2));
  EXPECT_EQ(*map.oldest_key(), 1);
  EXPECT_TRUE(map.erase(1));
  EXPECT_TRUE(map.erase(3));
  EXPECT_EQ(map.oldest_key(), nullptr);
  map.find_or_add(7);
  map.clear();
  EXPECT_EQ(map.size(), 0u);
  EXPECT_EQ(map.oldest_key(), nullptr);
}

TEST(LruMap, OneEntryIsEnough) {
  LruMap<int, int> map(1);
  map.find_or_add(1) = 10;
  map.find_or_add(2) = 20;
  EXPECT_EQ(map.find(1), nullptr);
  EXPECT_EQ(*map.find(2), 20);
}

TEST(LruMap, BehavesAsAPlainListWould) {
  LruMap<std::uint64_t, std::uint64_t> map(8);
  std::deque<std::uint64_t> model;  // the oldest first
  SeededRandom random(7);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t key = random.below(16);
    const auto known = std::ranges::find(model, key);
    const bool was_known = known != model.end();
    if (was_known) model.erase(known);
    if (random.below(4) == 0) {
      ASSERT_EQ(map.erase(key), was_known);
      continue;
    }
    model.push_back(key);
    if (model.size() > 8) model.pop_front();
    map.find_or_add(key);
    ASSERT_EQ(map.size(), model.size());
    ASSERT_EQ(*map.oldest_key(), model.front());
  }
}

}  // namespace
}  // namespace pabal
