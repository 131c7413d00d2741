#include "queue/report.h"

#include "base/ascii.h"
#include "message/header.h"
#include "message/structure.h"
#include "queue/testing.h"

namespace pabal::queue {
namespace {

class ReportTest : public testing::Test {
 protected:
  std::string build(ReportKind kind, std::vector<Task::Ended> ended) {
    const bool whole = returns_whole(kind, letter_, 1000);
    return build_report({.kind = kind,
                         .letter = letter_,
                         .recipients = ended,
                         .host_name = "mail.crepes.fr",
                         .will_retry_until = until_,
                         .returned = whole ? text_ : text_.substr(0, message::header_size(text_)),
                         .returned_whole = whole},
                        clock_, random_);
  }
  static Task::Ended refused(const char* to) { return {{address(to)}, FakeCourier::refused()}; }

  ManualClock clock_;
  SeededRandom random_{1};
  std::string text_ = "Subject: Ketchup\r\n\r\nDo you like ketchup?\r\n";
  std::optional<WallTime> until_;
  Letter letter_{.id = journey::JourneyId(1),
                 .sender = address("alice@crepes.fr"),
                 .message_id = "ketchup@crepes.fr",
                 .blob_bytes = 43,
                 .accepted = clock_.wall()};
};

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_F(ReportTest, WhatWasAskedForAHoldIsRepeatedAsAsked) {  // RFC 4865 §5.1.2
  EXPECT_FALSE(holds(build(ReportKind::kFailed, {refused("bob@hamburger.edu")}), "Future-Release"));
  const std::pair<smtp::Hold, const char*> cases[] = {
      {std::chrono::seconds(3600), "\r\nFuture-Release-Request: for;3600\r\n"},
      {clock_.wall() + std::chrono::hours(2), "\r\nFuture-Release-Request: until;2026-01-01T02:00:00Z\r\n"}};
  for (const auto& [hold, want] : cases) {
    letter_.hold = hold;
    const std::string report = build(ReportKind::kFailed, {refused("bob@hamburger.edu")});
    EXPECT_TRUE(holds(report, want)) << report;
    EXPECT_TRUE(holds(report, "\r\nArrival-Date: Thu, 1 Jan 2026 00:00:00 +0000\r\n"));
  }
}

TEST_F(ReportTest, FailureTellsPeopleAndPrograms) {
  letter_.envid = "QQ314159";
  Task::Ended bob = refused("bob@hamburger.edu");
  bob.recipient.parameters.original = {"rfc822", "Bob@hamburger.edu"};
  const std::string report = build(ReportKind::kFailed, {bob});
  for (const char* want : {
           "To: alice@crepes.fr\r\n",
           "Subject: Not delivered: Ketchup\r\n",
           "In-Reply-To: <ketchup@crepes.fr>\r\n",
           "Auto-Submitted: auto-replied\r\n",
           "report-type=delivery-status",
           "could not be delivered to:\r\n\r\n    bob@hamburger.edu\r\n",
           "        The other side does not know this address.\r\n",
           "        mx.hamburger.edu [192.0.2.7]:25 said:\r\n            550 5.1.1 No such person here\r\n",
           "typing error",
           "Original-Envelope-Id: QQ314159\r\nReporting-MTA: dns; mail.crepes.fr\r\n",
           "Arrival-Date: Thu, 1 Jan 2026 00:00:00 +0000\r\n\r\n"
           "Original-Recipient: rfc822; Bob@hamburger.edu\r\n"
           "Final-Recipient: rfc822; bob@hamburger.edu\r\n"
           "Action: failed\r\n"
           "Status: 5.1.1\r\n"
           "Remote-MTA: dns; mx.hamburger.edu\r\n"
           "Diagnostic-Code: smtp; 550 5.1.1 No such person here\r\n",
           "Content-Type: message/rfc822\r\n",
           "Do you like ketchup?\r\n",
       }) {
    EXPECT_TRUE(holds(report, want)) << want << "\n--- is not in\n" << report;
  }
}

TEST_F(ReportTest, AReplyIsToldOnce) {
  Task::Ended bob = refused("bob@hamburger.edu");
  bob.result.reason = "mx refused the recipient: " + bob.result.reply.to_string();
  const std::string report = build(ReportKind::kFailed, {bob});
  EXPECT_TRUE(holds(report, "mx refused the recipient: 550 5.1.1")) << report;
  EXPECT_FALSE(holds(report, "said:")) << report;
}

TEST_F(ReportTest, IsAWellFormedMultipartReport) {
  const std::string report = build(ReportKind::kFailed, {refused("bob@hamburger.edu")});
  const auto structure = message::parse_structure(report);
  const auto& parts = structure.parts;
  ASSERT_GE(parts.size(), 4u);
  EXPECT_TRUE(parts[0].is("multipart", "report"));
  EXPECT_TRUE(parts[1].is("text", "plain"));
  EXPECT_TRUE(parts[2].is("message", "delivery-status"));
  EXPECT_TRUE(parts[3].is("message", "rfc822"));
}

TEST_F(ReportTest, OneGroupARecipient) {
  const std::string report =
      build(ReportKind::kFailed, {refused("bob@hamburger.edu"), refused("carol@hamburger.edu")});
  EXPECT_TRUE(holds(report, "\r\n\r\nFinal-Recipient: rfc822; bob@hamburger.edu\r\n"));
  EXPECT_TRUE(holds(report, "\r\n\r\nFinal-Recipient: rfc822; carol@hamburger.edu\r\n"));
}

TEST_F(ReportTest, DelaySaysUntilWhenAndReturnsTheHeaderAlone) {
  until_ = clock_.wall() + std::chrono::hours(120);
  const std::string report =
      build(ReportKind::kDelayed, {{{address("bob@hamburger.edu")}, FakeCourier::later()}});
  EXPECT_TRUE(holds(report, "Subject: Delayed: Ketchup\r\n"));
  EXPECT_TRUE(holds(report, "Action: delayed\r\nStatus: 4.7.1\r\n"));
  EXPECT_TRUE(holds(report, "Will-Retry-Until: Tue, 6 Jan 2026 00:00:00 +0000\r\n"));
  EXPECT_TRUE(holds(report, "text/rfc822-headers"));
  EXPECT_FALSE(holds(report, "Do you like ketchup?"));
}

TEST_F(ReportTest, RelayedIsNoPromise) {
  const std::string report =
      build(ReportKind::kRelayed, {{{address("bob@hamburger.edu")}, FakeCourier::relayed()}});
  EXPECT_TRUE(holds(report, "Action: relayed\r\nStatus: 2.0.0\r\n"));
  EXPECT_TRUE(holds(report, "can't tell you when it arrives"));
}

TEST_F(ReportTest, WholeLetterComesBackOnlyWhenItMay) {
  struct Case {
    const char* name;
    ReportKind kind;
    std::optional<smtp::Ret> ret;
    std::uint64_t bytes;
    smtp::Body body;
    bool want;
  };
  const Case cases[] = {
      {"nothing asked", ReportKind::kFailed, {}, 10, smtp::Body::kSevenBit, true},
      {"asked", ReportKind::kFailed, smtp::Ret::kFull, 10, smtp::Body::kEightBitMime, true},
      {"header asked", ReportKind::kFailed, smtp::Ret::kHeaders, 10, smtp::Body::kSevenBit, false},
      {"too large", ReportKind::kFailed, smtp::Ret::kFull, 2000, smtp::Body::kSevenBit, false},
      {"binary", ReportKind::kFailed, smtp::Ret::kFull, 10, smtp::Body::kBinaryMime, false},
      {"a delay", ReportKind::kDelayed, smtp::Ret::kFull, 10, smtp::Body::kSevenBit, false},
      {"a success", ReportKind::kRelayed, smtp::Ret::kFull, 10, smtp::Body::kSevenBit, false},
  };
  for (const Case& each : cases) {
    letter_.ret = each.ret;
    letter_.blob_bytes = each.bytes;
    letter_.body = each.body;
    EXPECT_EQ(returns_whole(each.kind, letter_, 1000), each.want) << each.name;
  }
}

TEST_F(ReportTest, InternationalLetterGetsAnInternationalReport) {
  letter_.smtputf8 = true;
  letter_.sender = address("앨리스@crepes.fr");
  text_ = "Subject: 케첩\r\n\r\n좋아해?\r\n";
  const std::string report = build(ReportKind::kFailed, {refused("밥@hamburger.edu")});
  EXPECT_TRUE(holds(report, "message/global-delivery-status"));
  EXPECT_TRUE(holds(report, "Final-Recipient: utf-8; 밥@hamburger.edu\r\n"));
  EXPECT_TRUE(holds(report, "message/global\r\n"));
  EXPECT_TRUE(holds(report, "To: 앨리스@crepes.fr\r\n"));
}

TEST_F(ReportTest, OrdinaryReportIsAsciiWhateverThePeerSaid) {
  Task::Ended bob = refused("bob@hamburger.edu");
  bob.result.reply.text = "Неизвестный\nпользователь";
  bob.recipient.parameters.original = {"utf-8", "밥@hamburger.edu"};
  text_ = "Subject: \xff\xfe\r\n\r\n\xff\r\n";
  const std::string report = build(ReportKind::kFailed, {bob});
  EXPECT_TRUE(is_ascii(report));
  EXPECT_TRUE(holds(report, "Original-Recipient: utf-8; \\x{BC25}@hamburger.edu\r\n"));
}

TEST_F(ReportTest, PeerForgesNoField) {
  Task::Ended bob = refused("bob@hamburger.edu");
  bob.result.reply.text = "no\r\nAction: delivered\r\n\r\nFinal-Recipient: rfc822; eve@fries.org";
  const std::string report = build(ReportKind::kFailed, {bob});
  EXPECT_FALSE(holds(report, "\r\nAction: delivered"));
  EXPECT_FALSE(holds(report, "\r\nFinal-Recipient: rfc822; eve"));
}

}  // namespace
}  // namespace pabal::queue
