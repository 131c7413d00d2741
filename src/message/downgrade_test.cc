#include "message/downgrade.h"

#include <gtest/gtest.h>

#include "base/ascii.h"
#include "message/letter.h"

namespace pabal::message {
namespace {

std::string crlf(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '\n' ? "\r\n" : std::string(1, c));
  return out;
}

TEST(Downgrade, ChangesWhatMustChangeAndNothingElse) {
  struct Case {
    std::string_view name;
    std::string_view input;
    std::string_view want;  // the same where nothing is needed
  };
  const std::string_view kPlain = "Subject: x\nMIME-Version: 1.0\n\nplain\n";
  for (const Case& c : {
           Case{"7-bit already", kPlain, kPlain},
           Case{"no header", "plain\n", "plain\n"},
           Case{"text",
                "Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; "
                "charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
                "X-Last: y\n\ncafé\n",
                "Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nX-Last: y\n"
                "Content-Transfer-Encoding: quoted-printable\n\ncaf=C3=A9\n"},
           Case{"no encoding named", "MIME-Version: 1.0\nContent-Type: text/plain\n\né\n",
                "MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: "
                "quoted-printable\n\n=C3=A9\n"},
           Case{"no MIME-Version", "Subject: x\n\né\n",
                "Subject: x\nMIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9\n"},
           Case{"no header, 8-bit", "é\n",
                "MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9\n"},
           Case{"data", "MIME-Version: 1.0\nContent-Type: image/png\nContent-Transfer-Encoding: binary\n\né",
                "MIME-Version: 1.0\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\nw6k=\n"},
           Case{"8bit said and not so", "MIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\n\nx\n",
                "MIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\n\nx\n"},
           Case{"multipart",
                "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: "
                "8bit\n\n"
                "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\né\n"
                "--b\nContent-Type: text/plain\n\nx \n--b\n\né--b--\n--b--\n",
                "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: "
                "7bit\n\n"
                "--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: "
                "quoted-printable\n\n=C3=A9\n"
                "--b\nContent-Type: text/plain\n\nx \n--b\nContent-Transfer-Encoding: "
                "quoted-printable\n\n=C3=A9--b--\n--b--\n"},
           Case{"letter within",
                "MIME-Version: 1.0\nContent-Type: message/rfc822\nContent-Transfer-Encoding: "
                "8bit\n\nSubject: in\n\né\n",
                "MIME-Version: 1.0\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 7bit\n\n"
                "Subject: in\nMIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9\n"},
           Case{"preamble and epilogue",
                "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\né\n--b\n\nx\n--b--\né\n",
                "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n??\n--b\n\nx\n--b--\n??\n"},
           Case{"behind a delimiter",
                "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b é\n\nx\n--b--\n",
                "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b ??\n\nx\n--b--\n"},
           Case{"quoted-printable with bare bytes",
                "MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\na=3Db é\n",
                "MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\na=3Db =C3=A9\n"},
           Case{"base64 with junk", "MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\nSGVéAA\n",
                "MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\nSGVAA\n"},
           Case{"a header's bytes stay",
                "Subject: é\nMIME-Version: 1.0\nContent-Type: multipart/mixed; "
                "boundary=b\n\n--b\n\né\n--b--\n",
                "Subject: é\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
                "--b\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9\n--b--\n"},
           Case{"international letter within",
                "MIME-Version: 1.0\nContent-Type: message/global\nContent-Transfer-Encoding: "
                "8bit\n\nSubject: é\n\nx\n",
                "MIME-Version: 1.0\nContent-Type: message/global\nContent-Transfer-Encoding: base64\n\n"
                "U3ViamVjdDogw6kNCg0KeA0K\n"},
       }) {
    SCOPED_TRACE(c.name);
    const std::string letter = crlf(c.input);
    const auto converted = downgrade(letter);
    ASSERT_TRUE(converted);
    EXPECT_EQ(*converted, crlf(c.want));
    const Structure structure = parse_structure(letter);
    EXPECT_EQ(plan_downgrade(structure).needed, c.input != c.want);
    EXPECT_EQ(plan_downgrade(structure).header_8bit, c.name == "a header's bytes stay");
    for (std::size_t cut = 0; cut <= letter.size(); ++cut) {
      Downgrader downgrader(structure);
      std::string out;
      downgrader.feed(std::string_view(letter).substr(0, cut), out);
      downgrader.feed(std::string_view(letter).substr(cut), out);
      downgrader.finish(out);
      if (c.input != c.want) EXPECT_EQ(out, *converted) << "cut at " << cut;
    }
    EXPECT_FALSE(plan_downgrade(parse_structure(*converted)).needed) << "once is enough";
  }
}

TEST(Downgrade, SaysWhatCannotBeConverted) {
  struct Case {
    std::string_view name;
    std::string_view input;
    std::string_view want;  // part of the reason
  };
  for (const Case& c : {
           Case{"multipart that cannot be looked into", "Content-Type: multipart/mixed\n\né",
                "multipart/mixed"},
           Case{"fragment", "Content-Type: message/partial\n\né", "message/partial"},
           Case{"unknown encoding", "Content-Type: text/plain\nContent-Transfer-Encoding: x-zip\n\né",
                "unknown"},
           Case{"boundary that is not ASCII",
                "Content-Type: multipart/mixed; boundary*=utf-8''%C3%A9\n\n--é\n\nx\n--é--\n",
                "multipart/mixed"},
           Case{"which part",
                "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: "
                "message/external-body\n\né\n--b--\n",
                "part 2 (message/external-body, 7bit)"},
       }) {
    const DowngradePlan plan = plan_downgrade(parse_structure(crlf(c.input)));
    EXPECT_FALSE(plan.possible()) << c.name;
    EXPECT_NE(plan.obstacle.find(c.want), std::string::npos) << plan.obstacle;
    EXPECT_EQ(downgrade(crlf(c.input)), std::nullopt);
  }
}

TEST(Downgrade, TellsOfBrokenSignatures) {
  const std::string letter = crlf(
      "Content-Type: multipart/signed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\né\n"
      "--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n");
  EXPECT_TRUE(plan_downgrade(parse_structure(letter)).breaks_signature);
  EXPECT_FALSE(plan_downgrade(parse_structure("A: b\r\n\r\n\xC3\xA9")).breaks_signature);
}

}  // namespace
}  // namespace pabal::message
