#include "account/sasl.h"

#include <gtest/gtest.h>

#include <vector>

#include "account/scram_testing.h"
#include "base/encoding.h"

namespace pabal::account {
namespace {

using namespace std::string_literals;

std::string describe(const SaslStep& step) {
  struct Describe {
    std::string operator()(const SaslChallenge& s) const { return "challenge " + s.text; }
    std::string operator()(const SaslPasswordClaim& s) const {
      return "claim " + s.authzid + "|" + s.name + "|" + std::string(s.password.reveal());
    }
    std::string operator()(const SaslKeysWanted& s) const { return "keys of " + s.name; }
    std::string operator()(const SaslProven& s) const { return "proven " + s.authzid + "|" + s.name; }
    std::string operator()(const SaslFailed& s) const {
      return s.why == SaslFailed::Why::kMalformed ? "malformed"
             : s.why == SaslFailed::Why::kWrong   ? "wrong"
                                                  : "downgrade";
    }
  };
  return std::visit(Describe{}, step);
}

ScramKeys pencil() { return make_scram_keys("pencil", *from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096); }

SaslOptions options() {
  return {.bindings = {}, .plus_was_offered = false, .server_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"};
}
SaslOptions bound_options() {
  return {.bindings = {{"tls-exporter", "EXPORTED"}, {"tls-server-end-point", "HASHED"}},
          .plus_was_offered = true,
          .server_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"};
}

TEST(SaslNames, AreFoundInAnyCase) {
  EXPECT_EQ(find_sasl("plain"), SaslName::kPlain);
  EXPECT_EQ(find_sasl("SCRAM-SHA-256-PLUS"), SaslName::kScramSha256Plus);
  EXPECT_EQ(find_sasl("SCRAM-SHA-1"), std::nullopt);
  EXPECT_EQ(to_string(SaslName::kScramSha256), "SCRAM-SHA-256");
}

TEST(SaslPlain, Message) {
  struct Case {
    std::string name, input, want;
  };
  const std::vector<Case> cases = {
      {"plain", "\0tim\0tanstaaftanstaaf"s, "claim |tim|tanstaaftanstaaf"},
      {"with authzid", "Ursel\0Kurt\0xipj3plmq"s, "claim Ursel|Kurt|xipj3plmq"},
      {"Korean", "\0메일@한국.kr\0비밀"s, "claim |메일@한국.kr|비밀"},
      {"empty", "", "malformed"},
      {"no NUL", "tim", "malformed"},
      {"one NUL", "\0tim"s, "malformed"},
      {"three NULs", "\0tim\0a\0b"s, "malformed"},
      {"no name", "\0\0secret"s, "malformed"},
      {"no password", "\0tim\0"s, "malformed"},
      {"bad UTF-8", "\0tim\xff\0secret"s, "malformed"},
      {"bad UTF-8 in the password", "\0tim\0secret\xff"s, "malformed"},
      {"name of 255", "\0"s + std::string(255, 'a') + "\0p"s, "claim |" + std::string(255, 'a') + "|p"},
      {"name of 256", "\0"s + std::string(256, 'a') + "\0p"s, "malformed"},
      {"password of 1025", "\0a\0"s + std::string(1025, 'p'), "malformed"},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(describe(make_sasl(SaslName::kPlain, {})->start(test.input)), test.want) << test.name;
    const auto late = make_sasl(SaslName::kPlain, {});
    EXPECT_EQ(describe(late->start(std::nullopt)), "challenge ");
    EXPECT_EQ(describe(late->step(test.input)), test.want) << test.name;
    EXPECT_EQ(describe(late->step(test.input)), "malformed") << test.name << ", once more";
  }
}

TEST(SaslLogin, AsksForNameAndPassword) {
  const auto login = make_sasl(SaslName::kLogin, {});
  EXPECT_EQ(describe(login->start(std::nullopt)), "challenge Username:");
  EXPECT_EQ(describe(login->step("bob")), "challenge Password:");
  EXPECT_EQ(describe(login->step("secret")), "claim |bob|secret");
  EXPECT_EQ(describe(login->step("secret")), "malformed");
}

TEST(SaslLogin, TakesTheNameAsInitialResponse) {
  const auto login = make_sasl(SaslName::kLogin, {});
  EXPECT_EQ(describe(login->start("bob")), "challenge Password:");
  EXPECT_EQ(describe(login->step("")), "malformed");
  EXPECT_EQ(describe(login->step("secret")), "malformed");  // over is over
}

TEST(SaslScram, Rfc7677Example) {
  const auto scram = make_sasl(SaslName::kScramSha256, options());
  EXPECT_EQ(describe(scram->start("n,,n=user,r=rOprNGfwEbeRWgbNEkqO")), "keys of user");
  EXPECT_EQ(
      describe(scram->use_keys(pencil())),
      "challenge r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  EXPECT_EQ(describe(scram->step("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                                 "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")),
            "challenge v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  EXPECT_EQ(describe(scram->step("")), "proven |user");
  EXPECT_EQ(describe(scram->step("")), "malformed");
}

/// Runs an exchange to its end; `tamper` changes the client's last word.
std::string run(SaslName name, SaslOptions options, ScramClient client,
                const std::function<std::string(std::string)>& tamper = {}) {
  const auto scram = make_sasl(name, std::move(options));
  SaslStep step = scram->start(client.first());
  if (!std::holds_alternative<SaslKeysWanted>(step)) return describe(step);
  step = scram->use_keys(pencil());
  std::string final = client.final(std::get<SaslChallenge>(step).text);
  step = scram->step(tamper ? tamper(final) : final);
  if (!std::holds_alternative<SaslChallenge>(step)) return describe(step);
  EXPECT_EQ(std::get<SaslChallenge>(step).text, client.expected_server_final());
  return describe(scram->step(""));
}

TEST(SaslScram, ChannelBinding) {
  struct Case {
    std::string name;
    SaslName mechanism;
    bool tls;
    std::string gs2_header, binding, want;
  };
  using enum SaslName;
  const std::vector<Case> cases = {
      {"no TLS, none wanted", kScramSha256, false, "n,,", "", "proven |user"},
      {"no TLS, could bind", kScramSha256, false, "y,,", "", "proven |user"},
      {"TLS, client can't bind", kScramSha256, true, "n,,", "", "proven |user"},
      {"TLS, our offer was taken out", kScramSha256, true, "y,,", "", "downgrade"},
      {"binding without -PLUS", kScramSha256, true, "p=tls-exporter,,", "EXPORTED", "malformed"},
      {"exporter", kScramSha256Plus, true, "p=tls-exporter,,", "EXPORTED", "proven |user"},
      {"end point", kScramSha256Plus, true, "p=tls-server-end-point,,", "HASHED", "proven |user"},
      {"another channel", kScramSha256Plus, true, "p=tls-exporter,,", "ELSEWHERE", "downgrade"},
      {"the other type's data", kScramSha256Plus, true, "p=tls-exporter,,", "HASHED", "downgrade"},
      {"no data", kScramSha256Plus, true, "p=tls-exporter,,", "", "downgrade"},
      {"unknown type", kScramSha256Plus, true, "p=tls-unique,,", "X", "malformed"},
      {"-PLUS without binding", kScramSha256Plus, true, "n,,", "", "malformed"},
      {"-PLUS with y", kScramSha256Plus, true, "y,,", "", "malformed"},
      {"-PLUS without TLS", kScramSha256Plus, false, "p=tls-exporter,,", "EXPORTED", "malformed"},
      {"with authzid", kScramSha256, false, "n,a=other,", "", "proven other|user"},
  };
  for (const Case& test : cases) {
    const std::string got = run(test.mechanism, test.tls ? bound_options() : options(),
                                ScramClient("user", "pencil", test.gs2_header, test.binding));
    EXPECT_EQ(got, test.want) << test.name;
  }
}

TEST(SaslScram, ClientFirstMessage) {
  struct Case {
    std::string name, input, want;
  };
  const std::vector<Case> cases = {
      {"escaped name", "n,,n=a=2Cb=3Dc,r=x", "keys of a,b=c"},
      {"extension", "n,,n=user,r=x,z=1", "keys of user"},
      {"mandatory extension", "n,,m=1,n=user,r=x", "malformed"},
      {"bad escape", "n,,n=a=2cb,r=x", "malformed"},
      {"escape cut", "n,,n=a=2,r=x", "malformed"},
      {"no name", "n,,n=,r=x", "malformed"},
      {"no nonce", "n,,n=user,r=", "malformed"},
      {"nonce with a space", "n,,n=user,r=a b", "malformed"},
      {"nonce too long", "n,,n=user,r=" + std::string(257, 'x'), "malformed"},
      {"name too long", "n,,n=" + std::string(256, 'x') + ",r=x", "malformed"},
      {"no flag", ",,n=user,r=x", "malformed"},
      {"GSS flag", "F,n,,n=user,r=x", "malformed"},
      {"bad authzid", "n,user,n=user,r=x", "malformed"},
      {"NUL", "n,,n=us\0er,r=x"s, "malformed"},
      {"bad UTF-8", "n,,n=us\xff,r=x", "malformed"},
      {"extension without a value", "n,,n=user,r=x,z=", "malformed"},
      {"comma at the end", "n,,n=user,r=x,", "malformed"},
      {"too long", "n,,n=user,r=x,z=" + std::string(kMaxSaslResponseBytes, 'z'), "malformed"},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(describe(make_sasl(SaslName::kScramSha256, options())->start(test.input)), test.want)
        << test.name;
  }
}

TEST(SaslScram, RefusesATamperedFinalMessage) {
  const ScramClient client("user", "pencil");
  EXPECT_EQ(run(SaslName::kScramSha256, options(), client), "proven |user");
  EXPECT_EQ(run(SaslName::kScramSha256, options(), ScramClient("user", "Pencil")), "wrong");
  const auto good = [&] {
    std::string kept;
    run(SaslName::kScramSha256, options(), client, [&](std::string text) { return kept = text; });
    return kept;
  }();
  for (std::size_t i = 0; i < good.size(); ++i) {
    const std::string got = run(SaslName::kScramSha256, options(), client, [&](std::string text) {
      text[i] = text[i] == 'A' ? 'B' : 'A';
      return text;
    });
    EXPECT_NE(got, "proven |user") << "byte " << i;
    EXPECT_EQ(
        run(SaslName::kScramSha256, options(), client, [&](std::string text) { return text.substr(0, i); }),
        "malformed")
        << "cut to " << i;
  }
}

TEST(SaslScram, SaysNothingAfterItsEnd) {
  const auto scram = make_sasl(SaslName::kScramSha256, options());
  EXPECT_EQ(describe(scram->start("junk")), "malformed");
  EXPECT_EQ(describe(scram->step("n,,n=user,r=x")), "malformed");
}

}  // namespace
}  // namespace pabal::account
