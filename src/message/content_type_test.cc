#include "message/content_type.h"

#include <gtest/gtest.h>

#include "base/ascii.h"

namespace pabal::message {
namespace {

std::string draw(const Parameters& parameters) {
  std::string out;
  for (const Parameter& p : parameters) out += ";" + p.name + (p.extended ? "*" : "") + "=" + p.value;
  return out;
}

TEST(ContentType, ReadsWhatMailHas) {
  struct Case {
    std::string_view input;
    std::string_view want;
  };
  for (const Case& c : {
           Case{"text/plain", "text/plain"},
           Case{"Text/HTML; Charset=UTF-8", "text/html;charset=UTF-8"},
           Case{"text/plain; charset=us-ascii (Plain text)", "text/plain;charset=us-ascii"},
           Case{"text/plain; charset=\"us-ascii\"", "text/plain;charset=us-ascii"},
           Case{"text / plain ; charset = utf-8", "text/plain;charset=utf-8"},
           Case{"(c) text (c) / (c) plain (c) ; (c) charset (c) = (c) utf-8 (c)", "text/plain;charset=utf-8"},
           Case{"multipart/mixed; boundary=\"=_a b\\\"c\"", "multipart/mixed;boundary==_a b\"c"},
           Case{"multipart/mixed; boundary=----=_Part_1", "multipart/mixed;boundary=----=_Part_1"},
           Case{"multipart/mixed;\r\n\tboundary=\"a\";\r\n type=\"b/c\"",
                "multipart/mixed;boundary=a;type=b/c"},
           Case{"text/plain; charset=utf-8;", "text/plain;charset=utf-8"},
           Case{"text/plain;; charset=utf-8", "text/plain;charset=utf-8"},
           Case{"text/plain charset=utf-8", "text/plain;charset=utf-8"},
           Case{"text/plain; charset=utf-8 format=flowed", "text/plain;charset=utf-8;format=flowed"},
           Case{"application/pdf; name=annual report.pdf", "application/pdf;name=annual report.pdf"},
           Case{"application/pdf; name=annual report.pdf; x=y", "application/pdf;name=annual report.pdf;x=y"},
           Case{"application/pdf; name=a/b?.pdf", "application/pdf;name=a/b?.pdf"},
           Case{"application/pdf; name=\"unclosed", "application/pdf;name=unclosed"},
           Case{"application/pdf; name=", "application/pdf;name="},
           Case{"application/pdf; name", "application/pdf"},
           Case{"application/pdf; =x; a=b", "application/pdf;a=b"},
           Case{"application/pdf; name=\"=?UTF-8?B?7KCQ?=.pdf\"",
                "application/pdf;name==?UTF-8?B?7KCQ?=.pdf"},
           Case{"application/pdf; name==?UTF-8?B?7KCQ?=.pdf", "application/pdf;name==?UTF-8?B?7KCQ?=.pdf"},
           Case{"text", "text/plain"},
           Case{"\"text/html\"", "text/html"},
           Case{"", "/"},
           Case{";", "/"},
           Case{"application", "/"},
           Case{"/plain; a=b", "/;a=b"},
           Case{"charset=utf-8", "/;charset=utf-8"},
           // RFC 2231
           Case{"message/external-body; access-type=URL; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu/pub\"",
                "message/external-body;access-type=URL;url=ftp://cs.utk.edu/pub"},
           Case{"application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
                "application/x-stuff;title*=This is ***fun***"},
           Case{"application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; "
                "title*1*=%2A%2A%2Afun%2A%2A%2A%20; "
                "title*2=\"isn't it!\"",
                "application/x-stuff;title*=This is even more ***fun*** isn't it!"},
           Case{"a/b; name*1=c; name*0=ab; name*2=d", "a/b;name=abcd"},
           Case{"a/b; name*0=ab; name*2=d", "a/b;name=ab"},
           Case{"a/b; name*=euc-kr''%C1%A1%BD%C9", "a/b;name*=점심"},
           Case{"a/b; name*0*=utf-8''%EC%A0; name*1*=%90.txt", "a/b;name*=점.txt"},
           Case{"a/b; name*=no-charset", "a/b;name*=no-charset"},
           Case{"a/b; name*=utf-8''%ZZ%2", "a/b;name*=%ZZ%2"},
           Case{"a/b; name=x; name*=utf-8''y", "a/b;name=x;name*=y"},
           Case{"a/b; *=x; *0=y", "a/b;*=x;=y"},
       }) {
    const ContentType type = parse_content_type(c.input);
    EXPECT_EQ(type.type + "/" + type.subtype + draw(type.parameters), c.want) << c.input;
  }
}

TEST(Disposition, ReadsWhatMailHas) {
  struct Case {
    std::string_view input;
    std::string_view want;
  };
  for (const Case& c : {
           Case{"inline", "inline"},
           Case{"ATTACHMENT; filename=genome.jpeg; size=3", "attachment;filename=genome.jpeg;size=3"},
           Case{"attachment; filename=\"a;b.txt\"", "attachment;filename=a;b.txt"},
           Case{"filename=x.txt", "attachment;filename=x.txt"},
           Case{"; filename=x.txt", "attachment;filename=x.txt"},
           Case{"", ""},
       }) {
    const Disposition disposition = parse_disposition(c.input);
    EXPECT_EQ(disposition.type + draw(disposition.parameters), c.want) << c.input;
  }
}

TEST(Parameters, AreShownInTheReadersScript) {
  const auto text = [](std::string_view value) {
    return parameter_text(parse_disposition(value).parameters, "filename");
  };
  EXPECT_EQ(text("attachment; filename=a.txt"), "a.txt");
  EXPECT_EQ(text("attachment; filename=\"=?EUC-KR?B?waG9yQ==?=.txt\""), "점심.txt");
  EXPECT_EQ(text("attachment; filename==?EUC-KR?B?waG9yQ==?=.txt"), "점심.txt");
  EXPECT_EQ(text("attachment; filename=\"fallback.txt\"; filename*=utf-8''%EC%A0%90.txt"), "점.txt");
  EXPECT_EQ(text("attachment; filename=\"\xC1\xA1\""), "Á¡");
  EXPECT_EQ(text("attachment; filename=\"점심.txt\""), "점심.txt");
  EXPECT_EQ(text("attachment"), "");
}

TEST(Parameters, AreBounded) {
  std::string many = "a/b";
  for (int i = 0; i < 100'000; ++i) many += "; x*" + std::to_string(i) + "=y";
  const ContentType type = parse_content_type(many);
  EXPECT_LE(type.parameters.size(), kMaxParameters);
  EXPECT_LE(draw(type.parameters).size(), kMaxParameterBytes);
  EXPECT_LE(parse_content_type("a/b; " + std::string(1'000'000, '(')).parameters.size(), 0u);
  EXPECT_LE(parse_content_type("a/b; x=" + std::string(1'000'000, ' ')).parameters.size(), 1u);
  std::string words = "a/b; x=";
  for (int i = 0; i < 300'000; ++i) words += "a ";
  EXPECT_EQ(parse_content_type(words).parameters.size(), 1u);
  const std::string_view all = "t(c)/s; a*0*=u'l'%20; a*1=\"x\\\"\"; b=c d; e";
  for (std::size_t size = 0; size <= all.size(); ++size) parse_content_type(all.substr(0, size));
}

}  // namespace
}  // namespace pabal::message
