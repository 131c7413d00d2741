// Aliases and groups: names that stand for other addresses.
#include "account/detail/directory_store.h"
#include "account/detail/names.h"
#include "account/detail/records.h"
#include "account/detail/unicode.h"
#include "account/directory.h"
#include "base/ascii.h"

namespace pabal::account {

using detail::NameRecord;
using net::Task;

namespace {

/// Sorts out doubles, so that a list shows what it does.
Result<void> tidy(std::vector<Address>& addresses, std::string_view what, std::size_t max) {
  std::vector<Address> once;
  for (Address& address : addresses) {
    if (std::ranges::find(once, address) == once.end()) once.push_back(std::move(address));
  }
  addresses = std::move(once);
  if (addresses.size() > max) return fail(ErrorKind::kRefuse, "at most {} {} are allowed", max, what);
  return {};
}

Result<void> check(Alias& alias) {
  PABAL_TRY_VOID(tidy(alias.targets, "targets of an alias", kMaxAliasTargets));
  if (alias.targets.empty()) return fail(ErrorKind::kRefuse, "an alias needs at least one target");
  return {};
}

Result<void> check(Group& group) {
  PABAL_TRY_VOID(tidy(group.members, "members of a group", kMaxGroupMembers));
  if (group.name.size() > kMaxDisplayNameBytes || !detail::to_nfc(group.name) ||
      std::ranges::any_of(group.name, is_control)) {
    return fail(ErrorKind::kRefuse,
                "the group's name is too long, or holds characters that no name may hold");
  }
  return {};
}

Task<Result<void>> try_add(DirectoryStore& store, const Address& address, const NameRecord& record) {
  Edit edit(store);
  PABAL_CO_TRY_VOID(co_await detail::claim_name(edit, address, record));
  co_return co_await edit.commit();
}

/// "an alias" without its article.
std::string_view bare(std::string_view kind) { return kind.substr(kind.find(' ') + 1); }

/// kRefuse unless the address is a `Wanted` now.
template <class Wanted>
Task<Result<void>> expect_kind(Edit& edit, const Address& address, std::string_view kind) {
  PABAL_CO_TRY(const auto now, co_await detail::load_name(edit, address));
  if (!now) co_return fail(ErrorKind::kRefuse, "there is no {} '{}'", bare(kind), address.to_display());
  if (!std::holds_alternative<Wanted>(*now)) {
    co_return fail(ErrorKind::kRefuse, "'{}' is {}, not {}", address.to_display(), detail::describe(*now),
                   kind);
  }
  co_return Result<void>{};
}

template <class Wanted>
Task<Result<void>> try_set(DirectoryStore& store, const Address& address, const NameRecord& record,
                           std::string_view kind) {
  Edit edit(store);
  PABAL_CO_TRY_VOID(co_await expect_kind<Wanted>(edit, address, kind));
  edit.put(detail::name_key(address), detail::encode_name(record));
  co_return co_await edit.commit();
}

template <class Wanted>
Task<Result<void>> try_remove(DirectoryStore& store, const Address& address, std::string_view kind) {
  Edit edit(store);
  PABAL_CO_TRY_VOID(co_await expect_kind<Wanted>(edit, address, kind));
  PABAL_CO_TRY_VOID(co_await detail::release_name(edit, address));
  co_return co_await edit.commit();
}

template <class Wanted>
Task<Result<std::vector<Wanted>>> list(DirectoryStore& store, std::optional<DomainName> domain) {
  std::vector<Wanted> out;
  std::optional<store::KeyRange> rest =
      store::KeyRange::with_prefix(domain ? detail::name_prefix(*domain) : std::string(detail::kNamePrefix));
  while (rest) {
    PABAL_CO_TRY(const auto page, co_await store.scan(*rest));
    for (std::size_t i = 0; i < page.size(); ++i) {
      PABAL_CO_TRY(auto record, detail::decode_name(page[i].value));
      if (auto* wanted = std::get_if<Wanted>(&record)) out.push_back(std::move(*wanted));
    }
    rest = page.next();
  }
  co_return out;
}

constexpr std::string_view kAnAlias = "an alias";
constexpr std::string_view kAGroup = "a group";

}  // namespace

Task<Result<void>> Directory::add_alias(Alias alias) {
  PABAL_CO_TRY_VOID(check(alias));
  const NameRecord record = alias;
  co_return co_await retry_on_conflict([&] { return try_add(*store_, alias.address, record); });
}

Task<Result<void>> Directory::set_alias(Alias alias) {
  PABAL_CO_TRY_VOID(check(alias));
  const NameRecord record = alias;
  co_return co_await retry_on_conflict(
      [&] { return try_set<Alias>(*store_, alias.address, record, kAnAlias); });
}

Task<Result<void>> Directory::remove_alias(Address address) {
  co_return co_await retry_on_conflict([&] { return try_remove<Alias>(*store_, address, kAnAlias); });
}

Task<Result<std::vector<Alias>>> Directory::list_aliases(std::optional<DomainName> domain) {
  return list<Alias>(*store_, std::move(domain));
}

Task<Result<void>> Directory::add_group(Group group) {
  PABAL_CO_TRY_VOID(check(group));
  const NameRecord record = group;
  co_return co_await retry_on_conflict([&] { return try_add(*store_, group.address, record); });
}

Task<Result<void>> Directory::set_group(Group group) {
  PABAL_CO_TRY_VOID(check(group));
  const NameRecord record = group;
  co_return co_await retry_on_conflict(
      [&] { return try_set<Group>(*store_, group.address, record, kAGroup); });
}

Task<Result<void>> Directory::remove_group(Address address) {
  co_return co_await retry_on_conflict([&] { return try_remove<Group>(*store_, address, kAGroup); });
}

Task<Result<std::optional<Group>>> Directory::find_group(Address address) {
  PABAL_CO_TRY(const auto bytes, co_await store_->read_one(detail::name_key(address)));
  if (!bytes) co_return std::nullopt;
  PABAL_CO_TRY(auto record, detail::decode_name(*bytes));
  auto* group = std::get_if<Group>(&record);
  if (group == nullptr) co_return std::nullopt;
  co_return std::optional(std::move(*group));
}

Task<Result<std::vector<Group>>> Directory::list_groups(std::optional<DomainName> domain) {
  return list<Group>(*store_, std::move(domain));
}

}  // namespace pabal::account
