#include "queue/routes.h"

#include <gtest/gtest.h>

namespace pabal::queue {
namespace {

Route to(std::string host) { return {.host = std::move(host)}; }

TEST(Routes, TakesTheClosestPattern) {
  Routes routes;
  for (const char* pattern : {"hamburger.edu", ".edu", ".cs.hamburger.edu", "*"}) {
    ASSERT_TRUE(routes.add(pattern, {.host = "relay.example", .port = 587, .lmtp = pattern[0] == '*'}));
  }
  Routes narrow;
  ASSERT_TRUE(narrow.add("hamburger.edu", to("exact.example")));
  ASSERT_TRUE(narrow.add(".edu", to("edu.example")));
  ASSERT_TRUE(narrow.add(".cs.hamburger.edu", to("cs.example")));
  ASSERT_TRUE(narrow.add("bücher.example", to("books.example")));
  const std::pair<const char*, const char*> cases[] = {
      {"hamburger.edu", "exact.example"},
      {"Hamburger.EDU", "exact.example"},
      {"www.hamburger.edu", "edu.example"},
      {"cs.hamburger.edu", "edu.example"},
      {"a.b.cs.hamburger.edu", "cs.example"},
      {"xn--bcher-kva.example", "books.example"},
      {"edu", ""},
      {"crepes.fr", ""},
      {"[192.0.2.1]", ""},
  };
  for (const auto& [domain, want] : cases) {
    const Route* route = narrow.find(*account::DomainName::parse(domain));
    EXPECT_EQ(route != nullptr ? route->host : "", want) << domain;
  }
  EXPECT_TRUE(routes.find(*account::DomainName::parse("crepes.fr"))->lmtp);
  EXPECT_TRUE(routes.find(*account::DomainName::parse("[192.0.2.1]"))->lmtp);
  EXPECT_FALSE(routes.find(*account::DomainName::parse("x.edu"))->lmtp);
  EXPECT_EQ(Routes().find(*account::DomainName::parse("x.edu")), nullptr);
}

TEST(Routes, RefusesWhatCannotWork) {
  Routes routes;
  ASSERT_TRUE(routes.add("twice.example", to("a.example")));
  struct Case {
    const char* name;
    const char* pattern;
    Route route;
    const char* want;
  };
  Case cases[] = {
      {"no domain", "a..b", to("a.example"), "the route for 'a..b'"},
      {"twice", "TWICE.example.", to("a.example"), "two routes"},
      {"no host", "x.example", to(""), "neither a host name"},
      {"spaces", "x.example", to("a b"), "neither a host name"},
      {"port", "x.example", {.host = "a.example", .port = 0}, "port 0"},
      {"password in clear",
       "x.example",
       {.host = "a.example", .login = Route::Login{"me", Secret("hungry")}},
       "needs encryption"},
  };
  for (Case& c : cases) {
    const auto added = routes.add(c.pattern, std::move(c.route));
    ASSERT_FALSE(added) << c.name;
    EXPECT_NE(added.error().detail.find(c.want), std::string::npos) << c.name << ": " << added.error().detail;
  }
  EXPECT_TRUE(routes.add(
      "ok.example",
      {.host = "192.0.2.1", .tls = TlsPolicy::kRequired, .login = Route::Login{"me", Secret("hungry")}}));
  EXPECT_TRUE(routes.add("lmtp.example", {.host = "unix:/run/lmtp", .lmtp = true}));
}

}  // namespace
}  // namespace pabal::queue
