#include "queue/shard.h"

namespace pabal::queue {

namespace {

// FNV-1a: the same on every machine and in every version, which std::hash is not.
std::uint32_t stable_hash(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace

ShardId shard_of(const account::DomainName& domain) { return ShardId(stable_hash(domain.ascii()) % kShards); }

store::PartitionId partition_of(ShardId shard) {
  return store::PartitionId(fmt::format("queue {}", shard.value()));
}

}  // namespace pabal::queue
