// The directory's keys and records as bytes. docs/store-format-directory.md lists them; change both together.
//
// Every record begins with its version. A decoder refuses (kCorrupt) another version, a value out of range,
// and bytes after the last field: what it can't read whole it must not write back cut.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "account/credentials.h"
#include "account/directory.h"
#include "base/result.h"

namespace pabal::account::detail {

// Keys.
std::string domain_key(const DomainName& name);
std::string name_key(const Address& address);
std::string name_prefix(const DomainName& domain);
std::string account_key(AccountId id);
std::string credentials_key(AccountId id);
inline constexpr std::string_view kDomainPrefix = "d";
inline constexpr std::string_view kNamePrefix = "n";
inline constexpr std::string_view kAccountPrefix = "a";
inline constexpr std::string_view kNextAccountKey = "m/next-account";
inline constexpr std::string_view kFakeSaltKey = "m/fake-salt";

/// Beside the directory, in the partition kLoginsPartition: when an app password was used last. It changes
/// all day, and would empty the directory's cache all day.
inline constexpr std::string_view kLoginsPartition = "logins";
std::string last_used_key(AccountId id, AppPasswordId app_password);
std::string last_used_prefix(AccountId id);
std::string encode_time(WallTime time);
Result<WallTime> decode_time(std::string_view bytes);

// Records.
std::string encode_domain(const Domain& domain);
Result<Domain> decode_domain(std::string_view bytes);

/// What stays of a removed account.
struct Tombstone {
  std::string login;
  WallTime created;
  WallTime removed;
};
using AccountRecord = std::variant<Account, Tombstone>;
std::string encode_account(const AccountRecord& record);
/// The id is in the key.
Result<AccountRecord> decode_account(AccountId id, std::string_view bytes);
/// Back from account_key().
std::optional<AccountId> account_of_key(std::string_view key);

/// What an address of ours stands for.
using NameRecord = std::variant<AccountId, Alias, Group>;
std::string encode_name(const NameRecord& record);
Result<NameRecord> decode_name(std::string_view bytes);

/// A secret of the server's.
std::string encode_bytes(std::string_view bytes);
Result<std::string> decode_bytes(std::string_view record);

std::string encode_number(std::uint64_t number);
Result<std::uint64_t> decode_number(std::string_view bytes);

struct StoredAppPassword {
  AppPasswordId id;
  std::string name;
  ProtocolSet protocols;
  WallTime created;
  Sha256::Digest hash{};
};
/// All that an account can log in with.
struct CredentialsRecord {
  std::string password_hash;  ///< PasswordHasher's; empty: none
  std::optional<ScramKeys> scram;
  std::uint64_t next_app_password = 1;
  std::vector<StoredAppPassword> app_passwords;
};
std::string encode_credentials(const CredentialsRecord& record);
Result<CredentialsRecord> decode_credentials(std::string_view bytes);

}  // namespace pabal::account::detail
