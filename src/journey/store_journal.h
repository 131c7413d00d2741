// The journal of the server: entries lie in the partitions of the state that they tell of, and an index and
// those who follow live hear of them. Any thread.
#pragma once

#include <atomic>

#include "base/clock.h"
#include "base/random.h"
#include "journey/index.h"
#include "journey/journal.h"
#include "journey/live.h"

namespace pabal::journey {

class StoreJournal final : public Journal {
 public:
  /// All must outlive it.
  StoreJournal(const Clock& clock, Random& random, Index& index, Live& live)
      : ids_(clock, random), index_(index), live_(live) {}

  JourneyId new_id() override { return ids_.next(); }
  void write(store::Batch& batch, const Entry& entry) override;
  void committed(const store::PartitionId& partition, Entry entry) override;
  void overheard(JourneyId id, WireLine::From from, std::string_view line) override {
    if (live_.anybody()) live_.overheard(id, from, line);
  }

 private:
  JourneyIds ids_;
  Index& index_;
  Live& live_;
  std::atomic<std::uint32_t> counter_{0};
};

}  // namespace pabal::journey
