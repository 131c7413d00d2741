#include "message/envelope.h"

#include <gtest/gtest.h>

namespace pabal::message {
namespace {

constexpr std::string_view kHeader =
    "Received: x\r\n"
    "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
    "From: Terry Gray <gray@cac.washington.edu>\r\n"
    "From: ignored@example.com\r\n"
    "Subject: IMAP4rev2 WG mtg\r\n summary\r\n"
    "To: imap@cac.washington.edu\r\n"
    "To: bob@hamburger.edu\r\n"
    "Cc: minutes@CNRI.Reston.VA.US, \"John Klensin\" <KLENSIN@MIT.EDU>\r\n"
    "Bcc:\r\n"
    "In-Reply-To:\r\n"
    "Message-Id: <B27397-0100000@cac.washington.ed>\r\n"
    "References: <a@b>\r\n <c@d>\r\n"
    "\r\n"
    "Subject: body\r\n";

TEST(Envelope, IsWhatImapShows) {
  const Envelope envelope = parse_envelope(kHeader);
  EXPECT_EQ(envelope.date, "Wed, 17 Jul 1996 02:23:25 -0700 (PDT)");
  EXPECT_EQ(envelope.subject, "IMAP4rev2 WG mtg summary");
  ASSERT_EQ(envelope.from.size(), 1u);
  EXPECT_EQ(envelope.from[0].name, "Terry Gray");
  EXPECT_EQ(&envelope.shown_sender(), &envelope.from);
  EXPECT_EQ(&envelope.shown_reply_to(), &envelope.from);
  EXPECT_EQ(envelope.to.size(), 2u) << "RFC 5322 §4.5.3: two fields are one list";
  EXPECT_EQ(envelope.cc.size(), 2u);
  EXPECT_TRUE(envelope.bcc.empty());
  EXPECT_EQ(envelope.in_reply_to, "") << "there, and empty";
  EXPECT_EQ(envelope.message_id, "<B27397-0100000@cac.washington.ed>");
  EXPECT_EQ(envelope.references, "<a@b> <c@d>");
  EXPECT_EQ(parse_envelope("").subject, std::nullopt);
  EXPECT_EQ(parse_envelope("").from.size(), 0u);
}

TEST(Envelope, ComesBackFromItsStoredForm) {
  const Envelope envelope = parse_envelope(kHeader);
  const std::string stored = encode_envelope(envelope);
  const auto decoded = decode_envelope(stored);
  ASSERT_TRUE(decoded) << decoded.error().detail;
  EXPECT_EQ(*decoded, envelope);
  EXPECT_FALSE(decode_envelope(stored + "x"));
  for (std::size_t size = 0; size < stored.size(); ++size) {
    EXPECT_FALSE(decode_envelope(std::string_view(stored).substr(0, size))) << size;
  }
  std::string newer = stored;
  newer[0] = 9;
  ASSERT_FALSE(decode_envelope(newer));
  EXPECT_NE(decode_envelope(newer).error().detail.find("form 9"), std::string::npos);
}

TEST(BaseSubject, FollowsTheStepsOfTheRfc) {
  struct Case {
    std::string_view input;
    std::string_view want;
    bool answered;
  };
  for (const Case& c : {
           Case{"lunch", "lunch", false},
           Case{"Re: lunch", "lunch", true},
           Case{"RE: re: Fwd: FW: lunch", "lunch", true},
           Case{"Re[2]: lunch", "lunch", true},
           Case{"Re [list]: lunch", "lunch", true},
           Case{"[list] lunch", "lunch", false},
           Case{"[list] Re: [other] lunch", "lunch", true},
           Case{"[a][b] Re: lunch", "lunch", true},
           Case{"Re: [lunch]", "[lunch]", true},
           Case{"[lunch]", "[lunch]", false},
           Case{"lunch (fwd)", "lunch", true},
           Case{"lunch (FWD) (fwd)  ", "lunch", true},
           Case{"[fwd: lunch]", "lunch", true},
           Case{"[Fwd: Re: [Fwd: lunch]]", "lunch", true},
           Case{"  a \t b  ", "a b", false},
           Case{"Regarding: lunch", "Regarding: lunch", false},
           Case{"Re", "Re", false},
           Case{"Re:", "", true},
           Case{"", "", false},
           Case{"=?utf-8?B?UmU6IOygkOyLrA==?=", "점심", true},
           Case{"Re: [unclosed lunch", "[unclosed lunch", true},
       }) {
    bool answered = false;
    EXPECT_EQ(base_subject(c.input, &answered), c.want) << c.input;
    EXPECT_EQ(answered, c.answered) << c.input;
  }
}

TEST(BaseSubject, ManyBlobsAreReadOnce) {
  std::string blobs;
  for (int i = 0; i < 80'000; ++i) blobs += "[a]";
  EXPECT_EQ(base_subject(blobs + "x"), "x");
  EXPECT_EQ(base_subject(blobs), "[a]");
  EXPECT_EQ(base_subject(blobs + "re: x"), "x");
  std::string answers;
  for (int i = 0; i < 80'000; ++i) answers += "re: ";
  EXPECT_EQ(base_subject(answers + "x"), "x");
  std::string forwards;
  for (int i = 0; i < 40'000; ++i) forwards += "[fwd:";
  EXPECT_EQ(base_subject(forwards + "x" + std::string(40'000, ']')), "x");
}

}  // namespace
}  // namespace pabal::message
