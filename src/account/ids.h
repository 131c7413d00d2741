// What names an account for good.
#pragma once

#include <cstdint>
#include <optional>

#include "base/strong.h"
#include "store/engine.h"

namespace pabal::account {

/// Never reused, not even after the account was removed: letters, partitions and logs may still speak
/// of it. Counted from 1.
using AccountId = Strong<struct AccountIdTag, std::uint64_t>;

/// Where everything of that account lives in the store, apart from its entry in the directory.
store::PartitionId partition_of(AccountId id);
/// Whose partition that is; nothing for any other.
std::optional<AccountId> account_of(const store::PartitionId& partition);

}  // namespace pabal::account
