#include "account/credentials.h"

#include "account/detail/directory_store.h"
#include "account/detail/names.h"
#include "account/detail/password_prover.h"
#include "account/detail/records.h"
#include "account/detail/unicode.h"
#include "base/ascii.h"
#include "base/cursor.h"

namespace pabal::account {

using detail::CredentialsRecord;
using net::Task;

namespace {

// Twenty of these are 100 bits: nobody guesses that, so a plain hash is as good as a slow one, and a phone
// that logs in each minute costs nothing. Without l, o, 0 and 1, which look alike.
constexpr std::string_view kAppPasswordAlphabet = "abcdefghijkmnpqrstuvwxyz23456789";
constexpr std::size_t kAppPasswordCharacters = 20;
constexpr std::size_t kAppPasswordGroup = 5;

Secret make_app_password(Random& random) {
  std::string text;
  for (std::size_t i = 0; i < kAppPasswordCharacters; ++i) {
    if (i > 0 && i % kAppPasswordGroup == 0) text.push_back('-');
    text.push_back(kAppPasswordAlphabet[random.below(kAppPasswordAlphabet.size())]);
  }
  return Secret::taken_from(text);
}

/// Of the password as it was typed. The account's id keeps equal hashes apart, should the randomness ever
/// fail.
Sha256::Digest hash_app_password(AccountId id, const Secret& typed) {
  std::string message = "pabal app password";
  append_u64(message, id.value());
  for (const char c : typed.reveal()) {
    if (c != ' ' && c != '-') message.push_back(to_lower(c));
  }
  const Sha256::Digest digest = Sha256::of(message);
  wipe(message);
  return digest;
}

std::string_view view(const Sha256::Digest& digest) { return {digest.data(), digest.size()}; }

Result<CredentialsRecord> decode(const DirectoryStore::Record& record) {
  if (!record) return CredentialsRecord{};
  return detail::decode_credentials(*record);
}

/// Reads the credentials of a live account, lets `change` have its way with them, writes them back.
template <class Change>
Task<Result<void>> try_change(DirectoryStore& store, AccountId id, Change& change) {
  Edit edit(store);
  // Reading the account makes the commit fail if it is removed meanwhile.
  PABAL_CO_TRY_VOID(co_await detail::load_account(edit, id));
  const std::string key = detail::credentials_key(id);
  PABAL_CO_TRY(const auto bytes, co_await edit.read(key));
  PABAL_CO_TRY(auto record, decode(bytes));
  PABAL_CO_TRY_VOID(change(record));
  edit.put(key, detail::encode_credentials(record));
  co_return co_await edit.commit();
}

template <class Change>
Task<Result<void>> change_credentials(DirectoryStore& store, AccountId id, Change change) {
  co_return co_await retry_on_conflict([&] { return try_change(store, id, change); });
}

store::PartitionId logins_partition() { return store::PartitionId(std::string(detail::kLoginsPartition)); }

}  // namespace

std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::kSubmission:
      return "submission";
    case Protocol::kImap:
      return "imap";
    case Protocol::kPop3:
      return "pop3";
    case Protocol::kJmap:
      return "jmap";
    case Protocol::kWeb:
      return "web";
  }
  return "unknown";
}

Credentials::Credentials(Directory& directory, const PasswordHasher& hasher, net::WorkerPool& pool,
                         const Clock& clock, Random& random, CredentialsOptions options)
    : store_(directory.store()),
      hasher_(hasher),
      pool_(pool),
      clock_(clock),
      random_(random),
      options_(options),
      prover_(std::make_unique<detail::PasswordProver>(
          hasher, pool, clock, random, detail::ProverOptions{options.proven_lifetime, options.max_proven})) {}

Credentials::~Credentials() = default;

// ---- The account's own password

Task<Result<void>> Credentials::set_password(AccountId id, Secret password) {
  Edit edit(store_);
  PABAL_CO_TRY(const Account account, co_await detail::load_account(edit, id));
  if (options_.refuse_weak) PABAL_CO_TRY_VOID(check_password(password.reveal(), account.login()));
  PABAL_CO_TRY(const Secret prepared, prepare_password(password.reveal()));
  co_return co_await store_password(id, prepared, nullptr);
}

/// With `replaces`, only if the stored hash is still that one.
Task<Result<void>> Credentials::store_password(AccountId id, const Secret& prepared,
                                               const std::string* replaces) {
  const std::string salt = random_.bytes(kScramSaltBytes);
  std::optional<ScramKeys> scram;
  PABAL_CO_TRY(const std::string hash, co_await pool_.run([&]() -> Result<std::string> {
    if (options_.store_scram_keys)
      scram = make_scram_keys(prepared.reveal(), salt, options_.scram_iterations);
    return hasher_.hash(prepared.reveal());
  }));
  co_return co_await change_credentials(store_, id, [&](CredentialsRecord& record) -> Result<void> {
    if (replaces != nullptr && record.password_hash != *replaces) {
      return fail(ErrorKind::kRefuse, "the password was changed meanwhile");
    }
    record.password_hash = hash;
    record.scram = scram;
    return {};
  });
}

Task<Result<bool>> Credentials::has_password(AccountId id) {
  PABAL_CO_TRY(const auto bytes, co_await store_.read_one(detail::credentials_key(id)));
  PABAL_CO_TRY(const auto record, decode(bytes));
  co_return !record.password_hash.empty();
}

Task<Result<void>> Credentials::remove_password(AccountId id) {
  return change_credentials(store_, id, [](CredentialsRecord& record) -> Result<void> {
    record.password_hash.clear();
    record.scram.reset();
    return {};
  });
}

// ---- App passwords

Task<Result<Secret>> Credentials::add_app_password(AccountId id, std::string name, ProtocolSet protocols) {
  if (name.empty() || name.size() > kMaxAppPasswordNameBytes || !detail::is_freeform(name)) {
    co_return fail(ErrorKind::kRefuse, "an app password needs a name of at most {} bytes",
                   kMaxAppPasswordNameBytes);
  }
  if (protocols == ProtocolSet())
    co_return fail(ErrorKind::kRefuse, "an app password needs a protocol to be used for");
  Secret password = make_app_password(random_);
  const WallTime now = clock_.wall();
  PABAL_CO_TRY_VOID(co_await change_credentials(store_, id, [&](CredentialsRecord& record) -> Result<void> {
    if (record.app_passwords.size() >= kMaxAppPasswords) {
      return fail(ErrorKind::kRefuse, "an account has at most {} app passwords: revoke one first",
                  kMaxAppPasswords);
    }
    record.app_passwords.push_back({.id = AppPasswordId(record.next_app_password++),
                                    .name = name,
                                    .protocols = protocols,
                                    .created = now,
                                    .hash = hash_app_password(id, password)});
    return {};
  }));
  co_return password;
}

Task<Result<std::vector<AppPassword>>> Credentials::list_app_passwords(AccountId id) {
  PABAL_CO_TRY(const auto bytes, co_await store_.read_one(detail::credentials_key(id)));
  PABAL_CO_TRY(const auto record, decode(bytes));
  std::vector<std::string> keys;
  for (const auto& stored : record.app_passwords) keys.push_back(detail::last_used_key(id, stored.id));
  PABAL_CO_TRY(const auto times, co_await store_.engine().get(logins_partition(), keys));

  std::vector<AppPassword> out;
  for (std::size_t i = 0; i < record.app_passwords.size(); ++i) {
    const auto& stored = record.app_passwords[i];
    AppPassword shown{
        .id = stored.id, .name = stored.name, .protocols = stored.protocols, .created = stored.created};
    if (times[i]) {
      PABAL_CO_TRY(shown.last_used, detail::decode_time(times[i]->bytes));
    }
    out.push_back(std::move(shown));
  }
  co_return out;
}

Task<Result<void>> Credentials::revoke_app_password(AccountId id, AppPasswordId app_password) {
  PABAL_CO_TRY_VOID(co_await change_credentials(store_, id, [&](CredentialsRecord& record) -> Result<void> {
    const auto erased =
        std::erase_if(record.app_passwords, [&](const auto& stored) { return stored.id == app_password; });
    if (erased == 0) return fail(ErrorKind::kRefuse, "the account has no app password {}", app_password);
    return {};
  }));
  store::Batch batch(logins_partition());
  batch.erase(detail::last_used_key(id, app_password));
  // It is revoked; a time that stays behind harms nobody.
  (void)co_await store_.engine().commit(std::move(batch));
  co_return Result<void>{};
}

Task<void> Credentials::note_use(AccountId id, AppPasswordId app_password) {
  // What can't be noted must not keep anybody from their mail, so errors end this quietly.
  const WallTime now = clock_.wall();
  const std::string key = detail::last_used_key(id, app_password);
  const auto before = co_await store_.engine().get_one(logins_partition(), key);
  if (!before) co_return;
  if (*before) {
    const auto time = detail::decode_time((*before)->bytes);
    if (time && now - *time < kLastUsedGrain) co_return;
  }
  store::Batch batch(logins_partition());
  batch.put(key, detail::encode_time(now));
  (void)co_await store_.engine().commit(std::move(batch));
}

// ---- Logins

Task<Result<std::optional<Proof>>> Credentials::prove(std::optional<AccountId> id, Secret password,
                                                      Protocol protocol) {
  auto prepared = prepare_password(password.reveal());
  // No account has such a password, so answering at once tells nothing about any.
  if (!prepared) co_return std::nullopt;

  CredentialsRecord record;
  if (id) {
    PABAL_CO_TRY(const auto bytes, co_await store_.read_one(detail::credentials_key(*id)));
    PABAL_CO_TRY(record, decode(bytes));
  }
  const Sha256::Digest typed = hash_app_password(id.value_or(AccountId()), *prepared);
  for (const auto& stored : record.app_passwords) {
    if (!equals_in_constant_time(view(typed), view(stored.hash))) continue;
    const bool allowed = stored.protocols.has(protocol);
    if (allowed) co_await note_use(*id, stored.id);
    co_return Proof{.app_password = stored.id, .protocol_allowed = allowed};
  }
  PABAL_CO_TRY(const bool fits,
               co_await prove_password(id.value_or(AccountId()), record.password_hash, *prepared));
  if (!fits) co_return std::nullopt;
  co_return Proof{};
}

Task<Result<bool>> Credentials::prove_password(AccountId id, const std::string& stored,
                                               const Secret& password) {
  using Answer = detail::PasswordProver::Answer;
  const std::string subject = std::to_string(id.value());
  PABAL_CO_TRY(const Answer answer, co_await prover_->prove(subject, stored, password));
  if (answer == Answer::kWrong) co_return false;
  if (answer == Answer::kProvenNow && hasher_.is_outdated(stored)) {
    // Now that the password is here, store it as we would today. If that fails, the next login tries again.
    (void)co_await store_password(id, password, &stored);
  }
  co_return true;
}

Task<Result<ScramKeys>> Credentials::load_scram_keys(std::optional<AccountId> id, std::string name) {
  PABAL_CO_TRY(const std::string secret, co_await load_fake_salt_secret());
  CredentialsRecord record;
  if (id) {
    PABAL_CO_TRY(const auto bytes, co_await store_.read_one(detail::credentials_key(*id)));
    PABAL_CO_TRY(record, decode(bytes));
  }
  if (record.scram) co_return *record.scram;
  // The same each time, since keys that change with every try would tell that they are made up.
  const Sha256::Digest salt = hmac_sha256(secret, "salt " + name);
  co_return ScramKeys{.salt = std::string(salt.data(), kScramSaltBytes),
                      .iterations = options_.scram_iterations,
                      .stored_key = hmac_sha256(secret, "stored key " + name),
                      .server_key = hmac_sha256(secret, "server key " + name)};
}

Task<Result<std::string>> Credentials::load_fake_salt_secret() {
  const std::string key(detail::kFakeSaltKey);
  PABAL_CO_TRY(auto record, co_await store_.read_one(key));
  while (!record) {
    Edit edit(store_);
    PABAL_CO_TRY(record, co_await edit.read(key));
    if (record) break;
    record = detail::encode_bytes(random_.bytes(sizeof(Sha256::Digest)));
    edit.put(key, *record);
    const auto committed = co_await edit.commit();
    if (committed) break;
    if (committed.error().kind != ErrorKind::kConflict) co_return std::unexpected(committed.error());
    record.reset();  // somebody else was first; theirs it is
  }
  co_return detail::decode_bytes(*record);
}

}  // namespace pabal::account
