#include "journey/store_journal.h"

#include "journey/entry_codec.h"

namespace pabal::journey {

void StoreJournal::write(store::Batch& batch, const Entry& entry) {
  if (entry.events.empty()) return;
  const std::uint32_t counter = counter_.fetch_add(1, std::memory_order_relaxed);
  batch.put(entry_key(entry.id, entry.events.front().at, counter), encode_entry(entry));
}

void StoreJournal::committed(const store::PartitionId& partition, Entry entry) {
  if (entry.events.empty()) return;
  live_.committed(entry);
  index_.add(entry.id, partition, std::move(entry.terms));
}

}  // namespace pabal::journey
