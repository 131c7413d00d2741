#include "smtp/failure.h"

#include <gtest/gtest.h>

namespace pabal::smtp {
namespace {

using enum FailureScope;
using enum Permanence;

TEST(Failure, OneTableClassesEveryReply) {
  struct Case {
    Stage stage;
    Reply reply;
    FailureScope scope;
    Permanence permanence;
  };
  const Case cases[] = {
      {Stage::kGreeting, {554, {}, "no"}, kHost, kPermanent},
      {Stage::kGreeting, {421, {}, "busy"}, kHost, kTemporary},
      {Stage::kGreeting, {450, {}, "busy"}, kHost, kTemporary},
      {Stage::kGreeting, {250, {}, "what?"}, kHost, kTemporary},
      {Stage::kHello, {550, EnhancedCode{5, 7, 1}, "not you"}, kHost, kPermanent},
      {Stage::kLogin, {535, EnhancedCode{5, 7, 8}, "wrong"}, kHost, kTemporary},
      {Stage::kStartTls, {454, {}, "no"}, kHost, kTemporary},
      {Stage::kMail, {550, EnhancedCode{5, 7, 1}, "not from there"}, kMessage, kPermanent},
      {Stage::kMail, {503, {}, "nested MAIL"}, kSession, kTemporary},
      {Stage::kMail, {503, EnhancedCode{5, 5, 1}, "EHLO first"}, kSession, kTemporary},
      {Stage::kRcpt, {503, {}, "not for you"}, kRecipient, kPermanent},
      {Stage::kMail, {552, EnhancedCode{5, 3, 4}, "too big"}, kMessage, kPermanent},
      {Stage::kMail, {452, {}, "disk full"}, kHost, kTemporary},
      {Stage::kMail, {451, EnhancedCode{4, 3, 2}, "not now"}, kHost, kTemporary},
      {Stage::kMail, {451, EnhancedCode{4, 7, 1}, "greylisted"}, kMessage, kTemporary},
      {Stage::kMail, {530, EnhancedCode{5, 7, 0}, "log in"}, kHost, kPermanent},
      {Stage::kRcpt, {550, EnhancedCode{5, 1, 1}, "nobody"}, kRecipient, kPermanent},
      {Stage::kRcpt, {550, {}, "nobody"}, kRecipient, kPermanent},
      {Stage::kRcpt, {450, EnhancedCode{4, 2, 1}, "later"}, kRecipient, kTemporary},
      {Stage::kRcpt, {452, EnhancedCode{4, 2, 2}, "full"}, kRecipient, kTemporary},
      {Stage::kRcpt, {552, EnhancedCode{5, 2, 2}, "full"}, kRecipient, kPermanent},
      {Stage::kRcpt, {552, EnhancedCode{5, 5, 3}, "too many"}, kRecipient, kTemporary},
      {Stage::kRcpt, {421, {}, "closing"}, kHost, kTemporary},
      {Stage::kData, {554, {}, "no"}, kMessage, kPermanent},
      {Stage::kLetter, {554, EnhancedCode{5, 7, 1}, "spam"}, kMessage, kPermanent},
      {Stage::kLetter, {451, {}, "later"}, kMessage, kTemporary},
      {Stage::kLetter, {452, EnhancedCode{4, 3, 1}, "disk full"}, kHost, kTemporary},
      {Stage::kLetter, {354, {}, "what?"}, kHost, kTemporary},
  };
  for (const Case& c : cases) {
    const Failure got = classify(c.stage, c.reply);
    EXPECT_EQ(got.scope, c.scope) << to_string(got);
    EXPECT_EQ(got.permanence, c.permanence) << to_string(got);
    EXPECT_EQ(got.reply, c.reply);
  }
}

TEST(Failure, TooManyRecipientsIsNoFaultOfTheRecipient) {
  EXPECT_TRUE(classify(Stage::kRcpt, {452, EnhancedCode{4, 5, 3}, ""}).too_many_recipients);
  EXPECT_TRUE(classify(Stage::kRcpt, {552, EnhancedCode{5, 5, 3}, ""}).too_many_recipients);
  EXPECT_TRUE(classify(Stage::kRcpt, {452, {}, ""}).too_many_recipients);
  EXPECT_FALSE(classify(Stage::kRcpt, {452, EnhancedCode{4, 2, 2}, ""}).too_many_recipients);
  EXPECT_FALSE(classify(Stage::kMail, {452, {}, ""}).too_many_recipients);
}

TEST(Failure, ABrokenConnectionIsTheHostsFaultForNow) {
  const Failure got = classify(Stage::kMail, Error{ErrorKind::kDeadline, "it took too long"});
  EXPECT_EQ(got.scope, kHost);
  EXPECT_EQ(got.permanence, kTemporary);
  EXPECT_EQ(to_string(got), "MAIL: it did not answer in time");
}

}  // namespace
}  // namespace pabal::smtp
