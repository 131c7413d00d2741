// Sign-ins that last: what a browser's cookie or a program's bearer token stands for.
//
// A token is 256 random bits behind the account's id, and is stored as its hash alone: whoever reads the
// store can't use what is there. A session ends when it was not used for `idle`, at the latest after
// `absolute`, when it is closed or revoked, and when its account is disabled or removed. Times of use are
// true to kSessionGrain, so that a request does not cost a commit.
//
// Any loop's thread may call; each call waits for the store and resumes on its caller's loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "account/directory.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::account {

struct SessionOptions {
  std::chrono::seconds idle = std::chrono::hours(12);
  std::chrono::seconds absolute = std::chrono::hours(30 * 24);
  /// Of one account; the one unused for longest gives way.
  std::size_t max_per_account = 100;
};
inline constexpr std::chrono::minutes kSessionGrain{10};
inline constexpr std::size_t kMaxSessionTextBytes = 200;

struct Session {
  std::string id;  ///< names it to its owner; no use to anybody else
  AccountId account;
  std::string client;  ///< what called itself so when it signed in
  std::string peer;    ///< from where
  WallTime created;
  WallTime last_used;
};

class Sessions {
 public:
  /// Everything must outlive it.
  Sessions(store::Engine& engine, Directory& directory, const Clock& clock, Random& random,
           SessionOptions options = {});

  /// A new session's token; the only time that it is seen. `client` and `peer` are cut to
  /// kMaxSessionTextBytes.
  net::Task<Result<Secret>> open(AccountId account, std::string client, std::string peer);
  /// Nothing for a token that is none of ours, or whose session is over.
  net::Task<Result<std::optional<Session>>> find(Secret token);
  /// The same session under a new token; the old one is worth nothing from then on. kRefuse if it is over.
  net::Task<Result<Secret>> rotate(Secret token);
  net::Task<Result<void>> close(Secret token);

  /// Those that are not over, the one used last first.
  net::Task<Result<std::vector<Session>>> list(AccountId account);
  /// kRefuse if the account has no such session.
  net::Task<Result<void>> revoke(AccountId account, std::string id);
  net::Task<Result<void>> revoke_all(AccountId account);

 private:
  struct Stored;
  net::Task<Result<std::vector<Stored>>> load_all(AccountId account);
  bool is_over(const Session& session) const;
  Secret make_token(AccountId account);

  store::Engine& engine_;
  Directory& directory_;
  const Clock& clock_;
  Random& random_;
  const SessionOptions options_;
};

}  // namespace pabal::account
