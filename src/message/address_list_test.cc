#include "message/address_list.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pabal::message {
namespace {

/// `name <route:local@domain>` for a mailbox, `name{` and `}` for a group, with bars between.
std::string draw(const std::vector<Address>& list) {
  std::string out;
  for (const Address& address : list) {
    if (!out.empty()) out += "|";
    if (address.kind == Address::Kind::kGroupStart) {
      out += address.name + "{";
    } else if (address.kind == Address::Kind::kGroupEnd) {
      out += "}";
    } else {
      out += fmt::format("{}<{}{}@{}>", address.name, address.route.empty() ? "" : address.route + ":",
                         address.local_part, address.domain);
    }
  }
  return out;
}

TEST(AddressList, ReadsEveryForm) {
  struct Case {
    std::string_view input;
    std::string_view want;
  };
  for (const Case& c : {
           Case{"", ""},
           Case{"bob@hamburger.edu", "<bob@hamburger.edu>"},
           Case{"<bob@hamburger.edu>", "<bob@hamburger.edu>"},
           Case{"Bob <bob@hamburger.edu>", "Bob<bob@hamburger.edu>"},
           Case{"Bob Baker <bob@hamburger.edu>, alice@crepes.fr",
                "Bob Baker<bob@hamburger.edu>|<alice@crepes.fr>"},
           Case{"\"Baker, Bob\" <bob@hamburger.edu>", "Baker, Bob<bob@hamburger.edu>"},
           Case{"\"Bob \\\"the\\\" Baker\" <b@h.edu>", "Bob \"the\" Baker<b@h.edu>"},
           Case{"bob@hamburger.edu (Bob Baker)", "Bob Baker<bob@hamburger.edu>"},
           Case{"(Bob) bob@hamburger.edu", "Bob<bob@hamburger.edu>"},
           Case{"John Q. Public <john.q.public@example.com>", "John Q. Public<john.q.public@example.com>"},
           Case{"\"Joe Q. Public\" <john.q.public@example.com>", "Joe Q. Public<john.q.public@example.com>"},
           Case{"=?utf-8?q?B=C3=B6b?= <b@h.edu>", "=?utf-8?q?B=C3=B6b?=<b@h.edu>"},
           Case{"밥 <밥@햄버거.한국>", "밥<밥@햄버거.한국>"},
           // RFC 5322 appendix A
           Case{"A Group:Ed Jones <joe@where.test>,joe@where.test,John <jdoe@one.test>;",
                "A Group{|Ed Jones<joe@where.test>|<joe@where.test>|John<jdoe@one.test>|}"},
           Case{"Undisclosed recipients:;", "Undisclosed recipients{|}"},
           Case{"Undisclosed recipients:;, bob@h.edu", "Undisclosed recipients{|}|<bob@h.edu>"},
           Case{"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "Pete<pete@silly.test>"},
           Case{"A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n "
                "joe@example.org,\r\n"
                "  John <jdoe@one.test> (my dear friend); (the end of the group)",
                "A Group{|Chris Jones<c@public.example>|<joe@example.org>|John<jdoe@one.test>|}"},
           Case{"(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", "Hidden recipients{|}"},
           Case{"Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
                "Mary Smith<@node.test:mary@example.net>|<jdoe@test.example>"},
           Case{"<@a.test,@b.test:bob@h.edu>", "<@a.test,@b.test:bob@h.edu>"},
           Case{"bob . baker @ h . edu", "<bob.baker@h.edu>"},
           Case{"\"bob baker\"@h.edu", "<bob baker@h.edu>"},
           Case{"\"bob\".baker@h.edu", "<bob.baker@h.edu>"},
           Case{"bob@[192.0.2.1]", "<bob@[192.0.2.1]>"},
           Case{"bob@[IPv6:2001:db8::1]", "<bob@[IPv6:2001:db8::1]>"},
           // What should not be, and is.
           Case{"bob", "<bob@>"},
           Case{"Bob Baker", "Bob Baker<@>"},
           Case{"Bob bob@h.edu", "Bob<bob@h.edu>"},
           Case{"bob@h.edu <bob@h.edu>", "bob@h.edu<bob@h.edu>"},
           Case{"Bob <bob@h.edu", "Bob<bob@h.edu>"},
           Case{"Bob bob@h.edu>", "Bob<bob@h.edu>"},
           Case{"<<bob@h.edu>>", "<bob@h.edu>"},
           Case{"Bob <bob@h.edu> trailing, alice@c.fr", "Bob<bob@h.edu>|<trailing@>|<alice@c.fr>"},
           Case{"a@b.c; d@e.f", "<a@b.c>|<d@e.f>"},
           Case{"a@b.c,,; ,d@e.f,", "<a@b.c>|<d@e.f>"},
           Case{"mailto:bob@h.edu", "<bob@h.edu>"},
           Case{"<>", ""},
           Case{"Bob <>", "Bob<@>"},
           Case{"bob@@h.edu", "<bob@@h.edu>"},
           Case{"bob@h.edu@i.edu", "<bob@h.edu@i.edu>"},
           Case{"\"Bob <bob@h.edu>", "<Bob <bob@h.edu>@>"},
           Case{"(unclosed bob@h.edu", ""},
           Case{"@h.edu", "<@h.edu>"},
           Case{"Bob: the: baker; x@y", "Bob{|the: baker<@>|}|<x@y>"},
           Case{"group: a@b.c", "group{|<a@b.c>|}"},
           Case{")", ""},
           Case{"bob.@h.edu", "<bob.@h.edu>"},
       }) {
    EXPECT_EQ(draw(parse_address_list(c.input)), c.want) << c.input;
  }
}

TEST(AddressList, IsBoundedAndLinear) {
  std::string many;
  for (std::size_t i = 0; i < 3 * kMaxAddresses; ++i) many += "a@b,";
  EXPECT_EQ(parse_address_list(many).size(), kMaxAddresses);
  // Each of these is a million bytes of the worst kind; a parser that looks back would not return within the
  // test's time.
  EXPECT_EQ(parse_address_list(std::string(1'000'000, '(')).size(), 0u);
  EXPECT_LE(parse_address_list(std::string(1'000'000, '<')).size(), 1u);
  EXPECT_LE(parse_address_list(std::string(1'000'000, '"')).size(), 1u);
  EXPECT_LE(parse_address_list(std::string(1'000'000, ':')).size(), kMaxAddresses);
  EXPECT_LE(parse_address_list(std::string(1'000'000, '@')).size(), kMaxAddresses);
  std::string dots;
  for (int i = 0; i < 300'000; ++i) dots += ". a";
  EXPECT_LE(parse_address_list(dots).size(), 1u);
}

TEST(AddressList, TruncatedAnywhereItIsRead) {
  const std::string_view all =
      "G: \"Bob \\\" B\" (c (d)) <@r.x:\"b\\@b\"@[1.2.3.4]>, =?utf-8?q?x?= a . b@c.d;, e";
  for (std::size_t size = 0; size <= all.size(); ++size) {
    EXPECT_LE(parse_address_list(all.substr(0, size)).size(), 5u) << size;
  }
}

TEST(Address, SpecIsQuotedWhereItMustBe) {
  EXPECT_EQ((Address{.local_part = "bob.baker", .domain = "h.edu"}).addr_spec(), "bob.baker@h.edu");
  EXPECT_EQ((Address{.local_part = "bob baker", .domain = "h.edu"}).addr_spec(), "\"bob baker\"@h.edu");
  EXPECT_EQ((Address{.local_part = "a\"\\b", .domain = "h.edu"}).addr_spec(), "\"a\\\"\\\\b\"@h.edu");
  EXPECT_EQ((Address{.local_part = ".bob", .domain = ""}).addr_spec(), "\".bob\"");
  EXPECT_EQ((Address{.local_part = "b..b", .domain = "h"}).addr_spec(), "\"b..b\"@h");
  EXPECT_EQ((Address{.local_part = "밥", .domain = "h"}).addr_spec(), "밥@h");
}

}  // namespace
}  // namespace pabal::message
