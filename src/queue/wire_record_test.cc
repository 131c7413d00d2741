#include "queue/wire_record.h"

#include <gtest/gtest.h>

#include "queue/scripted_peer.h"

namespace pabal::queue {
namespace {

using journey::WireLine;

TEST(WireRecord, NotesBothSidesWithTheirTimes) {
  ManualClock clock;
  ListeningJournal journal;
  WireRecord record(clock, journal);
  record.begin(journey::JourneyId(7));
  EXPECT_FALSE(record.take("mx"));
  record.begin(journey::JourneyId(7));
  const WallTime began = clock.wall();
  record.heard("220 hamburger.edu");
  clock.advance(std::chrono::milliseconds(3));
  record.said("BDAT 17 LAST");
  record.letter_said(17);
  const auto event = record.take("mx");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->at, began);
  EXPECT_EQ(fact_of(*event, journey::FactName::kHost), "mx");
  const std::vector<WireLine> want = {
      {std::chrono::microseconds(0), WireLine::From::kPeer, "220 hamburger.edu"},
      {std::chrono::microseconds(3000), WireLine::From::kUs, "BDAT 17 LAST"},
      {std::chrono::microseconds(3000), WireLine::From::kUs, "(the letter, 17 bytes)"}};
  EXPECT_EQ(event->dialogue, want);
  record.said("QUIT");
  EXPECT_EQ(journal.overheard_lines.size(), 3u);
  EXPECT_FALSE(record.take("mx"));
}

TEST(WireRecord, KeepsBeginningAndEndOfALongDialogue) {
  ManualClock clock;
  ListeningJournal journal;
  WireRecord record(clock, journal);
  record.begin(journey::JourneyId(7));
  for (int i = 0; i < 1000; ++i) record.heard(fmt::format("line {}", i));
  record.heard(std::string(1000, 'x'));
  const auto event = record.take("mx");
  ASSERT_EQ(event->dialogue.size(), journey::kMaxWireLines);
  EXPECT_EQ(event->dialogue.front().text, "line 0");
  EXPECT_EQ(event->dialogue[199].text, "line 199");
  EXPECT_EQ(event->dialogue[200].text, "(602 lines are left out here)");
  EXPECT_EQ(event->dialogue[201].text, "line 802");
  EXPECT_EQ(event->dialogue.back().text.size(), journey::kMaxWireLineBytes);
  EXPECT_TRUE(event->dialogue.back().text.ends_with("x..."));
}

}  // namespace
}  // namespace pabal::queue
