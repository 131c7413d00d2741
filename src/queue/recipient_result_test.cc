#include "queue/recipient_result.h"

#include <gtest/gtest.h>

namespace pabal::queue {
namespace {

using smtp::Stage;

std::string shown(const RecipientResult& result) { return result.status.to_string() + " " + result.reason; }

TEST(Outcome, CodesOfPeersThatGiveNone) {
  struct Case {
    Stage stage;
    smtp::Reply reply;
    const char* want;
  };
  const Case cases[] = {
      {Stage::kGreeting, {554, {}, "Go away"}, "5.3.2 mx refused our call: 554 Go away"},
      {Stage::kHello, {550, {}, "Bad name"}, "5.0.0 mx refused our greeting: 550 Bad name"},
      {Stage::kLogin, {535, {}, "Wrong"}, "4.7.8 mx refused our login: 535 Wrong"},
      {Stage::kMail, {553, {}, "Who?"}, "5.1.7 mx refused the sender: 553 Who?"},
      {Stage::kMail, {552, {}, "Too big"}, "5.3.4 mx refused the sender: 552 Too big"},
      {Stage::kRcpt, {550, {}, "Nobody"}, "5.1.1 mx refused the recipient: 550 Nobody"},
      {Stage::kRcpt, {551, {}, "Moved"}, "5.1.6 mx refused the recipient: 551 Moved"},
      {Stage::kRcpt, {450, {}, "Busy"}, "4.2.1 mx put off the recipient: 450 Busy"},
      {Stage::kRcpt, {452, {}, "Full"}, "4.5.3 mx put off the recipient: 452 Full"},
      {Stage::kData, {451, {}, "Hm"}, "4.0.0 mx put off the letter: 451 Hm"},
      {Stage::kLetter, {554, {}, "No"}, "5.0.0 mx refused the letter: 554 No"},
      {Stage::kLetter, {421, {}, "Bye"}, "4.3.2 mx closed the session: 421 Bye"},
      {Stage::kData, {250, {}, "?"}, "4.0.0 mx said what makes no sense there: 250 ?"},
      // The class follows from what we make of it, the rest is the peer's.
      {Stage::kRcpt,
       {550, smtp::EnhancedCode{5, 7, 1}, "No"},
       "5.7.1 mx refused the recipient: 550 5.7.1 No"},
      {Stage::kLogin, {535, smtp::EnhancedCode{5, 7, 8}, "No"}, "4.7.8 mx refused our login: 535 5.7.8 No"},
  };
  for (const Case& c : cases) EXPECT_EQ(shown(result_of(classify(c.stage, c.reply), "mx")), c.want);
}

TEST(Outcome, BrokenSessions) {
  const Error broke{ErrorKind::kClose, "the peer broke the connection"};
  EXPECT_EQ(shown(result_of(classify(Stage::kHello, broke), "mx")),
            "4.4.2 The session with mx ended after our greeting: the peer broke the connection.");
  EXPECT_EQ(shown(result_of(classify(Stage::kStartTls, broke), "mx")),
            "4.7.5 The session with mx ended while encryption was set up: the peer broke the connection.");
  smtp::Failure lost = classify(Stage::kLetter, broke);
  lost.may_have_arrived = true;
  const RecipientResult result = result_of(lost, "mx");
  EXPECT_TRUE(result.may_have_arrived);
  EXPECT_EQ(result.fate, RecipientResult::Fate::kDeferred);
}

TEST(Outcome, CallsThatNobodyAnswers) {
  using std::chrono::seconds;
  EXPECT_EQ(shown(result_of_connecting({ErrorKind::kDeadline, "x"}, seconds(30), "mx [192.0.2.7]:25")),
            "4.4.1 mx [192.0.2.7]:25 did not answer within 30 seconds.");
  EXPECT_EQ(
      shown(result_of_connecting({ErrorKind::kRetryLater, "connecting to 192.0.2.7:25: Connection refused"},
                                 seconds(0), "mx [192.0.2.7]:25")),
      "4.4.1 mx [192.0.2.7]:25 could not be connected to: Connection refused.");
}

TEST(Outcome, APeerThatTalksAGreatDealIsCutShort) {
  const smtp::Reply reply{550, {}, std::string(10'000, 'x')};
  EXPECT_EQ(result_of(classify(Stage::kRcpt, reply), "mx").reason.size(), journey::kMaxFactBytes);
  EXPECT_EQ(relayed({250, {}, std::string(10'000, 'x')}, "mx", false).reason.size(), journey::kMaxFactBytes);
}

}  // namespace
}  // namespace pabal::queue
