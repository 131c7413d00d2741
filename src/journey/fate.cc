#include "journey/fate.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace pabal::journey {

namespace {

std::optional<Fate> fate_after(Stage stage) {
  switch (stage) {
    case Stage::kStored:
      return Fate::kStored;
    case Stage::kRelayed:
      return Fate::kRelayed;
    case Stage::kQueued:
    case Stage::kDeferred:
    case Stage::kReleased:
      return Fate::kWaiting;
    case Stage::kHeld:
      return Fate::kHeld;
    case Stage::kFailed:
      return Fate::kFailed;
    case Stage::kDropped:
      return Fate::kDropped;
    default:
      return std::nullopt;
  }
}

bool may_change(const RecipientFate& known) {
  return known.fate == Fate::kWaiting || known.fate == Fate::kHeld;
}

class Fates {
 public:
  void add(const Event& event) {
    const auto fate = fate_after(event.stage);
    if (!fate) return;
    bool named = false;
    for (const Fact& fact : event.facts) {
      if (fact.name != FactName::kRecipient) continue;
      named = true;
      set(fact.value, *fate, event);
    }
    if (!named) set_all(*fate, event);
  }
  std::vector<RecipientFate> take() { return std::move(list_); }

 private:
  void set(std::string_view recipient, Fate fate, const Event& event) {
    const auto [found, is_new] = index_.try_emplace(recipient, list_.size());
    if (is_new) list_.push_back({std::string(recipient)});
    RecipientFate& known = list_[found->second];
    // What is dropped after the end is the report about it.
    if (fate == Fate::kDropped && !is_new && !may_change(known)) return;
    known.fate = fate;
    known.decided_by = &event;
  }
  /// An event that names nobody is about all who still wait; or about the letter as such.
  void set_all(Fate fate, const Event& event) {
    if (list_.empty()) return set({}, fate, event);
    for (RecipientFate& each : list_) {
      if (!may_change(each)) continue;
      each.fate = fate;
      each.decided_by = &event;
    }
  }

  std::vector<RecipientFate> list_;
  std::unordered_map<std::string_view, std::size_t> index_;  // the events keep the texts
};

}  // namespace

std::vector<RecipientFate> fates(std::span<const Event> events) {
  Fates fates;
  for (const Event& event : events) fates.add(event);
  return fates.take();
}

bool ended_well(std::span<const Event> events) {
  const bool refused =
      std::ranges::any_of(events, [](const Event& event) { return event.stage == Stage::kRefused; });
  return !refused && std::ranges::all_of(fates(events), [](const RecipientFate& each) {
    return each.fate == Fate::kStored || each.fate == Fate::kRelayed;
  });
}

}  // namespace pabal::journey
