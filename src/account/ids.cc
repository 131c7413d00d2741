#include "account/ids.h"

#include "base/cursor.h"

namespace pabal::account {

namespace {

// The tag keeps accounts apart from partitions with names, such as "directory".
constexpr std::string_view kTag = "account/";

}  // namespace

store::PartitionId partition_of(AccountId id) {
  std::string name(kTag);
  append_u64(name, id.value());
  return store::PartitionId(std::move(name));
}

std::optional<AccountId> account_of(const store::PartitionId& partition) {
  Cursor name(partition.value());
  if (!name.take_word(kTag)) return std::nullopt;
  const auto number = name.take_u64();
  if (!number || !name.at_end()) return std::nullopt;
  return AccountId(*number);
}

}  // namespace pabal::account
