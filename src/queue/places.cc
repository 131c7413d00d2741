#include "queue/places.h"

#include <algorithm>

#include "queue/records.h"

namespace pabal::queue {

// Nearly all letters go at the first attempt, and their tasks never move: where those stand, the envelope
// knows. A task that moved has a record of its own, which counts.
net::Task<Result<std::vector<TaskPlace>>> find_places(store::Engine& engine, store::PartitionId shard,
                                                      journey::JourneyId id) {
  std::vector<TaskPlace> out;
  PABAL_CO_TRY(const auto record, co_await engine.get_one(shard, letter_key(id)));
  if (!record) co_return out;
  PABAL_CO_TRY(const Envelope envelope, decode_envelope(id, record->bytes));
  for (const Envelope::Way& way : envelope.ways) {
    for (std::uint16_t part = 0; part < way.tasks; ++part)
      out.push_back({way.domain, {envelope.letter.first_due(), {id, part}}});
  }
  std::optional<store::KeyRange> rest = store::KeyRange::with_prefix(places_prefix(id));
  while (rest) {
    PABAL_CO_TRY(const store::ScanPage page, co_await engine.scan(shard, *rest, {}));
    for (std::size_t i = 0; i < page.size(); ++i) {
      const auto key = parse_place_key(page[i].key);
      const auto due = decode_time(page[i].value);
      if (!key || !due) continue;
      const auto known = std::ranges::find_if(out, [&](const TaskPlace& each) {
        return each.domain.ascii() == key->domain && each.place.name == key->name;
      });
      if (known != out.end()) known->place.due = *due;
    }
    rest = page.next();
  }
  co_return out;
}

}  // namespace pabal::queue
