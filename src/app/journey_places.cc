#include "app/journey_places.h"

#include "queue/shard.h"

namespace pabal::app {

// The shards first, all at once; then the accounts by their numbers. An account's partition tells its number
// back only to us, who keep count of them: `after` is looked for in the order in which we gave them.
net::Task<Result<std::vector<store::PartitionId>>> JourneyPlaces::list(
    std::optional<store::PartitionId> after) {
  std::vector<store::PartitionId> places;
  const auto last_shard = queue::partition_of(queue::ShardId(queue::kShards - 1));
  if (!after) {
    for (std::uint32_t shard = 0; shard < queue::kShards; ++shard) {
      places.push_back(queue::partition_of(queue::ShardId(shard)));
    }
    co_return places;
  }
  const auto account =
      *after == last_shard ? std::optional(account::AccountId()) : account::account_of(*after);
  if (!account) co_return places;
  PABAL_CO_TRY(const auto accounts, co_await directory_.list_accounts(*account));
  for (const account::Account& each : accounts) places.push_back(account::partition_of(each.id));
  co_return places;
}

}  // namespace pabal::app
