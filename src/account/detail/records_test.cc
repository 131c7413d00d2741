#include "account/detail/records.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace pabal::account::detail {
namespace {

Address address(std::string_view text) { return Address::parse(text).value(); }

const WallTime kThen{std::chrono::microseconds(1'750'000'000'123'456)};

Domain some_domain() {
  return {.name = DomainName::parse("한국.kr").value(),
          .options = {.enabled = false,
                      .subaddress_separator = '-',
                      .catch_all = address("\"a b\"@far.net"),
                      .postmaster = address("메일@한국.kr"),
                      .default_quota = QuotaLimit::of_bytes(1ull << 40)},
          .address_count = 300,
          .created = kThen};
}

Account some_account() {
  Account out;
  out.id = AccountId(7);
  out.addresses = {address("Bob@example.org"), address("밥@한국.kr")};
  out.display_name = "Bob";
  out.quota = QuotaLimit::unlimited();
  out.enabled = false;
  out.disabled_reason = "unpaid";
  out.created = kThen;
  return out;
}

CredentialsRecord some_credentials() {
  CredentialsRecord out;
  out.password_hash = "$argon2id$...";
  out.scram = ScramKeys{.salt = "0123456789abcdef",
                        .iterations = 4096,
                        .stored_key = Sha256::of("a"),
                        .server_key = Sha256::of("b")};
  out.next_app_password = 3;
  out.app_passwords.push_back({.id = AppPasswordId(2),
                               .name = "phone",
                               .protocols = ProtocolSet().with(Protocol::kImap),
                               .created = kThen,
                               .hash = Sha256::of("c")});
  return out;
}

/// Every prefix of the record, and the record with a byte more or of a later version, must be refused.
template <class Decode>
void expect_only_whole(std::string_view what, const std::string& bytes, Decode decode) {
  ASSERT_TRUE(decode(bytes)) << what;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size);
    const auto decoded = decode(cut);
    ASSERT_FALSE(decoded) << what << " cut to " << size;
    EXPECT_EQ(decoded.error().kind, ErrorKind::kCorrupt);
  }
  EXPECT_FALSE(decode(bytes + '\0')) << what;
  std::string newer = bytes;
  newer[0] = 2;
  EXPECT_FALSE(decode(newer)) << what;
}

TEST(DirectoryRecords, AreReadOnlyWhole) {
  const auto account = [](std::string_view bytes) { return decode_account(AccountId(7), bytes); };
  expect_only_whole("domain", encode_domain(some_domain()), decode_domain);
  expect_only_whole("account", encode_account(some_account()), account);
  expect_only_whole("tombstone", encode_account(Tombstone{"bob@example.org", kThen, kThen}), account);
  expect_only_whole("account's name", encode_name(AccountId(300)), decode_name);
  expect_only_whole("alias", encode_name(Alias{address("a@b.c"), {address("d@e.f"), address("g@h.i")}}),
                    decode_name);
  expect_only_whole("group",
                    encode_name(Group{.address = address("a@b.c"),
                                      .name = "Team",
                                      .members = {address("d@e.f")},
                                      .posting = Group::Posting::kNobody}),
                    decode_name);
  expect_only_whole("credentials", encode_credentials(some_credentials()), decode_credentials);
  expect_only_whole("number", encode_number(12345), decode_number);
  expect_only_whole("time", encode_time(kThen), decode_time);
}

TEST(DirectoryRecords, ComeBackAsTheyWere) {
  const auto domain = decode_domain(encode_domain(some_domain()));
  ASSERT_TRUE(domain);
  EXPECT_EQ(domain->name, some_domain().name);
  EXPECT_EQ(domain->options, some_domain().options);
  EXPECT_EQ(domain->address_count, 300u);
  EXPECT_EQ(domain->created, kThen);

  const auto record = decode_account(AccountId(7), encode_account(some_account()));
  ASSERT_TRUE(record);
  const Account& account = std::get<Account>(*record);
  EXPECT_EQ(account.addresses, some_account().addresses);
  EXPECT_EQ(account.quota, QuotaLimit::unlimited());
  EXPECT_FALSE(account.enabled);
  EXPECT_EQ(account.disabled_reason, "unpaid");

  const auto credentials = decode_credentials(encode_credentials(some_credentials()));
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->scram, some_credentials().scram);
  ASSERT_EQ(credentials->app_passwords.size(), 1u);
  EXPECT_EQ(credentials->app_passwords[0].hash, Sha256::of("c"));
  EXPECT_TRUE(credentials->app_passwords[0].protocols.has(Protocol::kImap));
  EXPECT_FALSE(credentials->app_passwords[0].protocols.has(Protocol::kPop3));
}

TEST(DirectoryRecords, RefuseValuesOutOfRange) {
  std::string flag_of_two = encode_domain(some_domain());
  flag_of_two[1 + 1 + some_domain().name.ascii().size()] = 2;
  EXPECT_FALSE(decode_domain(flag_of_two));
  EXPECT_FALSE(decode_name(std::string("\x01\x04\x01", 3)));  // no such kind
  EXPECT_FALSE(
      decode_name(std::string("\x01\x02\x01"
                              "a\x01"
                              "b\xff\x7f",
                              8)));  // more targets than allowed
  EXPECT_FALSE(
      decode_name(std::string("\x01\x02\x01"
                              "a\x02"
                              "_b\x00",
                              8)));  // no domain
}

TEST(DirectoryKeys, GroupByDomain) {
  EXPECT_TRUE(name_key(address("Bob@Example.org"))
                  .starts_with(name_prefix(DomainName::parse("example.org").value())));
  // example.org is no prefix of example.org.kr
  EXPECT_FALSE(name_key(address("bob@example.org.kr"))
                   .starts_with(name_prefix(DomainName::parse("example.org").value())));
  EXPECT_EQ(account_of_key(account_key(AccountId(9))), AccountId(9));
  EXPECT_EQ(account_of_key("a123"), std::nullopt);
}

}  // namespace
}  // namespace pabal::account::detail
