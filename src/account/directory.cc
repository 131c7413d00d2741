#include "account/directory.h"

#include "account/detail/directory_store.h"
#include "account/detail/names.h"
#include "account/detail/records.h"
#include "account/detail/unicode.h"
#include "base/ascii.h"

namespace pabal::account {

using detail::AccountRecord;
using net::Task;

namespace {

Result<void> check_text(std::string_view what, std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes)
    return fail(ErrorKind::kRefuse, "the {} is longer than {} bytes", what, max_bytes);
  if (!detail::to_nfc(text) || std::ranges::any_of(text, is_control)) {
    return fail(ErrorKind::kRefuse, "the {} holds control characters, or bytes that are no text", what);
  }
  return {};
}

Result<void> check_options(const DomainOptions& options) {
  if (!options.subaddress_separator) return {};
  const char separator = *options.subaddress_separator;
  if (is_alnum(separator) || std::string_view("+-_=#!$%&*~^|/").find(separator) == std::string_view::npos) {
    return fail(ErrorKind::kRefuse,
                "'{}' can't separate a subaddress: use one of + - _ = # ! $ % & * ~ ^ | /",
                is_vchar(separator) ? std::string(1, separator) : "?");
  }
  return {};
}

Result<void> check_new_domain(const DomainName& name) {
  if (name.is_literal()) {
    return fail(ErrorKind::kRefuse, "'{}' is an address literal, not a domain", name.ascii());
  }
  return {};
}

// One attempt each; the member functions below try them again on a conflict.

Task<Result<void>> try_add_domain(DirectoryStore& store, const DomainName& name, const DomainOptions& options,
                                  WallTime now) {
  Edit edit(store);
  const std::string key = detail::domain_key(name);
  PABAL_CO_TRY(const auto record, co_await edit.read(key));
  if (record) co_return fail(ErrorKind::kRefuse, "the domain '{}' is here already", name.unicode());
  edit.put(key,
           detail::encode_domain({.name = name, .options = options, .address_count = 0, .created = now}));
  co_return co_await edit.commit();
}

Task<Result<void>> try_set_domain_options(DirectoryStore& store, const DomainName& name,
                                          const DomainOptions& options) {
  Edit edit(store);
  PABAL_CO_TRY(auto domain, co_await detail::load_domain(edit, name));
  domain.options = options;
  edit.put(detail::domain_key(name), detail::encode_domain(domain));
  co_return co_await edit.commit();
}

Task<Result<void>> try_remove_domain(DirectoryStore& store, const DomainName& name) {
  Edit edit(store);
  PABAL_CO_TRY(const auto domain, co_await detail::load_domain(edit, name));
  if (domain.address_count > 0) {
    co_return fail(ErrorKind::kRefuse,
                   "the domain '{}' still has {} addresses: remove its accounts, aliases and groups first",
                   name.unicode(), domain.address_count);
  }
  edit.erase(detail::domain_key(name));
  co_return co_await edit.commit();
}

Task<Result<AccountId>> take_next_id(Edit& edit) {
  const std::string key(detail::kNextAccountKey);
  PABAL_CO_TRY(const auto record, co_await edit.read(key));
  std::uint64_t next = 1;
  if (record) {
    PABAL_CO_TRY(next, detail::decode_number(*record));
  }
  edit.put(key, detail::encode_number(next + 1));
  co_return AccountId(next);
}

Task<Result<Account>> try_add_account(DirectoryStore& store, const NewAccount& wanted, WallTime now) {
  Edit edit(store);
  PABAL_CO_TRY(const AccountId id, co_await take_next_id(edit));
  Account account;
  account.id = id;
  account.addresses = {wanted.login};
  account.display_name = wanted.display_name;
  account.quota = wanted.quota;
  account.created = now;

  const detail::NameRecord name = id;
  PABAL_CO_TRY(auto domain, co_await detail::claim_name(edit, wanted.login, name));
  // RFC 5321 §4.5.1: postmaster@ must reach somebody. In a domain without any address, one set before leads
  // nowhere.
  const auto& postmaster = domain.options.postmaster;
  if (domain.address_count == 1 && (!postmaster || postmaster->domain() == domain.name)) {
    domain.options.postmaster = wanted.login;
    edit.put(detail::domain_key(domain.name), detail::encode_domain(domain));
  }
  const std::string key = detail::account_key(id);
  PABAL_CO_TRY(const auto existing, co_await edit.read(key));
  if (existing) {
    PABAL_CO_TRY_VOID(
        co_await edit.contradiction(fmt::format("the directory's account counter went back to {}", id)));
  }
  edit.put(key, detail::encode_account(account));
  PABAL_CO_TRY_VOID(co_await edit.commit());
  co_return account;
}

/// Reads the account, lets `change` have its way with it, writes it back.
template <class Change>
Task<Result<void>> try_change_account(DirectoryStore& store, AccountId id, Change& change) {
  Edit edit(store);
  PABAL_CO_TRY(auto account, co_await detail::load_account(edit, id));
  PABAL_CO_TRY_VOID(change(account));
  detail::put_account(edit, account);
  co_return co_await edit.commit();
}

template <class Change>
Task<Result<void>> change_account(DirectoryStore& store, AccountId id, Change change) {
  co_return co_await retry_on_conflict([&] { return try_change_account(store, id, change); });
}

auto find_address(Account& account, const Address& address) {
  return std::ranges::find(account.addresses, address.key(), &Address::key);
}

Task<Result<void>> try_add_address(DirectoryStore& store, AccountId id, const Address& address) {
  Edit edit(store);
  PABAL_CO_TRY(auto account, co_await detail::load_account(edit, id));
  if (account.addresses.size() >= kMaxAddressesPerAccount) {
    co_return fail(ErrorKind::kRefuse, "an account has at most {} addresses", kMaxAddressesPerAccount);
  }
  const detail::NameRecord name = id;
  PABAL_CO_TRY_VOID(co_await detail::claim_name(edit, address, name));
  account.addresses.push_back(address);
  detail::put_account(edit, account);
  co_return co_await edit.commit();
}

Task<Result<void>> try_remove_address(DirectoryStore& store, AccountId id, const Address& address) {
  Edit edit(store);
  PABAL_CO_TRY(auto account, co_await detail::load_account(edit, id));
  const auto at = find_address(account, address);
  if (at == account.addresses.end()) {
    co_return fail(ErrorKind::kRefuse, "'{}' is no address of that account", address.to_display());
  }
  if (at == account.addresses.begin()) {
    co_return fail(ErrorKind::kRefuse, "'{}' is the account's login: make another address the login first",
                   address.to_display());
  }
  account.addresses.erase(at);
  PABAL_CO_TRY_VOID(co_await detail::release_name(edit, address));
  detail::put_account(edit, account);
  co_return co_await edit.commit();
}

Task<Result<void>> try_remove_account(DirectoryStore& store, AccountId id, WallTime now) {
  Edit edit(store);
  PABAL_CO_TRY(const auto account, co_await detail::load_account(edit, id));
  for (const Address& address : account.addresses) {
    PABAL_CO_TRY_VOID(co_await detail::release_name(edit, address));
  }
  const std::string credentials = detail::credentials_key(id);
  PABAL_CO_TRY_VOID(co_await edit.read(credentials));
  edit.erase(credentials);
  edit.put(detail::account_key(id),
           detail::encode_account(detail::Tombstone{
               .login = account.login().to_string(), .created = account.created, .removed = now}));
  co_return co_await edit.commit();
}

/// The times of use that Credentials kept beside the directory. Nobody reads them any more, so a failure is
/// harmless.
Task<Result<void>> erase_last_used(store::Engine& engine, AccountId id) {
  const store::PartitionId partition{std::string(detail::kLoginsPartition)};
  const auto range = store::KeyRange::with_prefix(detail::last_used_prefix(id));
  PABAL_CO_TRY(const auto page, co_await engine.scan(partition, range, {.keys_only = true}));
  if (page.empty()) co_return Result<void>{};
  store::Batch batch(partition);
  for (std::size_t i = 0; i < page.size(); ++i) batch.erase(std::string(page[i].key));
  PABAL_CO_TRY_VOID(co_await engine.commit(std::move(batch)));
  co_return Result<void>{};
}

/// Up to `limit` accounts, or tombstones, from the one after `after` on.
template <class Wanted, class Take>
Task<Result<void>> scan_accounts(DirectoryStore& store, AccountId after, std::size_t limit, Take& take) {
  auto range = store::KeyRange::with_prefix(detail::kAccountPrefix);
  range.start = detail::account_key(AccountId(after.value() + 1));
  while (limit > 0) {
    PABAL_CO_TRY(const auto page, co_await store.scan(range));
    for (std::size_t i = 0; i < page.size() && limit > 0; ++i) {
      const auto id = detail::account_of_key(page[i].key);
      if (!id) co_return fail(ErrorKind::kCorrupt, "the directory has an account with a damaged key");
      PABAL_CO_TRY(auto record, detail::decode_account(*id, page[i].value));
      auto* wanted = std::get_if<Wanted>(&record);
      if (wanted == nullptr) continue;
      take(*id, std::move(*wanted));
      --limit;
    }
    if (!page.next()) break;
    range = *page.next();
  }
  co_return Result<void>{};
}

}  // namespace

Directory::Directory(store::Engine& engine, const Clock& clock, DirectoryOptions options)
    : store_(std::make_unique<DirectoryStore>(engine, options.max_cache_bytes)),
      clock_(clock),
      options_(options) {}

Directory::~Directory() = default;

Task<Result<void>> Directory::follow_changes() { return store_->follow_changes(); }

// ---- Domains

Task<Result<void>> Directory::add_domain(DomainName name, DomainOptions options) {
  PABAL_CO_TRY_VOID(check_new_domain(name));
  PABAL_CO_TRY_VOID(check_options(options));
  const WallTime now = clock_.wall();
  co_return co_await retry_on_conflict([&] { return try_add_domain(*store_, name, options, now); });
}

Task<Result<std::optional<Domain>>> Directory::find_domain(DomainName name) {
  PABAL_CO_TRY(const auto record, co_await store_->read_one(detail::domain_key(name)));
  if (!record) co_return std::nullopt;
  PABAL_CO_TRY(auto domain, detail::decode_domain(*record));
  co_return std::optional(std::move(domain));
}

Task<Result<std::vector<Domain>>> Directory::list_domains() {
  std::vector<Domain> out;
  std::optional<store::KeyRange> rest = store::KeyRange::with_prefix(detail::kDomainPrefix);
  while (rest) {
    PABAL_CO_TRY(const auto page, co_await store_->scan(*rest));
    for (std::size_t i = 0; i < page.size(); ++i) {
      PABAL_CO_TRY(auto domain, detail::decode_domain(page[i].value));
      out.push_back(std::move(domain));
    }
    rest = page.next();
  }
  co_return out;
}

Task<Result<std::optional<DomainName>>> Directory::find_only_domain() {
  PABAL_CO_TRY(const auto page, co_await store_->scan(store::KeyRange::with_prefix(detail::kDomainPrefix),
                                                      {.max_entries = 2}));
  if (page.size() != 1) co_return std::nullopt;
  PABAL_CO_TRY(const auto domain, detail::decode_domain(page[0].value));
  co_return domain.name;
}

Task<Result<void>> Directory::set_domain_options(DomainName name, DomainOptions options) {
  PABAL_CO_TRY_VOID(check_options(options));
  co_return co_await retry_on_conflict([&] { return try_set_domain_options(*store_, name, options); });
}

Task<Result<void>> Directory::remove_domain(DomainName name) {
  co_return co_await retry_on_conflict([&] { return try_remove_domain(*store_, name); });
}

// ---- Accounts

Task<Result<Account>> Directory::add_account(NewAccount account) {
  PABAL_CO_TRY_VOID(check_text("display name", account.display_name, kMaxDisplayNameBytes));
  const WallTime now = clock_.wall();
  co_return co_await retry_on_conflict([&] { return try_add_account(*store_, account, now); });
}

Task<Result<std::optional<Account>>> Directory::find_account(AccountId id) {
  PABAL_CO_TRY(const auto bytes, co_await store_->read_one(detail::account_key(id)));
  if (!bytes) co_return std::nullopt;
  PABAL_CO_TRY(auto record, detail::decode_account(id, *bytes));
  auto* account = std::get_if<Account>(&record);
  if (account == nullptr) co_return std::nullopt;
  co_return std::optional(std::move(*account));
}

Task<Result<std::optional<Account>>> Directory::find_account_by_address(Address address) {
  PABAL_CO_TRY(const auto bytes, co_await store_->read_one(detail::name_key(address)));
  if (!bytes) co_return std::nullopt;
  PABAL_CO_TRY(const auto name, detail::decode_name(*bytes));
  const auto* id = std::get_if<AccountId>(&name);
  if (id == nullptr) co_return std::nullopt;
  co_return co_await find_account(*id);
}

Task<Result<std::vector<Account>>> Directory::list_accounts(AccountId after, std::size_t limit) {
  std::vector<Account> out;
  const auto take = [&](AccountId, Account account) { out.push_back(std::move(account)); };
  PABAL_CO_TRY_VOID(co_await scan_accounts<Account>(*store_, after, limit, take));
  co_return out;
}

Task<Result<std::vector<AccountId>>> Directory::list_removed_accounts(AccountId after, std::size_t limit) {
  std::vector<AccountId> out;
  const auto take = [&](AccountId id, detail::Tombstone) { out.push_back(id); };
  PABAL_CO_TRY_VOID(co_await scan_accounts<detail::Tombstone>(*store_, after, limit, take));
  co_return out;
}

Task<Result<void>> Directory::enable_account(AccountId id) {
  return change_account(*store_, id, [](Account& account) -> Result<void> {
    account.enabled = true;
    account.disabled_reason.clear();
    return {};
  });
}

Task<Result<void>> Directory::disable_account(AccountId id, std::string reason) {
  PABAL_CO_TRY_VOID(check_text("reason", reason, kMaxReasonBytes));
  co_return co_await change_account(*store_, id, [&](Account& account) -> Result<void> {
    account.enabled = false;
    account.disabled_reason = reason;
    return {};
  });
}

Task<Result<void>> Directory::set_display_name(AccountId id, std::string display_name) {
  PABAL_CO_TRY_VOID(check_text("display name", display_name, kMaxDisplayNameBytes));
  co_return co_await change_account(*store_, id, [&](Account& account) -> Result<void> {
    account.display_name = display_name;
    return {};
  });
}

Task<Result<void>> Directory::set_quota(AccountId id, std::optional<QuotaLimit> quota) {
  return change_account(*store_, id, [quota](Account& account) -> Result<void> {
    account.quota = quota;
    return {};
  });
}

Task<Result<void>> Directory::set_login(AccountId id, Address address) {
  co_return co_await change_account(*store_, id, [&](Account& account) -> Result<void> {
    const auto at = find_address(account, address);
    if (at == account.addresses.end()) {
      return fail(ErrorKind::kRefuse, "'{}' is no address of that account: add it first",
                  address.to_display());
    }
    std::rotate(account.addresses.begin(), at, at + 1);
    return {};
  });
}

Task<Result<void>> Directory::add_address(AccountId id, Address address) {
  co_return co_await retry_on_conflict([&] { return try_add_address(*store_, id, address); });
}

Task<Result<void>> Directory::remove_address(AccountId id, Address address) {
  co_return co_await retry_on_conflict([&] { return try_remove_address(*store_, id, address); });
}

Task<Result<void>> Directory::remove_account(AccountId id) {
  const WallTime now = clock_.wall();
  PABAL_CO_TRY_VOID(co_await retry_on_conflict([&] { return try_remove_account(*store_, id, now); }));
  (void)co_await erase_last_used(store_->engine(), id);
  co_return Result<void>{};
}

Task<Result<QuotaLimit>> Directory::load_quota_limit(AccountId id) {
  PABAL_CO_TRY(const auto account, co_await find_account(id));
  if (!account) co_return fail(ErrorKind::kRefuse, "there is no account {}", id);
  if (account->quota) co_return *account->quota;
  PABAL_CO_TRY(const auto domain, co_await find_domain(account->login().domain()));
  co_return domain ? domain->options.default_quota.value_or(options_.default_quota) : options_.default_quota;
}

Task<Result<QuotaLimit>> Directory::load_quota_limit(const Account& account, const Domain& likely) {
  if (account.quota) co_return *account.quota;
  if (account.login().domain() != likely.name) co_return co_await load_quota_limit(account.id);
  co_return likely.options.default_quota.value_or(options_.default_quota);
}

}  // namespace pabal::account
