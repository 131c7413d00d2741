#include "journey/fate.h"

#include <gtest/gtest.h>

namespace pabal::journey {
namespace {

Event event(Stage stage, std::vector<std::string> recipients = {}) {
  Event out{.stage = stage};
  for (std::string& each : recipients) out.add(FactName::kRecipient, std::move(each));
  return out;
}

std::string told(const std::vector<Event>& events) {
  constexpr std::string_view kNames[] = {"stored", "relayed", "waiting", "held", "failed", "dropped"};
  std::string out;
  for (const RecipientFate& each : fates(events))
    out += fmt::format("{}:{} ", each.recipient, kNames[static_cast<int>(each.fate)]);
  return out;
}

TEST(Fates, AreReadFromTheEvents) {
  struct Case {
    const char* name;
    std::vector<Event> events;
    std::string_view want;
    bool well;
  };
  const Case cases[] = {
      {"nothing", {}, "", true},
      {"refused", {event(Stage::kRefused, {"a"})}, "", false},
      {"stored", {event(Stage::kAccepted, {"a"}), event(Stage::kStored, {"a"})}, "a:stored ", true},
      {"relayed late",
       {event(Stage::kQueued, {"a"}), event(Stage::kDeferred, {"a"}), event(Stage::kRelayed, {"a"})},
       "a:relayed ",
       true},
      {"each its own",
       {event(Stage::kQueued, {"a", "b", "c"}), event(Stage::kRelayed, {"a"}), event(Stage::kFailed, {"b"}),
        event(Stage::kDeferred, {"c"})},
       "a:relayed b:failed c:waiting ",
       false},
      {"what names nobody is about those who wait",
       {event(Stage::kQueued, {"a", "b"}), event(Stage::kRelayed, {"a"}), event(Stage::kDropped)},
       "a:relayed b:dropped ",
       false},
      {"a report that nobody takes changes nothing",
       {event(Stage::kQueued, {"a"}), event(Stage::kFailed, {"a"}), event(Stage::kDropped, {"a"})},
       "a:failed ",
       false},
      {"nobody was ever named", {event(Stage::kQueued), event(Stage::kRelayed)}, ":relayed ", true},
      {"held and released", {event(Stage::kHeld, {"a"}), event(Stage::kReleased)}, "a:waiting ", false},
      {"read and deleted", {event(Stage::kFetched, {"a"}), event(Stage::kDeleted, {"a"})}, "", true},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(told(each.events), each.want) << each.name;
    EXPECT_EQ(ended_well(each.events), each.well) << each.name;
  }
}

TEST(Fates, KnowTheEventThatDecided) {
  const std::vector<Event> events = {event(Stage::kQueued, {"a"}), event(Stage::kDeferred, {"a"})};
  EXPECT_EQ(fates(events).at(0).decided_by, &events[1]);
}

}  // namespace
}  // namespace pabal::journey
