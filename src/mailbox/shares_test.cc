#include "mailbox/shares.h"

#include <gmock/gmock.h>

#include "net/testing.h"
#include "store/memory.h"

namespace pabal::mailbox {
namespace {

using account::AccountId;
using testing::ElementsAre;
using testing::IsEmpty;

class SharesTest : public testing::Test {
 protected:
  static constexpr AccountId kBob{1};
  static constexpr AccountId kAlice{2};
  static constexpr AccountId kCarol{3};
  static constexpr AccountId kEverybody{};

  template <class T>
  auto must(net::Task<Result<T>> task) {
    auto result = sim_.run_until_done(std::move(task));
    EXPECT_TRUE(result) << result.error().detail;
    if constexpr (!std::is_void_v<T>) return *std::move(result);
  }
  std::vector<AccountId> sharers_of(AccountId receiver) {
    std::vector<AccountId> out;
    for (const Sharer& sharer : must(shares_.list(receiver))) out.push_back(sharer.owner);
    return out;
  }
  void pass(std::chrono::seconds time) {
    sim_.run_until_done([](net::Deadline until) -> net::Task<void> {
      std::ignore = co_await net::sleep_until(until);
    }(sim_.loop().in(time)));
  }

  net::SimulatedLoop sim_;
  std::unique_ptr<store::Engine> engine_ = store::make_memory_engine();
  Shares shares_{*engine_, sim_.clock()};
};

TEST_F(SharesTest, AreFoundByThoseWhoGetThem) {
  must(shares_.note(kBob, kAlice));
  must(shares_.note(kBob, kAlice));
  must(shares_.note(kEverybody, kCarol));
  EXPECT_THAT(sharers_of(kBob), ElementsAre(kAlice, kCarol));
  EXPECT_THAT(sharers_of(kAlice), ElementsAre(kCarol));
  EXPECT_THAT(sharers_of(kCarol), IsEmpty());  // her own are no others'
}

TEST_F(SharesTest, SomebodyMayStandBetweenTheTwoWrites) {
  must(shares_.note(kBob, kAlice));
  must(shares_.forget_old(kBob, kAlice));
  EXPECT_THAT(sharers_of(kBob), ElementsAre(kAlice));
  pass(std::chrono::hours(2));
  must(shares_.note(kBob, kAlice));
  must(shares_.forget_old(kBob, kAlice));
  EXPECT_THAT(sharers_of(kBob), ElementsAre(kAlice));
  pass(std::chrono::hours(2));
  must(shares_.forget_old(kBob, kAlice));
  EXPECT_THAT(sharers_of(kBob), IsEmpty());
}

TEST_F(SharesTest, KeepWhatSomebodySubscribedTo) {
  must(shares_.set_subscribed(kBob, kAlice, FolderId(9), true));
  must(shares_.set_subscribed(kBob, kAlice, FolderId(4), true));
  must(shares_.note(kBob, kAlice));
  pass(std::chrono::hours(2));
  must(shares_.forget_old(kBob, kAlice));
  EXPECT_THAT(must(shares_.list(kBob)).front().subscribed, ElementsAre(FolderId(4), FolderId(9)));
  must(shares_.set_subscribed(kBob, kAlice, FolderId(9), false));
  EXPECT_THAT(must(shares_.list(kBob)).front().subscribed, ElementsAre(FolderId(4)));
}

}  // namespace
}  // namespace pabal::mailbox
