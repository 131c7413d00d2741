#include "account/sessions.h"

#include "account/testing.h"

namespace pabal::account {
namespace {

struct SessionsTest : DirectoryTest {
  SessionsTest() {
    must(directory_.add_domain(domain("crepes.fr")));
    alice = add_account("alice@crepes.fr");
    bob = add_account("bob@crepes.fr");
  }
  Secret open(AccountId account, std::string client = "Firefox") {
    return must(sessions.open(account, std::move(client), "192.0.2.1"));
  }
  bool is_open(const Secret& token) { return must(sessions.find(token.copy())).has_value(); }

  AccountId alice, bob;
  SeededRandom random{7};
  Sessions sessions{*engine_, directory_, sim_.clock(), random, {.max_per_account = 3}};
};

TEST_F(SessionsTest, ATokenStandsForItsAccount) {
  const Secret token = open(alice);
  EXPECT_EQ(token.size(), 54u);  // 8 + 32 bytes in base64url
  const auto session = must(sessions.find(token.copy()));
  ASSERT_TRUE(session);
  EXPECT_EQ(session->account, alice);
  EXPECT_EQ(session->client, "Firefox");
  EXPECT_FALSE(is_open(Secret("")));
  EXPECT_FALSE(is_open(Secret("no token at all")));
  // The same random part for another account is another token.
  std::string other(token.reveal());
  other[10] = other[10] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(is_open(Secret(other)));
}

TEST_F(SessionsTest, EndsUnusedAndInAnyCaseLater) {
  const Secret unused = open(alice);
  sim_.clock().advance(std::chrono::hours(12));
  EXPECT_FALSE(is_open(unused));
  const Secret used = open(alice);
  for (int hours = 0; hours < 30 * 24 - 11; hours += 11) {
    EXPECT_TRUE(is_open(used)) << hours;
    sim_.clock().advance(std::chrono::hours(11));
  }
  EXPECT_TRUE(is_open(used));
  sim_.clock().advance(std::chrono::hours(5));
  EXPECT_FALSE(is_open(used));
}

TEST_F(SessionsTest, CanBeClosedRotatedAndRevoked) {
  const Secret first = open(alice);
  must(sessions.close(first.copy()));
  EXPECT_FALSE(is_open(first));

  const Secret second = open(alice);
  const Secret rotated = must(sessions.rotate(second.copy()));
  EXPECT_FALSE(is_open(second));
  EXPECT_TRUE(is_open(rotated));
  EXPECT_EQ(refused(sessions.rotate(second.copy())), "the session is over");

  const Secret phone = open(alice, "phone");
  const auto all = must(sessions.list(alice));
  ASSERT_EQ(all.size(), 2u);
  const auto other = std::ranges::find(all, "phone", &Session::client);
  EXPECT_EQ(refused(sessions.revoke(bob, other->id)), "there is no such session");
  must(sessions.revoke(alice, other->id));
  EXPECT_FALSE(is_open(phone));
  EXPECT_TRUE(is_open(rotated));
  must(sessions.revoke_all(alice));
  EXPECT_FALSE(is_open(rotated));
}

TEST_F(SessionsTest, AnAccountHasSoMany) {
  std::vector<Secret> tokens;
  for (int i = 0; i < 5; ++i) {
    tokens.push_back(open(alice));
    sim_.clock().advance(std::chrono::minutes(1));
  }
  const Secret bobs = open(bob);
  EXPECT_FALSE(is_open(tokens[1]));
  EXPECT_TRUE(is_open(tokens[2]));
  EXPECT_TRUE(is_open(tokens[4]));
  EXPECT_EQ(must(sessions.list(alice)).size(), 3u);
  EXPECT_TRUE(is_open(bobs));
}

TEST_F(SessionsTest, EndsWithItsAccount) {
  const Secret token = open(alice);
  must(directory_.disable_account(alice, "holiday"));
  EXPECT_FALSE(is_open(token));
  must(directory_.enable_account(alice));
  EXPECT_TRUE(is_open(token));
  must(directory_.remove_account(alice));
  EXPECT_FALSE(is_open(token));
}

}  // namespace
}  // namespace pabal::account
