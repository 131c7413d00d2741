#include "account/credentials.h"

#include <vector>

#include "account/scram_testing.h"
#include "account/testing.h"
#include "base/ascii.h"

namespace pabal::account {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kGood = "correct horse";

class CredentialsTest : public DirectoryTest {
 protected:
  CredentialsTest() {
    must(directory_.add_domain(domain("example.org")));
    bob_ = add_account("bob@example.org");
    eve_ = add_account("eve@example.org");
    must(credentials_.set_password(bob_, Secret(kGood)));
    calls_before_ = hasher_.calls();
  }

  /// "password", "app 1", "app 1 elsewhere" or "no".
  std::string prove(std::optional<AccountId> id, std::string_view password,
                    Protocol protocol = Protocol::kImap) {
    const auto proof = must(credentials_.prove(id, Secret(password), protocol));
    if (!proof) return "no";
    if (!proof->app_password) return "password";
    return fmt::format("app {}{}", *proof->app_password, proof->protocol_allowed ? "" : " elsewhere");
  }
  int calls() { return hasher_.calls() - calls_before_; }

  CountingHasher hasher_;
  SeededRandom random_{1};
  net::WorkerPool pool_{{.name = "hash", .threads = 2, .max_queued = 8}};
  Credentials credentials_{directory_, hasher_, pool_, sim_.clock(), random_, {.scram_iterations = 4096}};
  AccountId bob_;
  AccountId eve_;  // has no password
  int calls_before_ = 0;
};

TEST_F(CredentialsTest, ProveThePassword) {
  EXPECT_EQ(prove(bob_, kGood), "password");
  EXPECT_EQ(prove(bob_, "Correct horse"), "no");
  EXPECT_EQ(prove(eve_, kGood), "no");
  EXPECT_EQ(prove(std::nullopt, kGood), "no");
  EXPECT_TRUE(must(credentials_.has_password(bob_)));
  EXPECT_FALSE(must(credentials_.has_password(eve_)));
}

TEST_F(CredentialsTest, SpellingsOfOnePasswordAreEqual) {
  must(credentials_.set_password(eve_, Secret("한국어 비밀번호")));
  EXPECT_EQ(prove(eve_, "\u1112\u1161\u11ab\u1100\u116e\u11a8어\u3000비밀번호"), "password");
}

TEST_F(CredentialsTest, RefusesBadPasswords) {
  EXPECT_FALSE(refused(credentials_.set_password(bob_, Secret("short"))).empty());
  EXPECT_FALSE(refused(credentials_.set_password(bob_, Secret("bob@example.org"))).empty());
  EXPECT_EQ(refused(credentials_.set_password(AccountId(99), Secret(kGood))), "there is no account 99");
  EXPECT_EQ(prove(bob_, kGood), "password");
}

TEST_F(CredentialsTest, EveryFailureCostsOneHash) {
  must(credentials_.add_app_password(eve_, "phone", ProtocolSet::all()));
  struct Case {
    std::string name;
    std::optional<AccountId> id;
  };
  for (const Case& test : {Case{"wrong password", bob_}, Case{"no password set", eve_},
                           Case{"no account", {}}, Case{"removed account", AccountId(77)}}) {
    const int before = calls();
    EXPECT_EQ(prove(test.id, "something wrong"), "no") << test.name;
    EXPECT_EQ(calls() - before, 1) << test.name;
  }
}

TEST_F(CredentialsTest, RemembersAProofForAWhile) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(prove(bob_, kGood), "password");
  EXPECT_EQ(calls(), 1);
  sim_.clock().advance(301s);
  EXPECT_EQ(prove(bob_, kGood), "password");
  EXPECT_EQ(calls(), 2);
  // A wrong one is never remembered, and the right one does not open other accounts.
  EXPECT_EQ(prove(bob_, "wrong password"), "no");
  EXPECT_EQ(prove(bob_, "wrong password"), "no");
  EXPECT_EQ(prove(eve_, kGood), "no");
  EXPECT_EQ(calls(), 5);
}

TEST_F(CredentialsTest, ANewPasswordEndsTheOldOne) {
  EXPECT_EQ(prove(bob_, kGood), "password");
  must(credentials_.set_password(bob_, Secret("another horse")));
  EXPECT_EQ(prove(bob_, kGood), "no");
  EXPECT_EQ(prove(bob_, "another horse"), "password");
  must(credentials_.remove_password(bob_));
  EXPECT_EQ(prove(bob_, "another horse"), "no");
  EXPECT_FALSE(must(credentials_.has_password(bob_)));
}

TEST_F(CredentialsTest, RemovingTheAccountRemovesItsPasswords) {
  const Secret app = must(credentials_.add_app_password(bob_, "phone", ProtocolSet::all()));
  EXPECT_EQ(prove(bob_, app.reveal()), "app 1");
  must(directory_.remove_account(bob_));
  EXPECT_EQ(prove(bob_, kGood), "no");
  EXPECT_EQ(prove(bob_, app.reveal()), "no");
  EXPECT_EQ(refused(credentials_.set_password(bob_, Secret(kGood))), "account 1 was removed");
  const auto left = must(engine_->scan(store::PartitionId("logins"), {}, {}));
  EXPECT_TRUE(left.empty());
}

net::Task<void> prove_one(Credentials& credentials, AccountId id, std::string password,
                          std::vector<std::string>& out) {
  const auto proof = co_await credentials.prove(id, Secret(password), Protocol::kImap);
  out.push_back(!proof ? std::string(to_string(proof.error().kind)) : *proof ? "yes" : "no");
}

TEST_F(CredentialsTest, ThoseWhoAskTheSameShareOneHash) {
  for (const std::string& password : {std::string(kGood), std::string("wrong password")}) {
    const int before = calls();
    std::vector<std::string> answers;
    hasher_.hold();
    net::Scope scope(sim_.loop());
    for (int i = 0; i < 10; ++i) scope.spawn(prove_one(credentials_, bob_, password, answers));
    hasher_.release();
    run(scope.join());
    EXPECT_EQ(answers, std::vector<std::string>(10, password == kGood ? "yes" : "no"));
    EXPECT_EQ(calls() - before, 1);
  }
}

TEST_F(CredentialsTest, AFullQueueIsAnAnswer) {
  std::vector<std::string> answers;
  hasher_.hold();
  net::Scope scope(sim_.loop());
  // Two at work, eight in the queue.
  for (int i = 0; i < 40; ++i)
    scope.spawn(prove_one(credentials_, bob_, fmt::format("guess {}", i), answers));
  EXPECT_GE(answers.size(), 30u);
  for (const std::string& answer : answers) EXPECT_EQ(answer, to_string(ErrorKind::kOverLimit));
  hasher_.release();
  run(scope.join());
  EXPECT_EQ(answers.size(), 40u);
  EXPECT_EQ(prove(bob_, kGood), "password");
}

TEST_F(CredentialsTest, RenewsAnOutdatedHashAtTheNextLogin) {
  hasher_.parameters = 2;
  EXPECT_EQ(prove(bob_, "wrong password"), "no");
  EXPECT_EQ(calls(), 1);
  EXPECT_EQ(prove(bob_, kGood), "password");
  EXPECT_EQ(calls(), 3);  // verified, and made anew
  EXPECT_EQ(prove(bob_, kGood), "password");
  EXPECT_EQ(calls(), 4);  // the proof was of the old hash
  EXPECT_EQ(prove(bob_, kGood), "password");
  EXPECT_EQ(calls(), 4);
}

TEST_F(CredentialsTest, AppPasswords) {
  const Secret phone =
      must(credentials_.add_app_password(bob_, "내 전화", ProtocolSet().with(Protocol::kImap)));
  const Secret laptop = must(credentials_.add_app_password(bob_, "laptop", ProtocolSet::all()));
  EXPECT_EQ(phone.size(), 23u);
  EXPECT_FALSE(phone == laptop);

  EXPECT_EQ(prove(bob_, phone.reveal()), "app 1");
  EXPECT_EQ(prove(bob_, phone.reveal(), Protocol::kPop3), "app 1 elsewhere");
  EXPECT_EQ(prove(bob_, laptop.reveal(), Protocol::kPop3), "app 2");
  std::string typed = to_lower(phone.reveal());
  std::erase(typed, '-');
  typed[0] = to_upper(typed[0]);
  EXPECT_EQ(prove(bob_, typed), "app 1");
  EXPECT_EQ(calls(), 0);  // no slow hash for these
  EXPECT_EQ(prove(eve_, phone.reveal()), "no");
  EXPECT_EQ(prove(bob_, kGood), "password");

  const auto list = must(credentials_.list_app_passwords(bob_));
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].name, "내 전화");
  EXPECT_EQ(list[0].protocols, ProtocolSet().with(Protocol::kImap));
  EXPECT_EQ(list[0].last_used, sim_.clock().wall());

  must(credentials_.revoke_app_password(bob_, AppPasswordId(1)));
  EXPECT_EQ(prove(bob_, phone.reveal()), "no");
  EXPECT_EQ(prove(bob_, laptop.reveal()), "app 2");
  EXPECT_EQ(refused(credentials_.revoke_app_password(bob_, AppPasswordId(1))),
            "the account has no app password 1");
  must(credentials_.add_app_password(bob_, "tablet", ProtocolSet::all()));
  EXPECT_EQ(must(credentials_.list_app_passwords(bob_)).back().id, AppPasswordId(3));
}

TEST_F(CredentialsTest, WritesTheTimeOfUseNowAndThen) {
  const Secret phone = must(credentials_.add_app_password(bob_, "phone", ProtocolSet::all()));
  EXPECT_EQ(must(credentials_.list_app_passwords(bob_))[0].last_used, std::nullopt);
  const WallTime first = sim_.clock().wall();
  prove(bob_, phone.reveal());
  sim_.clock().advance(59min);
  prove(bob_, phone.reveal());
  EXPECT_EQ(must(credentials_.list_app_passwords(bob_))[0].last_used, first);
  sim_.clock().advance(1min);
  prove(bob_, phone.reveal());
  EXPECT_EQ(must(credentials_.list_app_passwords(bob_))[0].last_used, first + 1h);
}

TEST_F(CredentialsTest, AppPasswordsHaveBounds) {
  refused(credentials_.add_app_password(bob_, "", ProtocolSet::all()));
  refused(credentials_.add_app_password(bob_, std::string(101, 'x'), ProtocolSet::all()));
  refused(credentials_.add_app_password(bob_, "a\nb", ProtocolSet::all()));
  refused(credentials_.add_app_password(bob_, "none", ProtocolSet()));
  for (std::size_t i = 0; i < kMaxAppPasswords; ++i) {
    must(credentials_.add_app_password(bob_, "x", ProtocolSet::all()));
  }
  refused(credentials_.add_app_password(bob_, "one more", ProtocolSet::all()));
}

TEST_F(CredentialsTest, ScramKeysFitThePassword) {
  const ScramKeys keys = must(credentials_.load_scram_keys(bob_, "bob@example.org"));
  EXPECT_EQ(keys, make_scram_keys(kGood, keys.salt, 4096));
  must(credentials_.set_password(bob_, Secret("another horse")));
  const ScramKeys later = must(credentials_.load_scram_keys(bob_, "bob@example.org"));
  EXPECT_NE(later.salt, keys.salt);
  EXPECT_EQ(later, make_scram_keys("another horse", later.salt, 4096));
}

TEST_F(CredentialsTest, UnknownNamesHaveSteadyKeysThatFitNothing) {
  const ScramKeys none = must(credentials_.load_scram_keys(std::nullopt, "x@example.org"));
  EXPECT_EQ(none, must(credentials_.load_scram_keys(std::nullopt, "x@example.org")));
  EXPECT_NE(none, must(credentials_.load_scram_keys(std::nullopt, "y@example.org")));
  const ScramKeys known = must(credentials_.load_scram_keys(bob_, "bob@example.org"));
  EXPECT_EQ(none.salt.size(), known.salt.size());
  EXPECT_EQ(none.iterations, known.iterations);
  // Another process of this server, and after a restart.
  Credentials other(directory_, hasher_, pool_, sim_.clock(), random_, {.scram_iterations = 4096});
  EXPECT_EQ(none, must(other.load_scram_keys(std::nullopt, "x@example.org")));
}

TEST_F(CredentialsTest, ScramKeysCanBeLeftOut) {
  Credentials without(directory_, hasher_, pool_, sim_.clock(), random_,
                      {.store_scram_keys = false, .scram_iterations = 4096});
  must(without.set_password(bob_, Secret("another horse")));
  const ScramKeys keys = must(without.load_scram_keys(bob_, "bob@example.org"));
  EXPECT_NE(keys, make_scram_keys("another horse", keys.salt, keys.iterations));
}

}  // namespace
}  // namespace pabal::account
