// pabal queue, over a queue that only notes what it is asked.
#include "app/testing.h"
#include "queue/queue_admin.h"

namespace pabal::app {
namespace {

class NotedQueue final : public queue::QueueAdmin {
 public:
  net::Task<Result<void>> list(queue::QueueFilter filter, queue::QueueItemSink& sink) override {
    seen = std::move(filter);
    if (seen.id && *seen.id != item.id) co_return Result<void>();
    co_return co_await sink.item(item);
  }
  net::Task<Result<std::vector<queue::DomainStatistics>>> statistics() override {
    co_return std::vector<queue::DomainStatistics>{{.domain = "hamburger.edu", .letters = 3}};
  }
  net::Task<Result<queue::QueueChanged>> change(queue::QueueFilter filter, queue::QueueChange what,
                                                std::string why) override {
    seen = std::move(filter);
    changed = what;
    reason = std::move(why);
    co_return queue::QueueChanged{.changed = seen.id && *seen.id != item.id ? 0U : 1U};
  }
  net::Task<Result<void>> suspend(account::DomainName name, std::string why) override {
    suspended = name.ascii();
    reason = std::move(why);
    co_return Result<void>();
  }
  net::Task<Result<void>> resume(account::DomainName) override {
    suspended.clear();
    co_return Result<void>();
  }

  queue::QueueItem item{.id = journey::JourneyId(42),
                        .sender = "alice@crepes.fr",
                        .domain = "hamburger.edu",
                        .recipients = {"bob@hamburger.edu"},
                        .held = true,
                        .reason = "No host could be reached."};
  queue::QueueFilter seen;
  queue::QueueChange changed = {};
  std::string reason;
  std::string suspended;
};

class AdminQueueTest : public AdminTest {
 protected:
  Result<Json> ask(std::string method, Json params) {
    return sim.run_until_done(admin_.execute(std::move(method), std::move(params), reply));
  }

  NotedQueue queue_;
  Admin admin_{{.clock = sim.clock(),
                .random = random,
                .store = store,
                .directory = directory,
                .credentials = credentials,
                .queue = &queue_},
               admin_methods()};
};

TEST_F(AdminQueueTest, ListPassesItsFilters) {
  const auto result = ask("queue.list", Json::object({{"sender", "Alice@Crepes.fr"},
                                                      {"domain", "hamburger.edu"},
                                                      {"older_than", "4h"},
                                                      {"held", true}}));
  ASSERT_TRUE(result) << result.error().detail;
  EXPECT_EQ(queue_.seen.sender, "alice@crepes.fr");
  EXPECT_EQ(queue_.seen.domain->ascii(), "hamburger.edu");
  EXPECT_EQ(queue_.seen.older_than, std::chrono::hours(4));
  EXPECT_TRUE(queue_.seen.held);
  ASSERT_EQ(reply.items.size(), 1u);
  EXPECT_EQ(*reply.items[0].find("reason")->as_text(), "No host could be reached.");
  EXPECT_EQ(*reply.items[0].find("held")->as_bool(), true);
}

TEST_F(AdminQueueTest, ChangesOneOrAll) {
  const std::string id = queue_.item.id.to_string();
  ASSERT_TRUE(ask("queue.bounce", Json::object({{"letters", id}, {"reason", "No advertising."}})));
  EXPECT_EQ(queue_.changed, queue::QueueChange::kBounce);
  EXPECT_EQ(queue_.seen.id, queue_.item.id);
  EXPECT_EQ(queue_.reason, "No advertising.");

  ASSERT_TRUE(ask("queue.delete", Json::object({{"letters", "all"}, {"sender", "<>"}})));
  EXPECT_EQ(queue_.changed, queue::QueueChange::kDelete);
  EXPECT_FALSE(queue_.seen.id);
  EXPECT_EQ(queue_.seen.sender, "<>");
}

TEST_F(AdminQueueTest, RefusesWhatIsNoLetter) {
  const auto no_id = ask("queue.hold", Json::object({{"letters", "everything"}}));
  ASSERT_FALSE(no_id);
  EXPECT_EQ(no_id.error().detail, "'everything' is no letter's id; 'pabal queue list' shows them");
  const auto other = ask("queue.show", Json::object({{"letter", journey::JourneyId(7).to_string()}}));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::kRefuse);
}

TEST_F(AdminQueueTest, SuspendsAndResumes) {
  ASSERT_TRUE(ask("queue.suspend", Json::object({{"domain", "hamburger.edu"}})));
  EXPECT_EQ(queue_.suspended, "hamburger.edu");
  ASSERT_TRUE(ask("queue.resume", Json::object({{"domain", "hamburger.edu"}})));
  EXPECT_EQ(queue_.suspended, "");
}

TEST_F(AdminTest, WithoutAServerThereIsNoQueue) {
  const auto result = call("queue.list", Json());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().detail, "only a running server has a queue");
}

}  // namespace
}  // namespace pabal::app
