#include "mailbox/order.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "message/envelope.h"

namespace pabal::mailbox {
namespace {

Row row(int seconds, std::uint32_t bytes) {
  return {.uid = Uid(1),
          .size_bytes = bytes,
          .received = std::chrono::sys_seconds(std::chrono::seconds(seconds))};
}

/// An envelope as it is stored.
std::string header(const std::string& text) {
  return message::encode_envelope(message::parse_envelope(text + "\r\n"));
}
void add(OrderColumn& column, const Row& row, std::string_view stored) {
  const auto envelope = message::view_envelope(stored);
  column.add(row, &envelope.value());
}

std::vector<std::uint32_t> sort(std::span<const std::string> letters, OrderBy by, bool reverse = false) {
  OrderColumn column(by);
  std::vector<std::uint32_t> slots;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    add(column, row(static_cast<int>(1000 - i), static_cast<std::uint32_t>(i)), letters[i]);
    slots.push_back(static_cast<std::uint32_t>(i));
  }
  column.settle();
  return sort_slots(slots, std::vector<OrderTerm>{{&column, reverse}});
}

using Order = std::vector<std::uint32_t>;

TEST(Order, FollowsTheKeysOfTheRfc) {
  const std::vector<std::string> letters = {
      header("Subject: Re: banana\r\nFrom: zoe@x.org\r\nDate: Fri, 21 Nov 1997 09:00:00 -0800"),
      header("Subject: apple\r\nFrom: \"adam\" <Y@x.org>\r\nDate: Fri, 21 Nov 1997 12:00:00 +0000"),
      header("Subject: =?utf-8?Q?=C3=89clair?=\r\nFrom: x@x.org\r\nTo: b@x.org, a@x.org"),
      header(
          "Subject: Fwd: BANANA\r\nTo: a@x.org\r\nCc: friends: a@x.org;\r\nDate: Fri, 21 Nov 1997 17:00:00 +0000"),
      header("From: =?utf-8?B?67KI7Jet?= <a@x.org>")};
  const struct {
    const char* name;
    OrderBy by;
    bool reverse;
    Order want;
  } kRows[] = {
      {"base subjects, without case; none before all", OrderBy::kSubject, false, {4, 1, 0, 3, 2}},
      {"reversed, equal ones stay", OrderBy::kSubject, true, {2, 0, 3, 1, 4}},
      {"addr-mailbox", OrderBy::kFrom, false, {3, 4, 2, 1, 0}},
      {"to", OrderBy::kTo, false, {0, 1, 4, 3, 2}},
      {"cc, of a group its name", OrderBy::kCc, false, {0, 1, 2, 4, 3}},
      {"names before addresses", OrderBy::kDisplayFrom, false, {3, 1, 2, 0, 4}},
      {"sent dates in UTC, or when it came", OrderBy::kDate, false, {4, 2, 1, 0, 3}},
      {"arrival", OrderBy::kArrival, false, {4, 3, 2, 1, 0}},
      {"size", OrderBy::kSize, true, {4, 3, 2, 1, 0}},
  };
  for (const auto& row : kRows) EXPECT_EQ(sort(letters, row.by, row.reverse), row.want) << row.name;
}

TEST(Order, SeveralTermsCountInTheirOrder) {
  const std::vector<std::string> letters = {header("Subject: b"), header("Subject: a"), header("Subject: b"),
                                            header("Subject: a")};
  OrderColumn subjects(OrderBy::kSubject);
  OrderColumn sizes(OrderBy::kSize);
  for (std::uint32_t i = 0; i < letters.size(); ++i) {
    add(subjects, row(0, i), letters[i]);
    sizes.add(row(0, i), nullptr);
  }
  subjects.settle();
  const Order slots = {0, 1, 2, 3};
  EXPECT_EQ(sort_slots(slots, std::vector<OrderTerm>{{&subjects, false}, {&sizes, true}}),
            (Order{3, 1, 2, 0}));
  EXPECT_EQ(sort_slots(slots, std::vector<OrderTerm>{}), slots);
  // Some of the letters, as a search leaves them: positions in what was given.
  EXPECT_EQ(sort_slots(Order{0, 3}, std::vector<OrderTerm>{{&subjects, false}}), (Order{1, 0}));
}

TEST(Order, LettersThatComeLaterFindTheirPlace) {
  std::mt19937 random(4);
  OrderColumn grown(OrderBy::kSubject);
  std::vector<std::string> texts;
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = random() % 30; i > 0; --i) {
      std::string text;
      for (std::size_t n = random() % 12; n > 0; --n) text += static_cast<char>('A' + random() % 3);
      texts.push_back(text);
      add(grown, row(0, 0), header("Subject: " + text));
    }
    grown.settle();
    Order slots(texts.size());
    std::iota(slots.begin(), slots.end(), 0U);
    Order want = slots;
    std::ranges::sort(want, {}, [&](std::uint32_t i) { return std::pair(texts[i], i); });
    ASSERT_EQ(sort_slots(slots, std::vector<OrderTerm>{{&grown, false}}), want);
  }
}

TEST(Order, PositionsOfAnyNumbersAreSortedAsTheyStand) {
  std::mt19937_64 random(9);
  for (const std::uint64_t bound : {2ULL, 1000ULL, 1ULL << 40, ~0ULL}) {
    std::vector<std::uint64_t> keys;
    for (int i = 0; i < 3000; ++i) keys.push_back(random() % bound);
    Order want(keys.size());
    std::iota(want.begin(), want.end(), 0U);
    std::ranges::sort(want, {}, [&](std::uint32_t i) { return std::pair(keys[i], i); });
    EXPECT_EQ(sorted_positions(keys), want);
  }
  EXPECT_TRUE(sorted_positions({}).empty());
}

}  // namespace
}  // namespace pabal::mailbox
