#include <algorithm>
#include <vector>

#include "account/testing.h"

namespace pabal::account {
namespace {

/// Resolutions as text: "1:bob@example.org+tag far@x.net | gates ... | dead ...".
std::string describe(const Resolution& resolution) {
  struct Describe {
    static std::string one(const LocalRecipient& r) {
      return fmt::format("{}:{}{}{}", r.account, r.address.to_string(), r.tag.empty() ? "" : " #" + r.tag,
                         r.enabled ? "" : " disabled");
    }
    std::string operator()(const LocalRecipient& r) const { return one(r); }
    std::string operator()(const Expansion& e) const {
      const char* const kinds[] = {"alias", "group", "catch-all", "postmaster"};
      std::string out = fmt::format("{}:", kinds[static_cast<int>(e.kind)]);
      for (const auto& r : e.local) out += " " + one(r);
      for (const auto& r : e.remote) out += " " + r.to_string();
      for (const auto& g : e.gates) out += " gate " + g.group.to_string();
      for (const auto& d : e.dead_ends) out += " dead " + d.to_string();
      return out;
    }
    std::string operator()(const UnknownHere& u) const {
      std::string out = "unknown";
      for (const auto& d : u.dead_ends) out += " dead " + d.to_string();
      return out;
    }
    std::string operator()(const DomainDisabled&) const { return "domain disabled"; }
    std::string operator()(const NotOurDomain&) const { return "not ours"; }
  };
  return std::visit(Describe{}, resolution);
}

class ResolveTest : public DirectoryTest {
 protected:
  ResolveTest() {
    must(directory_.add_domain(domain("example.org")));
    must(directory_.add_domain(domain("한국.kr"), {.subaddress_separator = '-'}));
    bob_ = add_account("Bob@example.org");  // 1
    eve_ = add_account("eve@example.org");  // 2
    add_account("메일@한국.kr");            // 3
  }
  std::string resolve(std::string_view text) { return describe(must(directory_.resolve(address(text)))); }
  void set_options(std::string_view name, const std::function<void(DomainOptions&)>& change) {
    DomainOptions options = must(directory_.find_domain(domain(name)))->options;
    change(options);
    must(directory_.set_domain_options(domain(name), options));
  }
  void add_group(std::string_view name, Group::Posting posting, std::vector<std::string> members) {
    Group group{.address = address(name), .name = "", .members = {}, .posting = posting};
    for (const std::string& member : members) group.members.push_back(address(member));
    must(directory_.add_group(std::move(group)));
  }

  AccountId bob_;
  AccountId eve_;
};

TEST_F(ResolveTest, FindsAccounts) {
  EXPECT_EQ(resolve("bob@example.org"), "1:bob@example.org");
  EXPECT_EQ(resolve("\"BOB\"@EXAMPLE.org"), "1:BOB@example.org");
  EXPECT_EQ(resolve("메일@xn--3e0b707e.kr"), "3:메일@xn--3e0b707e.kr");
  EXPECT_EQ(resolve("nobody@example.org"), "unknown");
  EXPECT_EQ(resolve("bob@far.net"), "not ours");
  EXPECT_EQ(resolve("bob@[192.0.2.1]"), "not ours");
  must(directory_.disable_account(bob_, "gone"));
  EXPECT_EQ(resolve("bob@example.org"), "1:bob@example.org disabled");
}

TEST_F(ResolveTest, TriesTheExactAddressBeforeItsSubaddress) {
  EXPECT_EQ(resolve("bob+lists@example.org"), "1:bob+lists@example.org #lists");
  EXPECT_EQ(resolve("bob+a+b@example.org"), "1:bob+a+b@example.org #a+b");
  EXPECT_EQ(resolve("메일-꼬리@한국.kr"), "3:메일-꼬리@xn--3e0b707e.kr #꼬리");
  EXPECT_EQ(resolve("bob-x@example.org"), "unknown");
  must(directory_.add_address(eve_, address("bob+lists@example.org")));
  EXPECT_EQ(resolve("Bob+Lists@example.org"), "2:Bob+Lists@example.org");
  set_options("example.org", [](DomainOptions& o) { o.subaddress_separator.reset(); });
  EXPECT_EQ(resolve("bob+other@example.org"), "unknown");
}

TEST_F(ResolveTest, ExpandsAliases) {
  add_alias("sales@example.org", {"bob@example.org", "Far@x.net", "eve@example.org"});
  add_alias("all@example.org", {"sales@example.org", "bob@example.org", "메일@한국.kr", "far@x.net"});
  EXPECT_EQ(resolve("sales@example.org"), "alias: 1:bob@example.org 2:eve@example.org Far@x.net");
  EXPECT_EQ(resolve("ALL@example.org"),
            "alias: 1:bob@example.org 3:메일@xn--3e0b707e.kr 2:eve@example.org far@x.net Far@x.net");
  EXPECT_EQ(resolve("sales+spring@example.org"),
            "alias: 1:bob@example.org #spring 2:eve@example.org #spring Far@x.net");
  add_alias("lists@example.org", {"bob+lists@example.org"});
  EXPECT_EQ(resolve("lists+own@example.org"), "alias: 1:bob+lists@example.org #lists");
}

TEST_F(ResolveTest, LoopsEnd) {
  add_alias("a@example.org", {"b@example.org"});
  add_alias("b@example.org", {"a@example.org"});
  EXPECT_EQ(resolve("a@example.org"), "unknown dead a@example.org");
  add_alias("c@example.org", {"c@example.org", "C@example.org", "bob@example.org", "a@example.org"});
  EXPECT_EQ(resolve("c@example.org"), "alias: 1:bob@example.org");
  add_alias("d@example.org", {"gone@example.org", "bob@example.org"});
  EXPECT_EQ(resolve("d@example.org"), "alias: 1:bob@example.org dead gone@example.org");
  set_options("example.org", [](DomainOptions& o) { o.catch_all = address("gone@example.org"); });
  EXPECT_EQ(resolve("x@example.org"), "unknown dead x@example.org");
}

TEST_F(ResolveTest, ExpansionHasItsBounds) {
  for (std::size_t i = 0; i <= kMaxExpansionDepth; ++i) {
    add_alias(fmt::format("a{}@example.org", i), {fmt::format("a{}@example.org", i + 1)});
  }
  must(directory_.add_address(bob_, address(fmt::format("a{}@example.org", kMaxExpansionDepth + 1))));
  EXPECT_EQ(resolve("a0@example.org"), fmt::format("unknown dead a{}@example.org", kMaxExpansionDepth + 1));
  EXPECT_EQ(resolve("a1@example.org"), fmt::format("alias: 1:a{}@example.org", kMaxExpansionDepth + 1));

  std::vector<std::string> groups;
  for (int g = 0; g < 3; ++g) {
    std::vector<std::string> members;
    for (std::size_t m = 0; m < 400; ++m) members.push_back(fmt::format("m{}@far{}.net", m, g));
    groups.push_back(fmt::format("g{}@example.org", g));
    add_group(groups.back(), Group::Posting::kAnyone, members);
  }
  add_alias("too-many@example.org", groups);
  const auto result = run(directory_.resolve(address("too-many@example.org")));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kOverLimit);
}

TEST_F(ResolveTest, GroupsKeepTheirGates) {
  add_group("team@example.org", Group::Posting::kMembers, {"bob@example.org", "far@x.net"});
  EXPECT_EQ(resolve("team@example.org"), "group: 1:bob@example.org far@x.net gate team@example.org");
  // An alias is no way around the gate.
  add_alias("open@example.org", {"team@example.org", "eve@example.org"});
  EXPECT_EQ(resolve("open@example.org"),
            "alias: 2:eve@example.org 1:bob@example.org far@x.net gate team@example.org");

  const auto gate = std::get<Expansion>(must(directory_.resolve(address("open@example.org")))).gates.at(0);
  struct Case {
    Group::Posting posting;
    bool member, account, stranger;
  };
  using enum Group::Posting;
  for (const Case& test : {Case{kAnyone, true, true, true}, Case{kAccounts, true, true, false},
                           Case{kMembers, true, false, false}, Case{kNobody, false, false, false}}) {
    GroupGate changed = gate;
    changed.posting = test.posting;
    EXPECT_EQ(may_post(changed, bob_), test.member);
    EXPECT_EQ(may_post(changed, eve_), test.account);
    EXPECT_EQ(may_post(changed, std::nullopt), test.stranger);
  }
}

TEST_F(ResolveTest, PostmasterAndAbuseReachTheFirstAccount) {
  EXPECT_EQ(resolve("Postmaster@example.org"), "postmaster: 1:Bob@example.org");
  EXPECT_EQ(resolve("abuse@example.org"), "postmaster: 1:Bob@example.org");
  add_alias("abuse@example.org", {"eve@example.org"});
  EXPECT_EQ(resolve("abuse@example.org"), "alias: 2:eve@example.org");
  set_options("example.org", [](DomainOptions& o) { o.postmaster = address("ops@far.net"); });
  EXPECT_EQ(resolve("postmaster@example.org"), "postmaster: ops@far.net");
  set_options("example.org", [](DomainOptions& o) { o.postmaster.reset(); });
  EXPECT_EQ(resolve("postmaster@example.org"), "unknown");
}

TEST_F(ResolveTest, PostmasterOutlivesTheFirstAccount) {
  must(directory_.add_domain(domain("new.org")));
  const AccountId first = add_account("first@new.org");
  must(directory_.remove_account(first));
  EXPECT_EQ(resolve("postmaster@new.org"), "unknown dead first@new.org");
  add_account("second@new.org");
  EXPECT_EQ(resolve("postmaster@new.org"), "postmaster: 5:second@new.org");
}

TEST_F(ResolveTest, CatchAllComesLast) {
  set_options("example.org", [](DomainOptions& o) { o.catch_all = address("eve@example.org"); });
  EXPECT_EQ(resolve("bob@example.org"), "1:bob@example.org");
  EXPECT_EQ(resolve("bob+x@example.org"), "1:bob+x@example.org #x");
  EXPECT_EQ(resolve("postmaster@example.org"), "postmaster: 1:Bob@example.org");
  EXPECT_EQ(resolve("whoever@example.org"), "catch-all: 2:eve@example.org");
  set_options("example.org", [](DomainOptions& o) { o.catch_all = address("all@far.net"); });
  EXPECT_EQ(resolve("whoever@example.org"), "catch-all: all@far.net");
}

TEST_F(ResolveTest, DisabledDomainsPutMailOff) {
  add_alias("both@example.org", {"bob@example.org", "메일@한국.kr"});
  set_options("한국.kr", [](DomainOptions& o) { o.enabled = false; });
  EXPECT_EQ(resolve("메일@한국.kr"), "domain disabled");
  EXPECT_EQ(resolve("both@example.org"), "domain disabled");
  EXPECT_EQ(resolve("bob@example.org"), "1:bob@example.org");
}

}  // namespace
}  // namespace pabal::account
