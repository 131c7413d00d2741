#include "account/address_grammar.h"

#include <gtest/gtest.h>

#include <vector>

namespace pabal::account {
namespace {

struct MailboxCase {
  std::string name;
  std::string input;
  std::optional<std::string> want;  ///< local part, a bar, the domain
};

std::optional<std::string> parse_whole(std::string_view input) {
  Cursor in(input);
  const auto mailbox = parse_mailbox(in);
  if (!mailbox || !in.at_end()) return {};
  return mailbox->local_part + "|" + mailbox->domain;
}

const std::vector<MailboxCase>& mailbox_cases() {
  static const std::vector<MailboxCase> cases = {
      {"plain", "bob@example.org", "bob|example.org"},
      {"dots", "b.o.b@a.b.c", "b.o.b|a.b.c"},
      {"all atext", "!#$%&'*+-/=?^_`{|}~@x", "!#$%&'*+-/=?^_`{|}~|x"},
      {"case is kept", "Bob@Example.ORG", "Bob|Example.ORG"},
      {"dot first", ".bob@x", {}},
      {"dot last", "bob.@x", {}},
      {"two dots", "b..b@x", {}},
      {"quoted dots", "\"b..b\"@x", "b..b|x"},
      {"quoted space and at", "\"a b@c\"@x", "a b@c|x"},
      {"quoted pair", "\"a\\\"\\\\b\"@x", "a\"\\b|x"},
      {"empty quoted", "\"\"@x", "|x"},
      {"quoted pair of a control", "\"a\\\t\"@x", {}},
      {"quoted line break", "\"a\r\n\"@x", {}},
      {"quoted NUL", std::string("\"a\0\"@x", 7), {}},
      {"quote not closed", "\"bob@x", {}},
      {"atom after quote", "\"bob\"x@x", {}},
      {"space", "bo b@x", {}},
      {"no at", "bob", {}},
      {"two ats", "a@b@c", {}},
      {"empty local part", "@x", {}},
      {"empty domain", "bob@", {}},
      {"hyphen first", "bob@-x", {}},
      {"hyphen last", "bob@x-.org", {}},
      {"underscore", "bob@a_b", {}},
      {"empty label", "bob@a..b", {}},
      {"trailing dot", "bob@a.", {}},
      {"digits", "1@2.3", "1|2.3"},
      {"Korean", "메일@한국.kr", "메일|한국.kr"},
      {"bad UTF-8", "a\xff@x", {}},
      {"overlong UTF-8", "a\xc0\xaf@x", {}},
      {"bad UTF-8 in the domain", "a@x\xe3\x81", {}},
      {"IPv4 literal", "bob@[192.0.2.1]", "bob|[192.0.2.1]"},
      {"IPv4 literal with zeros", "bob@[192.000.002.010]", "bob|[192.0.2.10]"},
      {"IPv4 too large", "bob@[192.0.2.256]", {}},
      {"IPv4 four digits", "bob@[192.0.2.0001]", {}},
      {"IPv4 too short", "bob@[192.0.2]", {}},
      {"IPv6 literal", "bob@[IPv6:2001:DB8:0:0:0:0:0:1]", "bob|[IPv6:2001:db8::1]"},
      {"IPv6 with IPv4", "bob@[ipv6:::ffff:192.0.2.1]", "bob|[IPv6:::ffff:192.0.2.1]"},
      {"IPv6 without tag", "bob@[2001:db8::1]", "bob|[2001:db8::1]"},
      {"IPv6 with a scope", "bob@[IPv6:fe80::1%eth0]", {}},
      {"general literal", "bob@[x400:c=de]", "bob|[x400:c=de]"},
      {"literal not closed", "bob@[192.0.2.1", {}},
      {"literal with a bracket", "bob@[a:[b]", {}},
      {"64 in the local part", std::string(64, 'a') + "@x", std::string(64, 'a') + "|x"},
      {"65 in the local part", std::string(65, 'a') + "@x", {}},
      {"label of 63", "a@" + std::string(63, 'b'), "a|" + std::string(63, 'b')},
      {"label of 64", "a@" + std::string(64, 'b'), {}},
  };
  return cases;
}

TEST(AddressGrammar, Mailbox) {
  for (const MailboxCase& test : mailbox_cases()) {
    EXPECT_EQ(parse_whole(test.input), test.want) << test.name << ": " << test.input;
  }
}

TEST(AddressGrammar, TruncatedAtEveryByteNeverReadsOn) {
  for (const MailboxCase& test : mailbox_cases()) {
    for (std::size_t size = 0; size < test.input.size(); ++size) {
      const std::string cut = test.input.substr(0, size);  // of its own, so that ASan sees a read past it
      Cursor in(cut);
      const auto mailbox = parse_mailbox(in);
      if (!mailbox) {
        EXPECT_EQ(in.position(), 0u) << test.name << " cut to " << size;
      }
    }
  }
}

TEST(AddressGrammar, MailboxHasItsLimit) {
  const std::string label(63, 'd');
  const std::string domain = label + "." + label + "." + label;  // 191
  const std::string local(62, 'l');                              // 254 in all
  EXPECT_TRUE(parse_whole(local + "@" + domain));
  EXPECT_FALSE(parse_whole(local + "x@" + domain));
}

TEST(AddressGrammar, StopsWhereTheMailboxEnds) {
  Cursor in("bob@example.org> SIZE=1");
  ASSERT_TRUE(parse_mailbox(in));
  EXPECT_EQ(in.rest(), "> SIZE=1");
}

TEST(AddressGrammar, QuotesOnlyWhatMustBe) {
  struct Case {
    std::string input;
    std::optional<std::string> want;
  };
  const std::vector<Case> cases = {
      {"bob", "bob"},   {"a b", "\"a b\""},     {"", "\"\""}, {"a\"b\\", "\"a\\\"b\\\\\""}, {".a", "\".a\""},
      {"메일", "메일"}, {"메 일", "\"메 일\""}, {"a\nb", {}}, {std::string("\0", 1), {}},   {"a \xff", {}},
  };
  for (const Case& test : cases) {
    const auto quoted = quote_local_part(test.input);
    EXPECT_EQ(quoted, test.want) << test.input;
    if (!quoted) continue;
    Cursor in(*quoted);
    EXPECT_EQ(parse_local_part(in), test.input);
    EXPECT_TRUE(in.at_end());
  }
}

}  // namespace
}  // namespace pabal::account
