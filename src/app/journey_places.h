// Where journeys lie: with the accounts, and with the queue's shards.
#pragma once

#include "account/directory.h"
#include "journey/index.h"

namespace pabal::app {

class JourneyPlaces final : public journey::Places {
 public:
  /// The directory outlives it.
  explicit JourneyPlaces(account::Directory& directory) : directory_(directory) {}
  net::Task<Result<std::vector<store::PartitionId>>> list(std::optional<store::PartitionId> after) override;

 private:
  account::Directory& directory_;
};

}  // namespace pabal::app
