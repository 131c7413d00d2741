// The directory: which domains are ours, whose each address is, and where a letter to it goes.
//
// It lives in the store's partition "directory" (docs/store-format-directory.md). Every change is one
// conditional batch; one that meets another is read again and retried a bounded number of times.
//
// Any loop's thread may call; each call resumes on its caller's loop. Calls wait for the store, and a
// look-up that hits the cache waits for nothing. The cache serves only while follow_changes() runs, since
// other nodes and the command line may change the directory too.
//
// Failures, beside the store's own: kRefuse (taken, unknown, not empty, beyond a bound), in words for
// the person who asked; kConflict (others kept changing the same entry).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "account/address.h"
#include "account/ids.h"
#include "account/quota.h"
#include "base/clock.h"
#include "base/result.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::account {

class DirectoryStore;

// Bounds. Each keeps one record well under the store's value limit and one RCPT under a bounded cost.
inline constexpr std::size_t kMaxAddressesPerAccount = 200;
inline constexpr std::size_t kMaxAliasTargets = 100;
inline constexpr std::size_t kMaxGroupMembers = 500;   ///< 500 x 254 bytes: half a store value
inline constexpr std::size_t kMaxExpansionDepth = 10;  ///< alias of alias of ...
inline constexpr std::size_t kMaxExpandedRecipients = 1000;
inline constexpr std::size_t kMaxDisplayNameBytes = 256;
inline constexpr std::size_t kMaxReasonBytes = 512;

struct DomainOptions {
  bool enabled = true;  ///< false: its mail is put off (a temporary refusal), its accounts can't log in
  std::optional<char> subaddress_separator = '+';  ///< nothing: bob+x@ is an address of its own
  std::optional<Address> catch_all = {};   ///< who gets what nobody here is named for; local or remote
  std::optional<Address> postmaster = {};  ///< who gets postmaster@ and abuse@ where nobody is named so
  std::optional<QuotaLimit> default_quota = {};

  bool operator==(const DomainOptions&) const = default;
};

struct Domain {
  DomainName name;
  DomainOptions options;
  std::uint64_t address_count = 0;  ///< of accounts, aliases and groups; zero: it may be removed
  WallTime created = {};
};

struct Account {
  AccountId id;
  std::vector<Address> addresses = {};  ///< never empty; the first is the login, which From: shows
  std::string display_name = {};
  std::optional<QuotaLimit> quota = {};  ///< nothing: the domain's, or the server's
  bool enabled = true;
  std::string disabled_reason = {};  ///< told to the owner after a right password
  WallTime created = {};

  const Address& login() const { return addresses.front(); }
};

struct NewAccount {
  Address login;
  std::string display_name = {};
  std::optional<QuotaLimit> quota = {};
};

/// One name for one or more addresses, here or elsewhere.
struct Alias {
  Address address;
  std::vector<Address> targets = {};
};

/// A named list of people.
struct Group {
  /// Who may send to it.
  enum class Posting : std::uint8_t {
    kAnyone = 1,
    kAccounts = 2,  ///< whoever is logged in here
    kMembers = 3,   ///< members who are logged in here
    kNobody = 4,    ///< closed for now
  };

  Address address;
  std::string name = {};
  std::vector<Address> members = {};
  Posting posting = Posting::kMembers;
};

// What resolve() answers.

/// A mailbox here.
struct LocalRecipient {
  AccountId account;
  Address address;       ///< as the letter named it, or as the last alias did
  std::string tag = {};  ///< of a subaddress; empty for none
  bool enabled = true;
  QuotaLimit quota = QuotaLimit::unlimited();

  bool operator==(const LocalRecipient&) const = default;
};

/// A group on the way to the recipients; ask may_post() for each.
struct GroupGate {
  Address group;
  Group::Posting posting = Group::Posting::kNobody;
  std::vector<AccountId> members = {};  ///< those with accounts here

  bool operator==(const GroupGate&) const = default;
};

/// An alias, a group or a catch-all, flattened: no recipient comes twice.
struct Expansion {
  enum class Kind { kAlias, kGroup, kCatchAll, kPostmaster };
  Kind kind = Kind::kAlias;
  std::vector<LocalRecipient> local = {};
  std::vector<Address> remote = {};
  std::vector<GroupGate> gates = {};
  /// Targets of ours that no longer exist or lead back to themselves; told in the journey.
  std::vector<Address> dead_ends = {};
};

/// Our domain, and nobody of that name (550 5.1.1). If an alias of that name is there and leads nowhere,
/// where it led; told in the journey.
struct UnknownHere {
  std::vector<Address> dead_ends = {};
};
struct DomainDisabled {};  ///< our domain, switched off for now (450 4.2.1)
struct NotOurDomain {};

using Resolution = std::variant<LocalRecipient, Expansion, UnknownHere, DomainDisabled, NotOurDomain>;

/// Whether that gate lets a letter through; nothing for a sender who is not logged in here.
bool may_post(const GroupGate& gate, std::optional<AccountId> sender);

struct DirectoryOptions {
  QuotaLimit default_quota = QuotaLimit::unlimited();
  std::size_t max_cache_bytes = 32 * 1024 * 1024;  ///< about 100,000 addresses
};

class Directory {
 public:
  /// Everything must outlive the directory.
  Directory(store::Engine& engine, const Clock& clock, DirectoryOptions options = {});
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  /// Keeps the cache true, and so lets it serve, until cancelled. Spawn it once, on any loop's scope.
  net::Task<Result<void>> follow_changes();

  // Where a letter goes. Order: the exact address (account, alias or group), the same without its
  // subaddress, postmaster and abuse, the domain's catch-all.
  net::Task<Result<Resolution>> resolve(Address address);

  // Domains. Names of address literals are refused.
  net::Task<Result<void>> add_domain(DomainName name, DomainOptions options = {});
  net::Task<Result<std::optional<Domain>>> find_domain(DomainName name);
  net::Task<Result<std::vector<Domain>>> list_domains();
  /// Nothing where there are several, or none.
  net::Task<Result<std::optional<DomainName>>> find_only_domain();
  net::Task<Result<void>> set_domain_options(DomainName name, DomainOptions options);
  /// kRefuse while accounts, aliases or groups are in it.
  net::Task<Result<void>> remove_domain(DomainName name);

  // Accounts. The first account of a domain becomes its postmaster, if nobody is yet.
  net::Task<Result<Account>> add_account(NewAccount account);
  net::Task<Result<std::optional<Account>>> find_account(AccountId id);
  /// By any of its addresses; a subaddress, an alias or a group is not an account.
  net::Task<Result<std::optional<Account>>> find_account_by_address(Address address);
  /// By id, from the one after `after` on.
  net::Task<Result<std::vector<Account>>> list_accounts(AccountId after = {}, std::size_t limit = 1000);
  net::Task<Result<void>> enable_account(AccountId id);
  net::Task<Result<void>> disable_account(AccountId id, std::string reason);
  net::Task<Result<void>> set_display_name(AccountId id, std::string display_name);
  net::Task<Result<void>> set_quota(AccountId id, std::optional<QuotaLimit> quota);
  net::Task<Result<void>> add_address(AccountId id, Address address);
  /// kRefuse for the login: set_login to another address first.
  net::Task<Result<void>> remove_address(AccountId id, Address address);
  /// Makes one of the account's addresses its login.
  net::Task<Result<void>> set_login(AccountId id, Address address);
  /// Frees its addresses and drops its credentials. A tombstone keeps the id from being given again, and
  /// tells the mailbox that the account's partition may go.
  net::Task<Result<void>> remove_account(AccountId id);
  /// The tombstones: whoever sweeps partitions asks for them.
  net::Task<Result<std::vector<AccountId>>> list_removed_accounts(AccountId after = {},
                                                                  std::size_t limit = 1000);

  // Aliases and groups. add_ refuses an address that is taken, set_ one that is not there.
  net::Task<Result<void>> add_alias(Alias alias);
  net::Task<Result<void>> set_alias(Alias alias);
  net::Task<Result<void>> remove_alias(Address address);
  net::Task<Result<std::vector<Alias>>> list_aliases(std::optional<DomainName> domain = {});
  net::Task<Result<void>> add_group(Group group);
  net::Task<Result<void>> set_group(Group group);
  net::Task<Result<void>> remove_group(Address address);
  net::Task<Result<std::optional<Group>>> find_group(Address address);
  net::Task<Result<std::vector<Group>>> list_groups(std::optional<DomainName> domain = {});

  /// The account's own limit, else its domain's, else the server's.
  net::Task<Result<QuotaLimit>> load_quota_limit(AccountId id);
  /// The same, for who has read the account and a domain, mostly its own, already. Both outlive the call.
  net::Task<Result<QuotaLimit>> load_quota_limit(const Account& account, const Domain& likely);

  /// The partition with its cache: for Credentials, which keeps its records beside ours.
  DirectoryStore& store() { return *store_; }

 private:
  std::unique_ptr<DirectoryStore> store_;
  const Clock& clock_;
  const DirectoryOptions options_;
};

}  // namespace pabal::account
