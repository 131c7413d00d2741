#include "account/detail/names.h"

#include "account/address_grammar.h"
#include "account/detail/unicode.h"

namespace pabal::account::detail {
namespace {

/// RFC 5321 §4.1.2: a host SHOULD avoid mailboxes that need the quoted form; and an address with invisible or
/// unassigned characters could pass for another one.
Result<void> check_new_address(const Address& address) {
  Cursor in(address.local_part());
  if (!parse_dot_string(in) || !in.at_end() || !is_freeform(address.local_part())) {
    return fail(ErrorKind::kRefuse,
                "'{}' would be hard to write to: use letters, digits, dots and hyphens before the @",
                address.to_display());
  }
  return {};
}

}  // namespace

net::Task<Result<Domain>> load_domain(Edit& edit, const DomainName& name) {
  PABAL_CO_TRY(const auto record, co_await edit.read(domain_key(name)));
  if (!record) co_return fail(ErrorKind::kRefuse, "there is no domain '{}' here", name.unicode());
  co_return decode_domain(*record);
}

net::Task<Result<std::optional<NameRecord>>> load_name(Edit& edit, const Address& address) {
  PABAL_CO_TRY(const auto record, co_await edit.read(name_key(address)));
  if (!record) co_return std::nullopt;
  PABAL_CO_TRY(auto name, decode_name(*record));
  co_return std::optional(std::move(name));
}

net::Task<Result<Account>> load_account(Edit& edit, AccountId id) {
  PABAL_CO_TRY(const auto bytes, co_await edit.read(account_key(id)));
  if (!bytes) co_return fail(ErrorKind::kRefuse, "there is no account {}", id);
  PABAL_CO_TRY(auto record, decode_account(id, *bytes));
  if (auto* account = std::get_if<Account>(&record)) co_return std::move(*account);
  co_return fail(ErrorKind::kRefuse, "account {} was removed", id);
}

void put_account(Edit& edit, const Account& account) {
  edit.put(account_key(account.id), encode_account(account));
}

net::Task<Result<Domain>> claim_name(Edit& edit, const Address& address, const NameRecord& record) {
  PABAL_CO_TRY_VOID(check_new_address(address));
  PABAL_CO_TRY(auto domain, co_await load_domain(edit, address.domain()));
  PABAL_CO_TRY(const auto taken, co_await load_name(edit, address));
  if (taken) {
    co_return fail(ErrorKind::kRefuse, "'{}' is taken: it is {} already", address.to_display(),
                   describe(*taken));
  }
  ++domain.address_count;
  edit.put(name_key(address), encode_name(record));
  edit.put(domain_key(domain.name), encode_domain(domain));
  co_return domain;
}

net::Task<Result<void>> release_name(Edit& edit, const Address& address) {
  PABAL_CO_TRY(auto domain, co_await load_domain(edit, address.domain()));
  PABAL_CO_TRY(const auto name, co_await load_name(edit, address));
  if (!name || domain.address_count == 0) {
    co_return co_await edit.contradiction(
        fmt::format("the directory does not know '{}', though something refers to it", address.to_display()));
  }
  --domain.address_count;
  edit.erase(name_key(address));
  edit.put(domain_key(domain.name), encode_domain(domain));
  co_return Result<void>{};
}

std::string_view describe(const NameRecord& record) {
  if (std::holds_alternative<AccountId>(record)) return "an address of an account";
  return std::holds_alternative<Alias>(record) ? "an alias" : "a group";
}

}  // namespace pabal::account::detail
