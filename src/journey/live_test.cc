#include "journey/live.h"

#include <gmock/gmock.h>

#include <thread>

#include "journey/testing.h"

namespace pabal::journey {
namespace {

using std::chrono::seconds;

class LiveTest : public JourneyTest {
 protected:
  Result<News> next(Following& following) {
    return sim.run_until_done(following.next(sim.loop().in(seconds(1))));
  }
  Entry entry(JourneyId id) { return {.id = id, .events = {event(Stage::kStored)}}; }
};

TEST_F(LiveTest, TellsOfEntriesOnceTheyAreDurableAndOfLinesAtOnce) {
  const auto following = live.follow();
  ASSERT_TRUE(following);
  journal.overheard(JourneyId(1), WireLine::From::kPeer, "220 hello");
  ASSERT_TRUE(keep(bob, entry(JourneyId(1))));
  const auto line = next(**following);
  ASSERT_TRUE(line);
  ASSERT_TRUE(std::holds_alternative<Overheard>(line->what));
  EXPECT_EQ(std::get<Overheard>(line->what).text, "220 hello");
  const auto stored = next(**following);
  ASSERT_TRUE(stored);
  EXPECT_EQ(*std::get<std::shared_ptr<const Entry>>(stored->what), entry(JourneyId(1)));
  EXPECT_EQ(next(**following).error().kind, ErrorKind::kDeadline);
}

TEST_F(LiveTest, OneLetterCanBeFollowed) {
  const auto following = live.follow(JourneyId(2));
  ASSERT_TRUE(following);
  live.overheard(JourneyId(1), WireLine::From::kUs, "EHLO one");
  live.committed(entry(JourneyId(1)));
  live.overheard(JourneyId(2), WireLine::From::kUs, "EHLO two");
  EXPECT_EQ(std::get<Overheard>(next(**following)->what).text, "EHLO two");
  EXPECT_FALSE(next(**following));
}

TEST_F(LiveTest, NobodyIsToldBeforeOrAfter) {
  live.overheard(JourneyId(1), WireLine::From::kUs, "RSET");
  EXPECT_FALSE(live.anybody());
  auto following = live.follow();
  EXPECT_TRUE(live.anybody());
  EXPECT_FALSE(next(**following));
  following->reset();
  EXPECT_FALSE(live.anybody());
}

TEST_F(LiveTest, WhoIsSlowMissesSomeAndHearsHowMany) {
  const auto following = live.follow();
  constexpr std::size_t kSent = 20'000;
  for (std::size_t i = 0; i < kSent; ++i)
    live.overheard(JourneyId(1), WireLine::From::kUs, std::string(kMaxWireLineBytes, 'x'));
  std::size_t got = 0;
  for (auto news = next(**following); news; news = next(**following)) {
    EXPECT_EQ(news->missed, 0u);
    ++got;
  }
  EXPECT_GT(got, 100u);
  EXPECT_LT(got, kSent);
  live.overheard(JourneyId(1), WireLine::From::kUs, "QUIT");
  const auto after = next(**following);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->missed, kSent - got);
}

TEST_F(LiveTest, HasABoundOnFollowers) {
  std::vector<std::unique_ptr<Following>> followings;
  for (std::size_t i = 0; i < kMaxFollowers; ++i) followings.push_back(*live.follow());
  EXPECT_EQ(live.follow().error().kind, ErrorKind::kOverLimit);
}

TEST_F(LiveTest, EndsForAllWhenTheServerStops) {
  const auto following = live.follow();
  live.overheard(JourneyId(1), WireLine::From::kUs, "QUIT");
  live.close();
  EXPECT_TRUE(next(**following));
  EXPECT_EQ(next(**following).error().kind, ErrorKind::kClose);
  EXPECT_EQ(live.follow().error().kind, ErrorKind::kClose);
}

TEST_F(LiveTest, AWaitCanBeCancelled) {
  const auto following = live.follow();
  std::optional<Result<News>> outcome;
  const auto wait = [](Following& from, std::optional<Result<News>>& into) -> net::Task<void> {
    into = co_await from.next(net::Deadline::never());
  };
  duties.spawn(wait(**following, outcome));
  sim.settle();
  EXPECT_FALSE(outcome);
  duties.cancel();
  sim.settle();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->error().kind, ErrorKind::kCancelled);
  live.overheard(JourneyId(1), WireLine::From::kUs, "QUIT");  // to nobody who waits
}

TEST_F(LiveTest, IsToldByManyThreads) {
  const auto following = live.follow();
  constexpr int kEach = 500;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([this] {
        for (int line = 0; line < kEach; ++line)
          journal.overheard(journal.new_id(), WireLine::From::kUs, "NOOP");
      });
    }
  }
  std::uint64_t heard = 0;
  for (auto news = next(**following); news; news = next(**following)) heard += 1 + news->missed;
  EXPECT_EQ(heard, 4u * kEach);
}

}  // namespace
}  // namespace pabal::journey
