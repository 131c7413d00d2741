#include "smtp/path.h"

#include <gtest/gtest.h>

namespace pabal::smtp {
namespace {

constexpr Leniency kStrict{false, false, false};

/// "<>" for no address, "!code" for a refusal; what is left of the input after a space.
std::string shown(const Parsed<Path>& path, const Cursor& in) {
  if (!path) return "!" + path.error().to_string().substr(0, 9);
  std::string out = path->address ? path->address->to_string() : "<>";
  if (path->has_utf8) out += " utf8";
  if (!in.at_end()) out += " |" + std::string(in.rest());
  return out;
}

struct Case {
  const char* input;
  const char* want;
};

TEST(ReversePath, Strict) {
  const Case cases[] = {
      {"<>", "<>"},
      {"<> BODY=7BIT", "<> | BODY=7BIT"},
      {"<alice@crepes.fr>", "alice@crepes.fr"},
      {"<alice@crepes.fr> SIZE=1", "alice@crepes.fr | SIZE=1"},
      {"<\"a b\"@crepes.fr>", "\"a b\"@crepes.fr"},
      {"<\"a>b\"@crepes.fr>", "\"a>b\"@crepes.fr"},
      {"<a@[192.0.2.1]>", "a@[192.0.2.1]"},
      {"<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]"},
      {"<@one.example:alice@crepes.fr>", "alice@crepes.fr"},
      {"<@one.example,@two.example:alice@crepes.fr>", "alice@crepes.fr"},
      {"<파발@한국.kr>", "파발@xn--3e0b707e.kr utf8"},
      {"<a@한국.kr>", "a@xn--3e0b707e.kr utf8"},
      {"<Postmaster>", "!501 5.1.7"},
      {"", "!501 5.1.7"},
      {"<", "!501 5.1.7"},
      {"<alice>", "!501 5.1.7"},
      {"<alice@>", "!501 5.1.7"},
      {"<alice@crepes.fr", "!501 5.1.7"},
      {"<alice@crepes.fr>>", "!501 5.1.7"},
      {"<alice@crepes.fr>SIZE=1", "!501 5.1.7"},
      {"<<alice@crepes.fr>>", "!501 5.1.7"},
      {"<alice@crepes.fr,bob@crepes.fr>", "!501 5.1.7"},
      {"<@one.example alice@crepes.fr>", "!501 5.1.7"},
      {"<@one.example,:alice@crepes.fr>", "!501 5.1.7"},
      {"<a b@crepes.fr>", "!501 5.1.7"},
      {"<a@crepes..fr>", "!501 5.1.7"},
      {"<a@[300.0.0.1]>", "!501 5.1.7"},
      {"<a@b\xff>", "!501 5.1.7"},
      {" <alice@crepes.fr>", "!501 5.1.7"},
      {"alice@crepes.fr", "!501 5.1.7"},
  };
  for (const Case& c : cases) {
    Cursor in(c.input);
    const auto path = parse_reverse_path(in, kStrict);
    EXPECT_EQ(shown(path, in), c.want) << c.input;
  }
}

TEST(ForwardPath, Strict) {
  const Case cases[] = {
      {"<bob@hamburger.edu>", "bob@hamburger.edu"},
      {"<Postmaster>", "<>"},
      {"<postMASTER> NOTIFY=NEVER", "<> | NOTIFY=NEVER"},
      {"<postmaster@hamburger.edu>", "postmaster@hamburger.edu"},
      {"<@a.example:bob@hamburger.edu>", "bob@hamburger.edu"},
      {"<>", "!501 5.1.3"},
      {"<postmasters>", "!501 5.1.3"},
      {"bob@hamburger.edu", "!501 5.1.3"},
  };
  for (const Case& c : cases) {
    Cursor in(c.input);
    const auto path = parse_forward_path(in, kStrict);
    EXPECT_EQ(shown(path, in), c.want) << c.input;
  }
}

TEST(Leniency, SpaceAfterColon) {
  const Leniency leniency{true, false, false};
  for (const char* input : {" <alice@crepes.fr>", "  <alice@crepes.fr>", "\t<alice@crepes.fr>"}) {
    Cursor in(input);
    EXPECT_EQ(shown(parse_reverse_path(in, leniency), in), "alice@crepes.fr") << input;
  }
}

TEST(Leniency, AddressWithoutBrackets) {
  const Leniency leniency{false, true, false};
  const Case cases[] = {
      {"alice@crepes.fr", "alice@crepes.fr"},
      {"alice@crepes.fr SIZE=3", "alice@crepes.fr | SIZE=3"},
      {"postmaster", "<>"},
      {"alice@crepes.fr>", "!501 5.1.3"},
      {"@one.example:alice@crepes.fr", "!501 5.1.3"},
      {"", "!501 5.1.3"},
      {"alice", "!501 5.1.3"},
  };
  for (const Case& c : cases) {
    Cursor in(c.input);
    EXPECT_EQ(shown(parse_forward_path(in, leniency), in), c.want) << c.input;
  }
}

TEST(HeloName, StrictAndLenient) {
  struct Row {
    const char* input;
    bool strict;
    bool lenient;
  };
  const std::string long_name(300, 'a');
  const Row rows[] = {
      {"crepes.fr", true, true},         {"localhost", true, true},
      {"[192.0.2.1]", true, true},       {"[IPv6:2001:db8::1]", true, true},
      {"한국.kr", true, true},           {"my_pc", false, true},
      {"192.0.2.1:25", false, true},     {"-x-", false, true},
      {"two words", false, false},       {"", false, false},
      {"a\x01", false, false},           {"bad\xff", false, false},
      {long_name.c_str(), false, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(parse_helo_name(row.input, kStrict).has_value(), row.strict) << row.input;
    const auto lenient = parse_helo_name(row.input, Leniency{});
    ASSERT_EQ(lenient.has_value(), row.lenient) << row.input;
    if (lenient) {
      EXPECT_EQ(lenient->text, row.input);
      EXPECT_EQ(lenient->is_domain, row.strict) << row.input;
    }
  }
}

}  // namespace
}  // namespace pabal::smtp
