// What every change of addresses has in common: an address is claimed and released together with its domain's
// count, so that two claims of one address, or a claim and the removal of the domain, can't both succeed.
#pragma once

#include <optional>

#include "account/detail/directory_store.h"
#include "account/detail/records.h"

namespace pabal::account::detail {

/// kRefuse if the domain is not ours. The references must outlive the wait, as all here.
net::Task<Result<Domain>> load_domain(Edit& edit, const DomainName& name);
net::Task<Result<std::optional<NameRecord>>> load_name(Edit& edit, const Address& address);
/// kRefuse if there is no such account.
net::Task<Result<Account>> load_account(Edit& edit, AccountId id);
void put_account(Edit& edit, const Account& account);

/// kRefuse if the address is taken, is no good for a mailbox, or is in no domain of ours. Hands back the
/// domain as it now is.
net::Task<Result<Domain>> claim_name(Edit& edit, const Address& address, const NameRecord& record);
net::Task<Result<void>> release_name(Edit& edit, const Address& address);

/// What an address of ours is, in words: "an alias".
std::string_view describe(const NameRecord& record);

}  // namespace pabal::account::detail
