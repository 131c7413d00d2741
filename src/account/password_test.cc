#include "account/password.h"

#include <gtest/gtest.h>

#include <vector>

#include "account/scram_keys.h"
#include "base/encoding.h"

namespace pabal::account {
namespace {

TEST(PreparePassword, MakesSpellingsEqual) {
  struct Case {
    std::string name, input;
    std::optional<std::string> want;
  };
  const std::vector<Case> cases = {
      {"ASCII stays", "correct horse", "correct horse"},
      {"case stays", "AbC", "AbC"},
      {"composition", "\u1112\u1161\u11ab", "한"},
      {"no-break space", "a\u00a0b", "a b"},
      {"ideographic space", "가\u3000나", "가 나"},
      {"full-width stays", "ａ", "ａ"},
      {"symbols", "pässwörd☃", "pässwörd☃"},
      {"empty", "", {}},
      {"tab", "a\tb", {}},
      {"line break", "a\nb", {}},
      {"NUL", std::string("a\0b", 3), {}},
      {"C1 control", "a\u0085b", {}},
      {"zero width space", "a\u200bb", {}},
      {"unassigned", "a\u0378", {}},
      {"bad UTF-8", "a\xff", {}},
      {"longest", std::string(1024, 'a'), std::string(1024, 'a')},
      {"too long", std::string(1025, 'a'), {}},
  };
  for (const Case& test : cases) {
    const auto prepared = prepare_password(test.input);
    EXPECT_EQ(prepared ? std::optional(std::string(prepared->reveal())) : std::nullopt, test.want)
        << test.name;
  }
}

TEST(CheckPassword, RefusesWhatEverybodyTries) {
  const auto login = Address::parse("Bob.Smith@Example.org");
  ASSERT_TRUE(login);
  struct Case {
    std::string input;
    bool good;
  };
  const std::vector<Case> cases = {
      {"correct horse battery staple", true},
      {"seven77", false},
      {"비밀번호입니", false},
      {"비밀번호입니다요", true},
      {"bob.smith@example.org", false},
      {"BOB.SMITH", false},
      {"example.org", false},
      {"Password1", false},
      {"zzzzzzzzzzz", false},
      {"bob.smith!", true},
  };
  for (const Case& test : cases) {
    const auto checked = check_password(test.input, *login);
    EXPECT_EQ(checked.has_value(), test.good) << test.input;
    if (!checked) {
      EXPECT_EQ(checked.error().kind, ErrorKind::kRefuse);
      // Error texts are shown and logged; what was typed must not be in them.
      EXPECT_EQ(checked.error().detail.find(test.input), std::string::npos);
    }
  }
}

TEST(Argon2id, ProvesThePasswordAndKnowsItsParameters) {
  const Argon2Options small{.memory_bytes = 64 * 1024, .passes = 1};
  const auto hasher = make_argon2id_hasher(small);
  const auto stored = hasher->hash("secret");
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->starts_with("$argon2id$v=19$m=64,t=1,p=1$")) << *stored;
  EXPECT_NE(*stored, *hasher->hash("secret"));  // salted
  EXPECT_EQ(hasher->verify(*stored, "secret"), true);
  EXPECT_EQ(hasher->verify(*stored, "Secret"), false);
  EXPECT_FALSE(hasher->is_outdated(*stored));

  const auto stronger = make_argon2id_hasher({.memory_bytes = 128 * 1024, .passes = 2});
  EXPECT_EQ(stronger->verify(*stored, "secret"), true);
  EXPECT_TRUE(stronger->is_outdated(*stored));
}

TEST(Argon2id, NothingStoredMatchesNothing) {
  const auto hasher = make_argon2id_hasher({.memory_bytes = 64 * 1024, .passes = 1});
  for (const std::string stored : {"", "x", "$argon2id$v=19$m=64,t=1,p=1$", "$1$abc$def"}) {
    EXPECT_EQ(hasher->verify(stored, "secret"), false) << stored;
    EXPECT_TRUE(hasher->is_outdated(stored)) << stored;
  }
  EXPECT_FALSE(hasher->verify(std::string(1000, 'x'), "secret"));
}

TEST(ScramKeys, FollowFromPasswordAndSalt) {
  const ScramKeys keys = make_scram_keys("pencil", *from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096);
  EXPECT_EQ(to_base64({keys.stored_key.data(), 32}), "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=");
  EXPECT_EQ(to_base64({keys.server_key.data(), 32}), "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
}

}  // namespace
}  // namespace pabal::account
