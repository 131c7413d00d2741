#include "journey/telling.h"

#include <gtest/gtest.h>

#include "journey/detail/words.h"

namespace pabal::journey {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using F = FactName;

const WallTime kNoon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) + std::chrono::hours(12);

Event event(Stage stage, std::vector<Fact> facts = {}, std::chrono::microseconds after = {}) {
  return {.at = kNoon + after, .stage = stage, .facts = std::move(facts)};
}

const Fact kAlice{F::kSender, "alice@crepes.fr"};
const Fact kBob{F::kRecipient, "bob@hamburger.edu"};
const Fact kHost{F::kHost, "mail.hamburger.edu [192.0.2.7]:25"};

TEST(Telling, HasASentenceForEachStage) {
  struct Case {
    Event event;
    std::string_view want;
  };
  const Case cases[] = {
      {event(Stage::kAccepted), "We took a letter."},
      {event(Stage::kAccepted, {{F::kClient, "crepes.fr [192.0.2.1]:40112"}, kAlice, kBob}),
       "crepes.fr [192.0.2.1]:40112 handed over a letter from alice@crepes.fr to bob@hamburger.edu."},
      {event(Stage::kAccepted, {{F::kClient, "[192.0.2.1]"},
                                {F::kLogin, "alice@crepes.fr"},
                                kAlice,
                                kBob,
                                {F::kSize, "1234"},
                                {F::kProtocol, "ESMTPSA"},
                                {F::kTls, "TLSv1.3 TLS_AES_256_GCM_SHA384"},
                                {F::kOurReply, "250 2.6.0 Message accepted for delivery"}}),
       "[192.0.2.1], logged in as alice@crepes.fr, handed over a letter from alice@crepes.fr to "
       "bob@hamburger.edu (1.2 KiB, ESMTPSA, TLSv1.3 TLS_AES_256_GCM_SHA384). We answered: 250 2.6.0 Message "
       "accepted for delivery"},
      {event(Stage::kAccepted, {{F::kSender, "<>"}, kBob, {F::kRelatedJourney, "0c7vj2m4k8r1x"}}),
       "We took a letter from the null sender to bob@hamburger.edu. It is about the journey 0c7vj2m4k8r1x."},
      {event(Stage::kRefused, {{F::kClient, "[192.0.2.1]"},
                               kAlice,
                               {F::kRecipient, "nobody@hamburger.edu"},
                               {F::kReason, "There is nobody of that name here."},
                               {F::kOurReply, "550 5.1.1 No such user"}}),
       "[192.0.2.1] offered a letter from alice@crepes.fr to nobody@hamburger.edu, and we did not take it. There "
       "is nobody of that name here. We answered: 550 5.1.1 No such user"},
      {event(Stage::kRefused,
             {{F::kRecipient, "nobody@hamburger.edu"}, {F::kOurReply, "550 5.1.1 No such user"}}),
       "We did not take the letter for nobody@hamburger.edu. We answered: 550 5.1.1 No such user"},
      {event(Stage::kRefused), "A client offered a letter, and we did not take it."},
      {event(Stage::kChecked), "The letter was checked."},
      {event(Stage::kChecked, {{F::kReason, "Its DKIM signature of crepes.fr is good."}}),
       "Its DKIM signature of crepes.fr is good."},
      {event(Stage::kRouted, {{F::kVia, "sales@hamburger.edu"}, kBob, {F::kRecipient, "carol@crepes.fr"}}),
       "sales@hamburger.edu stands for bob@hamburger.edu and carol@crepes.fr."},
      {event(Stage::kStored, {kBob, {F::kFolder, "INBOX"}}),
       "The letter is in the mailbox of bob@hamburger.edu, in the folder INBOX."},
      {event(Stage::kStored), "The letter is in the mailbox of its recipient."},
      {event(Stage::kQueued, {kBob}), "The letter waits in the queue for bob@hamburger.edu."},
      {event(Stage::kQueued, {{F::kDomain, "hamburger.edu"}, {F::kNextTry, "2026-11-21T12:01:00Z"}}),
       "The letter waits in the queue for hamburger.edu. The first try is at 12:01:00."},
      {event(Stage::kHeld, {{F::kNextTry, "2026-11-22T08:00:00Z"}}),
       "The letter is held back until 2026-11-22 08:00:00."},
      {event(Stage::kHeld, {{F::kBy, "root"}, kBob, {F::kReason, "It looks odd"}}),
       "root held the letter back for bob@hamburger.edu. It looks odd."},
      {event(Stage::kReleased), "The letter goes on."},
      {event(Stage::kReleased, {{F::kBy, "root"}}), "root let the letter go on."},
      {event(Stage::kLookedUp, {{F::kDomain, "hamburger.edu"},
                                {F::kHost, "mail.hamburger.edu"},
                                {F::kHost, "backup.hamburger.edu"}}),
       "The DNS says that mail for hamburger.edu goes to mail.hamburger.edu and backup.hamburger.edu."},
      {event(Stage::kLookedUp, {{F::kDomain, "hamburger.edu"}, {F::kReason, "No such domain."}}),
       "The DNS was asked where mail for hamburger.edu goes. No such domain."},
      {event(Stage::kConnected, {kHost}), "Connected to mail.hamburger.edu [192.0.2.7]:25."},
      {event(Stage::kConnected, {kHost, {F::kReason, "It did not answer within 30 seconds."}}),
       "Connection to mail.hamburger.edu [192.0.2.7]:25. It did not answer within 30 seconds."},
      {event(Stage::kConnected, {{F::kHost, "h"}, {F::kReason, "h did not answer."}}), "h did not answer."},
      {event(Stage::kEncrypted, {kHost, {F::kTls, "TLSv1.3"}}),
       "The connection to mail.hamburger.edu [192.0.2.7]:25 is encrypted: TLSv1.3."},
      {event(Stage::kEncrypted, {{F::kReason, "The host does not offer it."}}),
       "The connection is not encrypted. The host does not offer it."},
      {event(Stage::kSpoke, {kHost}), "We spoke with mail.hamburger.edu [192.0.2.7]:25."},
      {event(Stage::kConverted, {kHost, {F::kReason, "It takes no 8-bit text; a signature is void now."}}),
       "The letter was rewritten for mail.hamburger.edu [192.0.2.7]:25. It takes no 8-bit text; a signature is "
       "void now."},
      {event(Stage::kDeferred), "The letter did not get through."},
      {event(Stage::kDeferred, {kBob,
                                kHost,
                                {F::kAttempt, "3"},
                                {F::kReply, "451 4.3.0 Try again later"},
                                {F::kNextTry, "2026-11-21T12:31:00Z"}}),
       "Try 3 to bob@hamburger.edu did not get through. mail.hamburger.edu [192.0.2.7]:25 said: 451 4.3.0 Try "
       "again later. The next try is at 12:31:00."},
      {event(Stage::kDeferred,
             {{F::kReason, "mail.hamburger.edu did not answer."}, {F::kNextTry, "2026-11-21T12:31:00.5Z"}}),
       "The letter did not get through. mail.hamburger.edu did not answer. The next try is at 12:31:00."},
      {event(Stage::kRelayed, {{F::kHost, "hamburger.edu"}, {F::kReply, "250 2.0.0 Ok: queued as 4F2"}}),
       "hamburger.edu took the letter: 250 2.0.0 Ok: queued as 4F2"},
      {event(Stage::kRelayed,
             {kBob, {F::kHost, "h"}, {F::kReply, "250 Ok"}, {F::kReason, "h took it: 250 Ok"}}),
       "h took the letter for bob@hamburger.edu: 250 Ok"},
      {event(Stage::kDeferred, {{F::kHost, "h"},
                                {F::kReply, "451 Later"},
                                {F::kReason, "h said \"451 Later\"."},
                                {F::kReason, "It may have it."}}),
       "The letter did not get through. h said \"451 Later\". It may have it."},
      {event(Stage::kHeld, {{F::kBy, "an operator"}}), "An operator held the letter back."},
      {event(Stage::kRelayed, {kBob}), "Another host took the letter for bob@hamburger.edu."},
      {event(Stage::kRelayed, {{F::kHost, "h"}, {F::kReply, "250 Ok"}, {F::kReason, "It may come twice."}}),
       "h took the letter: 250 Ok. It may come twice."},
      {event(Stage::kFailed, {kBob, {F::kHost, "h"}, {F::kReply, "550 5.1.1 Who?"}}),
       "The letter will not reach bob@hamburger.edu. h said: 550 5.1.1 Who?"},
      {event(Stage::kFailed, {{F::kReason, "It was tried for 5 days."}}),
       "The letter will not reach anybody. It was tried for 5 days."},
      {event(Stage::kReported, {kAlice, {F::kRelatedJourney, "0c7vj2m4k8r1x"}}),
       "alice@crepes.fr was told. The report is the journey 0c7vj2m4k8r1x."},
      {event(Stage::kReported, {kAlice, {F::kReason, "The sender was told that it is late."}}),
       "The sender was told that it is late."},
      {event(Stage::kDropped, {{F::kBy, "root"}, {F::kReason, "Asked to."}}),
       "root dropped the letter. Asked to."},
      {event(Stage::kDropped, {{F::kReason, "A report about a report is not made."}}),
       "The letter was dropped. A report about a report is not made."},
      {event(Stage::kDuplicate, {{F::kRelatedJourney, "0c7vj2m4k8r1x"}}),
       "The client sent again what is here already, so it was not stored a second time; its journey is "
       "0c7vj2m4k8r1x."},
      {event(Stage::kFetched, {kBob, {F::kProtocol, "IMAP"}}),
       "bob@hamburger.edu fetched the letter by IMAP."},
      {event(Stage::kDeleted,
             {kBob, {F::kProtocol, "POP3"}, {F::kClient, "192.0.2.9:40112"}, {F::kReason, "It is in Trash"}}),
       "bob@hamburger.edu deleted the letter by POP3, from 192.0.2.9:40112. It is in Trash."},
      {event(Stage::kDeleted, {{F::kFolder, "Trash"}}),
       "Its reader deleted the letter from the folder Trash."},
      {event(Stage::kSpoke, {{F::kLeftOut, "12 lines of the dialogue"}}),
       "We spoke with the other side. Not kept: 12 lines of the dialogue."},
      {{.stage = static_cast<Stage>(200)}, "Something happened that this version does not know."},
  };
  for (const Case& each : cases) EXPECT_EQ(tell_sentence(each.event), each.want);
}

TEST(Telling, CountsManyRecipients) {
  Event queued = event(Stage::kQueued);
  for (const char c : std::string_view("abcd")) queued.add(F::kRecipient, std::string(1, c) + "@x.org");
  EXPECT_EQ(tell_sentence(queued),
            "The letter waits in the queue for a@x.org, b@x.org, c@x.org and d@x.org.");
  for (int i = 0; i < 96; ++i) queued.add(F::kRecipient, "e@x.org");
  EXPECT_EQ(tell_sentence(queued),
            "The letter waits in the queue for a@x.org, b@x.org, c@x.org and 97 others.");
}

TEST(Telling, PrintsDialoguesAsTextbooksDo) {
  Event spoke = event(Stage::kSpoke, {{F::kHost, "hamburger.edu"}}, milliseconds(7));
  spoke.dialogue = {{milliseconds(1), WireLine::From::kPeer, "220 hamburger.edu"},
                    {milliseconds(2), WireLine::From::kUs, "HELO crepes.fr"}};
  EXPECT_EQ(tell_event(spoke),
            "12:00:00.007  We spoke with hamburger.edu.\n"
            "                12:00:00.008  S: 220 hamburger.edu\n"
            "                12:00:00.009  C: HELO crepes.fr\n");
  // To a client, the server is us.
  Event accepted = spoke;
  accepted.stage = Stage::kAccepted;
  std::swap(accepted.dialogue[0].from, accepted.dialogue[1].from);
  EXPECT_EQ(tell_event(accepted),
            "12:00:00.007  We took a letter.\n"
            "                12:00:00.008  S: 220 hamburger.edu\n"
            "                12:00:00.009  C: HELO crepes.fr\n");
}

TEST(Telling, MakesWhatStrangersSaidHarmless) {
  struct Case {
    const char* name;
    std::string_view text;
    std::string_view want;
  };
  const Case cases[] = {
      {"plain", "250 2.0.0 Ok: höflich", "250 2.0.0 Ok: höflich"},
      {"an escape sequence", "250 \x1b[2Jgone", "250 \\x1b[2Jgone"},
      {"a bell and a NUL", std::string_view("a\a\0b", 4), "a\\x07\\x00b"},
      {"a tab", "a\tb", "a\\x09b"},
      {"lines", "250-a\r\n250 b\r\n", "250-a / 250 b"},
      {"a carriage return alone", "a\rb", "a\\x0db"},
      {"a control character over ASCII",
       "a\xc2\x9b"
       "2J",
       "a\\x9b2J"},
      {"a mark that turns the text around",
       "a\xe2\x80\xae"
       "b",
       "a\\u202eb"},
      {"no UTF-8", "caf\xe9", "caf\xef\xbf\xbd"},
      {"DEL", "a\x7f", "a\\x7f"},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(detail::harmless(each.text), each.want) << each.name;
    const Event relayed = event(Stage::kRelayed, {{F::kHost, "h"}, {F::kReply, std::string(each.text)}});
    EXPECT_EQ(tell_sentence(relayed), "h took the letter: " + std::string(each.want)) << each.name;
  }
}

TEST(Telling, NoFactOfAnyStageReachesTheTerminalRaw) {
  for (int stage = 1; stage <= 21; ++stage) {
    Event evil = event(static_cast<Stage>(stage));
    for (int name = 1; name <= 24; ++name) evil.add(static_cast<FactName>(name), "\x1b]0;evil\a");
    evil.dialogue.push_back({.from = WireLine::From::kPeer, .text = "\x1b[31m"});
    const Journey journey{.id = {}, .events = {evil}};
    const std::string told = tell(journey) + tell_live({.id = {}, .events = {evil}});
    EXPECT_EQ(told.find('\x1b'), std::string::npos) << stage;
    EXPECT_EQ(told.find('\a'), std::string::npos) << stage;
  }
}

TEST(Telling, SumsUpWhatBecameOfTheLetter) {
  struct Case {
    const char* name;
    std::vector<Event> events;
    std::string_view want;
    std::string_view word;
  };
  const Event came = event(Stage::kAccepted, {kAlice, kBob});
  const Fact carol{F::kRecipient, "carol@hamburger.edu"};
  const auto second = std::chrono::seconds(1);
  const Case cases[] = {
      {"nothing but that it came", {came}, "On its way.", "accepted"},
      {"refused", {event(Stage::kRefused)}, "Refused: it did not come in.", "refused"},
      {"one of two recipients refused",
       {event(Stage::kRefused), came, event(Stage::kStored, {kBob}, second)},
       "Delivered to bob@hamburger.edu at 2026-11-21 12:00:01 UTC, 1.0 s after it came.",
       "delivered"},
      {"delivered",
       {came, event(Stage::kStored, {kBob}, milliseconds(3))},
       "Delivered to bob@hamburger.edu at 2026-11-21 12:00:00 UTC, 3 ms after it came.",
       "delivered"},
      {"relayed",
       {came, event(Stage::kQueued, {kBob}), event(Stage::kRelayed, {kBob, {F::kHost, "h"}}, 4000 * second)},
       "Relayed to h for bob@hamburger.edu at 2026-11-21 13:06:40 UTC, 1 h 6 min after it came.",
       "relayed"},
      {"relayed by two hosts",
       {event(Stage::kRelayed, {kBob, {F::kHost, "h"}}), event(Stage::kRelayed, {carol, {F::kHost, "i"}}),
        event(Stage::kRelayed, {{F::kRecipient, "dan@x.org"}, {F::kHost, "i"}})},
       "Relayed for bob@hamburger.edu, carol@hamburger.edu and dan@x.org at 2026-11-21 12:00:00 UTC.",
       "relayed"},
      {"waits for the first try",
       {came, event(Stage::kQueued, {kBob})},
       "Waiting to reach bob@hamburger.edu.",
       "waiting"},
      {"waits for the next try",
       {came, event(Stage::kQueued, {kBob}),
        event(Stage::kDeferred, {kBob, {F::kNextTry, "2026-11-21T12:31:00Z"}})},
       "Waiting to reach bob@hamburger.edu; the next try is at 2026-11-21 12:31:00 UTC.",
       "waiting"},
      {"held",
       {came, event(Stage::kHeld, {kBob, {F::kNextTry, "2026-11-22T08:00:00Z"}})},
       "Held back for bob@hamburger.edu until 2026-11-22 08:00:00 UTC.",
       "held"},
      {"held, then released without a name",
       {event(Stage::kHeld, {kBob}), event(Stage::kReleased)},
       "Waiting to reach bob@hamburger.edu.",
       "waiting"},
      {"failed", {came, event(Stage::kFailed, {kBob})}, "Not delivered to bob@hamburger.edu.", "failed"},
      {"failed, of which only the delay was reported",
       {came, event(Stage::kReported), event(Stage::kFailed, {kBob}, second)},
       "Not delivered to bob@hamburger.edu.",
       "failed"},
      {"failed and reported",
       {came, event(Stage::kFailed, {kBob}), event(Stage::kReported)},
       "Not delivered to bob@hamburger.edu, and the sender was told.",
       "failed"},
      {"dropped", {came, event(Stage::kDropped)}, "Dropped.", "dropped"},
      {"two ways",
       {came, event(Stage::kStored, {kBob}, second), event(Stage::kQueued, {carol}),
        event(Stage::kFailed, {carol})},
       "Delivered to bob@hamburger.edu at 2026-11-21 12:00:01 UTC, 1.0 s after it came; not delivered to "
       "carol@hamburger.edu.",
       "mixed"},
  };
  for (const Case& each : cases) {
    const Journey journey{.id = {}, .events = each.events};
    EXPECT_EQ(tell_summary(journey), each.want) << each.name;
    EXPECT_EQ(outcome_word(journey), each.word) << each.name;
  }
}

TEST(Telling, TellsTheWholeWay) {
  Event accepted =
      event(Stage::kAccepted, {kAlice, kBob, {F::kSubject, "Pickles?"}, {F::kMessageId, "1@crepes.fr"}});
  const Journey journey{
      .id = JourneyId(1),
      .events = {accepted, event(Stage::kQueued, {kBob}, milliseconds(1)),
                 event(Stage::kRelayed, {{F::kHost, "hamburger.edu"}, kBob, {F::kReply, "250 Ok"}},
                       std::chrono::hours(13))},
      .unreadable = 1};
  EXPECT_EQ(
      tell(journey),
      "Journey 0000000000001\n"
      "From alice@crepes.fr to bob@hamburger.edu\n"
      "Subject: Pickles?\n"
      "Message-ID: <1@crepes.fr>\n"
      "Relayed to hamburger.edu for bob@hamburger.edu at 2026-11-22 01:00:00 UTC, 13 h 0 min after it came.\n"
      "\n"
      "2026-11-21 UTC\n"
      "12:00:00.000  We took a letter from alice@crepes.fr to bob@hamburger.edu.\n"
      "12:00:00.001  The letter waits in the queue for bob@hamburger.edu.\n"
      "\n"
      "2026-11-22 UTC\n"
      "01:00:00.000  hamburger.edu took the letter for bob@hamburger.edu: 250 Ok\n"
      "\n"
      "There is more, in 1 entry that is damaged or was written by a newer version.\n");
}

TEST(Telling, LiveLinesNameTheirJourney) {
  EXPECT_EQ(tell_live(Overheard{JourneyId(1), kNoon, WireLine::From::kPeer, "220 hi\x1b"}),
            "0000000000001  12:00:00.000    we hear: 220 hi\\x1b\n");
  EXPECT_EQ(tell_live(Entry{.id = JourneyId(1), .events = {event(Stage::kQueued, {kBob})}}),
            "0000000000001  12:00:00.000  The letter waits in the queue for bob@hamburger.edu.\n");
}

TEST(Telling, TimesForPrograms) {
  EXPECT_EQ(to_rfc3339(kNoon + microseconds(1203)), "2026-11-21T12:00:00.001203Z");
}

TEST(EventNames, NameEveryStageAndFact) {
  EXPECT_EQ(to_string(Stage::kAccepted), "accepted");
  EXPECT_EQ(to_string(Stage::kSpoke), "spoke");
  EXPECT_EQ(to_string(Stage::kDeleted), "deleted");
  EXPECT_EQ(to_string(static_cast<Stage>(22)), "unknown");
  EXPECT_EQ(to_string(F::kClient), "client");
  EXPECT_EQ(to_string(F::kOurReply), "our_reply");
  EXPECT_EQ(to_string(F::kLeftOut), "left_out");
  EXPECT_EQ(to_string(static_cast<F>(25)), "unknown");
}

}  // namespace
}  // namespace pabal::journey
