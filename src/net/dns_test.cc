#include "net/dns.h"

#include <gtest/gtest.h>

#include "net/dns_cache.h"
#include "net/dns_static.h"
#include "net/dns_unbound.h"
#include "net/scope.h"
#include "net/testing.h"

namespace pabal::net {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kZone = R"(; a village
$SECURE crepes.fr.
$BOGUS broken.example
$FAIL down.example.
crepes.fr.      MX 20 backup.crepes.fr.
crepes.fr.  300 IN MX 10 Mail.Crepes.FR
crepes.fr       TXT "v=spf1 mx; \"quoted\" " "-all"   ; a comment
mail.crepes.fr  A 192.0.2.1
mail.crepes.fr  AAAA 2001:db8::1
www.crepes.fr   60 CNAME mail.crepes.fr.
away.crepes.fr  CNAME plain.example.
plain.example   A 192.0.2.2
null.example    MX 0 .
a.circle        CNAME b.circle.
b.circle        CNAME a.circle.
1.2.0.192.in-addr.arpa. PTR mail.crepes.fr.
_25._tcp.mail.crepes.fr. TLSA 3 1 1 00ff 10AB
)";

class StaticTest : public testing::Test {
 protected:
  StaticTest() {
    auto parsed = StaticResolver::parse(kZone);
    EXPECT_TRUE(parsed) << parsed.error().detail;
    resolver = std::move(*parsed);
  }
  DnsAnswer ask(std::string_view name, DnsType type) {
    auto answer = sim.run_until_done(resolver->query(std::string(name), type, Deadline::never()));
    EXPECT_TRUE(answer);
    return answer.value_or(DnsAnswer{});
  }
  SimulatedLoop sim;
  std::unique_ptr<StaticResolver> resolver;
};

TEST_F(StaticTest, AnswersEachType) {
  const auto mx = mail_exchanges_of(ask("CREPES.fr.", DnsType::kMx));
  EXPECT_EQ(mx, (std::vector<MxRecord>{{10, "mail.crepes.fr"}, {20, "backup.crepes.fr"}}));
  EXPECT_EQ(texts_of(ask("crepes.fr", DnsType::kTxt)),
            std::vector<std::string>{"v=spf1 mx; \"quoted\" -all"});
  EXPECT_EQ(addresses_of(ask("mail.crepes.fr", DnsType::kA)), std::vector{*IpAddress::parse("192.0.2.1")});
  EXPECT_EQ(addresses_of(ask("mail.crepes.fr", DnsType::kAaaa)),
            std::vector{*IpAddress::parse("2001:db8::1")});
  EXPECT_EQ(names_of(ask(reverse_name_of(*IpAddress::parse("192.0.2.1")), DnsType::kPtr)),
            std::vector<std::string>{"mail.crepes.fr"});
  EXPECT_EQ(tlsa_records_of(ask("_25._tcp.mail.crepes.fr", DnsType::kTlsa)),
            (std::vector<TlsaRecord>{{3, 1, 1, std::string("\0\xff\x10\xab", 4)}}));
  EXPECT_EQ(mail_exchanges_of(ask("null.example", DnsType::kMx)), (std::vector<MxRecord>{{0, ""}}));
}

TEST_F(StaticTest, TellsAbsenceFromFailure) {
  EXPECT_EQ(ask("mail.crepes.fr", DnsType::kMx).status, DnsStatus::kNoData);
  EXPECT_EQ(ask("nobody.crepes.fr", DnsType::kA).status, DnsStatus::kNoName);
  EXPECT_EQ(ask("_tcp.mail.crepes.fr", DnsType::kA).status, DnsStatus::kNoData);  // has a name below
  EXPECT_EQ(ask("x.down.example", DnsType::kA).status, DnsStatus::kFailed);
  EXPECT_EQ(ask("broken.example", DnsType::kA).status, DnsStatus::kFailed);
  EXPECT_EQ(ask("broken.example", DnsType::kA).security, DnsSecurity::kBogus);
  EXPECT_EQ(ask("a.circle", DnsType::kA).status, DnsStatus::kFailed);
  EXPECT_EQ(sim.run_until_done(resolver->query("no such name", DnsType::kA, Deadline::never())).error().kind,
            ErrorKind::kRefuse);
}

TEST_F(StaticTest, FollowsAliasesAndTheirSecurity) {
  const DnsAnswer www = ask("www.crepes.fr", DnsType::kA);
  EXPECT_EQ(www.canonical_name, "mail.crepes.fr");
  EXPECT_EQ(www.security, DnsSecurity::kSecure);
  EXPECT_EQ(www.ttl, 60s);
  EXPECT_EQ(ask("away.crepes.fr", DnsType::kA).security, DnsSecurity::kInsecure);
  EXPECT_EQ(ask("www.crepes.fr", DnsType::kCname).status, DnsStatus::kFound);
}

TEST(StaticResolver, NamesTheBadLine) {
  const struct {
    std::string_view input, want;
  } cases[] = {{"\n\nx.example A nonsense", "line 3"},
               {"x.example", "line 1"},
               {"x.example WKS 1", "WKS"},
               {"x.example MX mail", "preference"},
               {"x.example TXT open", "quotes"},
               {"x.example TXT \"open", "closing"},
               {"x.example A 192.0.2.1 x", "too much"},
               {"x..example A 192.0.2.1", "not a name"},
               {"$NEVER x.example", "$NEVER"},
               {"x.example TLSA 3 1 1 0", "hexadecimal"},
               {"x.example A ::1", "not an address"}};
  for (const auto& c : cases) {
    const auto parsed = StaticResolver::parse(c.input);
    ASSERT_FALSE(parsed) << c.input;
    EXPECT_NE(parsed.error().detail.find(c.want), std::string::npos) << parsed.error().detail;
  }
}

TEST(DnsNames, Normalise) {
  EXPECT_EQ(normalise_dns_name("Example.ORG."), "example.org");
  EXPECT_EQ(normalise_dns_name("_dmarc.example.org"), "_dmarc.example.org");
  for (const std::string& name :
       {std::string(), std::string("."), std::string("a..b"), std::string("a b"), std::string(64, 'a'),
        std::string("a\0b", 3), std::string("ü"), std::string(".a")}) {
    EXPECT_FALSE(normalise_dns_name(name)) << name;
  }
  EXPECT_EQ(reverse_name_of(*IpAddress::parse("2001:db8::1")),
            "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST(DnsRecords, MalformedOnesAreLeftOut) {
  DnsAnswer answer;
  answer.records = {"",
                    "\x01",
                    std::string("\0\x0a\x04mail", 7),
                    std::string("\0\x0a\x41x\0", 5),
                    std::string("\0\x0a\0extra", 8),
                    std::string("\0\x0a\x03"
                                "a.b\0",
                                7)};
  EXPECT_TRUE(mail_exchanges_of(answer).empty());
  EXPECT_TRUE(names_of({.records = {"\xc0\x0c"}}).empty());
  EXPECT_TRUE(texts_of({.records = {"\x05"
                                    "abc"}})
                  .empty());
  EXPECT_TRUE(addresses_of({.records = {"abc", "abcde"}}).empty());
  EXPECT_TRUE(tlsa_records_of({.records = {"\x03\x01\x01"}}).empty());
}

/// Counts questions.
class Counter final : public Resolver {
 public:
  explicit Counter(DnsAnswer answer) : answer_(std::move(answer)) {}
  Task<Result<DnsAnswer>> query(std::string, DnsType, Deadline) override {
    ++asked;
    co_return answer_;
  }
  int asked = 0;

 private:
  DnsAnswer answer_;
};

TEST(CachingResolver, RemembersForTheTtlAndNoFailures) {
  SimulatedLoop sim;
  Counter behind({.status = DnsStatus::kNoName, .ttl = 60s});
  CachingResolver cache(behind, sim.clock(), 2);
  const auto ask = [&](Resolver& resolver, std::string name) {
    return sim.run_until_done(resolver.query(std::move(name), DnsType::kA, Deadline::never())).value();
  };
  ask(cache, "a.example");
  sim.clock().advance(20s);
  EXPECT_EQ(ask(cache, "A.example.").ttl, 40s);
  EXPECT_EQ(behind.asked, 1);
  sim.clock().advance(40s);
  ask(cache, "a.example");
  EXPECT_EQ(behind.asked, 2);
  ask(cache, "b.example");
  ask(cache, "a.example");
  ask(cache, "c.example");  // b goes
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_EQ(behind.asked, 4);
  ask(cache, "a.example");
  EXPECT_EQ(behind.asked, 4);
  ask(cache, "b.example");
  EXPECT_EQ(behind.asked, 5);
  Counter failing({.status = DnsStatus::kFailed, .ttl = 60s});
  CachingResolver other(failing, sim.clock());
  ask(other, "a.example");
  ask(other, "a.example");
  EXPECT_EQ(failing.asked, 2);
}

class UnboundTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = UnboundResolver::create({
        // Nothing may leave this machine: what no local zone has is refused by a port where nobody listens.
        .forwarders = {"127.0.0.1@1"},
        .local_zones = {{"example.test.", "static"}, {"down.test.", "refuse"}},
        .local_data = {"example.test. 300 IN MX 10 mail.example.test.",
                       "mail.example.test. 300 IN A 192.0.2.1", "mail.example.test. 300 IN AAAA 2001:db8::1",
                       "example.test. 300 IN TXT \"v=spf1\" \" -all\"",
                       "_25._tcp.mail.example.test. IN TLSA 3 1 1 00ff"},
    });
    ASSERT_TRUE(made) << made.error().detail;
    resolver = std::move(*made);
  }
  DnsAnswer ask(std::string name, DnsType type) {
    auto answer = sim.run_until_done(resolver->query(std::move(name), type, Deadline::never()));
    EXPECT_TRUE(answer);
    return answer.value_or(DnsAnswer{});
  }
  SimulatedLoop sim;
  std::unique_ptr<UnboundResolver> resolver;
};

TEST_F(UnboundTest, AnswersFromALocalZone) {
  const DnsAnswer mx = ask("Example.TEST.", DnsType::kMx);
  EXPECT_EQ(mail_exchanges_of(mx), (std::vector<MxRecord>{{10, "mail.example.test"}}));
  EXPECT_EQ(mx.security, DnsSecurity::kIndeterminate);
  EXPECT_EQ(mx.ttl, 300s);
  EXPECT_EQ(addresses_of(ask("mail.example.test", DnsType::kA)), std::vector{*IpAddress::parse("192.0.2.1")});
  EXPECT_EQ(addresses_of(ask("mail.example.test", DnsType::kAaaa)),
            std::vector{*IpAddress::parse("2001:db8::1")});
  EXPECT_EQ(texts_of(ask("example.test", DnsType::kTxt)), std::vector<std::string>{"v=spf1 -all"});
  EXPECT_EQ(tlsa_records_of(ask("_25._tcp.mail.example.test", DnsType::kTlsa)).size(), 1u);
  EXPECT_EQ(ask("mail.example.test", DnsType::kMx).status, DnsStatus::kNoData);
  EXPECT_EQ(ask("nobody.example.test", DnsType::kA).status, DnsStatus::kNoName);
}

TEST_F(UnboundTest, ManyAtOnce) {
  int found = 0;
  const auto check = [&]() -> Task<void> {
    Scope scope(sim.loop());
    const auto one = [&]() -> Task<void> {
      const auto answer = co_await resolver->query("mail.example.test", DnsType::kA, Deadline::never());
      if (answer && answer->status == DnsStatus::kFound) ++found;
    };
    for (int i = 0; i < 200; ++i) scope.spawn(one());
    co_await scope.join();
  };
  sim.run_until_done(check());
  EXPECT_EQ(found, 200);
}

TEST_F(UnboundTest, ServersThatRefuseAreAFailureThatMayPass) {
  const DnsAnswer answer = ask("x.down.test", DnsType::kA);
  EXPECT_EQ(answer.status, DnsStatus::kFailed);
  EXPECT_NE(answer.why, "");
}

TEST_F(UnboundTest, AWaitEndsAtItsDeadlineAndWhenToldTo) {
  const SystemClock clock;
  Loop loop(clock);
  const auto hurried = loop.run_until_done(resolver->query("elsewhere.example", DnsType::kA, loop.in(0s)));
  if (!hurried) EXPECT_EQ(hurried.error().kind, ErrorKind::kDeadline);
  const auto check = [&]() -> Task<void> {
    Scope scope(loop);
    const auto one = [&]() -> Task<void> {
      const auto answer = co_await resolver->query("other.example", DnsType::kA, Deadline::never());
      if (!answer) EXPECT_EQ(answer.error().kind, ErrorKind::kCancelled);
    };
    scope.spawn(one());
    scope.cancel();
    co_await scope.join();
  };
  loop.run_until_done(check());
}

TEST(UnboundResolver, SaysWhatIsWrongWithItsOptions) {
  const auto made = UnboundResolver::create({.trust_anchor_file = "/nonexistent/root.key"});
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().detail.find("/nonexistent/root.key"), std::string::npos);
  EXPECT_FALSE(UnboundResolver::create({.forwarders = {"not an address"}}));
}

}  // namespace
}  // namespace pabal::net
