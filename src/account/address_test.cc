#include "account/address.h"

#include <gtest/gtest.h>

#include <vector>

namespace pabal::account {
namespace {

Address address(std::string_view text) {
  auto parsed = Address::parse(text);
  EXPECT_TRUE(parsed) << text << ": " << parsed.error().detail;
  return *std::move(parsed);
}

TEST(DomainName, HasOneAsciiFormForAllSpellings) {
  struct Case {
    std::string name, input, ascii, unicode;
  };
  const std::vector<Case> cases = {
      {"ASCII", "Example.ORG", "example.org", "example.org"},
      {"final dot", "example.org.", "example.org", "example.org"},
      {"Korean", "한국.kr", "xn--3e0b707e.kr", "한국.kr"},
      {"Korean with a Korean top", "파발.한국", "xn--ih3bl33b.xn--3e0b707e", "파발.한국"},
      {"Korean, decomposed", "\u1112\u1161\u11ab\u1100\u116e\u11a8.kr", "xn--3e0b707e.kr", "한국.kr"},
      {"A-label", "XN--3E0B707E.kr", "xn--3e0b707e.kr", "한국.kr"},
      {"umlaut in capitals", "BÜCHER.example", "xn--bcher-kva.example", "bücher.example"},
      {"sharp s stays (non-transitional)", "straße.example", "xn--strae-oqa.example", "straße.example"},
      {"full-width", "ｅｘａｍｐｌｅ．org", "example.org", "example.org"},
      {"ideographic full stop", "한국。kr", "xn--3e0b707e.kr", "한국.kr"},
      {"made-up A-label", "xn--a.org", "xn--a.org", "xn--a.org"},
      {"IPv4 literal", "[192.0.2.1]", "[192.0.2.1]", "[192.0.2.1]"},
      {"IPv6 literal", "[IPv6:2001:DB8::1]", "[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"},
  };
  for (const Case& test : cases) {
    const auto domain = DomainName::parse(test.input);
    ASSERT_TRUE(domain) << test.name;
    EXPECT_EQ(domain->ascii(), test.ascii) << test.name;
    EXPECT_EQ(domain->unicode(), test.unicode) << test.name;
    EXPECT_EQ(*DomainName::parse(domain->ascii()), *domain) << test.name;
  }
}

TEST(DomainName, RefusesWhatIsNone) {
  const std::vector<std::string> cases = {"",
                                          ".",
                                          "..",
                                          "a..b",
                                          "-a",
                                          "a-",
                                          "a_b",
                                          "a b",
                                          "a@b",
                                          "[1.2.3]",
                                          "[x400:c=de]",
                                          "[192.0.2.1]x",
                                          "☃.org",
                                          "한국\xff.kr",
                                          "한국-.kr",
                                          "\u2488.org",
                                          "／.org",
                                          std::string(64, 'a'),
                                          std::string("a\0b", 3),
                                          std::string(70, 'a') + "한.kr"};
  for (const std::string& input : cases) {
    const auto domain = DomainName::parse(input);
    EXPECT_FALSE(domain) << input << " gave " << domain->ascii();
    if (!domain) {
      EXPECT_EQ(domain.error().kind, ErrorKind::kRefuse);
    }
  }
}

TEST(Address, ComparesOurOwnBySpelling) {
  struct Case {
    std::string name, a, b;
    bool same;
  };
  const std::vector<Case> cases = {
      {"case of the domain", "bob@example.org", "bob@EXAMPLE.org", true},
      {"case of the local part", "Bob@example.org", "bOB@example.org", true},
      {"quotes without need", "\"bob\"@example.org", "bob@example.org", true},
      {"backslashes without need", "\"b\\ob\"@example.org", "bob@example.org", true},
      {"a quoted dot", "\"b.o\"@example.org", "b.o@example.org", true},
      {"dots count", "b.o@example.org", "bo@example.org", false},
      {"U-label and A-label", "메일@한국.kr", "메일@xn--3e0b707e.kr", true},
      {"composition", "한@x.kr", "\u1112\u1161\u11ab@x.kr", true},
      {"case over ASCII", "MÜLLER@x.de", "mu\u0308ller@x.de", true},
      {"sharp s folds", "STRASSE@x.de", "straße@x.de", true},
      {"full-width is another", "ｂob@x.kr", "bob@x.kr", false},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(address(test.a).key() == address(test.b).key(), test.same)
        << test.name << ": " << address(test.a).key() << " and " << address(test.b).key();
  }
}

TEST(Address, RemoteLocalPartsKeepTheirCase) {
  EXPECT_EQ(address("Bob@Example.org").to_string(), "Bob@example.org");
  EXPECT_FALSE(address("Bob@example.org") == address("bob@example.org"));
  EXPECT_TRUE(address("\"Bob\"@example.org") == address("Bob@EXAMPLE.org"));
}

TEST(Address, HasAFormForTheWireAndOneForPeople) {
  const Address korean = address("메일@한국.kr");
  EXPECT_EQ(korean.to_string(), "메일@xn--3e0b707e.kr");
  EXPECT_EQ(korean.to_display(), "메일@한국.kr");
  EXPECT_TRUE(korean.needs_smtputf8());
  EXPECT_FALSE(address("mail@한국.kr").needs_smtputf8());
  EXPECT_EQ(address("\"a b\"@x.org").to_string(), "\"a b\"@x.org");
}

TEST(Address, SplitsSubaddresses) {
  struct Case {
    std::string input;
    char separator;
    std::optional<std::string> want;  ///< base, a bar, the tag
  };
  const std::vector<Case> cases = {
      {"bob+tag@x.org", '+', "bob@x.org|tag"},
      {"bob+a+b@x.org", '+', "bob@x.org|a+b"},
      {"bob+@x.org", '+', "bob@x.org|"},
      {"bob@x.org", '+', {}},
      {"+tag@x.org", '+', {}},
      {"bob-tag@x.org", '-', "bob@x.org|tag"},
      {"bob+tag@x.org", '-', {}},
      {"메일+꼬리@한국.kr", '+', "메일@xn--3e0b707e.kr|꼬리"},
      {"\"a b+c d\"@x.org", '+', "\"a b\"@x.org|c d"},
  };
  for (const Case& test : cases) {
    const auto split = split_subaddress(address(test.input), test.separator);
    EXPECT_EQ(split ? std::optional(split->base.to_string() + "|" + split->tag) : std::nullopt, test.want)
        << test.input;
  }
}

TEST(Address, SaysWhatIsWrong) {
  const auto result = Address::parse("bob");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().detail, "'bob' is not a mail address such as bob@example.org");
  EXPECT_FALSE(Address::from_parts(std::string(65, 'a'), *DomainName::parse("x.org")));
  EXPECT_FALSE(Address::from_parts("a\nb", *DomainName::parse("x.org")));
}

}  // namespace
}  // namespace pabal::account
