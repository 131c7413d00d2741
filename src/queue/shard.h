// The queue is cut into shards by destination: all letters to one domain are in one, and a shard lives on one
// loop, so that what is known of a domain (its connections, how much it takes) is known in one place. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "account/address.h"
#include "base/strong.h"
#include "store/engine.h"

namespace pabal::queue {

using ShardId = Strong<struct ShardIdTag, std::uint32_t>;

/// Stored letters lie where this number put them: it never changes without moving them.
inline constexpr std::uint32_t kShards = 16;

ShardId shard_of(const account::DomainName& domain);
store::PartitionId partition_of(ShardId shard);

}  // namespace pabal::queue
