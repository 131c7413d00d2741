#include "smtp/parameters.h"

#include <gtest/gtest.h>

#include "base/ascii.h"
#include "smtp/xtext.h"

namespace pabal::smtp {
namespace {

constexpr ExtensionSet kAll = {Extension::kSize,          Extension::kEightBitMime, Extension::kSmtpUtf8,
                               Extension::kBinaryMime,    Extension::kDsn,          Extension::kAuth,
                               Extension::kFutureRelease, Extension::kRequireTls};

std::string refusal(const std::string& parameters, ExtensionSet offered = kAll) {
  const auto got = parse_mail_command("FROM:<a@b.example>" + parameters, offered, {});
  return got ? "" : got.error().to_string().substr(0, 9);
}

MailParameters mail(const std::string& parameters) {
  auto got = parse_mail_command("FROM:<a@b.example>" + parameters, kAll, {});
  EXPECT_TRUE(got) << parameters << ": " << (got ? "" : got.error().text);
  return got ? got->parameters : MailParameters{};
}

RcptParameters rcpt(const std::string& parameters) {
  auto got = parse_rcpt_command("TO:<a@b.example>" + parameters, kAll, {});
  EXPECT_TRUE(got) << parameters << ": " << (got ? "" : got.error().text);
  return got ? got->parameters : RcptParameters{};
}

TEST(MailParameters, AreReadInAnyOrderAndCase) {
  const auto got = mail(
      "  size=1000 Body=8bitmime SMTPUTF8 RET=hdrs ENVID=QQ+2B314+3D159 AUTH=e+3Dmc2@example.com "
      "REQUIRETLS HOLDFOR=3600 ");
  EXPECT_EQ(got.size_bytes, 1000u);
  EXPECT_EQ(got.body, Body::kEightBitMime);
  EXPECT_TRUE(got.smtputf8);
  EXPECT_EQ(got.ret, Ret::kHeaders);
  EXPECT_EQ(got.envid, "QQ+314=159");
  EXPECT_EQ(got.submitter, "e=mc2@example.com");
  EXPECT_TRUE(got.require_tls);
  EXPECT_EQ(got.hold, Hold(std::chrono::seconds(3600)));
}

TEST(MailParameters, AuthOfNobodyIsEmpty) { EXPECT_EQ(mail(" AUTH=<>").submitter, ""); }

TEST(MailParameters, HoldUntilIsATimeInUtc) {
  using namespace std::chrono;
  const WallTime want = sys_days(year(2026) / 2 / 28) + hours(23) + minutes(59) + seconds(5);
  EXPECT_EQ(mail(" HOLDUNTIL=2026-02-28T23:59:05Z").hold, Hold(want));
  EXPECT_EQ(mail(" HOLDUNTIL=2026-02-28T23:59:05.125z").hold, Hold(want));
  for (const char* bad : {"2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00",
                          "2026-01-01T24:00:00Z", "2026-01-01T00:00:00+01:00", "2026-1-1T0:0:0Z",
                          "2026-01-01T00:00:00.Z", "x", "2026-01-01T00:00:00ZZ"}) {
    EXPECT_EQ(refusal(std::string(" HOLDUNTIL=") + bad), "501 5.5.4") << bad;
  }
}

TEST(MailParameters, RefusedWithTheRightCode) {
  struct Case {
    const char* parameters;
    const char* want;
  };
  const Case cases[] = {
      {" SIZE=", "501 5.5.4"},
      {" SIZE", "501 5.5.4"},
      {" SIZE=-1", "501 5.5.4"},
      {" SIZE=1k", "501 5.5.4"},
      {" SIZE=99999999999999999999", "501 5.5.4"},
      {" SIZE=000000000000000000001", "501 5.5.4"},
      {" SIZE=1 SIZE=1", "501 5.5.4"},
      {" BODY=9BIT", "501 5.5.4"},
      {" BODY", "501 5.5.4"},
      {" SMTPUTF8=yes", "501 5.5.4"},
      {" RET=SOME", "501 5.5.4"},
      {" ENVID=a+4", "501 5.5.4"},
      {" ENVID=a+00b", "501 5.5.4"},
      {" AUTH=nobody", "501 5.5.4"},
      {" HOLDFOR=0", "501 5.5.4"},
      {" HOLDFOR=1000000000", "501 5.5.4"},
      {" HOLDFOR=1 HOLDUNTIL=2026-01-01T00:00:00Z", "501 5.5.4"},
      {" =x", "501 5.5.4"},
      {" -X=x", "501 5.5.4"},
      {" X=a=b", "501 5.5.4"},
      {" SIZE=1\x01", "501 5.5.4"},
      {" X=\xff", "501 5.5.4"},
      {" XUNKNOWN", "555 5.5.4"},
      {" XUNKNOWN=1", "555 5.5.4"},
      {" NOTIFY=NEVER", "555 5.5.4"},
  };
  for (const Case& c : cases) EXPECT_EQ(refusal(c.parameters), c.want) << c.parameters;
  EXPECT_EQ(refusal(" ENVID=" + std::string(101, 'x')), "501 5.5.4");
  EXPECT_EQ(refusal(" ENVID=" + std::string(100, 'x')), "");
}

TEST(MailParameters, WhatIsNotOfferedIsUnknown) {
  for (const char* parameters : {" SIZE=1", " BODY=7BIT", " SMTPUTF8", " RET=FULL", " ENVID=x", " AUTH=<>",
                                 " REQUIRETLS", " HOLDFOR=1"}) {
    EXPECT_EQ(refusal(parameters, {}), "555 5.5.4") << parameters;
  }
  EXPECT_EQ(refusal(" BODY=BINARYMIME", {Extension::kEightBitMime}), "501 5.5.4");
}

TEST(RcptParameters, Notify) {
  EXPECT_TRUE(rcpt(" NOTIFY=NEVER").notify->never());
  EXPECT_EQ(rcpt(" NOTIFY=success,DELAY").notify, (Notify{true, false, true}));
  EXPECT_EQ(rcpt("").notify, std::nullopt);
  for (const char* bad : {"", "NEVER,SUCCESS", "SUCCESS,SUCCESS", "SUCCESS,", ",", "ALWAYS"}) {
    EXPECT_FALSE(parse_rcpt_command(std::string("TO:<a@b.example> NOTIFY=") + bad, kAll, {})) << bad;
  }
}

TEST(RcptParameters, OriginalRecipient) {
  EXPECT_EQ(rcpt(" ORCPT=rfc822;Bob+2Btag@Example.COM").original,
            (OriginalRecipient{"rfc822", "Bob+tag@Example.COM"}));
  EXPECT_EQ(rcpt(" ORCPT=utf-8;\\x{D30C}\\x{BC1C}@example.com").original,
            (OriginalRecipient{"utf-8", "파발@example.com"}));
  EXPECT_EQ(rcpt(" ORCPT=UTF-8;파발@example.com").original, (OriginalRecipient{"utf-8", "파발@example.com"}));
  // Labelled so, but not of that form: kept without alteration.
  EXPECT_EQ(rcpt(" ORCPT=utf-8;a+2B@example.com").original, (OriginalRecipient{"utf-8", "a+2B@example.com"}));
  // As Postfix 3.7 writes an address in UTF-8.
  EXPECT_EQ(rcpt(" ORCPT=rfc822;+ED+8C+8C+EB+B0+9C@example.com").original,
            (OriginalRecipient{"utf-8", "파발@example.com"}));
  for (const char* bad :
       {"", "rfc822", "rfc822;", ";a@b", "rfc822;a+2", "rfc822;a+0Ab", "rfc822;+ED+8C", "x400;+ED+8C+8C"}) {
    EXPECT_FALSE(parse_rcpt_command(std::string("TO:<a@b.example> ORCPT=") + bad, kAll, {})) << bad;
  }
}

TEST(Parameters, FormattedTextParsesBack) {
  MailParameters parameters;
  parameters.size_bytes = 12;
  parameters.body = Body::kBinaryMime;
  parameters.smtputf8 = true;
  parameters.ret = Ret::kFull;
  parameters.envid = "a=b + c";
  parameters.submitter = "e=mc2@example.com";
  parameters.require_tls = true;
  parameters.hold = WallTime(std::chrono::seconds(1'800'000'000));
  EXPECT_EQ(mail(format_mail_parameters(parameters, kAll)), parameters);
  EXPECT_EQ(format_mail_parameters(parameters, {}), "");

  const RcptParameters recipient{Notify{true, true, false}, OriginalRecipient{"utf-8", "파\\+발@b.example"}};
  EXPECT_EQ(rcpt(format_rcpt_parameters(recipient, kAll, true)), recipient);
  EXPECT_EQ(rcpt(format_rcpt_parameters(recipient, kAll, false)), recipient);
  EXPECT_TRUE(is_ascii(format_rcpt_parameters(recipient, kAll, false)));
}

TEST(MailCommand, NeedsItsWords) {
  for (const char* args : {"", "FROM", "FROM <a@b.example>", "TO:<a@b.example>", "<a@b.example>"}) {
    const auto got = parse_mail_command(args, kAll, {});
    ASSERT_FALSE(got) << args;
    EXPECT_EQ(got.error().code, 501) << args;
  }
  EXPECT_TRUE(parse_mail_command("from:<a@b.example>", kAll, {}));
}

TEST(Xtext, BothWays) {
  std::string every;
  for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
  EXPECT_EQ(from_xtext(to_xtext(every)), every);
  EXPECT_EQ(to_xtext("a+b=c d"), "a+2Bb+3Dc+20d");
  for (const char* bad : {"+", "+2", "+2G", "a b", "a=b", "\x7f", "\xc3\xa9"}) {
    EXPECT_EQ(from_xtext(bad), std::nullopt) << bad;
  }
}

TEST(Unitext, RefusesWhatNamesNoCharacter) {
  for (const char* bad : {"\\", "\\x{}", "\\x{1}", "\\x{0000041}", "\\x{D800}", "\\x{110000}", "\\x{00}",
                          "\\x{41", "a+b", "a=b", "\xff", "a b"}) {
    EXPECT_EQ(from_unitext(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace pabal::smtp
