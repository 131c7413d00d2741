#include "account/directory.h"

#include <vector>

#include "account/testing.h"

namespace pabal::account {
namespace {

TEST_F(DirectoryTest, KeepsDomains) {
  must(directory_.add_domain(domain("한국.kr")));
  must(directory_.add_domain(domain("example.org"), {.subaddress_separator = '-',
                                                     .catch_all = address("Bob@example.org"),
                                                     .postmaster = {},
                                                     .default_quota = QuotaLimit::of_bytes(5)}));
  EXPECT_EQ(refused(directory_.add_domain(domain("EXAMPLE.org"))),
            "the domain 'example.org' is here already");
  EXPECT_EQ(refused(directory_.add_domain(domain("[192.0.2.1]"))),
            "'[192.0.2.1]' is an address literal, not a domain");

  const auto domains = must(directory_.list_domains());
  ASSERT_EQ(domains.size(), 2u);
  EXPECT_EQ(domains[0].name.ascii(), "example.org");
  EXPECT_EQ(domains[0].options.subaddress_separator, '-');
  EXPECT_EQ(domains[0].options.catch_all, address("Bob@example.org"));
  EXPECT_EQ(domains[0].options.default_quota, QuotaLimit::of_bytes(5));
  EXPECT_EQ(domains[0].created, sim_.clock().wall());
  EXPECT_EQ(domains[1].name.unicode(), "한국.kr");

  must(directory_.remove_domain(domain("example.org")));
  EXPECT_EQ(refused(directory_.remove_domain(domain("example.org"))),
            "there is no domain 'example.org' here");
  EXPECT_FALSE(must(directory_.find_domain(domain("example.org"))));
}

TEST_F(DirectoryTest, RefusesSeparatorsThatNamesAreMadeOf) {
  for (const char separator : {'a', '.', '@', '"', ' ', '\n', '\0'}) {
    refused(directory_.add_domain(domain("example.org"), {.subaddress_separator = separator}));
  }
  EXPECT_TRUE(must(directory_.list_domains()).empty());
}

TEST_F(DirectoryTest, RemovesOnlyEmptyDomains) {
  must(directory_.add_domain(domain("example.org")));
  const AccountId bob = add_account("bob@example.org");
  add_alias("sales@example.org", {"bob@example.org"});
  EXPECT_EQ(refused(directory_.remove_domain(domain("example.org"))),
            "the domain 'example.org' still has 2 addresses: remove its accounts, aliases and groups first");
  must(directory_.remove_alias(address("Sales@example.org")));
  must(directory_.remove_account(bob));
  must(directory_.remove_domain(domain("example.org")));
}

TEST_F(DirectoryTest, KeepsAccounts) {
  must(directory_.add_domain(domain("example.org")));
  must(directory_.add_domain(domain("한국.kr")));
  const Account bob = must(directory_.add_account(
      {.login = address("Bob@example.org"), .display_name = "밥", .quota = QuotaLimit::of_bytes(1000)}));
  must(directory_.add_address(bob.id, address("밥@한국.kr")));
  must(directory_.add_address(bob.id, address("robert@example.org")));

  for (const std::string name :
       {"bob@example.org", "BOB@EXAMPLE.ORG", "밥@xn--3e0b707e.kr", "\"robert\"@example.org"}) {
    const auto found = must(directory_.find_account_by_address(address(name)));
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(found->id, bob.id) << name;
    EXPECT_EQ(found->login().to_string(), "Bob@example.org");
    EXPECT_EQ(found->display_name, "밥");
    EXPECT_EQ(found->addresses.size(), 3u);
    EXPECT_EQ(found->quota, QuotaLimit::of_bytes(1000));
  }
  EXPECT_FALSE(must(directory_.find_account_by_address(address("bob+x@example.org"))));

  EXPECT_EQ(refused(directory_.remove_address(bob.id, address("bob@example.org"))),
            "'bob@example.org' is the account's login: make another address the login first");
  must(directory_.set_login(bob.id, address("robert@example.org")));
  must(directory_.remove_address(bob.id, address("bob@example.org")));
  EXPECT_EQ(must(directory_.find_account(bob.id))->login().to_string(), "robert@example.org");
  EXPECT_FALSE(must(directory_.find_account_by_address(address("bob@example.org"))));
  EXPECT_EQ(must(directory_.find_domain(domain("example.org")))->address_count, 1u);
}

TEST_F(DirectoryTest, GivesEachAddressOnce) {
  must(directory_.add_domain(domain("example.org")));
  const AccountId bob = add_account("bob@example.org");
  const AccountId eve = add_account("eve@example.org");
  EXPECT_EQ(refused(directory_.add_account({.login = address("BOB@example.org")})),
            "'BOB@example.org' is taken: it is an address of an account already");
  EXPECT_EQ(refused(directory_.add_address(eve, address("bob@example.org"))),
            "'bob@example.org' is taken: it is an address of an account already");
  add_alias("sales@example.org", {"eve@example.org"});
  EXPECT_EQ(refused(directory_.add_address(bob, address("Sales@example.org"))),
            "'Sales@example.org' is taken: it is an alias already");
  EXPECT_EQ(refused(directory_.add_account({.login = address("bob@elsewhere.org")})),
            "there is no domain 'elsewhere.org' here");
}

TEST_F(DirectoryTest, RefusesAddressesThatNobodyCouldType) {
  must(directory_.add_domain(domain("example.org")));
  for (const std::string bad : {"\"a b\"@example.org", "\"a..b\"@example.org", "a\u200bb@example.org",
                                "a\u0085@example.org", "a\u202eb@example.org"}) {
    refused(directory_.add_account({.login = address(bad)}));
  }
  EXPECT_TRUE(must(directory_.list_accounts()).empty());
}

TEST_F(DirectoryTest, RefusesTextThatIsNone) {
  must(directory_.add_domain(domain("example.org")));
  const AccountId bob = add_account("bob@example.org");
  for (const std::string& bad : {std::string("a\r\nBcc: x"), std::string("\xff"), std::string(257, 'a')}) {
    refused(directory_.set_display_name(bob, bad));
  }
}

net::Task<void> add_one(Directory& directory, std::string login, int& added, int& refused) {
  const auto account = co_await directory.add_account({.login = address(login)});
  if (account) {
    ++added;
  } else {
    EXPECT_EQ(account.error().kind, ErrorKind::kRefuse) << account.error().detail;
    ++refused;
  }
}

TEST_F(DirectoryTest, OneOfManyGetsTheAddress) {
  must(directory_.add_domain(domain("example.org")));
  int added = 0;
  int refused = 0;
  net::Scope scope(sim_.loop());
  for (int i = 0; i < 10; ++i) scope.spawn(add_one(directory_, "bob@example.org", added, refused));
  run(scope.join());
  EXPECT_EQ(added, 1);
  EXPECT_EQ(refused, 9);
  EXPECT_EQ(must(directory_.find_domain(domain("example.org")))->address_count, 1u);
}

TEST_F(DirectoryTest, ManyAtOnceAllGetIdsOfTheirOwn) {
  must(directory_.add_domain(domain("example.org")));
  int added = 0;
  int refused = 0;
  net::Scope scope(sim_.loop());
  for (int i = 0; i < 16; ++i)
    scope.spawn(add_one(directory_, fmt::format("u{}@example.org", i), added, refused));
  run(scope.join());
  EXPECT_EQ(added, 16);
  const auto accounts = must(directory_.list_accounts());
  ASSERT_EQ(accounts.size(), 16u);
  for (std::size_t i = 0; i < accounts.size(); ++i) EXPECT_EQ(accounts[i].id, AccountId(i + 1));
  EXPECT_EQ(must(directory_.find_domain(domain("example.org")))->address_count, 16u);
}

TEST_F(DirectoryTest, NeverGivesAnIdAgain) {
  must(directory_.add_domain(domain("example.org")));
  const AccountId first = add_account("bob@example.org");
  must(directory_.remove_account(first));
  EXPECT_FALSE(must(directory_.find_account(first)));
  EXPECT_EQ(refused(directory_.remove_account(first)), "account 1 was removed");
  const AccountId second = add_account("bob@example.org");
  EXPECT_NE(first, second);
  EXPECT_EQ(must(directory_.list_removed_accounts()), std::vector{first});
  EXPECT_EQ(partition_of(first).value().size(), partition_of(second).value().size());
  EXPECT_NE(partition_of(first), partition_of(second));
  EXPECT_EQ(account_of(partition_of(second)), second);
  EXPECT_EQ(account_of(store::PartitionId("directory")), std::nullopt);
}

TEST_F(DirectoryTest, ListsAccountsInPages) {
  must(directory_.add_domain(domain("example.org")));
  for (int i = 0; i < 5; ++i) add_account(fmt::format("u{}@example.org", i));
  must(directory_.remove_account(AccountId(2)));
  const auto page = must(directory_.list_accounts({}, 2));
  ASSERT_EQ(page.size(), 2u);
  EXPECT_EQ(page[1].id, AccountId(3));
  const auto rest = must(directory_.list_accounts(page[1].id, 10));
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[0].id, AccountId(4));
}

TEST_F(DirectoryTest, DisablesWithAReason) {
  must(directory_.add_domain(domain("example.org")));
  const AccountId bob = add_account("bob@example.org");
  must(directory_.disable_account(bob, "unpaid"));
  const auto disabled = must(directory_.find_account(bob));
  EXPECT_FALSE(disabled->enabled);
  EXPECT_EQ(disabled->disabled_reason, "unpaid");
  must(directory_.enable_account(bob));
  EXPECT_TRUE(must(directory_.find_account(bob))->enabled);
  EXPECT_EQ(refused(directory_.disable_account(AccountId(99), "")), "there is no account 99");
}

TEST_F(DirectoryTest, QuotaIsInherited) {
  must(directory_.add_domain(domain("example.org")));
  const AccountId bob = add_account("bob@example.org");
  EXPECT_EQ(must(directory_.load_quota_limit(bob)), QuotaLimit::unlimited());
  DomainOptions options = must(directory_.find_domain(domain("example.org")))->options;
  options.default_quota = QuotaLimit::of_bytes(100);
  must(directory_.set_domain_options(domain("example.org"), options));
  EXPECT_EQ(must(directory_.load_quota_limit(bob)), QuotaLimit::of_bytes(100));
  must(directory_.set_quota(bob, QuotaLimit::of_bytes(7)));
  EXPECT_EQ(must(directory_.load_quota_limit(bob)), QuotaLimit::of_bytes(7));
  must(directory_.set_quota(bob, QuotaLimit::unlimited()));
  EXPECT_EQ(must(directory_.load_quota_limit(bob)), QuotaLimit::unlimited());
  must(directory_.set_quota(bob, std::nullopt));
  EXPECT_EQ(must(directory_.load_quota_limit(bob)), QuotaLimit::of_bytes(100));
}

TEST(QuotaLimit, AdmitsUpToTheLimit) {
  EXPECT_TRUE(QuotaLimit::unlimited().admits(UINT64_MAX, UINT64_MAX));
  EXPECT_TRUE(QuotaLimit::of_bytes(10).admits(4, 6));
  EXPECT_FALSE(QuotaLimit::of_bytes(10).admits(4, 7));
  EXPECT_FALSE(QuotaLimit::of_bytes(10).admits(11, 0));
  EXPECT_FALSE(QuotaLimit::of_bytes(10).admits(5, UINT64_MAX));
}

TEST_F(DirectoryTest, KeepsAliasesAndGroups) {
  must(directory_.add_domain(domain("example.org")));
  must(directory_.add_domain(domain("other.org")));
  add_alias("sales@example.org", {"bob@example.org", "x@far.net", "bob@example.org"});
  add_alias("info@other.org", {"sales@example.org"});
  EXPECT_EQ(must(directory_.list_aliases(domain("example.org")))[0].targets.size(), 2u);
  EXPECT_EQ(must(directory_.list_aliases()).size(), 2u);
  must(directory_.set_alias({address("sales@example.org"), {address("y@far.net")}}));
  EXPECT_EQ(must(directory_.list_aliases(domain("example.org")))[0].targets[0], address("y@far.net"));
  EXPECT_EQ(refused(directory_.set_alias({address("none@example.org"), {address("y@far.net")}})),
            "there is no alias 'none@example.org'");
  EXPECT_EQ(refused(directory_.add_alias({address("none@example.org"), {}})),
            "an alias needs at least one target");

  Group group{.address = address("team@example.org"),
              .name = "Team",
              .members = {address("bob@example.org")},
              .posting = Group::Posting::kAnyone};
  must(directory_.add_group(group));
  EXPECT_EQ(refused(directory_.remove_alias(address("team@example.org"))),
            "'team@example.org' is a group, not an alias");
  group.posting = Group::Posting::kNobody;
  must(directory_.set_group(group));
  EXPECT_EQ(must(directory_.find_group(address("TEAM@example.org")))->posting, Group::Posting::kNobody);
  EXPECT_EQ(must(directory_.list_groups()).size(), 1u);
  must(directory_.remove_group(address("team@example.org")));
  EXPECT_FALSE(must(directory_.find_group(address("team@example.org"))));
}

}  // namespace
}  // namespace pabal::account
