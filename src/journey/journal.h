// Keeps journeys. Whoever changes a letter's state writes what happened into the very batch of the change, so
// that state and record can't differ; when the batch is committed, it says so, and the index and those who
// follow live hear of it.
//
//     Entry entry{.id = id, .terms = {...}, .events = {...}};
//     journal.write(batch, entry);
//     PABAL_CO_TRY(..., co_await engine.commit(std::move(batch)));
//     journal.committed(partition, std::move(entry));
//
// Any loop's thread may call.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "journey/event.h"
#include "journey/journey_id.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::journey {

/// By what people look for a letter. Only the entries that begin a letter's way in a partition need carry
/// terms. Addresses are as Address::key() has them.
struct Terms {
  std::string message_id = {};  ///< without angle brackets
  std::string sender = {};      ///< the envelope's; empty for the null path
  std::vector<std::string> recipients = {};
  bool operator==(const Terms&) const = default;
};

struct Entry {
  JourneyId id;
  Terms terms = {};
  std::vector<Event> events = {};
  bool operator==(const Entry&) const = default;
};

class Journal {
 public:
  virtual ~Journal() = default;

  virtual JourneyId new_id() = 0;

  /// Adds the entry's events to the batch, under the letter's journey in the batch's partition.
  virtual void write(store::Batch& batch, const Entry& entry) = 0;
  /// The batch is durable. Waits for nothing; what can't be indexed now for lack of room is found again by
  /// the index's own rebuilding.
  virtual void committed(const store::PartitionId& partition, Entry entry) = 0;

  /// A line that just crossed the wire, for those who follow live; its event is committed later. Costs
  /// nothing while nobody follows.
  virtual void overheard(JourneyId id, WireLine::From from, std::string_view line) = 0;
};

}  // namespace pabal::journey
