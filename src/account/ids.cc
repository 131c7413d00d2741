#include "account/ids.h"

#include "base/cursor.h"

namespace pabal::account {

store::PartitionId partition_of(AccountId id) {
  // The tag keeps accounts apart from partitions with names, such as "directory".
  std::string name = "account/";
  append_u64(name, id.value());
  return store::PartitionId(std::move(name));
}

}  // namespace pabal::account
