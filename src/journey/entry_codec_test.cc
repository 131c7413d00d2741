#include "journey/entry_codec.h"

#include <gmock/gmock.h>

#include "store/engine.h"

namespace pabal::journey {
namespace {

using std::chrono::microseconds;

const JourneyId kId(0x0102030405060708);

Event accepted() {
  Event event{.at = WallTime(microseconds(1'700'000'000'123'456)), .stage = Stage::kAccepted};
  event.add(FactName::kSender, "alice@crepes.fr");
  event.add(FactName::kRecipient, "bob@hamburger.edu");
  event.dialogue.push_back({microseconds(15), WireLine::From::kPeer, "MAIL FROM:<alice@crepes.fr>"});
  event.dialogue.push_back({microseconds(20), WireLine::From::kUs, "250 2.1.0 Sender ok"});
  return event;
}

Entry full_entry() {
  return {.id = kId,
          .terms = {.message_id = "1@crepes.fr",
                    .sender = "alice@crepes.fr",
                    .recipients = {"bob@hamburger.edu", "carol@hamburger.edu"}},
          .events = {accepted(), {.at = WallTime(microseconds(7)), .stage = Stage::kQueued}}};
}

TEST(EntryCodec, ReadsWhatItWrote) {
  for (const Entry& entry : {full_entry(), Entry{.id = kId}}) {
    const auto decoded = decode_entry(kId, encode_entry(entry));
    ASSERT_TRUE(decoded) << decoded.error().detail;
    EXPECT_EQ(*decoded, entry);
  }
}

TEST(EntryCodec, BytesAreAsDocumented) {
  const Entry entry{.id = kId,
                    .terms = {.message_id = "m", .sender = "", .recipients = {"r"}},
                    .events = {{.at = WallTime(microseconds(258)),
                                .stage = Stage::kSpoke,
                                .facts = {{FactName::kHost, "h"}},
                                .dialogue = {{microseconds(300), WireLine::From::kPeer, "220"}}}}};
  EXPECT_EQ(encode_entry(entry), std::string("\x01"
                                             "\x01m\x00\x01\x01r"
                                             "\x01"
                                             "\x0c\x00\x00\x00\x00\x00\x00\x01\x02"
                                             "\x01\x0d\x01h"
                                             "\x01\x02\xac\x02\x03"
                                             "220",
                                             29));
}

TEST(EntryCodec, RefusesEveryTruncationAndWhatFollows) {
  const std::string bytes = encode_entry(full_entry());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto decoded = decode_entry(kId, std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(decoded) << size;
    EXPECT_EQ(decoded.error().kind, ErrorKind::kCorrupt);
  }
  EXPECT_FALSE(decode_entry(kId, bytes + '\0'));
}

TEST(EntryCodec, RefusesWhatItDoesNotUnderstand) {
  const std::string head("\x01\x00\x00\x00\x01", 5);
  const std::string time(8, '\0');
  struct Case {
    const char* name;
    std::string bytes;
  };
  const Case cases[] = {
      {"a newer version", std::string("\x02\x00\x00\x00\x00", 5)},
      {"stage 0", head + '\0' + time + std::string(2, '\0')},
      {"a stage to come", head + '\x16' + time + std::string(2, '\0')},
      {"a fact to come", head + '\x01' + time + std::string("\x01\x19\x00\x00", 4)},
      {"a line from nobody", head + '\x01' + time + std::string("\x00\x01\x03\x00\x00", 5)},
      {"more facts than bytes", head + '\x01' + time + std::string("\x7f\x01\x00", 3)},
      {"too many events", std::string("\x01\x00\x00\x00\xff\xff\x03", 7)},
  };
  EXPECT_TRUE(decode_entry(kId, head + '\x01' + time + std::string(2, '\0')));
  for (const Case& each : cases) EXPECT_FALSE(decode_entry(kId, each.bytes)) << each.name;
}

TEST(EntryCodec, CutsLongTextsBetweenCharacters) {
  Entry entry{.id = kId, .events = {{.stage = Stage::kSpoke}}};
  std::string text;
  while (text.size() < kMaxFactBytes) text += "é";
  entry.events[0].add(FactName::kReply, text + "é");
  entry.events[0].dialogue.push_back({.text = text});
  const auto decoded = decode_entry(kId, encode_entry(entry));
  ASSERT_TRUE(decoded);
  const Event& event = decoded->events[0];
  EXPECT_LE(event.facts[0].value.size(), kMaxFactBytes);
  EXPECT_TRUE(event.facts[0].value.ends_with("é…"));
  EXPECT_LE(event.dialogue[0].text.size(), kMaxWireLineBytes);
  EXPECT_TRUE(event.dialogue[0].text.ends_with("é…"));
}

TEST(EntryCodec, SaysWhatWasLeftOutOfAnEvent) {
  Entry entry{.id = kId, .events = {{.stage = Stage::kAccepted}}};
  for (std::size_t i = 0; i < kMaxFacts + 10; ++i) entry.events[0].add(FactName::kRecipient, "a@b.c");
  for (std::size_t i = 0; i < kMaxWireLines + 10; ++i) entry.events[0].dialogue.push_back({.text = "RSET"});
  const auto decoded = decode_entry(kId, encode_entry(entry));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->events[0].facts.size(), kMaxFacts);
  EXPECT_EQ(decoded->events[0].dialogue.size(), kMaxWireLines);
  EXPECT_EQ(decoded->events[0].find(FactName::kLeftOut), "11 facts and 10 lines of the dialogue");
}

TEST(EntryCodec, KeepsTheBeginningAndTheEndOfManyEvents) {
  Entry entry{.id = kId};
  for (int i = 0; i < 1000; ++i) entry.events.push_back({.at = WallTime(microseconds(i))});
  const auto decoded = decode_entry(kId, encode_entry(entry));
  ASSERT_TRUE(decoded);
  ASSERT_EQ(decoded->events.size(), kMaxEvents);
  EXPECT_EQ(decoded->events.front().at, WallTime(microseconds(0)));
  EXPECT_EQ(decoded->events.back().at, WallTime(microseconds(999)));
  EXPECT_EQ(decoded->events[kMaxEvents / 2].find(FactName::kLeftOut), "744 events before this one");
}

// Whatever its writer made of it, an entry must not keep its letter out of the store.
TEST(EntryCodec, TheLargestEntryFitsTheStore) {
  Event event{.stage = Stage::kSpoke};
  for (std::size_t i = 0; i < 2 * kMaxFacts; ++i)
    event.add(FactName::kReply, std::string(2 * kMaxFactBytes, 'x'));
  for (std::size_t i = 0; i < 2 * kMaxWireLines; ++i)
    event.dialogue.push_back({.text = std::string(2000, 'y')});
  Entry entry{.id = kId, .terms = {.message_id = std::string(5000, 'm'), .sender = std::string(5000, 's')}};
  entry.terms.recipients.assign(5000, std::string(300, 'r'));
  for (const std::size_t events : {1, 3, 300}) {
    if (events > kMaxEvents) event.facts.resize(10);
    if (events > kMaxEvents) event.dialogue.resize(10);
    entry.events.assign(events, event);
    const std::string bytes = encode_entry(entry);
    EXPECT_LE(bytes.size(), store::kMaxValueBytes);
    const auto decoded = decode_entry(kId, bytes);
    ASSERT_TRUE(decoded) << events;
    EXPECT_EQ(decoded->events.size(), std::min(events, kMaxEvents));
    EXPECT_FALSE(decoded->events.back().find(FactName::kLeftOut).empty());
    EXPECT_TRUE(decoded->terms.message_id.empty());
    EXPECT_GT(decoded->terms.recipients.size(), 300u);
  }
}

TEST(EntryKey, SortsByJourneyThenTime) {
  const WallTime early(microseconds(1));
  const WallTime late(microseconds(256));
  const std::string key = entry_key(kId, early, 0);
  EXPECT_EQ(key.size(), 28u);
  EXPECT_TRUE(key.starts_with(entry_prefix(kId)));
  EXPECT_LT(key, entry_key(kId, early, 1));
  EXPECT_LT(entry_key(kId, early, 9), entry_key(kId, late, 0));
  EXPECT_LT(entry_key(kId, late, 0), entry_key(JourneyId(kId.value() + 1), early, 0));
  EXPECT_EQ(journey_of_key(key), kId);
  EXPECT_FALSE(journey_of_key(key + "x"));
  EXPECT_FALSE(journey_of_key(std::string_view(key).substr(1)));
}

}  // namespace
}  // namespace pabal::journey
