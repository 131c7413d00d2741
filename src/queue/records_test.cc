#include "queue/records.h"

#include "queue/testing.h"

namespace pabal::queue {
namespace {

using namespace std::chrono_literals;

const WallTime kNow = ManualClock().wall();

Letter full_letter() {
  return {.id = journey::JourneyId(7),
          .sender = address("alice@crepes.fr"),
          .message_id = "ketchup@crepes.fr",
          .preamble = "Received: by us\r\n",
          .blob = store::BlobId::of("Do you like ketchup?"),
          .blob_bytes = 20,
          .body = smtp::Body::kEightBitMime,
          .smtputf8 = true,
          .ret = smtp::Ret::kHeaders,
          .envid = "QQ314159",
          .require_tls = true,
          .accepted = kNow,
          .hold = kNow + 1h,
          .submitter = account::AccountId(3)};
}

Task full_task() {
  Task task{.name = {journey::JourneyId(7), 2},
            .submitter = 3,
            .since = kNow,
            .next_try = kNow + 1min,
            .attempts = 4,
            .alone = false,
            .warned = true,
            .passed_over = true,
            .due = kNow + 1min};
  task.recipients = {
      {address("bob@hamburger.edu"), {smtp::Notify{.success = true, .delay = true}, {}}},
      {address("\"carol lee\"@hamburger.edu"), {{}, smtp::OriginalRecipient{"rfc822", "c@hamburger.edu"}}}};
  task.last_results = {FakeCourier::later(), FakeCourier::later()};
  task.last_results[1].may_have_arrived = true;
  task.owed = {{{address("nobody@hamburger.edu")}, FakeCourier::refused()}};
  return task;
}

TEST(QueueRecords, LetterComesBack) {
  Letter held_for = full_letter();
  held_for.hold = 999'999'999s;
  for (const Letter& letter : {full_letter(), held_for, Letter{.id = journey::JourneyId(7)}}) {
    const Envelope envelope{letter, {{domain("hamburger.edu"), 3}, {domain("fries.org"), 1}}};
    const auto back = decode_envelope(letter.id, encode_envelope(letter, envelope.ways));
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, envelope);
  }
}

TEST(QueueRecords, TaskComesBack) {
  const Task task = full_task();
  const std::string bytes = encode_task(task);
  const auto back = decode_task(domain("hamburger.edu"), task.place(), bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(encode_task(*back), bytes);
  EXPECT_EQ(back->recipients, task.recipients);
  EXPECT_EQ(back->last_results, task.last_results);
  EXPECT_EQ(back->owed, task.owed);
  EXPECT_EQ(back->place(), task.place());
  EXPECT_EQ(back->next_try, task.next_try);
  EXPECT_TRUE(back->warned && back->passed_over && !back->alone);
}

TEST(QueueRecords, CutOrLengthenedOnesAreRefused) {
  const Envelope::Way way{domain("hamburger.edu"), 3};
  const std::string letter = encode_envelope(full_letter(), std::span(&way, 1));
  const std::string task = encode_task(full_task());
  const account::DomainName hamburger = domain("hamburger.edu");
  for (std::size_t size = 0; size < letter.size(); ++size)
    EXPECT_FALSE(decode_envelope(journey::JourneyId(7), letter.substr(0, size))) << size;
  for (std::size_t size = 0; size < task.size(); ++size)
    EXPECT_FALSE(decode_task(hamburger, {}, task.substr(0, size))) << size;
  EXPECT_FALSE(decode_envelope(journey::JourneyId(7), letter + "x"));
  EXPECT_FALSE(decode_task(hamburger, {}, task + "x"));
  EXPECT_FALSE(decode_task(hamburger, {}, "\x01" + task.substr(1)));
}

TEST(QueueRecords, LargestTaskFitsIntoAValue) {
  Task task;
  RecipientResult said{.reply = {550, smtp::EnhancedCode{5, 1, 1}, std::string(kMaxKeptReplyBytes, 'x')},
                       .host = std::string(kMaxKeptHostBytes, 'h'),
                       .reason = std::string(kMaxKeptReasonBytes, 'r')};
  const std::string label(60, 'd');
  const account::Address longest =
      address(fmt::format("{}@{}.{}.{}.edu", std::string(64, 'l'), label, label, label));
  for (std::size_t i = 0; i < kMaxErrandRecipients; ++i) {
    task.recipients.push_back(
        {longest,
         {{}, smtp::OriginalRecipient{"rfc822", std::string(smtp::kMaxOriginalRecipientBytes, 'o')}}});
    task.last_results.push_back(said);
  }
  EXPECT_LE(encode_task(task).size(), store::kMaxValueBytes);
}

TEST(QueueRecords, LineIsInTheOrderOfTime) {
  const account::DomainName hamburger = domain("hamburger.edu");
  const LinePlace places[] = {LinePlace::first(),
                              {kNow, {journey::JourneyId(1), 0}},
                              {kNow, {journey::JourneyId(1), 1}},
                              {kNow, {journey::JourneyId(2), 0}},
                              {kNow + 1us, {journey::JourneyId(1), 0}},
                              {kHeld, {journey::JourneyId(1), 0}},
                              LinePlace::behind_all()};
  std::string before;
  for (const LinePlace& place : places) {
    const std::string key = line_key(hamburger, place);
    EXPECT_LT(before, key);
    before = key;
    const auto parsed = parse_line_key(key);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->domain, "hamburger.edu");
    EXPECT_EQ(parsed->place, place);
  }
  // One domain's line never reaches into another's.
  EXPECT_LT(before, line_prefix(domain("hamburger.education")));
  EXPECT_FALSE(parse_line_key(before + "x"));
  EXPECT_FALSE(parse_line_key(before.substr(0, before.size() - 1)));
}

}  // namespace
}  // namespace pabal::queue
