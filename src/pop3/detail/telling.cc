#include "pop3/detail/telling.h"

namespace pabal::pop3::detail {

using journey::FactName;

Telling::Telling(store::Engine& engine, journey::Journal& journal, Who who, WallTime oldest)
    : engine_(engine), journal_(journal), who_(std::move(who)), oldest_(oldest) {}

void Telling::fetched(const mailbox::LetterRecord& letter, WallTime now) {
  if (letter.received >= oldest_) fetched_.push_back({letter.journey, now});
}

net::Task<void> Telling::write() {
  // An entry takes some hundred bytes, so few are made at a time.
  constexpr std::size_t kSome = 1000;
  const std::vector<Note> notes = std::exchange(fetched_, {});
  for (std::size_t begin = 0; begin < notes.size(); begin += kSome) {
    std::vector<journey::Entry> entries;
    for (std::size_t i = begin; i < std::min(notes.size(), begin + kSome); ++i)
      entries.push_back(entry(notes[i].id, journey::Stage::kFetched, notes[i].at));
    co_await write(std::move(entries));
  }
}

net::Task<void> Telling::write(std::vector<journey::Entry> entries) {
  const store::PartitionId partition = account::partition_of(who_.account);
  for (std::size_t begin = 0; begin < entries.size(); begin += kMaxToldInBatch) {
    const std::size_t end = std::min(entries.size(), begin + kMaxToldInBatch);
    store::Batch batch(partition);
    for (std::size_t i = begin; i < end; ++i) journal_.write(batch, entries[i]);
    batch.be_patient();
    if (!co_await engine_.commit(std::move(batch))) co_return;
    for (std::size_t i = begin; i < end; ++i) journal_.committed(partition, std::move(entries[i]));
  }
}

std::optional<journey::Entry> Telling::deleted(const mailbox::LetterRecord& letter, WallTime now,
                                               std::string_view how) const {
  if (letter.received < oldest_) return std::nullopt;
  journey::Entry out = entry(letter.journey, journey::Stage::kDeleted, now);
  if (!how.empty()) out.events.front().add(FactName::kReason, std::string(how));
  return out;
}

journey::Entry Telling::entry(journey::JourneyId id, journey::Stage stage, WallTime at) const {
  journey::Event event{.at = at, .stage = stage};
  event.add(FactName::kAccount, who_.login);
  event.add(FactName::kProtocol, "POP3");
  event.add(FactName::kClient, who_.peer);
  if (!who_.folder.empty()) event.add(FactName::kFolder, who_.folder);
  return {.id = id, .terms = {}, .events = {std::move(event)}};
}

}  // namespace pabal::pop3::detail
