// Passwords: set, proven, and never kept.
//
// A password is stored as an argon2id hash and, so that SCRAM works, as SCRAM-SHA-256 keys. App passwords
// are made here, shown once, and stored as a hash. All lie in the directory's partition beside the account,
// so that removing the account removes them in the same batch.
//
// Any loop's thread may call; each call resumes on its caller's loop. Hashes run on the worker pool that
// was handed in; when that is full the answer is kOverLimit: try again.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "account/directory.h"
#include "account/ids.h"
#include "account/password.h"
#include "account/scram_keys.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/strong.h"
#include "net/task.h"
#include "net/worker_pool.h"

namespace pabal::account {

namespace detail {
class PasswordProver;
}

/// Names an app password of one account; never reused there.
using AppPasswordId = Strong<struct AppPasswordIdTag, std::uint64_t>;

/// What a login wants to do; an app password may be for some of them only.
enum class Protocol : std::uint8_t { kSubmission = 0, kImap = 1, kPop3 = 2, kJmap = 3, kWeb = 4 };
std::string_view to_string(Protocol protocol);

class ProtocolSet {
 public:
  static constexpr ProtocolSet all() { return ProtocolSet(0xff); }
  constexpr ProtocolSet() = default;
  constexpr explicit ProtocolSet(std::uint8_t bits) : bits_(bits) {}
  constexpr ProtocolSet with(Protocol protocol) const {
    return ProtocolSet(static_cast<std::uint8_t>(bits_ | (1u << static_cast<unsigned>(protocol))));
  }
  constexpr bool has(Protocol protocol) const { return (bits_ >> static_cast<unsigned>(protocol)) & 1u; }
  constexpr std::uint8_t bits() const { return bits_; }
  bool operator==(const ProtocolSet&) const = default;

 private:
  std::uint8_t bits_ = 0;
};

struct AppPassword {
  AppPasswordId id;
  std::string name;
  ProtocolSet protocols;
  WallTime created;
  std::optional<WallTime> last_used = {};  ///< true to kLastUsedGrain
};
inline constexpr std::size_t kMaxAppPasswords = 50;
inline constexpr std::size_t kMaxAppPasswordNameBytes = 100;
/// A login writes its time only when the last one written is older: a phone that polls each minute
/// must not cost a commit each minute.
inline constexpr std::chrono::hours kLastUsedGrain{1};

/// How a login was proven.
struct Proof {
  std::optional<AppPasswordId> app_password;  ///< nothing: the account's own password
  bool protocol_allowed = true;               ///< false: the app password is right, but for other protocols
};

struct CredentialsOptions {
  bool store_scram_keys = true;  ///< false: SCRAM does not work for passwords set from then on
  std::uint32_t scram_iterations = kScramIterations;
  std::chrono::seconds proven_lifetime{300};
  std::size_t max_proven = 10'000;
  bool refuse_weak = true;  ///< check_password; off only for demonstrations
};

class Credentials {
 public:
  /// Everything must outlive the credentials.
  Credentials(Directory& directory, const PasswordHasher& hasher, net::WorkerPool& pool, const Clock& clock,
              Random& random, CredentialsOptions options = {});
  ~Credentials();
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  /// kRefuse, in words, if the password breaks a rule (check_password).
  net::Task<Result<void>> set_password(AccountId id, Secret password);
  net::Task<Result<bool>> has_password(AccountId id);
  /// Only app passwords work from then on, if any.
  net::Task<Result<void>> remove_password(AccountId id);

  /// A new app password, as it is to be typed; the only time that it is seen. Capitals, spaces and hyphens do
  /// not matter when it is typed.
  net::Task<Result<Secret>> add_app_password(AccountId id, std::string name, ProtocolSet protocols);
  net::Task<Result<std::vector<AppPassword>>> list_app_passwords(AccountId id);
  net::Task<Result<void>> revoke_app_password(AccountId id, AppPasswordId app_password);

  /// Nothing for a wrong password, and then the same work (one hash) for an account with a password, for one
  /// without, and for no account at all. Whether the account is enabled is not asked here.
  net::Task<Result<std::optional<Proof>>> prove(std::optional<AccountId> id, Secret password,
                                                Protocol protocol);

  /// The account's SCRAM keys; for no account, or one without keys, keys that no password fits, the same
  /// for that `name` each time.
  net::Task<Result<ScramKeys>> load_scram_keys(std::optional<AccountId> id, std::string name);

 private:
  net::Task<Result<bool>> prove_password(AccountId id, const std::string& stored, const Secret& password);
  net::Task<Result<void>> store_password(AccountId id, const Secret& prepared, const std::string* replaces);
  net::Task<void> note_use(AccountId id, AppPasswordId app_password);
  net::Task<Result<std::string>> load_fake_salt_secret();

  DirectoryStore& store_;
  const PasswordHasher& hasher_;
  net::WorkerPool& pool_;
  const Clock& clock_;
  Random& random_;
  const CredentialsOptions options_;
  std::unique_ptr<detail::PasswordProver> prover_;
};

}  // namespace pabal::account
