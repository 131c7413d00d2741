#include <gmock/gmock.h>

#include "app/control_protocol.h"
#include "app/testing.h"
#include "journey/index.h"
#include "journey/store_journal.h"
#include "net/scope.h"

namespace pabal::app {
namespace {

using journey::Event;
using journey::FactName;
using journey::Stage;
using testing::HasSubstr;

class NoPlaces final : public journey::Places {
 public:
  net::Task<Result<std::vector<store::PartitionId>>> list(std::optional<store::PartitionId>) override {
    co_return std::vector<store::PartitionId>();
  }
};

class JourneyMethods : public AdminTest {
 protected:
  JourneyMethods() { duties.spawn(index.run()); }
  ~JourneyMethods() override {
    duties.cancel();
    sim.run_until_done(duties.join());
  }

  Event event(Stage stage) { return {.at = sim.clock().wall(), .stage = stage}; }

  journey::Entry letter(std::string message_id = "1@crepes.fr") {
    journey::Entry entry{.id = journal.new_id(),
                         .terms = {std::move(message_id), "alice@crepes.fr", {"bob@hamburger.edu"}},
                         .events = {event(Stage::kAccepted), event(Stage::kStored)}};
    entry.events[0].add(FactName::kSender, "alice@crepes.fr");
    for (Event& each : entry.events) each.add(FactName::kRecipient, "bob@hamburger.edu");
    return entry;
  }
  journey::JourneyId keep(const journey::Entry& entry) {
    store::Batch batch(place);
    journal.write(batch, entry);
    EXPECT_TRUE(sim.run_until_done(store.commit(std::move(batch))));
    journal.committed(place, entry);
    sim.settle();
    return entry.id;
  }
  std::string text(const Json& json, std::string_view name) {
    const Json* const member = json.find(name);
    return member && member->as_text() ? *member->as_text() : "";
  }
  std::size_t found(Json params) {
    // The index gathers for a moment what it puts.
    sim.run_until_done(net::sleep_until(sim.loop().in(std::chrono::seconds(1))));
    reply.items.clear();
    const auto result = call("journey.find", std::move(params));
    EXPECT_TRUE(result) << result.error().detail;
    return reply.items.size();
  }

  const store::PartitionId place{"account 1"};
  NoPlaces places;
  journey::Index index{store, places};
  journey::StoreJournal journal{sim.clock(), random, index, live};
  net::Scope duties{sim.loop()};
};

TEST_F(JourneyMethods, FindShowsWhatBecameOfEach) {
  const auto id = keep(letter());
  EXPECT_EQ(found(Json()), 1u);
  const Json& item = reply.items.at(0);
  EXPECT_EQ(text(item, "id"), id.to_string());
  EXPECT_EQ(text(item, "came"), "2026-01-01T00:00:00Z");
  EXPECT_EQ(text(item, "sender"), "alice@crepes.fr");
  EXPECT_EQ(text(item, "outcome"), "delivered");
  EXPECT_THAT(text(item, "summary"), HasSubstr("Delivered to bob@hamburger.edu"));
}

TEST_F(JourneyMethods, FindTakesItsConditionsAsPeopleWriteThem) {
  sim.clock().advance(std::chrono::hours(12));
  keep(letter());
  sim.clock().advance(std::chrono::hours(3));
  EXPECT_EQ(found(Json::object({{"message_id", "<1@crepes.fr>"}})), 1u);
  EXPECT_EQ(found(Json::object({{"message_id", "2@crepes.fr"}})), 0u);
  EXPECT_EQ(found(Json::object({{"sender", "Alice@CREPES.fr"}})), 1u);
  EXPECT_EQ(found(Json::object({{"recipient", "alice@crepes.fr"}})), 0u);
  EXPECT_EQ(found(Json::object({{"since", "4h"}})), 1u);
  EXPECT_EQ(found(Json::object({{"since", "2h"}})), 0u);
  EXPECT_EQ(found(Json::object({{"since", "2026-01-01"}, {"until", "2026-01-02"}})), 1u);
  EXPECT_EQ(found(Json::object({{"since", "2026-01-01T12:01"}})), 0u);
  EXPECT_EQ(found(Json::object({{"until", "2026-01-01 12:00:01Z"}})), 1u);
  EXPECT_EQ(found(Json::object({{"until", "2026-01-01T12:00:00"}})), 0u);
}

TEST_F(JourneyMethods, FindSaysWhatItDoesNotUnderstand) {
  for (const char* when :
       {"", "yesterday", "2026-13-01", "2026-01-01T25:00", "2026-01-01T12", "12:00", "2026-01-01x"}) {
    const auto result = call("journey.find", Json::object({{"since", when}}));
    ASSERT_FALSE(result) << when;
    EXPECT_THAT(result.error().detail, HasSubstr("write 2h"));
  }
  EXPECT_FALSE(call("journey.find", Json::object({{"limit", 0}})));
}

TEST_F(JourneyMethods, FindGoesOnPastAPageAndStopsAtItsLimit) {
  for (int i = 0; i < 120; ++i) keep(letter(fmt::format("{}@crepes.fr", i)));
  EXPECT_EQ(found(Json()), 50u);
  EXPECT_EQ(found(Json::object({{"limit", 110}})), 110u);
  EXPECT_EQ(found(Json::object({{"limit", 1000}})), 120u);
}

TEST_F(JourneyMethods, ShowTellsTheWay) {
  const auto id = keep(letter());
  const auto shown = call("journey.show", Json::object({{"id", id.to_string()}}));
  ASSERT_TRUE(shown) << shown.error().detail;
  EXPECT_THAT(text(*shown, "text"), HasSubstr("The letter is in the mailbox of bob@hamburger.edu."));
  const Json::Array* const events = shown->find("events")->as_array();
  ASSERT_EQ(events->size(), 2u);
  EXPECT_EQ(text((*events)[1], "stage"), "stored");
  EXPECT_EQ(text((*events)[0], "at"), "2026-01-01T00:00:00.000000Z");
}

TEST_F(JourneyMethods, ShowKnowsNoOthers) {
  for (const char* id : {"", "x", "0000000000001"}) {
    const auto shown = call("journey.show", Json::object({{"id", id}}));
    ASSERT_FALSE(shown) << id;
    EXPECT_EQ(shown.error().kind, ErrorKind::kRefuse);
  }
}

// The answer is one line of the control protocol, which has a bound.
TEST_F(JourneyMethods, TheLongestJourneyFitsOneAnswer) {
  const auto id = keep(letter());
  for (int i = 0; i < 1000; ++i) {
    journey::Entry entry{.id = id, .events = {event(Stage::kDeferred)}};
    for (int line = 0; line < 20; ++line)
      entry.events[0].dialogue.push_back({.text = std::string(400, '\x1b')});
    for (int recipient = 0; recipient < 100; ++recipient)
      entry.events[0].add(FactName::kRecipient, fmt::format("somebody-{}@hamburger.edu", recipient));
    keep(entry);
    sim.clock().advance(std::chrono::minutes(30));
  }
  const auto shown = call("journey.show", Json::object({{"id", id.to_string()}}));
  ASSERT_TRUE(shown);
  EXPECT_LT(shown->to_text().size(), kMaxAnswerBytes);
  EXPECT_TRUE(shown->find("events")->as_array()->back().find("dialogue"));
  EXPECT_EQ(shown->find("events")->as_array()->size(), 200u);
  EXPECT_TRUE(text(*shown, "text").contains("802 events before this one"));
}

TEST_F(JourneyMethods, FollowStreamsUntilTheServerStops) {
  struct Call {
    static net::Task<void> run(Admin& admin, Reply& reply, std::optional<Result<Json>>& into) {
      into = co_await admin.execute("journey.follow", Json(), reply);
    }
  };
  std::optional<Result<Json>> result;
  duties.spawn(Call::run(admin, reply, result));
  sim.settle();
  journal.overheard(journey::JourneyId(1), journey::WireLine::From::kPeer, "220 hamburger.edu");
  keep(letter());
  ASSERT_EQ(reply.items.size(), 2u);
  EXPECT_THAT(text(reply.items[0], "text"), HasSubstr("we hear: 220 hamburger.edu\n"));
  EXPECT_EQ(text(reply.items[0], "from"), "peer");
  EXPECT_THAT(text(reply.items[1], "text"),
              HasSubstr("The letter is in the mailbox of bob@hamburger.edu.\n"));
  EXPECT_FALSE(result);
  live.close();
  sim.settle();
  ASSERT_TRUE(result && *result);
}

TEST_F(JourneyMethods, FollowTakesAJourneyOrNone) {
  EXPECT_FALSE(call("journey.follow", Json::object({{"id", "x"}})));
}

}  // namespace
}  // namespace pabal::app
